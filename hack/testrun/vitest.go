// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// report is the part of vitest's JSON report that is counted (vitest.dev/guide/reporters, as Jest's).
type report struct {
	TestResults []struct {
		Name             string `json:"name"`
		Status           string `json:"status"`
		Message          string `json:"message"`
		AssertionResults []struct {
			FullName        string   `json:"fullName"`
			Status          string   `json:"status"`
			FailureMessages []string `json:"failureMessages"`
		} `json:"assertionResults"`
	} `json:"testResults"`
}

// runVitest runs an npm script whose last command is vitest and counts its tests one by one.
func (s stage) runVitest(out io.Writer) result {
	dir, err := os.MkdirTemp("", "testrun")
	if err != nil {
		return s.failed(out, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "report.json")
	args := append(s.command[1:len(s.command):len(s.command)], "--", "--reporter=json", "--outputFile="+file)
	cmd := exec.Command(s.command[0], args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	ran := cmd.Run()
	text, err := os.ReadFile(file)
	if err != nil {
		if ran != nil {
			err = ran
		}
		return s.failed(out, err)
	}
	r, err := tallyVitest(text, out)
	switch {
	case err != nil:
		return s.failed(out, err)
	case ran != nil && r.failed == 0:
		return r.plus(s.failed(out, ran))
	}
	return r
}

// tallyVitest counts a report, prints a line for each file and what failed tests say.
func tallyVitest(text []byte, out io.Writer) (result, error) {
	var rep report
	if err := json.Unmarshal(text, &rep); err != nil {
		return result{}, fmt.Errorf("reading vitest's report: %w", err)
	}
	var r result
	for _, file := range rep.TestResults {
		before := r.failed
		for _, test := range file.AssertionResults {
			switch test.Status {
			case "passed":
				r.passed++
			case "failed":
				r.failed++
				r.failures = append(r.failures, file.Name+" "+test.FullName)
				fmt.Fprintln(out, strings.Join(test.FailureMessages, "\n"))
			}
		}
		if file.Status == "failed" && r.failed == before { // the file itself did not load
			r.failed++
			r.failures = append(r.failures, file.Name)
			fmt.Fprintln(out, file.Message)
		}
		if r.failed == before {
			fmt.Fprintf(out, "ok   %s\n", filepath.Base(file.Name))
		}
	}
	return r, nil
}

func (s stage) failed(out io.Writer, err error) result {
	fmt.Fprintf(out, "%s: %v\n", s.name, err)
	return result{failed: 1, failures: []string{s.name + ": " + err.Error()}}
}
