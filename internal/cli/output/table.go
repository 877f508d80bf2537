// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// gap is the space between columns.
const gap = "  "

// WriteTable writes a header and rows in columns as wide as their widest cell, without trailing blanks. Cells may be
// coloured and may hold wide characters.
func WriteTable(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header))
	all := append([][]string{header}, rows...)
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], lipgloss.Width(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", width[i]-lipgloss.Width(cell)) + gap)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// WriteBox writes a table in a frame of ASCII.
func WriteBox(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header))
	all := append([][]string{header}, rows...)
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], lipgloss.Width(cell))
		}
	}
	rule := "+"
	for _, n := range width {
		rule += strings.Repeat("-", n+2) + "+"
	}
	var b strings.Builder
	for i, row := range all {
		if i < 2 {
			b.WriteString(rule + "\n")
		}
		b.WriteString("|")
		for j, cell := range row {
			b.WriteString(" " + cell + strings.Repeat(" ", width[j]-lipgloss.Width(cell)) + " |")
		}
		b.WriteString("\n")
	}
	_, err := fmt.Fprintln(w, b.String()+rule)
	return err
}
