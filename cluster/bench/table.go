// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// row is one line of the table.
type row struct {
	What   string
	Budget string
	Value  string
	// Verdict is OK, OVER, or empty where there is no budget.
	Verdict string
	Note    string
}

// within makes a row with a budget.
func within(what, budget, value string, ok bool, note string) row {
	r := row{What: what, Budget: budget, Value: value, Verdict: "OVER", Note: note}
	if ok {
		r.Verdict = "OK"
	}
	return r
}

// told makes a row without a budget.
func told(what, value, note string) row { return row{What: what, Value: value, Note: note} }

// failed is the row of a figure that could not be measured.
func failed(what string, err error) row {
	return row{What: what, Verdict: "FAILED", Note: strings.ReplaceAll(err.Error(), "\n", " ")}
}

// markdown is the table for people and files.
func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| what | budget | measured | | remarks |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(r.What), cell(r.Budget), cell(r.Value), cell(r.Verdict), cell(r.Note))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// good says whether no row is over its budget or without a measurement.
func good(rows []row) bool {
	for _, r := range rows {
		if r.Verdict == "OVER" || r.Verdict == "FAILED" {
			return false
		}
	}
	return true
}
