// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// startWithin bounds the start of the cluster, its images included.
const startWithin = 3 * time.Minute

func config(transcript *bytes.Buffer) play.Config {
	cfg := play.Config{
		Bin: root("bin"), Images: root("bin", "images"), DataDir: "/var/lib/vela-e2e",
		HTTPPort: 18080, HTTPSPort: 18443, APIPort: 16443,
	}
	if transcript != nil {
		cfg.Transcript = transcript
	}
	return cfg
}

// root is a path in the repository.
func root(parts ...string) string {
	return filepath.Join(append([]string{"..", ".."}, parts...)...)
}

// newPage starts a fresh velad for one test and removes all of it afterwards. What was typed and printed is shown when the test fails.
func newPage(t *testing.T, upArgs ...string) *play.Page {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("end-to-end tests start containers and need root: run them with sudo")
	}
	var transcript bytes.Buffer
	cfg := config(&transcript)
	cfg.UpArgs = upArgs
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	fmt.Println("progress: starting velad for", t.Name())
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
	totals := p.StopLoad()
	fmt.Printf("progress: %s\n", totals)
	if totals.Failed() > 0 {
		t.Errorf("%d of %d requests failed, want 0; first reasons: %q", totals.Failed(), totals.Sent(), totals.Failures)
	}
	for _, kind := range kinds {
		if totals.ByKind[kind].Sent == 0 {
			t.Errorf("no request of kind %q was sent: nothing was measured", kind)
		}
	}
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
