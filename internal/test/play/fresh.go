// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package play

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vela-rollouts/vela/internal/test/load"
)

const (
	// startWithin bounds the start of a fresh cluster, its images included; resetWithin its end.
	startWithin, resetWithin = 3 * time.Minute, time.Minute
	// logTail is how much of velad's log a failed test shows.
	logTail = 20_000
)

// Test is the part of a *testing.T that a page needs.
type Test interface {
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Repository is the usual configuration for tests: what is built below root, and ports that nothing else uses.
func Repository(root, dataDir string) Config {
	return Config{
		Bin: filepath.Join(root, "bin"), Images: filepath.Join(root, "bin", "images"), DataDir: dataDir,
		HTTPPort: 18080, HTTPSPort: 18443, APIPort: 16443,
	}
}

// Fresh starts a velad of the repository at root for one test and removes all of it afterwards. What was typed and printed is shown
// when the test fails.
func Fresh(t Test, root string, cfg Config) *Page {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatalf("%s starts containers and needs root: run it with sudo", t.Name())
	}
	var transcript bytes.Buffer
	cfg.Transcript = &transcript
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	fmt.Println("progress: starting velad for", t.Name())
	cluster, err := Start(ctx, cfg)
	if err != nil {
		t.Fatalf("%v\n%s", err, transcript.String())
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(cfg.DataDir, "velad.log"))
			t.Logf("%s\nthe end of velad's log:\n%s", transcript.String(), log[max(0, len(log)-logTail):])
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), resetWithin)
		defer cancel()
		if err := cluster.Reset(ctx); err != nil {
			t.Errorf("removing the cluster: %v", err)
		}
	})
	return &Page{Cluster: cluster, Examples: filepath.Join(root, "examples", "canary"), Tolerance: 2, Window: 1500}
}

// NoneFailed fails the test if any request of an ended load failed, or none of a kind was sent.
func NoneFailed(t Test, totals load.Totals, kinds ...load.Kind) {
	t.Helper()
	fmt.Printf("progress: %s\n", totals)
	if totals.Failed() > 0 || totals.Sent() == 0 {
		t.Errorf("%d of %d requests failed, want 0; first reasons: %q", totals.Failed(), totals.Sent(), totals.Failures)
	}
	for _, kind := range kinds {
		if totals.ByKind[kind].Sent == 0 {
			t.Errorf("no request of kind %q was sent: nothing was measured", kind)
		}
	}
}
