// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// item is one step of the spec together with its status, the same for top level steps and sub steps.
type item struct {
	step    v1beta1.StepBase
	group   bool
	mode    v1beta1.StepMode // of the sub steps
	subs    []*item
	peers   []*item // the level it is on, itself included
	parent  *item
	status  v1beta1.StepStatusBase
	reached bool // has an entry in the status
	called  bool // was executed in this pass
}

// tree is the run: the spec with the status laid over it.
type tree struct {
	mode  v1beta1.StepMode
	items []*item
}

func grow(spec Spec, status v1beta1.WorkflowStatus) *tree {
	t := &tree{mode: spec.Mode.Steps}
	entries := make(map[string]v1beta1.StepStatus, len(status.Steps))
	for _, s := range status.Steps {
		entries[s.Name] = s
	}
	for i, step := range spec.Steps {
		it := &item{step: step.StepBase, group: step.Type == TypeGroup, mode: subStepMode(spec, step)}
		it.step.Name = stepName(step.Name, i)
		entry, found := entries[it.step.Name]
		it.adopt(entry.StepStatusBase, found)
		if it.group {
			it.subs = growSubSteps(it, i, step.SubSteps, entry.SubSteps)
		}
		t.items = append(t.items, it)
	}
	for _, it := range t.items {
		it.peers = t.items
	}
	return t
}

func growSubSteps(parent *item, index int, steps []v1beta1.StepBase, statuses []v1beta1.StepStatusBase) []*item {
	entries := make(map[string]v1beta1.StepStatusBase, len(statuses))
	for _, s := range statuses {
		entries[s.Name] = s
	}
	subs := make([]*item, 0, len(steps))
	for j, step := range steps {
		sub := &item{step: step, parent: parent}
		sub.step.Name = subStepName(step.Name, index, j)
		entry, found := entries[sub.step.Name]
		sub.adopt(entry, found)
		subs = append(subs, sub)
	}
	for _, sub := range subs {
		sub.peers = subs
	}
	return subs
}

func (it *item) adopt(entry v1beta1.StepStatusBase, found bool) {
	if !found {
		it.status = v1beta1.StepStatusBase{Name: it.step.Name, Type: it.step.Type}
		return
	}
	it.reached = true
	entry.DeepCopyInto(&it.status)
}

// entries gives the status of the steps that were reached, in the order of the spec.
func (t *tree) entries() []v1beta1.StepStatus {
	var out []v1beta1.StepStatus
	for _, it := range t.items {
		if !it.reached {
			continue
		}
		entry := v1beta1.StepStatus{StepStatusBase: it.status}
		for _, sub := range it.subs {
			if sub.reached {
				entry.SubSteps = append(entry.SubSteps, sub.status)
			}
		}
		out = append(out, entry)
	}
	return out
}

// all gives every item, groups before their sub steps.
func (t *tree) all() []*item {
	var out []*item
	for _, it := range t.items {
		out = append(out, it)
		out = append(out, it.subs...)
	}
	return out
}

// leaves gives every item that is executed itself.
func (t *tree) leaves() []*item {
	var out []*item
	for _, it := range t.all() {
		if !it.group {
			out = append(out, it)
		}
	}
	return out
}

func (t *tree) find(name string) *item {
	for _, it := range t.all() {
		if it.step.Name == name {
			return it
		}
	}
	return nil
}

// producer gives the item that declares the output.
func (t *tree) producer(output string) *item {
	for _, it := range t.all() {
		for _, o := range it.step.Outputs {
			if o.Name == output {
				return it
			}
		}
	}
	return nil
}

func (t *tree) finished() int {
	n := 0
	for _, it := range t.all() {
		if it.finished() {
			n++
		}
	}
	return n
}

func (t *tree) suspending() bool {
	for _, it := range t.leaves() {
		if it.in(v1beta1.StepSuspending) {
			return true
		}
	}
	return false
}

func (it *item) in(phase v1beta1.StepPhase) bool { return it.reached && it.status.Phase == phase }

func (it *item) finished() bool { return it.reached && Finished(it.status) }

// failed tells whether the step failed for good.
func (it *item) failed() bool { return it.finished() && it.status.Phase == v1beta1.StepFailed }

func (it *item) retrying() bool { return it.in(v1beta1.StepFailed) && !it.finished() }

// started tells whether the step was let in; a group that was may be pending as the sum of its sub steps.
func (it *item) started() bool { return it.reached && it.status.FirstExecuteTime != nil }

func (it *item) peer(name string) *item {
	for _, p := range it.peers {
		if p.step.Name == name {
			return p
		}
	}
	return nil
}

// Finished tells whether a step is over: it is never executed again in its run.
func Finished(s v1beta1.StepStatusBase) bool {
	switch s.Phase {
	case v1beta1.StepSucceeded, v1beta1.StepSkipped:
		return true
	case v1beta1.StepFailed:
		return s.Reason != v1beta1.ReasonExecute
	default:
		return false
	}
}

func subStepMode(spec Spec, step v1beta1.WorkflowStep) v1beta1.StepMode {
	if step.Mode != "" {
		return step.Mode
	}
	return spec.Mode.SubSteps
}

func stepName(name string, index int) string {
	if name != "" {
		return name
	}
	return fmt.Sprintf("step-%d", index)
}

func subStepName(name string, index, sub int) string {
	if name != "" {
		return name
	}
	return fmt.Sprintf("step-%d-%d", index, sub)
}
