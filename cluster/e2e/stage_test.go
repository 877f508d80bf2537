// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

func config() play.Config { return play.Repository(root(), "/var/lib/vela-e2e") }

// root is a path in the repository.
func root(parts ...string) string {
	return filepath.Join(append([]string{"..", ".."}, parts...)...)
}

// newPage starts a fresh velad for one test and removes all of it afterwards.
func newPage(t *testing.T, upArgs ...string) *play.Page {
	t.Helper()
	cfg := config()
	cfg.UpArgs = upArgs
	return play.Fresh(t, root(), cfg)
}

// scene runs one part of a story; the parts after a failed one do not run.
func scene(t *testing.T, name string, play func(t *testing.T)) {
	t.Helper()
	began := time.Now()
	if !t.Run(name, play) {
		t.Fatalf("the story ends here: %s", name)
	}
	fmt.Printf("progress: %s, %.1f s\n", name, time.Since(began).Seconds())
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// share measures which share of requests a version answers.
func share(t *testing.T, p *play.Page, version string, want float64) {
	t.Helper()
	got, err := p.Share(t.Context(), version, want)
	must(t, err)
	fmt.Printf("progress: %s answers %.2f %%, asked %.0f %%\n", version, got, want)
}

// noneFailed ends the usual load and fails the test if any request of it failed.
func noneFailed(t *testing.T, p *play.Page) {
	t.Helper()
	noneOfFailed(t, p, load.NewConnection, load.KeptAlive, load.WebSocket)
}

// noneOfFailed ends a load of the given kinds and fails the test if any request of it failed.
func noneOfFailed(t *testing.T, p *play.Page, kinds ...load.Kind) {
	t.Helper()
	play.NoneFailed(t, p.StopLoad(), kinds...)
}

// firstVersion deploys version 1, waits for it and starts the load.
func firstVersion(t *testing.T, p *play.Page) {
	t.Helper()
	must(t, p.Deploy(t.Context(), "v1.yaml"))
	must(t, p.Running(t.Context(), "v1"))
	must(t, p.StartLoad(context.WithoutCancel(t.Context()), load.DefaultMix()))
}

// canaryAt20 deploys version 2 and waits until it is suspended at 20 %.
func canaryAt20(t *testing.T, p *play.Page) {
	t.Helper()
	must(t, p.Deploy(t.Context(), "v2.yaml"))
	must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
}

// back rolls back and checks that nothing but version 1 answers from the moment the command returned.
func back(t *testing.T, p *play.Page) {
	t.Helper()
	must(t, p.Rollback(t.Context()))
	share(t, p, "V1", 100)
	must(t, p.Running(t.Context(), "v1"))
	must(t, p.HelpersGone(t.Context()))
}
