// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is what a scenario gave.
type row struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	// Passed says that all that the scenario asks for was true; Skipped, instead, why it was not played.
	Passed  bool   `json:"passed"`
	Skipped string `json:"skipped,omitempty"`
	Sent    uint64 `json:"sent"`
	Failed  uint64 `json:"failed"`
	// Deviation is the largest distance of a measured share from the asked one, in points; -1 where none was measured.
	Deviation float64 `json:"deviation"`
	// Effects are the times from what somebody wanted to when it was so.
	Effects []effect `json:"effects,omitempty"`
	// Notes say what a reader has to know, such as a loss that can't be avoided.
	Notes []string `json:"notes,omitempty"`
}

type effect struct {
	Of   string        `json:"of"`
	Took time.Duration `json:"tookNanoseconds"`
}

// board collects rows.
type board struct {
	mu   sync.Mutex
	rows []row
}

var rows board

func (b *board) add(r row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, r)
}

// write puts the table into docs/en and what it was made of beside it. Where only some stories were played the others' rows stay.
func (b *board) write(docs string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	dir := filepath.Join(docs, "en")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "scenarios.json")
	var before []row
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &before); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
	}
	all := merged(before, append(slices.Clone(b.rows), elsewhere()...))
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "scenarios.md"), []byte(page(all, runtime.NumCPU())), 0o644)
}

// merged gives the rows of a run, and of those before it the ones that it did not play.
func merged(before, now []row) []row {
	all := slices.Clone(now)
	for _, r := range before {
		if !slices.ContainsFunc(now, func(n row) bool { return n.Number == r.Number }) {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(x, y row) int { return x.Number - y.Number })
	return all
}

// elsewhere are the rows of what can't be played here.
func elsewhere() []row {
	return []row{
		{Number: 18, Name: "The source of metrics is down, empty, slow or wrong", Deviation: -1, Skipped: "comes with analysis"},
		{Number: 25, Name: "The clock jumps by an hour, forward and back", Deviation: -1, Skipped: "simulated: `go test ./internal/rollout -run TestAClockThatJumps`", Notes: []string{
			"The clock of a machine is not moved for a test. The engine takes the time as a parameter: in the simulation the controller's clock jumps after writes of every story, and all of the world's invariants hold. " +
				"Only where no router tells what it serves a wait stands for that, and a clock that jumps forward ends it early.",
		}},
	}
}

// page is the table as a page of the documentation.
func page(rows []row, cores int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# What goes wrong, and what it costs

<!-- Written by make test-scenarios. Do not edit. -->

Each row is one story, played in velad with real containers under constant load of four kinds: new connections, kept-alive
ones, WebSockets, and bodies that come slowly. Every request is counted. A story passes when no request failed, every version got
its share within 2 points, and no request was sent to a version after it was taken back; where a story asks for something else, it
says so. Measured on a machine with %d cores. To repeat it:

    make test-scenarios

| # | What goes wrong | | Requests | Failed | Largest deviation | From intent to effect |
|---|---|---|---:|---:|---:|---|
`, cores)
	var sent, failed uint64
	for _, r := range rows {
		b.WriteString(r.line())
		sent, failed = sent+r.Sent, failed+r.Failed
	}
	fmt.Fprintf(&b, "\n%d requests, %d failed.\n", sent, failed)
	var notes strings.Builder
	for _, r := range rows {
		for _, n := range r.Notes {
			fmt.Fprintf(&notes, "- **%d** %s\n", r.Number, n)
		}
	}
	if notes.Len() > 0 {
		b.WriteString("\n## What to know\n\n" + notes.String())
	}
	return b.String()
}

func (r row) line() string {
	if r.Skipped != "" {
		return fmt.Sprintf("| %d | %s | not played | | | | %s |\n", r.Number, r.Name, r.Skipped)
	}
	verdict, deviation := "passed", "–"
	if !r.Passed {
		verdict = "**failed**"
	}
	if r.Deviation >= 0 {
		deviation = fmt.Sprintf("%.1f points", r.Deviation)
	}
	var effects []string
	for _, e := range r.Effects {
		effects = append(effects, fmt.Sprintf("%s: %.2f s", e.Of, e.Took.Seconds()))
	}
	return fmt.Sprintf("| %d | %s | %s | %d | %d | %s | %s |\n", r.Number, r.Name, verdict, r.Sent, r.Failed, deviation, strings.Join(effects, "; "))
}

func TestThePageShowsWhatWasMeasuredAndWhatWasNot(t *testing.T) {
	got := page([]row{
		{Number: 1, Name: "pods that never get ready", Passed: true, Sent: 1200, Deviation: 0.25, Effects: []effect{{"rollback → last request to V2", 120 * time.Millisecond}}},
		{Number: 2, Name: "a lost node", Sent: 10, Failed: 3, Deviation: -1, Notes: []string{"All pods of both versions are gone."}},
		{Number: 18, Name: "metrics that are not there", Skipped: "no analysis yet"},
	}, 2)
	for want, reason := range map[string]string{
		"| 1 | pods that never get ready | passed | 1200 | 0 | 0.2 points | rollback → last request to V2: 0.12 s |\n": "what was measured",
		"| 2 | a lost node | **failed** | 10 | 3 | – |  |\n":                                                           "a failure is not hidden",
		"| 18 | metrics that are not there | not played | | | | no analysis yet |\n":                                   "nor is what was not played",
		"\n1210 requests, 3 failed.\n":                  "the sum",
		"- **2** All pods of both versions are gone.\n": "what to know",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %s, %q:\n%s", reason, want, got)
		}
	}
}

func TestARunOfSomeStoriesKeepsTheRowsOfTheOthers(t *testing.T) {
	got := merged([]row{{Number: 1, Sent: 10}, {Number: 2, Sent: 20}}, []row{{Number: 3, Sent: 3}, {Number: 2, Sent: 2}})
	var sent []uint64
	for _, r := range got {
		sent = append(sent, r.Sent)
	}
	if !slices.Equal(sent, []uint64{10, 2, 3}) {
		t.Errorf("the rows are %v, want the first as it was, then those of the run", got)
	}
}
