// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package progress shows people how the start and the stop of a cluster go:
// one line for each component, with the seconds it took. On a terminal a last
// line says what is being waited for.
package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/cluster/component"
)

// Printer writes events as lines.
type Printer struct {
	out      io.Writer
	terminal bool
	waiting  []string
	status   bool // a status line is shown
}

// New returns a printer; terminal says whether lines can be rewritten.
func New(out io.Writer, terminal bool) *Printer { return &Printer{out: out, terminal: terminal} }

// Show writes one event.
func (p *Printer) Show(e component.Event) {
	p.clear()
	switch e.State {
	case component.Starting, component.Stopping:
		p.waiting = append(p.waiting, e.Component)
	case component.Serving, component.Stopped:
		p.done(e)
	case component.Failed:
		p.forget(e.Component)
		_, _ = fmt.Fprintf(p.out, "  %-20s failed: %s\n", e.Component, firstLine(e.Error))
	}
	p.wait()
}

func (p *Printer) done(e component.Event) {
	p.forget(e.Component)
	_, _ = fmt.Fprintf(p.out, "  %-20s %-8s %5.1f s\n", e.Component, e.State, e.Took.Seconds())
}

func (p *Printer) forget(name string) {
	p.waiting = slices.DeleteFunc(p.waiting, func(s string) bool { return s == name })
}

func (p *Printer) wait() {
	if !p.terminal || len(p.waiting) == 0 {
		return
	}
	_, _ = fmt.Fprintf(p.out, "  … %s", strings.Join(p.waiting, ", "))
	p.status = true
}

// clear removes the status line.
func (p *Printer) clear() {
	if !p.status {
		return
	}
	_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	p.status = false
}

// Total closes the list with the time of the whole.
func (p *Printer) Total(what string, took time.Duration) {
	p.clear()
	_, _ = fmt.Fprintf(p.out, "%s %.1f s\n", what, took.Seconds())
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
