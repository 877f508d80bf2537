// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package velaux

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// report is what vitest's reporter json writes.
type report struct {
	TestResults []struct {
		AssertionResults []struct {
			Title           string   `json:"title"`
			Status          string   `json:"status"`
			FailureMessages []string `json:"failureMessages"`
		} `json:"assertionResults"`
	} `json:"testResults"`
}

// steps runs ui/acceptance; each of its steps is a subtest here.
func steps(ctx context.Context, t *testing.T, s stage, args []string) {
	t.Helper()
	told, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	args = append([]string{"node_modules/vitest/vitest.mjs", "run", "--config", "vitest.acceptance.config.ts",
		"--reporter=verbose", "--reporter=json", "--outputFile.json=" + file}, args...)
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir, cmd.WaitDelay = root("ui"), 10*time.Second // a browser that is left over does not hold the end up
	cmd.Env = append(os.Environ(), "VELAUX_STAGE="+string(told), "NO_COLOR=1")
	out, failed := run(cmd)
	var r report
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("vitest wrote no report: %v, %v\n%s", failed, err, out)
	}
	played := 0
	for _, f := range r.TestResults {
		for _, a := range f.AssertionResults {
			t.Run(a.Title, func(t *testing.T) {
				switch a.Status {
				case "passed":
					played++
				case "failed":
					t.Errorf("%s", strings.Join(a.FailureMessages, "\n"))
				default:
					t.Skipf("%s: a step before it failed", a.Status)
				}
			})
		}
	}
	if failed != nil || played == 0 {
		t.Errorf("vitest ended with %v after %d steps\n%s", failed, played, out)
	}
}

// run runs a command and returns what it printed; steps that are done and what they measured are shown at once.
func run(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewReader(io.TeeReader(read, &out))
		for {
			line, err := lines.ReadString('\n')
			if strings.Contains(line, "✓") || strings.HasPrefix(line, "measured: ") {
				fmt.Print("progress: ", strings.TrimSpace(line), "\n")
			}
			if err != nil {
				return
			}
		}
	}()
	err := cmd.Run()
	_ = write.Close() // a pipe in memory
	<-done
	return out.Bytes(), err
}
