// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world plays the cluster: each step has a script of outcomes, and gives the last one for ever.
type world struct {
	t       tester
	spec    workflow.Spec
	status  v1beta1.WorkflowStatus
	now     time.Time
	scripts map[string][]workflow.Outcome
	calls   []string // of the last pass
	ids     int
	ended   map[string]bool // ids of steps that are over
	eval    func(string, workflow.Scope) (bool, error)
	value   func(string, map[string]any) (any, error)
	recheck time.Duration
}

func begin(t tester, spec workflow.Spec, scripts map[string][]workflow.Outcome) *world {
	t.Helper()
	w := &world{
		t: t, spec: spec, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.Local).Add(123 * time.Millisecond),
		scripts: make(map[string][]workflow.Outcome), ended: make(map[string]bool),
	}
	evaluator := expression.New()
	w.eval, w.value = evaluator.Eval, evaluator.Value
	for name, script := range scripts {
		w.scripts[name] = script
	}
	w.status = workflow.Start(spec, "v2", w.now)
	return w
}

// steps reads a workflow as people write it.
func steps(t tester, text string) workflow.Spec {
	t.Helper()
	var wf v1beta1.Workflow
	if err := yaml.UnmarshalStrict([]byte(text), &wf); err != nil {
		t.Fatalf("reading the workflow: %v", err)
	}
	spec, err := workflow.Generate(v1beta1.ApplicationSpec{Workflow: &wf}, nil)
	if err != nil {
		t.Fatalf("generating: %v", err)
	}
	return spec
}

func (w *world) run(c workflow.Call) workflow.Outcome {
	if w.ended[c.ID] {
		w.t.Fatalf("step %s (%s) was over and is executed again", c.Step.Name, c.ID)
	}
	w.calls = append(w.calls, c.Step.Name)
	if c.Step.Type == "suspend" && c.First() {
		out := workflow.Outcome{Phase: v1beta1.StepSuspending}
		if c.Step.Properties != nil {
			var p struct{ Duration string }
			if err := json.Unmarshal(c.Step.Properties.Raw, &p); err == nil && p.Duration != "" {
				d, err := workflow.ParseDuration(p.Duration)
				if err != nil {
					w.t.Fatalf("duration of %s: %v", c.Step.Name, err)
				}
				at := c.FirstExecuted.Add(d)
				out.ResumeAt = &at
			}
		}
		return out
	}
	script := w.scripts[c.Step.Name]
	if len(script) == 0 {
		return workflow.Outcome{Phase: v1beta1.StepSucceeded}
	}
	if len(script) > 1 {
		w.scripts[c.Step.Name] = script[1:]
	}
	return script[0]
}

func (w *world) env() workflow.Env {
	return workflow.Env{
		Now: w.now,
		NewID: func() string {
			w.ids++
			return fmt.Sprintf("id%08d", w.ids)
		},
		Run: w.run, Eval: w.eval, Value: w.value,
		Context: map[string]any{"appName": "demo"},
	}
}

// pass makes one pass from a status that came back from the API server, keeps its result if keep is set, and checks
// what must hold after each pass.
func (w *world) pass(keep bool) {
	w.t.Helper()
	before := stored(w.t, w.status)
	w.calls = nil
	result := workflow.Advance(w.spec, before, w.env())
	if diff := differ(stored(w.t, w.status), before); diff != "" {
		w.t.Fatalf("the pass changed the status it was given:\n%s", diff)
	}
	if diff := differ(stored(w.t, result.Status), result.Status); diff != "" {
		w.t.Fatalf("the status is another one when it comes back (-back +written):\n%s", diff)
	}
	w.checkKept(before, result.Status)
	if !keep {
		return
	}
	w.status, w.recheck = result.Status, result.RecheckAfter
	for _, s := range flat(w.status) {
		if workflow.Finished(s) {
			w.ended[s.ID] = true
		}
	}
	w.checkStill()
	w.checkSound()
}

// checkKept: what was over stays as it was.
func (w *world) checkKept(before, after v1beta1.WorkflowStatus) {
	w.t.Helper()
	now := make(map[string]v1beta1.StepStatusBase)
	for _, s := range flat(after) {
		now[s.Name] = s
	}
	for _, s := range flat(before) {
		if workflow.Finished(s) && !reflect.DeepEqual(s, now[s.Name]) {
			w.t.Fatalf("step %s was over and changed: %s", s.Name, cmp.Diff(s, now[s.Name]))
		}
		if s.ID != now[s.Name].ID {
			w.t.Fatalf("step %s had the id %s and has %s", s.Name, s.ID, now[s.Name].ID)
		}
	}
}

