// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// chooser is a source of choices: a seeded generator, or rapid's, which makes failing cases smaller.
type chooser func(n int) int

func seeded(seed int64) chooser { return rand.New(rand.NewSource(seed)).Intn }

func drawn(t *rapid.T) chooser {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
}

// node is a step of a random tree, with what becomes of it when it is run.
type node struct {
	name    string
	always  bool
	ref     string // the `if` asks whether this step came to asked
	asked   v1beta1.StepPhase
	deps    []string
	inputs  []string // steps whose output it takes
	fate    v1beta1.StepPhase
	suspend bool
	mode    v1beta1.StepMode
	subs    []*node
	script  []workflow.Outcome
}

// forest is a random workflow.
type forest struct {
	mode  v1beta1.StepMode
	nodes []*node
	count int
}

func grown(choose chooser) *forest {
	f := &forest{mode: mode(choose)}
	f.nodes = f.level(choose, f.mode, 1+choose(5), true)
	return f
}

func mode(choose chooser) v1beta1.StepMode {
	if choose(2) == 0 {
		return v1beta1.StepModeDAG
	}
	return v1beta1.StepModeStepByStep
}

func (f *forest) level(choose chooser, m v1beta1.StepMode, n int, groups bool) []*node {
	nodes := make([]*node, n)
	for i := range nodes {
		f.count++
		nodes[i] = &node{name: fmt.Sprintf("n-%d", f.count)}
		if groups && choose(4) == 0 {
			nodes[i].mode = mode(choose)
			nodes[i].subs = f.level(choose, nodes[i].mode, 1+choose(4), false)
			continue
		}
		nodes[i].live(choose)
	}
	// In a DAG a step may depend on one further down: any order will do, as long as there is one.
	order := append([]*node(nil), nodes...)
	if m == v1beta1.StepModeDAG {
		for i := len(order) - 1; i > 0; i-- {
			j := choose(i + 1)
			order[i], order[j] = order[j], order[i]
		}
	}
	for i, node := range order {
		for _, dep := range order[:i] {
			switch choose(6) {
			case 0, 1:
				node.deps = append(node.deps, dep.name)
			case 2:
				if dep.subs == nil {
					node.inputs = append(node.inputs, dep.name)
				}
			}
		}
		node.condition(choose, m, order[:i])
	}
	return nodes
}

// live chooses how the step behaves when it is run.
func (n *node) live(choose chooser) {
	for range choose(3) {
		n.script = append(n.script, wait(fmt.Sprintf("look %d", choose(2))))
	}
	for range choose(3) {
		n.script = append(n.script, errs("conflict"))
	}
	switch choose(8) {
	case 0:
		n.fate, n.script = v1beta1.StepFailed, append(n.script, failed("broken"))
	case 1:
		n.fate, n.script = v1beta1.StepFailed, append(n.script, errs("down for good"))
	case 2:
		n.fate, n.script = v1beta1.StepSkipped, append(n.script, workflow.Outcome{Phase: v1beta1.StepSkipped})
	case 3:
		n.fate, n.suspend, n.script = v1beta1.StepSucceeded, true, nil
	default:
		n.fate, n.script = v1beta1.StepSucceeded, append(n.script, done())
	}
}

// condition asks only for what is over when the step is decided on.
func (n *node) condition(choose chooser, m v1beta1.StepMode, before []*node) {
	known := append(append([]string(nil), n.deps...), n.inputs...)
	if m == v1beta1.StepModeStepByStep {
		known = nil
		for _, b := range before {
			known = append(known, b.name)
		}
	}
	switch choose(4) {
	case 0:
		n.always = true
	case 1:
		if len(known) > 0 {
			n.ref = known[choose(len(known))]
			n.asked = []v1beta1.StepPhase{v1beta1.StepSucceeded, v1beta1.StepFailed, v1beta1.StepSkipped}[choose(3)]
		}
	}
}

func (n *node) base() v1beta1.StepBase {
	step := v1beta1.StepBase{Name: n.name, Type: "deploy", DependsOn: n.deps}
	if n.suspend {
		step.Type = "suspend"
	}
	if n.always {
		step.If = "always"
	}
	if n.ref != "" {
		step.If = fmt.Sprintf("status.%s.%s", n.ref, n.asked)
	}
	for _, in := range n.inputs {
		step.Inputs = append(step.Inputs, v1beta1.StepInput{From: "from " + in, ParameterKey: "a[0].b"})
	}
	if n.subs == nil {
		step.Outputs = []v1beta1.StepOutput{{Name: "from " + n.name, ValueFrom: "context.appName"}}
	}
	return step
}

