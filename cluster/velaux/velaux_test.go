// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package velaux plays what the page says of the web UI: a person in a real browser (Debian's Chromium), against velad with real pods,
// while a load on the gateway goes on. The steps themselves are in ui/acceptance; `make test-ui` plays them.
package velaux

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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
	// playWithin bounds the steps in one language, removeWithin what is removed after them.
	playWithin, removeWithin = 15 * time.Minute, 2 * time.Minute
	// once marks the files that one language plays for both: they are about lines, rights and other people more than about words.
	once = "**/*-once-*"
)

// stage is what the steps are told; see ui/acceptance/stage.ts.
type stage struct {
	URL        string            `json:"url"`
	Passwords  map[string]string `json:"passwords"`
	Gateway    string            `json:"gateway"`
	Language   string            `json:"language"`
	VelaCore   string            `json:"velaCore"`
	Velad      velad             `json:"velad"`
	Kubeconfig string            `json:"kubeconfig"`
	Quiet      string            `json:"quiet"`
	Shots      string            `json:"shots"`
}

type velad struct {
	File string   `json:"file"`
	Down []string `json:"down"`
	Up   []string `json:"up"`
}

func TestThePageInTheBrowser(t *testing.T) {
	if os.Getenv(playVariable) == "" {
		t.Skip("played by make test-ui")
	}
	cfg := play.Repository(root(), "/var/lib/vela-ux")
	cfg.UpArgs = []string{fmt.Sprintf("--ui-port=%d", uiPort)}
	p := play.Fresh(t, root(), cfg)
	s := stageOf(t, p, cfg)
	for _, language := range []struct {
		code, name string
		args       []string
	}{
		{"en", "English", nil},
		{"zh", "Chinese", []string{"--exclude=" + once}},
	} {
		t.Run(language.name, func(t *testing.T) {
			s.Language = language.code
			underLoad(t, p, s, language.args)
			remove(t, p)
		})
	}
}

// underLoad plays the steps; from when somebody is there to answer until they end it, a load goes on.
func underLoad(t *testing.T, p *play.Page, s stage, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), playWithin)
	defer cancel()
	loaded := make(chan error, 1)
	go func() {
		for p.WaitServed(ctx) != nil {
			if ctx.Err() != nil {
				loaded <- ctx.Err()
				return
			}
		}
		loaded <- p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix())
	}()
	quiet := sync.OnceValues(func() (load.Totals, error) {
		if err := <-loaded; err != nil {
			return load.Totals{}, err
		}
		return p.StopLoad(), nil
	})
	ends := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if totals, err := quiet(); err != nil || totals.Failed() > 0 {
			w.WriteHeader(http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer ends.Close()
	s.Quiet = ends.URL
	steps(ctx, t, s, args)
	cancel() // a load that never began is not waited for
	totals, err := quiet()
	if err != nil {
		t.Fatalf("the load: %v", err)
	}
	play.NoneFailed(t, totals, load.NewConnection, load.KeptAlive, load.WebSocket)
}

// remove takes away what the steps made, so that the next language begins as the first one did.
func remove(t *testing.T, p *play.Page) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), removeWithin)
	defer cancel()
	for _, app := range []string{play.App, "keys-demo", "first-canary"} {
		if r, err := p.Vela(ctx, "", "delete", app, "-y"); err != nil {
			t.Errorf("removing %s: %v, %s", app, err, r.Output)
		}
	}
	if err := p.WaitSilent(ctx); err != nil {
		t.Error(err)
	}
}

func root(parts ...string) string { return filepath.Join(append([]string{"..", ".."}, parts...)...) }

// shown is the password in what `vela account` prints.
var shown = regexp.MustCompile(`(?m)^Password: (\S+)`)

// stageOf makes an account for each role, and says where everything is.
func stageOf(t *testing.T, p *play.Page, cfg play.Config) stage {
	t.Helper()
	absolute := func(path string) string {
		full, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return full
	}
	s := stage{
		URL: fmt.Sprintf("http://127.0.0.1:%d", uiPort), Passwords: map[string]string{}, Gateway: p.Gateway(),
		VelaCore: absolute(root("bin", "vela-core")), Kubeconfig: absolute(p.Kubeconfig()),
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
