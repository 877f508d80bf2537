// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command testrun runs the stages of `make test`, shows progress, and closes with a line that a machine can read:
// "N passed, N failed". A stage is NAME=DIR=COMMAND; a COMMAND that begins with "go test" is run with -json and its
// tests are counted one by one, and so are those of "npm" commands, which must run vitest; any other command counts as one test. A failed stage does not stop the following ones.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	var sum result
	for _, arg := range os.Args[1:] {
		s, err := parseStage(arg)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		sum = sum.plus(s.run(os.Stdout))
	}
	for _, name := range sum.failures {
		fmt.Println("FAILED", name)
	}
	fmt.Printf("%d passed, %d failed\n", sum.passed, sum.failed)
	if sum.failed > 0 || sum.passed == 0 {
		os.Exit(1)
	}
}

// result counts tests.
type result struct {
	passed, failed int
	failures       []string
}

func (r result) plus(o result) result {
	return result{r.passed + o.passed, r.failed + o.failed, append(r.failures, o.failures...)}
}

// stage is one command in one folder.
type stage struct {
	name, dir string
	command   []string
}

func parseStage(arg string) (stage, error) {
	parts := strings.SplitN(arg, "=", 3)
	if len(parts) != 3 {
		return stage{}, fmt.Errorf("stage %q: want NAME=DIR=COMMAND", arg)
	}
	return stage{name: parts[0], dir: parts[1], command: strings.Fields(parts[2])}, nil
}

func (s stage) run(out io.Writer) result {
	began := time.Now()
	fmt.Fprintf(out, "== %s: %s\n", s.name, strings.Join(s.command, " "))
	var r result
	switch {
	case len(s.command) > 1 && s.command[0] == "go" && s.command[1] == "test":
		r = s.runGoTest(out)
	case s.command[0] == "npm":
		r = s.runVitest(out)
	default:
		r = s.runPlain(out)
	}
	fmt.Fprintf(out, "== %s: %d passed, %d failed in %s\n", s.name, r.passed, r.failed, time.Since(began).Round(time.Second))
	return r
}

func (s stage) runPlain(out io.Writer) result {
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(out, "%s: %v\n", s.name, err)
		return result{failed: 1, failures: []string{s.name}}
	}
	return result{passed: 1}
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func (s stage) runGoTest(out io.Writer) result {
	args := append([]string{"test", "-json"}, s.command[2:]...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = s.dir, out
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintf(out, "%s: %v\n", s.name, err)
		return result{failed: 1, failures: []string{s.name}}
	}
	r := tally(pipe, out)
	if err := cmd.Wait(); err != nil && r.failed == 0 {
		r = r.plus(result{failed: 1, failures: []string{s.name + ": " + err.Error()}})
	}
	return r
}

// tally reads test events, prints a line for each finished package, each progress line that a long test logs with the
// prefix "progress:", and the output of failed tests.
func tally(events io.Reader, out io.Writer) result {
	var r result
	kept := map[string]*strings.Builder{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if kept[key] == nil {
				kept[key] = &strings.Builder{}
			}
			kept[key].WriteString(e.Output)
			if _, text, ok := strings.Cut(e.Output, "progress: "); ok {
				fmt.Fprint(out, "   ", text)
			}
			if e.Action == "build-output" {
				fmt.Fprint(out, e.Output)
			}
		case "pass":
			delete(kept, key)
			if e.Test != "" {
				r.passed++
				continue
			}
			fmt.Fprintf(out, "ok   %s %.1fs\n", short(e.Package), e.Elapsed)
		case "fail":
			if kept[key] != nil {
				fmt.Fprint(out, kept[key].String())
				delete(kept, key)
			}
			if e.Test != "" || !reported(r.failures, e.Package) {
				r.failed++
				r.failures = append(r.failures, key)
			}
		}
	}
	return r
}

// reported says whether a test of the package is among the failures already.
func reported(failures []string, pkg string) bool {
	for _, f := range failures {
		if strings.HasPrefix(f, pkg+" ") {
			return true
		}
	}
	return false
}

func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/vela-rollouts/vela/")
}
