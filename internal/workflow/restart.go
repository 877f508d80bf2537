// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Restart runs the workflow again for the same revision: from the start, or from a failed step, which is forgotten
// together with the steps after it (StepByStep) or those that depend on it (DAG), and with their outputs (kubevela.md 3.8).
func Restart(spec Spec, status v1beta1.WorkflowStatus, req Request, now time.Time) (v1beta1.WorkflowStatus, error) {
	if status.StartTime == nil && len(status.Steps) == 0 {
		return status, refuse("the workflow in application %s is not start", req.App)
	}
	if req.Step == "" {
		return Start(spec, status.AppRevision, now), nil
	}
	run, t := open(spec, status)
	it := t.find(req.Step)
	if it == nil || !it.reached {
		return status, refuse("failed step %s not found", req.Step)
	}
	if !it.in(v1beta1.StepFailed) {
		return status, refuse("can not restart from a non-failed step")
	}
	if req.StepID != "" && it.status.ID != req.StepID {
		return status, refuse("the step with the id %s is no longer current; look at vela status %s and ask again", req.StepID, req.App)
	}
	forgotten := t.from(it)
	for f := range forgotten {
		f.forget()
		for _, o := range f.step.Outputs {
			delete(run.Outputs, o.Name)
		}
	}
	if len(run.Outputs) == 0 {
		run.Outputs = nil
	}
	for f := range forgotten {
		if f.parent != nil && !forgotten[f.parent] {
			f.parent.reopen(now)
		}
	}
	run.Terminated = false
	run.Finished = false
	run.SuspendState = ""
	run.Suspend = t.suspending()
	run.EndTime = nil
	run.Message = ""
	return t.close(run), nil
}

// from gives the steps that are run again with the given one, sub steps included.
func (t *tree) from(start *item) map[*item]bool {
	out := map[*item]bool{start: true}
	t.following(start, out)
	if group := start.parent; group != nil {
		t.following(group, out)
	}
	return t.dependants(out)
}

// following adds the later steps of a level that goes step by step.
func (t *tree) following(start *item, out map[*item]bool) {
	mode := t.mode
	if start.parent != nil {
		mode = start.parent.mode
	}
	if mode != v1beta1.StepModeStepByStep {
		return
	}
	after := false
	for _, peer := range start.peers {
		if after {
			out[peer] = true
		}
		after = after || peer == start
	}
}

// dependants adds, until there are no more: the sub steps of what is in, and what depends on it or, for a sub step, on
// its group.
func (t *tree) dependants(out map[*item]bool) map[*item]bool {
	for before := -1; before != len(out); {
		before = len(out)
		for _, it := range t.all() {
			if !out[it] && t.follows(it, out) {
				out[it] = true
			}
		}
	}
	return out
}

func (t *tree) follows(it *item, out map[*item]bool) bool {
	if it.parent != nil && out[it.parent] {
		return true
	}
	if it.in(v1beta1.StepSkipped) && affected(it, out) {
		return true // a skipped group decides anew whether it runs
	}
	for _, name := range it.step.DependsOn {
		if dep := it.peer(name); dep != nil && affected(dep, out) {
			return true
		}
	}
	for _, input := range it.step.Inputs {
		if dep := t.producer(input.From); dep != nil && affected(dep, out) {
			return true
		}
	}
	return false
}

func affected(it *item, out map[*item]bool) bool {
	if out[it] {
		return true
	}
	for _, sub := range it.subs {
		if out[sub] {
			return true
		}
	}
	return false
}

// reopen lets a group run again with the sub steps that are not forgotten; its time begins anew.
func (it *item) reopen(now time.Time) {
	if !it.reached {
		return
	}
	it.status = v1beta1.StepStatusBase{
		ID: it.status.ID, Name: it.status.Name, Type: it.status.Type,
		Phase: v1beta1.StepRunning, FirstExecuteTime: stamp(now), LastExecuteTime: stamp(now),
	}
}

func (it *item) forget() {
	it.reached = false
	it.status = v1beta1.StepStatusBase{Name: it.step.Name, Type: it.step.Type}
}
