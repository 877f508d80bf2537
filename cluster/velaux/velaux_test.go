// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package velaux plays what the page says of the web UI: a person in a real browser (Debian's Chromium), against velad with real pods,
// while a load on the gateway goes on. The steps themselves are in ui/acceptance; `make test-ui` plays them.
package velaux

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

const (
	// playVariable plays the steps; without it nothing is played, so that `go test ./...` stays short.
	playVariable = "VELAUX"
	// shotsVariable names a folder for a screenshot of each step.
	shotsVariable = "VELAUX_SHOTS"
	// uiPort is where VelaUX listens, on loopback.
	uiPort = 19082
	// startWithin bounds the start of the cluster, its images included; playWithin the steps in one language.
	startWithin, playWithin = 3 * time.Minute, 12 * time.Minute
)

// stage is what the steps are told; see ui/acceptance/stage.ts.
type stage struct {
	URL       string            `json:"url"`
	Passwords map[string]string `json:"passwords"`
	Gateway   string            `json:"gateway"`
	Language  string            `json:"language"`
	Vela      string            `json:"vela"`
	Velad     velad             `json:"velad"`
	Quiet     string            `json:"quiet"`
	Shots     string            `json:"shots"`
}

type velad struct {
	File string   `json:"file"`
	Down []string `json:"down"`
	Up   []string `json:"up"`
}

func TestThePageInTheBrowserInEnglish(t *testing.T) { inTheBrowser(t, "en") }
func TestThePageInTheBrowserInChinese(t *testing.T) { inTheBrowser(t, "zh") }

func inTheBrowser(t *testing.T, language string) {
	t.Helper()
	if os.Getenv(playVariable) == "" {
		t.Skip("played by make test-ui")
	}
	if os.Geteuid() != 0 {
		t.Fatal("the steps start containers and need root: run them with sudo")
	}
	p := newPage(t)
	loaded := make(chan error, 1)
	go func() { // as soon as there is somebody to answer
		ctx, cancel := context.WithTimeout(t.Context(), playWithin)
		defer cancel()
		if err := p.WaitServed(ctx); err != nil {
			loaded <- err
			return
		}
		loaded <- p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix())
	}()
	quiet := sync.OnceValues(func() (load.Totals, error) {
		if err := <-loaded; err != nil {
			return load.Totals{}, err
		}
		return p.StopLoad(), nil
	})
	s := stageFor(t, p, language)
	ends := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if totals, err := quiet(); err != nil || totals.Failed() > 0 {
			w.WriteHeader(http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer ends.Close()
	s.Quiet = ends.URL
	steps(t, s)
	totals, err := quiet()
	if err != nil {
		t.Fatalf("the load: %v", err)
	}
	fmt.Printf("progress: %s\n", totals)
	if totals.Failed() > 0 || totals.Sent() == 0 {
		t.Errorf("%d of %d requests failed, want 0; first reasons: %q", totals.Failed(), totals.Sent(), totals.Failures)
	}
}

// newPage starts a fresh velad for one language and removes all of it afterwards.
func newPage(t *testing.T) *play.Page {
	t.Helper()
	var transcript bytes.Buffer
	cfg := config()
	cfg.Transcript = &transcript
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	fmt.Println("progress: starting velad")
	cluster, err := play.Start(ctx, cfg)
	if err != nil {
		t.Fatalf("%v\n%s", err, transcript.String())
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(cfg.DataDir, "velad.log"))
			t.Logf("%s\nthe end of velad's log:\n%s", transcript.String(), log[max(0, len(log)-20_000):])
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := cluster.Reset(ctx); err != nil {
			t.Errorf("removing the cluster: %v", err)
		}
	})
	return &play.Page{Cluster: cluster, Examples: root("examples", "canary"), Tolerance: 2, Window: 1500}
}

func config() play.Config {
	return play.Config{
		Bin: root("bin"), Images: root("bin", "images"), DataDir: "/var/lib/vela-ux",
		HTTPPort: 18080, HTTPSPort: 18443, APIPort: 16443, UpArgs: []string{fmt.Sprintf("--ui-port=%d", uiPort)},
	}
}

func root(parts ...string) string { return filepath.Join(append([]string{"..", ".."}, parts...)...) }

// shown is the password in what `vela account` prints.
var shown = regexp.MustCompile(`(?m)^Password: (\S+)`)

// stageFor makes an account for each role.
func stageFor(t *testing.T, p *play.Page, language string) stage {
	t.Helper()
	cfg := config()
	absolute := func(path string) string {
		full, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return full
	}
	s := stage{
		URL: fmt.Sprintf("http://127.0.0.1:%d", uiPort), Passwords: map[string]string{}, Gateway: p.Gateway(), Language: language, Vela: absolute(root("bin", "vela")),
		Velad: velad{File: absolute(root("bin", "velad")), Down: []string{"down", "--data-dir", cfg.DataDir}, Up: p.UpArgs()},
	}
	if shots := os.Getenv(shotsVariable); shots != "" {
		s.Shots = absolute(shots)
	}
	for _, role := range account.Roles() {
		args := []string{"account", "add", role, "--role", role}
		if role == account.First {
			args = []string{"account", "password", role}
		}
		out, err := p.MustVela(t.Context(), "", args...)
		found := shown.FindStringSubmatch(out)
		if err != nil || found == nil {
			t.Fatalf("vela %s: %q, %v", strings.Join(args, " "), out, err)
		}
		s.Passwords[role] = found[1]
	}
	return s
}

// report is what vitest's reporter json writes.
type report struct {
	TestResults []struct {
		AssertionResults []struct {
			FullName        string   `json:"fullName"`
			Title           string   `json:"title"`
			Status          string   `json:"status"`
			FailureMessages []string `json:"failureMessages"`
		} `json:"assertionResults"`
		Message string `json:"message"`
	} `json:"testResults"`
}

// steps runs ui/acceptance; each of its steps is a subtest here.
func steps(t *testing.T, s stage) {
	t.Helper()
	told, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	ctx, cancel := context.WithTimeout(t.Context(), playWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "node_modules/vitest/vitest.mjs", "run", "--config", "vitest.acceptance.config.ts",
		"--reporter=verbose", "--reporter=json", "--outputFile.json="+file)
	cmd.Dir = root("ui")
	cmd.Env = append(os.Environ(), "VELAUX_STAGE="+string(told), "NO_COLOR=1")
	out, failed := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "✓") {
			fmt.Print("progress: ", strings.TrimSpace(line), "\n")
		}
	}
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
