// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// deferAccept has the kernel keep a connection back until its first bytes are there, or a second has passed: one wait less
// for each. What cannot be set is done without.
func deferAccept(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1)
	})
}