func (f *forest) spec() (workflow.Spec, map[string][]workflow.Outcome) {
	spec := workflow.Spec{Mode: v1beta1.WorkflowMode{Steps: f.mode, SubSteps: v1beta1.StepModeDAG}}
	scripts := make(map[string][]workflow.Outcome)
	for _, n := range f.nodes {
		step := v1beta1.WorkflowStep{StepBase: n.base(), Mode: n.mode}
		scripts[n.name] = n.script
		if n.subs != nil {
			step.Type = workflow.TypeGroup
		}
		for _, sub := range n.subs {
			step.SubSteps = append(step.SubSteps, sub.base())
			scripts[sub.name] = sub.script
		}
		spec.Steps = append(spec.Steps, step)
	}
	return spec, scripts
}

// predict says what becomes of every step, from the rules alone: no passes, no times, no order of events.
func (f *forest) predict() map[string]v1beta1.StepPhase {
	out := make(map[string]v1beta1.StepPhase)
	predictLevel(f.nodes, f.mode, out)
	return out
}

func predictLevel(nodes []*node, m v1beta1.StepMode, out map[string]v1beta1.StepPhase) {
	byName := make(map[string]*node)
	for _, n := range nodes {
		byName[n.name] = n
	}
	var after func(n *node) bool
	after = func(n *node) bool {
		for _, dep := range append(append([]string(nil), n.deps...), n.inputs...) {
			if out[dep] == v1beta1.StepFailed || after(byName[dep]) {
				return true
			}
		}
		return false
	}
	anyFailed := false
	var decide func(n *node)
	decide = func(n *node) {
		if _, known := out[n.name]; known {
			return
		}
		for _, dep := range append(append([]string(nil), n.deps...), n.inputs...) {
			decide(byName[dep])
		}
		runs := n.always
		switch {
		case n.ref != "":
			runs = out[n.ref] == n.asked
		case !n.always:
			runs = !after(n) && (m == v1beta1.StepModeDAG || !anyFailed)
		}
		out[n.name] = n.end(runs, out)
		anyFailed = anyFailed || out[n.name] == v1beta1.StepFailed
	}
	for _, n := range nodes {
		decide(n)
	}
}

func (n *node) end(runs bool, out map[string]v1beta1.StepPhase) v1beta1.StepPhase {
	if !runs {
		for _, sub := range n.subs {
			out[sub.name] = v1beta1.StepSkipped
		}
		return v1beta1.StepSkipped
	}
	if n.subs == nil {
		for _, in := range n.inputs {
			if out[in] != v1beta1.StepSucceeded {
				return v1beta1.StepFailed // there is no such output
			}
		}
		return n.fate
	}
	predictLevel(n.subs, n.mode, out)
	skipped := 0
	for _, sub := range n.subs {
		if out[sub.name] == v1beta1.StepFailed {
			return v1beta1.StepFailed
		}
		if out[sub.name] == v1beta1.StepSkipped {
			skipped++
		}
	}
	if skipped == len(n.subs) {
		return v1beta1.StepSkipped
	}
	return v1beta1.StepSucceeded
}

// drive takes a run to its end. Passes come early, late and twice, results are lost, and people suspend and resume.
func drive(t tester, choose chooser, w *world) {
	t.Helper()
	for n := 0; !w.status.Finished; n++ {
		if n > 2000 {
			t.Fatalf("the run does not end:\n%s", tell(w.status))
		}
		w.pass(choose(5) > 0)
		request := workflow.Request{App: "demo", By: "bob"}
		switch choose(12) {
		case 0, 1:
			w.now = w.now.Add(time.Duration(choose(4000)) * time.Millisecond)
		case 2:
			w.status.Suspend = !w.status.Suspend // by hand
		case 3:
			if status, err := workflow.Suspend(w.spec, w.status, request, w.now); err == nil {
				w.status = status
			}
		case 4, 5, 6, 7:
			suspended := w.status.Suspend
			status, err := workflow.Resume(w.spec, w.status, request, w.now)
			if !w.status.Finished && suspended != (err == nil) {
				t.Fatalf("resume of a run with suspend=%v: %v", suspended, err)
			}
			w.status = status
		default:
			w.now = w.now.Add(w.recheck)
		}
	}
}

// beginPlain begins a run whose conditions are read without CUE, of which thousands of runs would be too slow.
func beginPlain(t tester, spec workflow.Spec, scripts map[string][]workflow.Outcome) *world {
	t.Helper()
	w := begin(t, spec, scripts)
	w.value = nil
	w.eval = func(expr string, scope workflow.Scope) (bool, error) {
		parts := strings.Split(expr, ".")
		step, known := scope.Status[parts[1]]
		if !known {
			return false, fmt.Errorf("no step %s", parts[1])
		}
		return string(step.Phase) == parts[2], nil
	}
	return w
}

