// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// The forms of a line.
const (
	lineDefault = "default"
	lineRaw     = "raw"
	lineJSON    = "json"
)

// lines merges logs so that no line is torn.
type lines struct {
	mutex sync.Mutex
	sh    *shell.Shell
	form  string
}

func newLines(sh *shell.Shell, form string) *lines { return &lines{sh: sh, form: form} }

// copy writes each line of r as it comes. The end of the log is no error.
func (l *lines) copy(pod, container string, r io.Reader) error {
	reader := bufio.NewReader(r)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			if err := l.write(pod, container, strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the log of pod %s: %w", pod, err)
		}
	}
}

func (l *lines) write(pod, container, line string) error {
	switch l.form {
	case lineRaw:
	case lineJSON:
		raw, err := json.Marshal(map[string]string{"pod": pod, "container": container, "line": line})
		if err != nil {
			return fmt.Errorf("writing a log line: %w", err)
		}
		line = string(raw)
	default:
		line = l.sh.Style.Wait(pod) + " " + l.sh.Style.Faint(container) + " " + line
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, err := fmt.Fprintln(l.sh.Out, line)
	return err
}
