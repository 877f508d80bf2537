// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/test/load"
)

// TestThePage plays S1 to S8 and S9 at 20 % and 50 % of the acceptance list, in the page's order, under load.
func TestThePage(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	scene(t, "S1 the add-on is enabled, and the second time it says so", func(t *testing.T) {
		_, err := p.MustVela(ctx, "", "addon", "enable", "kruise-rollout")
		must(t, err)
		again, err := p.MustVela(ctx, "", "addon", "enable", "kruise-rollout")
		must(t, err)
		if !strings.Contains(again, "already") {
			t.Errorf("enabling twice does not say that it is enabled already: %q", again)
		}
		list, err := p.MustVela(ctx, "", "addon", "list")
		must(t, err)
		if !strings.Contains(list, "kruise-rollout") {
			t.Errorf("addon list does not show it: %q", list)
		}
	})
	scene(t, "S2 version 1 runs with five pods", func(t *testing.T) { firstVersion(t, p) })
	scene(t, "S3 status has the page's layout", func(t *testing.T) {
		must(t, p.Status(ctx, "About:", "Workflow:", "mode: DAG-DAG", "finished: true", "name: canary-demo",
			"type: apply-component", "phase: succeeded", "Services:", "Healthy Ready:5/5", "✅ scaler", "✅ gateway"))
	})
	scene(t, "S4 every answer is version 1", func(t *testing.T) { share(t, p, "V1", 100) })
	scene(t, "S5 version 2 stops at one pod and 20 %", func(t *testing.T) {
		canaryAt20(t, p)
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v1": 4, "wangyikewyk/canarydemo:v2": 1})
		share(t, p, "V2", 20)
	})
	scene(t, "S6 status is truthful while suspended, and names the next command", func(t *testing.T) {
		must(t, p.Status(ctx, "workflowSuspending", "mode: StepByStep-DAG", "name: rollout-20", "name: suspend-1st",
			"message: Suspended by field suspend", "✅ rolling-release: Rollout is in step(1/1)", "vela workflow resume canary-demo"))
		out, err := p.MustVela(ctx, "", "status", "canary-demo")
		must(t, err)
		if n := strings.Count(out, "- Name: canary-demo"); n != 1 {
			t.Errorf("%d service entries for one component, want 1", n)
		}
		if strings.Contains(out, "name: rollout-50") {
			t.Error("a step that was not reached is listed")
		}
	})
	scene(t, "S7 resume: three pods and 50 %", func(t *testing.T) {
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v1": 2, "wangyikewyk/canarydemo:v2": 3})
		share(t, p, "V2", 50)
	})
	scene(t, "S8 resume: all of it is version 2, helpers are gone", func(t *testing.T) {
		must(t, p.Resume(ctx))
		must(t, p.Running(ctx, "v2"))
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v2": 5})
		share(t, p, "V2", 100)
		must(t, p.HelpersGone(ctx))
		out, err := p.MustVela(ctx, "", "revision", "list", "canary-demo")
		must(t, err)
		if !strings.Contains(out, "canary-demo-v2") {
			t.Errorf("revision list does not show canary-demo-v2: %q", out)
		}
	})
	scene(t, "S11 not one request failed", func(t *testing.T) { noneFailed(t, p) })
}

