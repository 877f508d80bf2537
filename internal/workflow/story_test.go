// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden stories anew")
	os.Exit(m.Run())
}

const page = `
steps:
- {type: canary-deploy, name: rollout-20, properties: {weight: 20}}
- {name: suspend-1st, type: suspend}
- {type: canary-deploy, name: rollout-50, properties: {weight: 50}}
- {name: suspend-2nd, type: suspend}
- {type: canary-deploy, name: rollout-100, properties: {weight: 100}}`

// story is a run that is told in testdata/<name>.golden. An act is taken whenever nothing moves by itself.
type story struct {
	name    string
	steps   string
	scripts map[string][]workflow.Outcome
	acts    []act
}

type act struct {
	name string
	do   func(w *world) error
}

type operation func(workflow.Spec, v1beta1.WorkflowStatus, workflow.Request, time.Time) (v1beta1.WorkflowStatus, error)

func ask(name string, op operation, step string) act {
	if step != "" {
		name += " " + step
	}
	return act{name: name, do: func(w *world) error {
		status, err := op(w.spec, stored(w.t, w.status), workflow.Request{App: "demo", Step: step, By: "alice"}, w.now)
		w.status = status
		return err
	}}
}

func edit(name string, change func(*v1beta1.WorkflowStatus)) act {
	return act{name: name, do: func(w *world) error {
		change(&w.status)
		return nil
	}}
}

func look(name string) act { return act{name: name, do: func(*world) error { return nil }} }

func stories() []story {
	resume := ask("resume", workflow.Resume, "")
	hold := ask("suspend", workflow.Suspend, "")
	return []story{
		{name: "page", steps: page, scripts: map[string][]workflow.Outcome{
			"rollout-20":  {wait("0 of 1 pods ready"), wait("weight 20 not acknowledged"), done()},
			"rollout-100": {wait("3 of 5 pods ready"), done()},
		}, acts: []act{resume, resume}},
		{name: "page-held-while-rolling", steps: page, scripts: map[string][]workflow.Outcome{
			"rollout-20": {wait("0 of 1 pods ready"), wait("0 of 1 pods ready"), wait("1 of 1 pods ready"), done()},
		}, acts: []act{hold, look("look"), resume, edit("kubectl: suspend=false", func(s *v1beta1.WorkflowStatus) { s.Suspend = false }), resume, resume}},
		{name: "page-terminated", steps: page, acts: []act{ask("terminate", workflow.Terminate, ""), resume, ask("restart", workflow.Restart, ""), resume}},
		{name: "page-failed-and-restarted", steps: page, scripts: map[string][]workflow.Outcome{
			"rollout-20": {failed("no image"), done()},
		}, acts: []act{ask("restart", workflow.Restart, "suspend-1st"), ask("restart", workflow.Restart, "rollout-20")}},
		{name: "errors-until-the-end", steps: `
steps:
- {name: a, type: deploy, outputs: [{name: url, valueFrom: output.url}]}
- {name: b, type: deploy}
- {name: c, type: deploy, if: always, inputs: [{from: url, parameterKey: "to[0].url"}]}
- {name: d, type: deploy, if: status.b.failedAfterRetries}
- {name: e, type: deploy, if: nonsense.here}`, scripts: map[string][]workflow.Outcome{
			"a": {errs("conflict"), wait("wait healthy"), {Phase: v1beta1.StepSucceeded, Outputs: map[string]any{"output": map[string]any{"url": "http://x"}}}},
			"b": {errs("no such host")},
		}},
		{name: "times", steps: `
steps:
- {name: a, type: suspend, properties: {duration: 500ms}}
- {name: b, type: suspend, timeout: 1m, properties: {duration: 1h}}
- {name: c, type: deploy, if: status.b.timeout, timeout: 90s}
- {name: d, type: deploy, if: always}`, scripts: map[string][]workflow.Outcome{"c": {wait("wait healthy")}}},
		{name: "side-by-side", steps: `
mode: {steps: DAG}
steps:
- {name: after-both, type: deploy, dependsOn: [gate, slow]}
- {name: gate, type: suspend}
- {name: slow, type: deploy}
- {name: bad, type: deploy}
- {name: after-bad, type: deploy, dependsOn: [bad]}
- {name: after-that, type: deploy, dependsOn: [after-bad]}
- {name: clean-up, type: deploy, dependsOn: [after-bad], if: always}
- {name: reader, type: deploy, inputs: [{from: x}]}
- {name: giver, type: deploy, dependsOn: [gate], outputs: [{name: x, valueFrom: parameter}]}`, scripts: map[string][]workflow.Outcome{
			"slow": {wait("1 of 2"), wait("1 of 2"), done()}, "bad": {failed("broken")},
		}, acts: []act{look("look"), look("look"), resume}},
		{name: "groups", steps: `
steps:
- name: first
  type: step-group
  subSteps:
  - {name: x, type: suspend}
  - {name: w, type: deploy}
- name: second
  type: step-group
  mode: StepByStep
  subSteps:
  - {type: deploy, if: status.x.skipped}
  - {name: z, type: deploy}
  - {name: never, type: deploy}
  - {name: last, type: deploy, if: status.z.failed}
- name: third
  type: step-group
  subSteps: [{name: t, type: deploy}]
- name: fourth
  type: step-group
  if: status.second.failed
  timeout: 10s
  subSteps: [{name: u, type: deploy}, {name: v, type: deploy, dependsOn: [u]}]`, scripts: map[string][]workflow.Outcome{
			"z": {errs("conflict"), failed("refused")}, "u": {wait("for ever")},
		}, acts: []act{ask("resume", workflow.Resume, "w"), ask("resume", workflow.Resume, "x")}},
		{name: "nothing-fits-together", steps: `
mode: {steps: DAG}
steps:
- {name: a, type: deploy, dependsOn: [b]}
- {name: b, type: deploy, dependsOn: [a]}
- {name: c, type: deploy, dependsOn: [nosuch]}
- {name: d, type: deploy, inputs: [{from: nosuch, parameterKey: x}]}
- {name: e, type: deploy, outputs: [{name: x, valueFrom: output.nosuch}]}
- {name: f, type: nothing, if: always, dependsOn: [c]}`, scripts: map[string][]workflow.Outcome{
			"f": {{Phase: "nonsense"}},
		}},
		{name: "a-step-ends-it", steps: `
mode: {steps: DAG}
steps:
- {name: a, type: deploy}
- {name: b, type: deploy}
- {name: c, type: deploy, dependsOn: [a]}`, scripts: map[string][]workflow.Outcome{
			"a": {wait("x")}, "b": {wait("y"), {Terminate: true, Message: "enough"}},
		}, acts: []act{look("look")}},
	}
}

