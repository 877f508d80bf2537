// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/look"
)

// longestLine in bytes; more is cut.
const longestLine = 64 << 10

// reader reads the lines of one run of a container.
type reader struct {
	of   source
	lane look.Lane
	q    string
	body io.ReadCloser
	in   *bufio.Reader
	// line is the present one; nil at the end.
	line *api.LogLine
}

func newReader(body io.ReadCloser, of source, lane look.Lane, q string) *reader {
	return &reader{of: of, lane: lane, q: q, body: body, in: bufio.NewReaderSize(body, longestLine)}
}

// next reads the next line that has q in it. The end is io.EOF.
func (r *reader) next() error {
	r.line = nil
	for {
		raw, err := r.in.ReadSlice('\n')
		text := string(raw) // of the buffer, which is read into again
		if errors.Is(err, bufio.ErrBufferFull) {
			text += " …"
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.in.ReadSlice('\n')
			}
		}
		if text == "" && err != nil {
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return fmt.Errorf("reading the log of container %s of pod %s: %w", r.of.container, r.of.pod, err)
		}
		at, text := timed(strings.TrimRight(text, "\r\n"))
		if r.q != "" && !strings.Contains(strings.ToLower(text), r.q) {
			continue
		}
		r.line = &api.LogLine{Pod: r.of.pod, Container: r.of.container, Revision: r.lane.Revision, Role: r.lane.Role, At: at, Text: text}
		return nil
	}
}

// timed takes the time off the beginning of a line.
func timed(line string) (*time.Time, string) {
	stamp, rest, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return nil, line
	}
	at = at.UTC()
	return &at, rest
}

// writer writes lines, and gives up on a client that does not read.
type writer struct {
	encoder *json.Encoder
	control *http.ResponseController
}

func (w *writer) write(line api.LogLine) error {
	_ = w.control.SetWriteDeadline(clock.RealClock{}.Now().Add(writeWithin)) // a socket knows only the real time
	return w.encoder.Encode(line)
}

func (w *writer) flush() error { return w.control.Flush() }

func skipped(n int) string {
	return fmt.Sprintf("%d containers are left out: at most %d are read at a time; ask for a component, a revision or a pod", n, mostContainers)
}