// TestRollbackLandsOnTheLastGoodVersion plays S9 and S10: in every state, under load.
func TestRollbackLandsOnTheLastGoodVersion(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	scene(t, "version 1 runs", func(t *testing.T) { firstVersion(t, p) })
	scene(t, "S9 at 20 %", func(t *testing.T) {
		canaryAt20(t, p)
		share(t, p, "V2", 20)
		back(t, p)
	})
	scene(t, "S9 at 50 %", func(t *testing.T) {
		canaryAt20(t, p)
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		share(t, p, "V2", 50)
		back(t, p)
	})
	scene(t, "S9 while pods are still starting", func(t *testing.T) {
		must(t, p.Deploy(ctx, "v2.yaml"))
		must(t, p.StepRunning(ctx, "v2", "rollout-20"))
		back(t, p)
	})
	scene(t, "S9 with an image that never starts", func(t *testing.T) {
		must(t, p.Deploy(ctx, "broken.yaml"))
		must(t, p.StepRunning(ctx, "v4", "rollout-20"))
		share(t, p, "V1", 100)
		back(t, p)
	})
	scene(t, "S10 from version 3 on top of a suspended version 2", func(t *testing.T) {
		canaryAt20(t, p)
		must(t, p.Deploy(ctx, "v3.yaml"))
		must(t, p.SuspendedAt(ctx, "v3", "suspend-1st"))
		share(t, p, "V3", 20)
		back(t, p)
	})
	scene(t, "S10 from version 3 on top of a version that failed", func(t *testing.T) {
		must(t, p.Deploy(ctx, "broken.yaml"))
		must(t, p.StepRunning(ctx, "v4", "rollout-20"))
		must(t, p.Deploy(ctx, "v3.yaml"))
		must(t, p.SuspendedAt(ctx, "v3", "suspend-1st"))
		back(t, p)
	})
	scene(t, "after all that version 2 is released to the end", func(t *testing.T) {
		canaryAt20(t, p)
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		must(t, p.Resume(ctx))
		must(t, p.Running(ctx, "v2"))
		share(t, p, "V2", 100)
	})
	scene(t, "S11 not one request failed", func(t *testing.T) { noneFailed(t, p) })
}

// TestRollbackPassesOverAVersionThatWasStillOnItsWay rolls back to version 1 while the version before version 3 never finished: that one is
// deployed without a canary, by the Deployment's own rolling update, and version 3 comes in the middle of it.
func TestRollbackPassesOverAVersionThatWasStillOnItsWay(t *testing.T) {
	p := newPage(t)
	firstVersion(t, p)
	must(t, p.Send(t.Context(), plain(t, "v2.yaml", "v2", "w2")))
	must(t, p.Deploy(t.Context(), "v3.yaml"))
	must(t, p.SuspendedAt(t.Context(), "v3", "suspend-1st"))
	back(t, p)
	podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v1": 5})
	noneFailed(t, p)
}

// TestAProgramThatEndsAtOnceLosesNoRequest releases version 2 in steps, takes it back, and releases it again, where neither version finishes
// its requests when it is told to go: that the routers hear of it first is vela's doing.
func TestAProgramThatEndsAtOnceLosesNoRequest(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	must(t, p.Send(ctx, abrupt(t, "v1.yaml")))
	must(t, p.Running(ctx, "v1"))
	mix := load.DefaultMix()
	mix.WebSockets = 0 // a connection without an end ends with its program
	must(t, p.StartLoad(context.WithoutCancel(ctx), mix))
	must(t, p.Send(ctx, abrupt(t, "v2.yaml")))
	must(t, p.SuspendedAt(ctx, "v2", "suspend-1st"))
	must(t, p.Resume(ctx))
	must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
	back(t, p)
	must(t, p.Send(ctx, strings.Replace(abrupt(t, "v2.yaml"), "publishVersion: v2", "publishVersion: again", 1)))
	must(t, p.SuspendedAt(ctx, "again", "suspend-1st"))
	must(t, p.Resume(ctx))
	must(t, p.SuspendedAt(ctx, "again", "suspend-2nd"))
	must(t, p.Resume(ctx))
	must(t, p.Running(ctx, "again"))
	must(t, p.HelpersGone(ctx))
	noneOfFailed(t, p, load.NewConnection, load.KeptAlive, load.SlowBody)
}

// abrupt is an example whose program ends at SIGTERM at once.
func abrupt(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(root("examples", "canary", file))
	must(t, err)
	const ports = "           ports:\n"
	if !strings.Contains(string(text), ports) {
		t.Fatalf("%s has no ports to put the environment before", file)
	}
	return strings.Replace(string(text), ports, "           env: [{name: DEMO_ABRUPT, value: \"yes\"}]\n"+ports, 1)
}

// anew is an example under another publishVersion.
func anew(t *testing.T, file, version, instead string) string {
	t.Helper()
	text, err := os.ReadFile(root("examples", "canary", file))
	must(t, err)
	return strings.Replace(string(text), "publishVersion: "+version, "publishVersion: "+instead, 1)
}

// plain is an example without its workflow, under another publishVersion.
func plain(t *testing.T, file, version, instead string) string {
	t.Helper()
	spec, _, _ := strings.Cut(anew(t, file, version, instead), "   workflow:\n")
	return spec
}
