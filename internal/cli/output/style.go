// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package output

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Style colours text for one stream; the zero value leaves text as it is.
type Style struct {
	renderer *lipgloss.Renderer
}

// NewStyle colours for w when it is a terminal that knows colours and NO_COLOR is not set.
func NewStyle(w io.Writer, terminal bool, getenv func(string) string) Style {
	if !terminal || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return Style{}
	}
	r := lipgloss.NewRenderer(w)
	if r.ColorProfile() == termenv.Ascii {
		return Style{}
	}
	return Style{r}
}

func (s Style) paint(colour, text string) string {
	if s.renderer == nil {
		return text
	}
	return s.renderer.NewStyle().Inline(true).Foreground(lipgloss.Color(colour)).Render(text)
}

// Good is green, Wait yellow, Bad red, Faint grey, Link blue.
func (s Style) Good(text string) string { return s.paint("2", text) }

// Wait is for what is under way or needs somebody, and for commands to type.
func (s Style) Wait(text string) string { return s.paint("3", text) }

// Bad is for what failed.
func (s Style) Bad(text string) string { return s.paint("1", text) }

// Faint is for explanations beside the matter.
func (s Style) Faint(text string) string { return s.paint("8", text) }
