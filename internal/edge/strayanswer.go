// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"io"
)

// strayAnswer begins what net/http's transport prints to the process's log of an answer that no request asked for. It goes on
// with the answer's first bytes.
const strayAnswer = "Unsolicited response received on idle HTTP channel"

// LogWithoutAnswers is a writer for the standard library's log of a process in which an edge runs. It passes on to w each line
// as it is, and of an answer that no request asked for only that there was one: its bytes are those of somebody's answer.
func LogWithoutAnswers(w io.Writer) io.Writer { return withoutAnswers{w} }

type withoutAnswers struct{ w io.Writer }

// Write implements io.Writer. The log package calls it once for each line.
func (l withoutAnswers) Write(line []byte) (int, error) {
	told := line
	if at := bytes.Index(line, []byte(strayAnswer)); at >= 0 {
		told = append(bytes.Clone(line[:at+len(strayAnswer)]), '\n')
	}
	if _, err := l.w.Write(told); err != nil {
		return 0, err
	}
	return len(line), nil
}
