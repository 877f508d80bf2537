// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

const sideBySide = `
mode: {steps: DAG}
steps:
- {name: gate, type: suspend}
- {name: other, type: suspend}
- {name: slow, type: deploy}
- {name: next, type: deploy, dependsOn: [slow]}`

func TestOperations(t *testing.T) {
	running := map[string][]workflow.Outcome{"rollout-20": {wait("0 of 1 pods ready")}, "slow": {wait("1 of 2")}}
	cases := map[string]struct {
		steps   string
		scripts map[string][]workflow.Outcome
		fresh   bool // the run has not begun
		end     bool // the run is resumed until it ends
		op      operation
		request workflow.Request
		refused string
		want    string // the status afterwards
	}{
		"resume what is suspended": {
			steps: page, op: workflow.Resume,
			want: "executing\n  rollout-20 succeeded\n  suspend-1st running · Suspend · Suspended by field suspend · carol\n",
		},
		"resume what is not suspended": {
			steps: page, scripts: running, op: workflow.Resume, refused: "workflow demo is not suspended.",
		},
		"resume what has not begun": {
			steps: page, fresh: true, op: workflow.Resume, refused: "the workflow in application demo is not start",
		},
		"resume what has succeeded": {
			steps: page, end: true, op: workflow.Resume, refused: "resume workflow not allowed because application demo is running",
		},
		"resume what has failed": {
			steps: page, scripts: map[string][]workflow.Outcome{"rollout-20": {failed("no image")}}, op: workflow.Resume,
			refused: "can not resume a terminated workflow",
		},
		"resume one of two steps": {
			steps: sideBySide, scripts: running, op: workflow.Resume, request: workflow.Request{Step: "gate"},
			want: "suspending suspend \n  gate running · Suspend · Suspended by field suspend · carol\n  other suspending · Suspend · Suspended by field suspend\n" +
				"  slow running · Wait · 1 of 2\n  next pending · Pending on DependsOn: slow\n",
		},
		"resume a step that is not there": {
			steps: sideBySide, op: workflow.Resume, request: workflow.Request{Step: "nosuch"}, refused: "can not find step nosuch",
		},
		"resume a step that runs": {
			steps: sideBySide, scripts: running, op: workflow.Resume, request: workflow.Request{Step: "slow"},
			refused: "step slow is not suspending, it is running",
		},
		"resume with the id that waits": {
			steps: page, op: workflow.Resume, request: workflow.Request{StepID: "id00000002"},
			want: "executing\n  rollout-20 succeeded\n  suspend-1st running · Suspend · Suspended by field suspend · carol\n",
		},
		"resume with an id of the past": {
			steps: page, op: workflow.Resume, request: workflow.Request{StepID: "id00000001"},
			refused: "the step with the id id00000001 is no longer current; look at vela status demo and ask again",
		},
		"resume with a name and an id of the past": {
			steps: page, op: workflow.Resume, request: workflow.Request{Step: "suspend-1st", StepID: "id00000001"},
			refused: "the step with the id id00000001 is no longer current; look at vela status demo and ask again",
		},
		"suspend what runs": {
			steps: page, scripts: running, op: workflow.Suspend,
			want: "suspending suspend manual\n  rollout-20 suspending · Wait · 0 of 1 pods ready · carol\n",
		},
		"suspend one step": {
			steps: sideBySide, scripts: running, op: workflow.Suspend, request: workflow.Request{Step: "slow"},
			want: "suspending suspend \n  gate suspending · Suspend · Suspended by field suspend\n  other suspending · Suspend · Suspended by field suspend\n" +
				"  slow suspending · Wait · 1 of 2 · carol\n  next pending · Pending on DependsOn: slow\n",
		},
		"suspend a step that was not reached": {
			steps: page, scripts: running, op: workflow.Suspend, request: workflow.Request{Step: "rollout-50"}, refused: "can not find step rollout-50",
		},
		"suspend what has not begun": {
			steps: page, fresh: true, op: workflow.Suspend, refused: "the workflow in application is not running",
		},
		"suspend what has failed": {
			steps: page, scripts: map[string][]workflow.Outcome{"rollout-20": {failed("no image")}}, op: workflow.Suspend,
			refused: "can not suspend a terminated workflow",
		},
		"terminate what is suspended": {
			steps: sideBySide, scripts: running, op: workflow.Terminate,
			want: "terminated terminated\n  gate failed · Terminate · Suspended by field suspend · carol\n  other failed · Terminate · Suspended by field suspend · carol\n" +
				"  slow failed · Terminate · 1 of 2 · carol\n  next skipped · Skip\n",
		},
		"terminate one step": {
			steps: page, op: workflow.Terminate, request: workflow.Request{Step: "suspend-1st"},
			refused: "terminate ends the whole workflow; ask again without step suspend-1st",
		},
		"terminate what has succeeded": {
			steps: page, end: true, op: workflow.Terminate, refused: "terminate workflow not allowed because application demo is running",
		},
		"terminate what has failed": {
			steps: page, scripts: map[string][]workflow.Outcome{"rollout-20": {failed("no image")}}, op: workflow.Terminate,
			refused: "the workflow in application demo is terminated already",
		},
		"restart from the start": {
			steps: page, end: true, op: workflow.Restart, want: "initializing\n",
		},
		"restart what has not begun": {
			steps: page, fresh: true, op: workflow.Restart, refused: "the workflow in application demo is not start",
		},
		"restart from a step that is not there": {
			steps: page, op: workflow.Restart, request: workflow.Request{Step: "nosuch"}, refused: "failed step nosuch not found",
		},
		"restart from a step that succeeded": {
			steps: page, op: workflow.Restart, request: workflow.Request{Step: "rollout-20"}, refused: "can not restart from a non-failed step",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := begin(t, steps(t, c.steps), c.scripts)
			if c.fresh {
				w.status = v1beta1.WorkflowStatus{}
			} else {
				w.pass(true)
			}
			for c.end && !w.status.Finished {
				w.status.Suspend = false
				w.pass(true)
			}
			before := stored(t, w.status)
			c.request.App, c.request.By = "demo", "carol"
			got, err := c.op(w.spec, w.status, c.request, w.now)
			if diff := differ(before, w.status); diff != "" {
				t.Errorf("the status that was given is changed: %s", diff)
			}
			if c.refused != "" {
				var refusal *workflow.Refusal
				if !errors.As(err, &refusal) || refusal.Sentence != c.refused {
					t.Errorf("answered %v; want the refusal %q", err, c.refused)
				}
				if diff := differ(before, got); diff != "" {
					t.Errorf("a refusal changes the status: %s", diff)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if diff := cmp.Diff(c.want, tell(got)); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			if diff := differ(stored(t, got), got); diff != "" {
				t.Errorf("the status is another one when it comes back: %s", diff)
			}
		})
	}
}

func TestNothingStartsWhileTheRunIsHeld(t *testing.T) {
	w := begin(t, steps(t, `
steps:
- {name: a, type: suspend, timeout: 1m, properties: {duration: 30s}}
- {name: b, type: deploy, if: always}`), nil)
	w.pass(true)
	status, err := workflow.Suspend(w.spec, w.status, workflow.Request{App: "demo"}, w.now)
	if err != nil {
		t.Fatalf("suspend: %v", err)
	}
	w.status = status
	w.now = w.now.Add(40 * time.Second)
	w.pass(true)
	if p := phases(w.status); p["a"] != v1beta1.StepSuspending {
		t.Fatalf("the duration ended while the run was held:\n%s", tell(w.status))
	}
	w.now = w.now.Add(40 * time.Second)
	w.pass(true)
	if p := phases(w.status); p["a"] != v1beta1.StepFailed || p["b"] != "" || !w.status.Suspend {
		t.Fatalf("want a timed out, b not started, still held:\n%s", tell(w.status))
	}
	if status, err = workflow.Resume(w.spec, w.status, workflow.Request{App: "demo"}, w.now); err != nil {
		t.Fatalf("resume: %v", err)
	}
	w.status = status
	w.pass(true)
	if p := phases(w.status); p["b"] != v1beta1.StepSucceeded || !w.status.Finished {
		t.Fatalf("want b run and the end:\n%s", tell(w.status))
	}
}

func TestSuspendedByHandBeforeAnythingRan(t *testing.T) {
	w := begin(t, steps(t, page), nil)
	w.status.Suspend = true
	w.pass(true)
	if len(w.status.Steps) != 0 || w.status.Phase != v1beta1.WorkflowSuspending {
		t.Fatalf("want nothing started:\n%s", tell(w.status))
	}
	w.status.Suspend = false
	w.pass(true)
	if len(w.status.Steps) != 2 {
		t.Fatalf("want the run to go on:\n%s", tell(w.status))
	}
}

func TestTerminatedByHand(t *testing.T) {
	w := begin(t, steps(t, page), nil)
	w.pass(true)
	w.status.Terminated = true
	w.pass(true)
	if !w.status.Finished || w.status.Phase != v1beta1.WorkflowTerminated || phases(w.status)["suspend-1st"] != v1beta1.StepFailed {
		t.Fatalf("want the run ended:\n%s", tell(w.status))
	}
}

func TestRestartInAGroup(t *testing.T) {
	w := begin(t, steps(t, `
mode: {steps: DAG}
steps:
- name: g
  type: step-group
  subSteps:
  - {name: kept, type: deploy}
  - {name: bad, type: deploy, outputs: [{name: x, valueFrom: context.appName}]}
  - {name: after, type: deploy, dependsOn: [bad]}
- name: h
  type: step-group
  if: status.g.succeeded
  dependsOn: [g]
  subSteps: [{name: i, type: deploy}]
- name: j
  type: step-group
  if: always
  subSteps:
  - {name: own, type: deploy}
  - {name: taker, type: deploy, inputs: [{from: x, parameterKey: p}]}
- {name: k, type: step-group, if: "false", subSteps: [{name: never, type: deploy, inputs: [{from: x}]}]}
- {name: apart, type: deploy}`), map[string][]workflow.Outcome{"bad": {failed("broken"), done()}})
	w.pass(true)
	want := "failed terminated (Step bad failed: broken)\n" +
		"  g failed · Action\n    kept succeeded\n    bad failed · Action · broken\n    after skipped · Skip\n" +
		"  h skipped · Skip\n    i skipped · Skip\n" +
		"  j succeeded\n    own succeeded\n    taker skipped · Skip\n" +
		"  k skipped · Skip\n    never skipped · Skip\n" +
		"  apart succeeded\n"
	if diff := cmp.Diff(want, tell(w.status)); diff != "" {
		t.Fatalf("first run (-want +got):\n%s", diff)
	}
	first := w.status
	status, err := workflow.Restart(w.spec, w.status, workflow.Request{App: "demo", Step: "bad"}, w.now)
	if err != nil {
		t.Fatalf("restart: %v", err)
	}
	want = "executing\n  g running\n    kept succeeded\n  j running\n    own succeeded\n  apart succeeded\n"
	if diff := cmp.Diff(want, tell(status)); diff != "" {
		t.Fatalf("what is kept (-want +got):\n%s", diff)
	}
	w.status = status
	w.pass(true)
	if w.status.Phase != v1beta1.WorkflowSucceeded || strings.Join(w.calls, " ") != "bad after i taker" {
		t.Fatalf("executed %v:\n%s", w.calls, tell(w.status))
	}
	if first.Steps[0].ID != w.status.Steps[0].ID || first.Steps[0].SubSteps[1].ID == w.status.Steps[0].SubSteps[1].ID {
		t.Errorf("want the group's id kept and a new one for the step that was run again")
	}
	if diff := cmp.Diff(map[string]string{"x": `"demo"`}, w.status.Outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}
