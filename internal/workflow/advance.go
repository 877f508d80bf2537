// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// pass is one walk over the steps.
type pass struct {
	*tree
	env     Env
	run     v1beta1.WorkflowStatus
	hold    bool // somebody suspended the whole run: nothing is started
	broken  bool // a step, or somebody by hand, ended the run
	recheck time.Duration
}

// Advance makes one pass: every step that may run is executed once, from the stored status. A finished step is never
// executed again, and a pass in which nothing happens gives a status deeply equal to the one it got. Two edits by hand
// count as requests: status.workflow.suspend and status.workflow.terminated.
func Advance(spec Spec, status v1beta1.WorkflowStatus, env Env) Result {
	run := *status.DeepCopy()
	if run.Finished {
		return Result{Status: run}
	}
	p := &pass{tree: grow(spec, run), env: env, run: run}
	p.heedEdits()
	if !p.broken {
		p.walk(p.items, p.mode)
	}
	for !p.broken && p.breakDeadlock() {
		p.walk(p.items, p.mode)
	}
	p.conclude()
	p.run.Steps = p.entries()
	return Result{Status: p.run, RecheckAfter: p.recheck}
}

// heedEdits takes up what somebody set in the status by hand, as older command lines do: suspend=false resumes what
// is suspending, suspend=true with nothing suspending holds the run, terminated=true ends it.
func (p *pass) heedEdits() {
	p.broken = p.run.Terminated
	if !p.run.Suspend {
		p.run.SuspendState = ""
		p.release(p.leaves(), "")
		return
	}
	if p.run.SuspendState == "" && !p.suspending() {
		p.run.SuspendState = SuspendManual
		p.suspendRunning(p.leaves(), "")
	}
	p.hold = p.run.SuspendState == SuspendManual
}

// release lets suspending steps go on.
func (t *tree) release(items []*item, by string) {
	for _, it := range items {
		if it.group || !it.in(v1beta1.StepSuspending) {
			continue
		}
		it.status.Phase = v1beta1.StepRunning
		it.status.ResumeAt = nil
		if by != "" {
			it.status.By = by
		}
	}
}

// suspendRunning makes running steps suspending; their message stays.
func (t *tree) suspendRunning(items []*item, by string) {
	for _, it := range items {
		if it.group || !it.in(v1beta1.StepRunning) {
			continue
		}
		it.status.Phase = v1beta1.StepSuspending
		if by != "" {
			it.status.By = by
		}
	}
}

// walk visits the steps of one level: one after the other until one is unfinished, or all whose dependencies are met.
func (p *pass) walk(items []*item, mode v1beta1.StepMode) {
	if mode == v1beta1.StepModeStepByStep {
		for i, it := range items {
			p.visit(it, items[:i], mode)
			if p.broken || !it.finished() {
				return
			}
		}
		return
	}
	// A step may wait for one further down, so walk again for as long as a walk finishes something.
	for before := -1; before != p.finished(); {
		before = p.finished()
		for _, it := range items {
			p.visit(it, nil, mode)
			if p.broken {
				return
			}
		}
	}
}

func (p *pass) visit(it *item, earlier []*item, mode v1beta1.StepMode) {
	if it.finished() {
		return
	}
	before := *it.status.DeepCopy()
	if !it.started() {
		if p.hold || !p.admit(it, earlier, mode) {
			return
		}
		p.start(it)
	}
	if p.timedOut(it) {
		return
	}
	if !it.group {
		p.execute(it, before)
		return
	}
	p.walk(it.subs, it.mode)
	if !p.broken {
		p.summarise(it)
	}
}

func (p *pass) start(it *item) {
	p.enter(it)
	it.status.Phase = v1beta1.StepRunning
	it.status.Message = ""
	it.status.Reason = ""
	it.status.FirstExecuteTime = stamp(p.env.Now)
	it.status.LastExecuteTime = stamp(p.env.Now)
}

// enter gives the step its entry in the status.
func (p *pass) enter(it *item) {
	it.reached = true
	if it.status.ID == "" {
		it.status.ID = p.env.NewID()
	}
}

// set changes a step's state; the time of the last execution moves only when something else does, so that a pass
// without news leaves the status as it is.
func (p *pass) set(it *item, phase v1beta1.StepPhase, reason v1beta1.StepReason, message string) {
	same := it.status.Phase == phase && it.status.Reason == reason && it.status.Message == message
	it.status.Phase = phase
	it.status.Reason = reason
	it.status.Message = message
	if !same {
		it.status.LastExecuteTime = stamp(p.env.Now)
	}
}