func checkAgainstModel(t tester, choose chooser) {
	t.Helper()
	f := grown(choose)
	want := f.predict()
	spec, scripts := f.spec()
	w := beginPlain(t, spec, scripts)
	drive(t, choose, w)
	if diff := cmp.Diff(want, phases(w.status)); diff != "" {
		t.Fatalf("phases (-model +engine):\n%s\n%s", diff, tell(w.status))
	}
	phase := v1beta1.WorkflowSucceeded
	for _, n := range f.nodes {
		if want[n.name] == v1beta1.StepFailed {
			phase = v1beta1.WorkflowFailed
		}
	}
	if w.status.Phase != phase || w.status.Terminated != (phase == v1beta1.WorkflowFailed) {
		t.Fatalf("the run ends %s, terminated=%v; the model says %s", w.status.Phase, w.status.Terminated, phase)
	}
}

func TestModelOfThousandRuns(t *testing.T) {
	for seed := range int64(1000) {
		if !t.Run("", func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			}()
			checkAgainstModel(t, seeded(seed))
		}) {
			return
		}
	}
}

func TestModelProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkAgainstModel(t, drawn(t)) })
}

// TestPageInAnyOrder: the page's workflow ends the same whatever its steps answer in between.
func TestPageInAnyOrder(t *testing.T) {
	for seed := range int64(1000) {
		choose := seeded(seed)
		scripts := make(map[string][]workflow.Outcome)
		for _, name := range []string{"rollout-20", "rollout-50", "rollout-100"} {
			for range choose(4) {
				scripts[name] = append(scripts[name], []workflow.Outcome{wait("a"), wait("b"), errs("conflict")}[choose(3)])
			}
			scripts[name] = append(scripts[name], done())
		}
		w := begin(t, steps(t, page), scripts)
		drive(t, choose, w)
		if w.status.Phase != v1beta1.WorkflowSucceeded || len(w.status.Steps) != 5 {
			t.Fatalf("seed %d:\n%s", seed, tell(w.status))
		}
	}
}

// TestEndingProperty: a run that is terminated at any moment is over at once; a restart of any failed step brings it to an
// end again.
func TestEndingProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choose := drawn(t)
		f := grown(choose)
		spec, scripts := f.spec()
		w := beginPlain(t, spec, scripts)
		terminated := false
		for range choose(6) {
			w.pass(true)
			w.now = w.now.Add(w.recheck)
		}
		if !w.status.Finished && choose(2) == 0 {
			status, err := workflow.Terminate(w.spec, w.status, workflow.Request{App: "demo", By: "eve"}, w.now)
			if err != nil {
				t.Fatalf("terminate: %v", err)
			}
			w.status, w.recheck, terminated = status, 0, true
			w.checkSound()
			for _, s := range flat(w.status) {
				if !workflow.Finished(s) {
					t.Fatalf("step %s is not over after terminate:\n%s", s.Name, tell(w.status))
				}
			}
		}
		for _, s := range flat(w.status) {
			if s.Phase != v1beta1.StepFailed || choose(2) == 0 {
				continue
			}
			status, err := workflow.Restart(w.spec, w.status, workflow.Request{App: "demo", Step: s.Name}, w.now)
			if err != nil {
				t.Fatalf("restart of %s: %v", s.Name, err)
			}
			if status.Finished || status.Terminated || status.EndTime != nil {
				t.Fatalf("a run that was restarted from %s is over:\n%s", s.Name, tell(status))
			}
			w.status = status
			break
		}
		drive(t, choose, w)
		if diff := cmp.Diff(f.predict(), phases(w.status)); diff != "" && !terminated {
			t.Fatalf("phases after a restart (-model +engine):\n%s", diff)
		}
		if _, err := workflow.Resume(w.spec, w.status, workflow.Request{App: "demo"}, w.now); err == nil {
			t.Fatalf("a finished run can be resumed:\n%s", tell(w.status))
		}
	})
}

func BenchmarkAdvance(b *testing.B) {
	w := begin(b, steps(b, page), map[string][]workflow.Outcome{"rollout-50": {wait("1 of 3 pods ready")}})
	w.pass(true)
	w.status.Suspend = false
	w.pass(true)
	env := w.env()
	env.Run = func(workflow.Call) workflow.Outcome { return wait("1 of 3 pods ready") }
	for b.Loop() {
		workflow.Advance(w.spec, w.status, env)
	}
}
