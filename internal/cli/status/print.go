// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/text"
	"github.com/vela-rollouts/vela/internal/view"
)

// Print writes a tree: About, Workflow and Services as KubeVela up to 1.10.3 does, to the blank, for scripts that read
// it; then the state in the words of VelaUX, and, when there is something to tell, Release and Next.
func Print(w io.Writer, tree view.Tree, style output.Style, t text.Text) error {
	p := printer{style: style, text: t, said: map[string]bool{}}
	p.about(tree.About)
	if tree.Workflow != nil {
		p.workflow(*tree.Workflow)
	}
	p.services(tree.Services)
	p.state(tree.State)
	p.releases(tree.Releases)
	p.notices(tree)
	p.next(tree.Next)
	_, err := p.out.WriteTo(w)
	return err
}

type printer struct {
	out   bytes.Buffer
	style output.Style
	text  text.Text
	// said are the messages of traits, which need not be said again.
	said map[string]bool
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

func (p *printer) about(a view.About) {
	p.printf("About:\n\n")
	phase := p.style.Wait(a.Phase)
	if a.Phase == string(v1beta1.PhaseRunning) {
		phase = p.style.Good(a.Phase)
	}
	p.columns([][2]string{
		{"Name:", a.Name},
		{"Namespace:", a.Namespace},
		{"Created at:", a.CreatedAt.Local().Format("2006-01-02 15:04:05 -0700 MST")},
		{"Status:", phase},
	})
	p.printf("\n")
}

// columns pads both columns to their widest cell and puts a tab between them.
func (p *printer) columns(rows [][2]string) {
	var width [2]int
	for _, row := range rows {
		width[0], width[1] = max(width[0], len(row[0])), max(width[1], lipgloss.Width(row[1]))
	}
	for _, row := range rows {
		p.printf("  %-*s\t%s%s\n", width[0], row[0], row[1], strings.Repeat(" ", width[1]-lipgloss.Width(row[1])))
	}
}

func (p *printer) workflow(w view.Workflow) {
	p.printf("Workflow:\n\n")
	p.printf("  mode: %s\n  finished: %t\n  Suspend: %t\n  Terminated: %t\n", w.Mode, w.Finished, w.Suspended, w.Terminated)
	if w.Message != "" {
		p.printf("  message: %s\n", w.Message)
	}
	p.printf("  Steps\n")
	for _, s := range w.Steps {
		p.step(s, "")
		for _, sub := range s.SubSteps {
			p.step(sub, "  ")
		}
	}
	p.printf("\n")
}

// step has its message at four blanks whatever the indent is; scripts look for it there.
func (p *printer) step(s view.Step, indent string) {
	p.printf("%s  - id: %s\n%s    name: %s\n%s    type: %s\n%s    phase: %s \n",
		indent, s.ID, indent, s.Name, indent, s.Type, indent, p.phase(s.Phase))
	if s.Message != "" {
		p.printf("    message: %s\n", s.Message)
	}
	if s.ResumeAt != nil {
		p.printf("    %s\n", p.text.Of("status.resumes-at", s.ResumeAt.Local().Format("15:04:05")))
	}
}

func (p *printer) phase(phase string) string {
	switch v1beta1.StepPhase(phase) {
	case v1beta1.StepSucceeded:
		return p.style.Good(phase)
	case v1beta1.StepFailed:
		return p.style.Bad(phase)
	default:
		return p.style.Wait(phase)
	}
}

func (p *printer) services(all []view.Service) {
	if len(all) == 0 {
		return
	}
	p.printf("Services:\n\n")
	for _, s := range all {
		p.service(s)
	}
}

func (p *printer) service(s view.Service) {
	p.printf("  - Name: %s  ", s.Name)
	if s.Env != "" {
		p.printf("Env: %s", s.Env)
	}
	p.printf("\n    Cluster: %s", s.Cluster)
	if s.Namespace != "" {
		p.printf("  Namespace: %s", s.Namespace)
	}
	health := p.style.Wait("Unhealthy")
	if s.Healthy {
		health = p.style.Good("Healthy")
	}
	p.printf("\n    Type: %s\n    %s %s\n", s.Type, health, strings.ReplaceAll(s.Message, "\n", "\n\t"))
	for _, problem := range s.Problems {
		p.printf("    %s %s\n", p.text.Of("status.problem"), p.style.Bad(problem))
	}
	if len(s.Traits) == 0 {
		p.printf("    No trait applied\n")
		return
	}
	p.printf("    Traits:\n")
	for _, t := range s.Traits {
		mark := "❌ "
		if t.Healthy {
			mark = "✅ "
		}
		p.printf("      %s%s", mark, t.Type)
		if message := strings.TrimRight(t.Message, "\n"); message != "" {
			p.printf(": %s", message)
			p.said[message] = true
		}
	}
	p.printf("\n")
}