// checkStill: another pass at the same time, in which every waiting step answers what it answered before, calls nothing
// else and gives an equal status.
func (w *world) checkStill() {
	w.t.Helper()
	env := w.env()
	running := make(map[string]v1beta1.StepStatusBase)
	for _, s := range flat(w.status) {
		if s.Phase == v1beta1.StepRunning {
			running[s.Name] = s
		}
	}
	env.Run = func(c workflow.Call) workflow.Outcome {
		s, ok := running[c.Step.Name]
		if !ok {
			w.t.Fatalf("a pass without news executes step %s; status:\n%s", c.Step.Name, tell(w.status))
		}
		return workflow.Outcome{Phase: s.Phase, Reason: s.Reason, Message: s.Message}
	}
	again := workflow.Advance(w.spec, stored(w.t, w.status), env)
	if diff := differ(w.status, again.Status); diff != "" {
		w.t.Fatalf("a pass without news changes the status:\n%s", diff)
	}
	if again.RecheckAfter != w.recheck {
		w.t.Fatalf("a pass without news looks again after %s, not %s", again.RecheckAfter, w.recheck)
	}
}

// checkSound: what holds in every status.
func (w *world) checkSound() {
	w.t.Helper()
	seen := make(map[string]bool)
	suspending := false
	for _, s := range flat(w.status) {
		if s.ID == "" || seen[s.ID] {
			w.t.Fatalf("step %s has no id of its own:\n%s", s.Name, tell(w.status))
		}
		seen[s.ID] = true
		suspending = suspending || s.Phase == v1beta1.StepSuspending
	}
	st := w.status
	switch {
	case st.Finished && (st.EndTime == nil || st.Suspend || suspending || w.recheck != 0):
		w.t.Fatalf("a finished run is still open:\n%s", tell(st))
	case !st.Finished && suspending != (st.Suspend && (suspending || st.SuspendState == "")):
		w.t.Fatalf("suspend=%v does not fit the steps:\n%s", st.Suspend, tell(st))
	case st.Suspend != (st.Phase == v1beta1.WorkflowSuspending):
		w.t.Fatalf("suspend=%v with phase %s", st.Suspend, st.Phase)
	}
}

func stored(t tester, status v1beta1.WorkflowStatus) v1beta1.WorkflowStatus {
	t.Helper()
	raw, err := json.Marshal(status)
	var out v1beta1.WorkflowStatus
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatalf("storing the status: %v", err)
	}
	return out
}

// differ is empty for deeply equal statuses, and otherwise tells where they differ.
func differ(want, got v1beta1.WorkflowStatus) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return "not deeply equal\n" + cmp.Diff(want, got)
}

// flat gives the steps and sub steps of a status.
func flat(status v1beta1.WorkflowStatus) []v1beta1.StepStatusBase {
	var out []v1beta1.StepStatusBase
	for _, s := range status.Steps {
		out = append(out, s.StepStatusBase)
		out = append(out, s.SubSteps...)
	}
	return out
}

// tell writes a status for people to read.
func tell(status v1beta1.WorkflowStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", status.Phase)
	if status.Suspend {
		fmt.Fprintf(&b, " suspend %s", status.SuspendState)
	}
	if status.Terminated {
		b.WriteString(" terminated")
	}
	if status.Message != "" {
		fmt.Fprintf(&b, " (%s)", status.Message)
	}
	b.WriteString("\n")
	line := func(indent string, s v1beta1.StepStatusBase) {
		text := fmt.Sprintf("%s%s %s", indent, s.Name, s.Phase)
		for _, more := range []string{string(s.Reason), s.Message, s.By} {
			if more != "" {
				text += " · " + more
			}
		}
		if s.Retries > 0 {
			text += fmt.Sprintf(" · retries %d", s.Retries)
		}
		if s.ResumeAt != nil {
			text += " · until " + s.ResumeAt.Format(time.TimeOnly)
		}
		b.WriteString(text + "\n")
	}
	for _, s := range status.Steps {
		line("  ", s.StepStatusBase)
		for _, sub := range s.SubSteps {
			line("    ", sub)
		}
	}
	return b.String()
}

func wait(message string) workflow.Outcome {
	return workflow.Outcome{Phase: v1beta1.StepRunning, Message: message}
}

func done() workflow.Outcome { return workflow.Outcome{Phase: v1beta1.StepSucceeded} }

func failed(message string) workflow.Outcome {
	return workflow.Outcome{Phase: v1beta1.StepFailed, Message: message}
}

func errs(message string) workflow.Outcome { return workflow.Outcome{Err: errors.New(message)} }

func phases(status v1beta1.WorkflowStatus) map[string]v1beta1.StepPhase {
	out := make(map[string]v1beta1.StepPhase)
	for _, s := range flat(status) {
		out[s.Name] = s.Phase
	}
	return out
}

var _ tester = (*testing.T)(nil)
