// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/vela-rollouts/vela/internal/view"
)

// state tells the word that VelaUX shows, with the share of the new version, and until when it holds.
func (p *printer) state(s view.Status) {
	said := p.text.Of("status.word." + string(s.Word))
	switch s.Word {
	case view.Stable:
		said = p.style.Good(said)
	case view.Failed, view.Unhealthy:
		said = p.style.Bad(said)
	default:
		said = p.style.Wait(said)
	}
	if s.Weight != nil {
		said += p.text.Of("status.new-at", *s.Weight)
	}
	if s.Until != nil {
		said += p.text.Of("status.until", s.Until.Local().Format("15:04:05"))
	}
	p.printf("\n%s%s\n", p.text.Of("status.state"), said)
}

func (p *printer) releases(all []view.Release) {
	if len(all) == 0 {
		return
	}
	p.printf("\n%s\n\n", p.text.Of("status.release"))
	for _, r := range all {
		p.release(r)
	}
}

func (p *printer) release(r view.Release) {
	p.printf("  - %s: %s", r.Component, p.versions(r))
	if r.Step != "" {
		p.printf(", %s", p.text.Of("status.step", r.Step, r.Index, r.Steps))
	}
	p.printf("\n")
	rows := [][2]string{
		{p.text.Of("status.new-pods"), p.pods(r.New)},
		{p.text.Of("status.old-pods"), p.pods(r.Old)},
	}
	rows = append(rows, p.traffic(r)...)
	if r.Message != "" && !p.said[r.Message] {
		rows = append(rows, [2]string{p.text.Of("status.message"), r.Message})
	}
	for _, problem := range slices.Concat(r.New.Problems, r.Old.Problems) {
		rows = append(rows, [2]string{p.text.Of("status.problem"), p.style.Bad(problem)})
	}
	width := 0
	for _, row := range rows {
		width = max(width, lipgloss.Width(row[0]))
	}
	for _, row := range rows {
		p.printf("      %s%s  %s\n", row[0], strings.Repeat(" ", width-lipgloss.Width(row[0])), row[1])
	}
}

func (p *printer) versions(r view.Release) string {
	switch {
	case r.From == "" || r.From == r.To:
		return r.To
	case r.To == "":
		return r.From
	default:
		return p.text.Of("status.versions", r.To, r.From)
	}
}

func (p *printer) pods(v view.Version) string {
	line := fmt.Sprintf("Ready:%d/%d", v.Ready, v.Pods)
	if v.Ready < v.Pods {
		line = p.style.Wait(line)
	}
	if v.Image != "" {
		line += "  " + p.style.Faint(v.Image)
	}
	return line
}

// traffic tells the weight three times: as asked, as every router acknowledged it, and as it was counted.
func (p *printer) traffic(r view.Release) [][2]string {
	label := p.text.Of("status.weight")
	if !r.Routed {
		return [][2]string{{label, p.text.Of("status.not-routed")}}
	}
	weight := p.text.Of("status.asked-served", p.percent(r.Asked), p.percent(r.Served))
	return [][2]string{{label, weight}, {p.text.Of("status.measured"), p.share(r.Measured)}}
}

func (p *printer) percent(weight *int32) string {
	if weight == nil {
		return p.text.Of("status.unknown")
	}
	return strconv.Itoa(int(*weight)) + " %"
}

func (p *printer) share(s *view.Share) string {
	switch {
	case s == nil:
		return p.text.Of("status.unknown-share")
	case s.All == 0:
		return p.text.Of("status.no-requests", s.Since.Local().Format("15:04:05"))
	default:
		return p.text.Of("status.share", s.Percent(), s.New, s.All, s.Since.Local().Format("15:04:05"))
	}
}

func (p *printer) notices(tree view.Tree) {
	for _, line := range []string{tree.Trouble, tree.Notice} {
		if line != "" {
			p.printf("\n%s %s\n", p.style.Wait(p.text.Of("status.notice")), line)
		}
	}
}

func (p *printer) next(all []view.Command) {
	if len(all) == 0 {
		return
	}
	p.printf("\n%s\n\n", p.text.Of("status.next"))
	width := 0
	for _, c := range all {
		width = max(width, lipgloss.Width(c.Line))
	}
	for _, c := range all {
		p.printf("  %s%s   %s\n", p.style.Wait(c.Line), strings.Repeat(" ", width-lipgloss.Width(c.Line)), p.style.Faint(p.why(c)))
	}
}

func (p *printer) why(c view.Command) string {
	switch {
	case c.Target != "" && c.Weight != nil:
		return p.text.Of("next."+c.Why+".weight", c.Target, *c.Weight)
	case c.Target != "":
		return p.text.Of("next."+c.Why+".target", c.Target)
	default:
		return p.text.Of("next." + c.Why)
	}
}
