// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package play

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/test/load"
)

// The names of the page's application and of its host.
const (
	App       = "canary-demo"
	Namespace = "default"
	Host      = "canary-demo.com"
)

// waitFor bounds each wait for the cluster.
const waitFor = 2 * time.Minute

// Page is the page being played: a cluster, its examples, and the load that runs all the while.
type Page struct {
	*Cluster
	// Examples is the folder with v1.yaml, v2.yaml, v3.yaml and broken.yaml.
	Examples string
	// Tolerance is how many points a measured share may be off.
	Tolerance float64
	// Window is how many requests a share is measured over.
	Window uint64

	load *load.Run
}

// Deploy sends a file of the examples through `vela up -f -`, as the page does.
func (p *Page) Deploy(ctx context.Context, file string) error {
	text, err := os.ReadFile(filepath.Join(p.Examples, file))
	if err != nil {
		return err
	}
	p.say("\n# %s", file)
	return p.Send(ctx, string(text))
}

// Send sends YAML through `vela up -f -`.
func (p *Page) Send(ctx context.Context, text string) error {
	_, err := p.MustVela(ctx, text, "up", "-f", "-")
	return err
}

// StartLoad begins the constant load on the page's application.
func (p *Page) StartLoad(ctx context.Context, mix load.Mix) error {
	run, err := load.Start(ctx, load.Target{Address: p.Gateway(), Host: Host, Path: "/version"}, mix)
	p.load = run
	return err
}

// Load is what the constant load counted so far; nothing before it was started.
func (p *Page) Load() load.Totals {
	if p.load == nil {
		return load.Totals{}
	}
	return p.load.Snapshot()
}

// StopLoad ends the load and returns its totals.
func (p *Page) StopLoad() load.Totals { return p.load.Stop() }

// Running waits until the application runs the given publishVersion and all its services are healthy.
func (p *Page) Running(ctx context.Context, publishVersion string) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	_, err := p.WaitApplication(ctx, Namespace, App, "it runs "+publishVersion, func(a *v1beta1.Application) bool {
		return a.Status.Phase == v1beta1.PhaseRunning && a.Status.Workflow != nil && a.Status.Workflow.AppRevision == publishVersion
	})
	return err
}

// SuspendedAt waits until the workflow of publishVersion is suspended at a step.
func (p *Page) SuspendedAt(ctx context.Context, publishVersion, step string) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	_, err := p.WaitApplication(ctx, Namespace, App, "it is suspended at "+step, func(a *v1beta1.Application) bool {
		w := a.Status.Workflow
		if a.Status.Phase != v1beta1.PhaseWorkflowSuspending || w == nil || w.AppRevision != publishVersion {
			return false
		}
		last := len(w.Steps) - 1
		return last >= 0 && w.Steps[last].Name == step && w.Steps[last].Phase == v1beta1.StepSuspending
	})
	return err
}

// StepRunning waits until a step of publishVersion has begun.
func (p *Page) StepRunning(ctx context.Context, publishVersion, step string) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	_, err := p.WaitApplication(ctx, Namespace, App, step+" runs", func(a *v1beta1.Application) bool {
		w := a.Status.Workflow
		if w == nil || w.AppRevision != publishVersion {
			return false
		}
		for _, s := range w.Steps {
			if s.Name == step {
				return true
			}
		}
		return false
	})
	return err
}

// Share measures over the next Window requests which share version answers, and compares it with want, in percent.
// A share of 0 or 100 must be exact for what is sent from now on.
func (p *Page) Share(ctx context.Context, version string, want float64) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	before, began := p.Load(), time.Now()
	for {
		all := p.Load()
		now := all.Since(before)
		if now.Answered() < p.Window {
			select {
			case <-ctx.Done():
				return 0, fmt.Errorf("measuring the share of %s: %w", version, ctx.Err())
			case <-time.After(5 * time.Millisecond):
			}
			continue
		}
		got := now.Share(version)
		p.say("  measured: %s\n", now)
		exact := want == 0 || want == 100
		if exact && all.Strayed(version, want, began) || math.Abs(got-want) > p.Tolerance {
			return got, fmt.Errorf("%s answered %.2f %% of %d requests, want %.0f %%", version, got, now.Answered(), want)
		}
		return got, nil
	}
}

// Resume runs `vela workflow resume`.
func (p *Page) Resume(ctx context.Context) error {
	_, err := p.MustVela(ctx, "", "workflow", "resume", App)
	return err
}

// Rollback runs `vela workflow rollback` and checks that it says what the page says.
func (p *Page) Rollback(ctx context.Context) error {
	out, err := p.MustVela(ctx, "", "workflow", "rollback", App)
	if err != nil {
		return err
	}
	for _, line := range []string{
		"Application spec rollback successfully.",
		"Application status rollback successfully.",
		"Successfully rollback rollout",
		"Application outdated revision cleaned up.",
	} {
		if !strings.Contains(out, line+"\n") {
			return fmt.Errorf("rollback did not print %q on a line of its own: %q", line, out)
		}
	}
	return nil
}

// Status runs `vela status` and checks that its output contains each of the given texts.
func (p *Page) Status(ctx context.Context, texts ...string) error {
	out, err := p.MustVela(ctx, "", "status", App)
	if err != nil {
		return err
	}
	for _, want := range texts {
		if !strings.Contains(out, want) {
			return fmt.Errorf("vela status does not say %q", want)
		}
	}
	return nil
}

// HelpersGone checks that a finished release left no object behind.
func (p *Page) HelpersGone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	helpers := map[string]schema.GroupVersionResource{
		App + "-canary": {Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		App + "-stable": {Version: "v1", Resource: "services"},
	}
	for name, resource := range helpers {
		if err := p.WaitGone(ctx, resource, Namespace, name); err != nil {
			return fmt.Errorf("%s %s is still there: %w", resource.Resource, name, err)
		}
	}
	return nil
}

// Answers sends one request as the page's curl does and prints the answer.
func (p *Page) Answers(ctx context.Context) error {
	p.say("\n$ curl -H %q http://%s/version\n", "Host: "+Host, p.Gateway())
	answer, err := load.Once(ctx, load.Target{Address: p.Gateway(), Host: Host, Path: "/version"})
	if err != nil {
		return fmt.Errorf("asking the gateway: %w", err)
	}
	p.say("Demo: %s\n", answer)
	return nil
}

// RolloutIsCancelled waits until the release of the application's component is being taken back.
func (p *Page) RolloutIsCancelled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	rollouts := schema.GroupVersionResource{Group: "rollouts.kruise.io", Version: "v1beta1", Resource: "rollouts"}
	return p.WaitObject(ctx, rollouts, Namespace, App, func(u *unstructured.Unstructured) bool {
		text, _ := u.MarshalJSON()
		return u.GetDeletionTimestamp() != nil || strings.Contains(string(text), `"Cancelling"`)
	})
}

// WaitServed waits until the gateway answers for the application.
func (p *Page) WaitServed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	for {
		_, err := load.Once(ctx, load.Target{Address: p.Gateway(), Host: Host, Path: "/version"})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until the gateway answers: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// WaitSilent waits until the gateway does not answer for the application any more.
func (p *Page) WaitSilent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	for {
		if _, err := load.Once(ctx, load.Target{Address: p.Gateway(), Host: Host, Path: "/version"}); err != nil && ctx.Err() == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until the gateway does not answer any more: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