func (p *pass) summarise(group *item) {
	phase, reason := aggregate(group.subs)
	p.set(group, phase, reason, "")
}

// timedOut fails a step whose time is over, a group with the sub steps that are still open.
func (p *pass) timedOut(it *item) bool {
	if it.step.Timeout == "" {
		return false
	}
	timeout, err := ParseDuration(it.step.Timeout)
	if err != nil {
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonProcessParameter, fmt.Sprintf("timeout: %v", err))
		return true
	}
	end := deadline(it.status.FirstExecuteTime, timeout)
	if p.env.Now.Before(end) {
		p.recheckAt(end)
		return false
	}
	for _, sub := range it.subs {
		if sub.reached && !sub.finished() {
			sub.status.ResumeAt = nil
			p.set(sub, v1beta1.StepFailed, v1beta1.ReasonTimeout, "")
		}
	}
	it.status.ResumeAt = nil
	p.set(it, v1beta1.StepFailed, v1beta1.ReasonTimeout, "")
	return true
}

func (p *pass) recheckAt(t time.Time) {
	wait := max(t.Sub(p.env.Now), time.Millisecond)
	if p.recheck == 0 || wait < p.recheck {
		p.recheck = wait
	}
}

// breakDeadlock fails the steps that wait for one another while nothing else is under way, and tells whether there
// were any. Validation refuses such workflows; a referenced Workflow may still bring one.
func (p *pass) breakDeadlock() bool {
	if p.hold {
		return false
	}
	var stuck []*item
	for _, it := range p.leaves() {
		switch {
		case it.in(v1beta1.StepPending):
			stuck = append(stuck, it)
		case it.reached && !it.finished():
			return false
		}
	}
	for _, it := range p.items {
		if it.group && it.in(v1beta1.StepPending) && !it.started() {
			stuck = append(stuck, it)
		}
	}
	for _, it := range stuck {
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonProcessParameter, fmt.Sprintf(
			"dependsOn: step %s and the steps it waits for wait for one another; remove one of the dependencies", it.step.Name))
	}
	return len(stuck) > 0
}

// conclude works out the state of the run from its steps.
func (p *pass) conclude() {
	if p.broken {
		p.recheck = 0
		stop(p.tree, &p.run, p.env.Now, "")
		return
	}
	for _, it := range p.items {
		if !it.finished() {
			p.run.Suspend = p.hold || p.suspending()
			p.run.Phase = v1beta1.WorkflowExecuting
			if p.run.Suspend {
				p.run.Phase = v1beta1.WorkflowSuspending
			}
			return
		}
	}
	p.recheck = 0
	finish(p.tree, &p.run, p.env.Now)
}

// finish writes the end of a run whose steps are all over, or never to be reached.
func finish(t *tree, run *v1beta1.WorkflowStatus, now time.Time) {
	run.Finished = true
	run.Suspend = false
	run.SuspendState = ""
	run.EndTime = stamp(now)
	run.Phase = v1beta1.WorkflowSucceeded
	run.Message = ""
	for _, it := range t.leaves() {
		if !it.failed() {
			continue
		}
		run.Terminated = true
		if it.status.Reason == v1beta1.ReasonTerminate {
			if run.Phase == v1beta1.WorkflowSucceeded {
				run.Phase = v1beta1.WorkflowTerminated
			}
			continue
		}
		if run.Phase != v1beta1.WorkflowFailed {
			run.Message = failure(it)
		}
		run.Phase = v1beta1.WorkflowFailed
	}
	for _, it := range t.items {
		// A group can fail by itself: its time was over before a sub step was open.
		if it.group && it.failed() && run.Phase == v1beta1.WorkflowSucceeded {
			run.Terminated = true
			run.Phase = v1beta1.WorkflowFailed
			run.Message = failure(it)
		}
	}
}

func failure(it *item) string {
	if it.status.Reason == v1beta1.ReasonTimeout {
		if it.step.Timeout == "" && it.parent != nil {
			it = it.parent
		}
		return fmt.Sprintf("Step %s did not end within its timeout of %s", it.step.Name, it.step.Timeout)
	}
	return fmt.Sprintf("Step %s failed: %s", it.step.Name, it.status.Message)
}