func TestStories(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			got := play(t, s)
			path := filepath.Join("testdata", s.name+".golden")
			if updating() {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatalf("writing the story: %v", err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("reading the story: %v", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the story is another one (-want +got); go test -update writes it anew:\n%s", diff)
			}
		})
	}
}

func play(t *testing.T, s story) string {
	t.Helper()
	w := begin(t, steps(t, s.steps), s.scripts)
	start := w.now
	var b strings.Builder
	acts := s.acts
	fmt.Fprintf(&b, "mode %s\n", w.status.Mode)
	last := ""
	for range 100 {
		w.pass(true)
		fmt.Fprintf(&b, "+%s", w.now.Sub(start))
		if len(w.calls) > 0 {
			fmt.Fprintf(&b, " runs %s", strings.Join(w.calls, ", "))
		}
		fmt.Fprintf(&b, ": %s", tell(w.status))
		switch told := tell(w.status); {
		case told != last:
			last = told
			if !w.status.Suspend && !w.status.Finished && w.recheck == 0 {
				continue // an event wakes the run: a pod is ready, say
			}
		}
		if w.recheck > 0 {
			w.now = w.now.Add(w.recheck)
			continue
		}
		if len(acts) == 0 {
			break
		}
		fmt.Fprintf(&b, "> %s\n", acts[0].name)
		if err := acts[0].do(w); err != nil {
			fmt.Fprintf(&b, "refused: %v\n", err)
		}
		acts = acts[1:]
		last = ""
		w.now = w.now.Add(10 * time.Second)
	}
	return b.String()
}
