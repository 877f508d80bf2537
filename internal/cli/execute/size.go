// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package execute

import (
	"os"

	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
)

// sizes tells the far end how large the terminal is: once at the start, and whenever it changes where the system says so.
type sizes struct {
	fd      int
	changed chan os.Signal
}

func newSizes(fd int) *sizes {
	s := &sizes{fd: fd, changed: make(chan os.Signal, 1)}
	s.changed <- os.Interrupt // any value: the first size is sent at once
	notifyResize(s.changed)
	return s
}

// Next blocks until there is a size to tell; nil ends it.
func (s *sizes) Next() *remotecommand.TerminalSize {
	if _, ok := <-s.changed; !ok {
		return nil
	}
	width, height, err := term.GetSize(s.fd)
	if err != nil || width < 0 || height < 0 {
		return nil
	}
	return &remotecommand.TerminalSize{Width: uint16(width), Height: uint16(height)} //nolint:gosec // a terminal is not that large
}

func (s *sizes) stop() {
	stopResize(s.changed)
	close(s.changed)
}
