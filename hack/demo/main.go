// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command demo plays the canary release page on this machine for real: it starts velad, runs the page's commands with
// the page's YAML under constant load, measures how requests split after each step, rolls back, releases to the end, and
// leaves everything running. It exits non-zero if anything that the page promises was not true.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

func main() {
	cfg := play.Config{Bin: "bin", Images: "bin/images", Transcript: os.Stdout}
	flag.StringVar(&cfg.DataDir, "data-dir", "/var/lib/vela-demo", "velad's data directory; what is in it is removed first")
	flag.IntVar(&cfg.HTTPPort, "http-port", 80, "the gateway's port; velad says who has it if it is in use")
	flag.IntVar(&cfg.HTTPSPort, "https-port", 443, "the gateway's TLS port")
	flag.IntVar(&cfg.APIPort, "api-port", 6443, "the API server's port")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, cfg); err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, cfg play.Config) error {
	if os.Geteuid() != 0 {
		return errors.New("it starts containers and needs root: run `sudo make demo`")
	}
	began := time.Now()
	cluster, err := play.Start(ctx, cfg)
	if err != nil {
		return err
	}
	page := &play.Page{Cluster: cluster, Examples: "examples/canary", Tolerance: 2, Window: 1500}
	if err := story(ctx, page); err != nil {
		return err
	}
	totals := page.StopLoad()
	fmt.Printf("\nThe whole demo took %.0f s. Under constant load from the first deployment to the last step:\n", time.Since(began).Seconds())
	for _, kind := range []load.Kind{load.NewConnection, load.KeptAlive, load.WebSocket} {
		fmt.Printf("  %-16s %7d requests  %d failed\n", kind, totals.ByKind[kind].Sent, totals.ByKind[kind].Failed)
	}
	if totals.Failed() > 0 {
		return fmt.Errorf("%d requests failed, first reasons: %q", totals.Failed(), totals.Failures)
	}
	fmt.Print(nextThings(cfg))
	return nil
}

// scene is one thing of the page: what a person does, and what must be true then.
type scene struct {
	title string
	play  func(context.Context, *play.Page) error
}

// story plays S1-S10 of the page in order.
func story(ctx context.Context, page *play.Page) error {
	for _, s := range scenes() {
		fmt.Printf("\n=== %s\n", s.title)
		began := time.Now()
		if err := s.play(ctx, page); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		fmt.Printf("  true after %.1f s", time.Since(began).Seconds())
		if totals := page.Load(); totals.Sent() > 0 {
			fmt.Printf(", %d of %d requests failed since the load began", totals.Failed(), totals.Sent())
		}
		fmt.Println()
	}
	return nil
}

func scenes() []scene {
	return []scene{
		{"The add-on", enableAddon},
		{"First deployment: version 1", firstDeployment},
		{"Canary release of version 2: 20 % of pods and requests", canaryAt20},
		{"Rollback at 20 %", rollback},
		{"Version 2 again: 20 %, then 50 %", canaryTo50},
		{"Rollback at 50 %", rollback},
		{"A version that never starts, and rollback while it tries", brokenVersion},
		{"Version 2 again, then version 3 on top of it: rollback goes to version 1", thirdVersion},
		{"Version 2 once more, to the end: 20 %, 50 %, 100 %", toTheEnd},
	}
}

func enableAddon(ctx context.Context, p *play.Page) error {
	_, err := p.MustVela(ctx, "", "addon", "enable", "kruise-rollout")
	return err
}

func firstDeployment(ctx context.Context, p *play.Page) error {
	if err := errors.Join(p.Deploy(ctx, "v1.yaml"), p.Running(ctx, "v1")); err != nil {
		return err
	}
	if err := p.Status(ctx, "mode: DAG-DAG", "phase: succeeded", "Healthy Ready:5/5"); err != nil {
		return err
	}
	if err := p.Answers(ctx); err != nil {
		return err
	}
	if err := p.StartLoad(ctx, load.DefaultMix()); err != nil {
		return err
	}
	_, err := p.Share(ctx, "V1", 100)
	return err
}

func canaryAt20(ctx context.Context, p *play.Page) error {
	if err := at20(ctx, p); err != nil {
		return err
	}
	return p.Status(ctx, "workflowSuspending", "mode: StepByStep-DAG", "message: Suspended by field suspend")
}

func at20(ctx context.Context, p *play.Page) error {
	if err := p.Deploy(ctx, "v2.yaml"); err != nil {
		return err
	}
	return reaches(ctx, p, "suspend-1st", 20)
}

func reaches(ctx context.Context, p *play.Page, step string, share float64) error {
	if err := p.SuspendedAt(ctx, "v2", step); err != nil {
		return err
	}
	_, err := p.Share(ctx, "V2", share)
	return err
}

func rollback(ctx context.Context, p *play.Page) error {
	if err := p.Rollback(ctx); err != nil {
		return err
	}
	if _, err := p.Share(ctx, "V1", 100); err != nil {
		return err
	}
	return errors.Join(p.Running(ctx, "v1"), p.HelpersGone(ctx))
}

func canaryTo50(ctx context.Context, p *play.Page) error {
	if err := at20(ctx, p); err != nil {
		return err
	}
	if err := p.Resume(ctx); err != nil {
		return err
	}
	return reaches(ctx, p, "suspend-2nd", 50)
}

func brokenVersion(ctx context.Context, p *play.Page) error {
	if err := p.Deploy(ctx, "broken.yaml"); err != nil {
		return err
	}
	if err := p.StepRunning(ctx, "v4", "rollout-20"); err != nil {
		return err
	}
	if _, err := p.Share(ctx, "V1", 100); err != nil {
		return err
	}
	return rollback(ctx, p)
}

func thirdVersion(ctx context.Context, p *play.Page) error {
	if err := at20(ctx, p); err != nil {
		return err
	}
	if err := p.Deploy(ctx, "v3.yaml"); err != nil {
		return err
	}
	if err := p.SuspendedAt(ctx, "v3", "suspend-1st"); err != nil {
		return err
	}
	if _, err := p.Share(ctx, "V3", 20); err != nil {
		return err
	}
	return rollback(ctx, p)
}

func toTheEnd(ctx context.Context, p *play.Page) error {
	if err := canaryTo50(ctx, p); err != nil {
		return err
	}
	if err := p.Resume(ctx); err != nil {
		return err
	}
	if err := p.Running(ctx, "v2"); err != nil {
		return err
	}
	if _, err := p.Share(ctx, "V2", 100); err != nil {
		return err
	}
	return errors.Join(p.HelpersGone(ctx), p.Status(ctx, "Healthy Ready:5/5"))
}

// nextThings is what a person may want to try now.
func nextThings(cfg play.Config) string {
	gateway := net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.HTTPPort))
	return fmt.Sprintf(`
Everything is still running. Three things to try:
  curl -H "Host: %s" http://%s/version
  bin/vela status %s
  bin/velad reset --data-dir %s    (stops it and removes all of it)
`, play.Host, gateway, play.App, cfg.DataDir)
}
