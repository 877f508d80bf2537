// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Resume lets a suspended run, or one suspending step of it, go on (kubevela.md 3.7, 3.8).
func Resume(spec Spec, status v1beta1.WorkflowStatus, req Request, _ time.Time) (v1beta1.WorkflowStatus, error) {
	if err := begun(status, req, "resume"); err != nil {
		return status, err
	}
	if status.Terminated || status.Finished {
		return status, refuse("can not resume a terminated workflow")
	}
	run, t := open(spec, status)
	if !run.Suspend {
		return status, refuse("workflow %s is not suspended.", req.App)
	}
	items, err := t.chosen(req, v1beta1.StepSuspending)
	if err != nil {
		return status, err
	}
	t.release(items, req.By)
	run.SuspendState = ""
	run.Suspend = t.suspending()
	return t.close(run), nil
}

// Suspend holds a running run, or one running step of it. Nothing is started while the run is held, and a suspend step
// with a duration does not go on by itself; timeouts go on counting.
func Suspend(spec Spec, status v1beta1.WorkflowStatus, req Request, _ time.Time) (v1beta1.WorkflowStatus, error) {
	if status.Phase != v1beta1.WorkflowSucceeded && status.StartTime == nil && len(status.Steps) == 0 {
		return status, refuse("the workflow in application is not running")
	}
	if err := begun(status, req, "suspend"); err != nil {
		return status, err
	}
	if status.Terminated || status.Finished {
		return status, refuse("can not suspend a terminated workflow")
	}
	run, t := open(spec, status)
	items, err := t.chosen(req, v1beta1.StepRunning)
	if err != nil {
		return status, err
	}
	t.suspendRunning(items, req.By)
	run.Suspend = true
	if req.Step == "" {
		run.SuspendState = SuspendManual
	}
	return t.close(run), nil
}

// Terminate ends a run where it is and undoes nothing.
func Terminate(spec Spec, status v1beta1.WorkflowStatus, req Request, now time.Time) (v1beta1.WorkflowStatus, error) {
	if err := begun(status, req, "terminate"); err != nil {
		return status, err
	}
	if status.Terminated || status.Finished {
		return status, refuse("the workflow in application %s is terminated already", req.App)
	}
	if req.Step != "" {
		return status, refuse("terminate ends the whole workflow; ask again without step %s", req.Step)
	}
	run, t := open(spec, status)
	if _, err := t.chosen(req, ""); err != nil {
		return status, err
	}
	stop(t, &run, now, req.By)
	run.Steps = t.entries()
	return run, nil
}

// stop ends the run where it is.
func stop(t *tree, run *v1beta1.WorkflowStatus, now time.Time, by string) {
	terminate(t, now, by)
	finish(t, run, now)
	run.Terminated = true
	if run.Phase == v1beta1.WorkflowSucceeded {
		run.Phase = v1beta1.WorkflowTerminated
	}
}

// terminate fails what is under way with the reason Terminate. What only waited for its turn is skipped; failures that
// were final keep their reason.
func terminate(t *tree, now time.Time, by string) {
	for _, it := range t.leaves() {
		if !it.reached || it.finished() {
			continue
		}
		it.status.ResumeAt = nil
		it.status.LastExecuteTime = stamp(now)
		if it.in(v1beta1.StepPending) {
			it.status.Phase, it.status.Reason, it.status.Message = v1beta1.StepSkipped, v1beta1.ReasonSkip, ""
			continue
		}
		it.status.Phase, it.status.Reason = v1beta1.StepFailed, v1beta1.ReasonTerminate
		if by != "" {
			it.status.By = by
		}
	}
	for _, it := range t.items {
		if !it.group || !it.reached || it.finished() {
			continue
		}
		if !it.started() {
			it.status.Phase, it.status.Reason, it.status.Message = v1beta1.StepSkipped, v1beta1.ReasonSkip, ""
			continue
		}
		it.status.Phase, it.status.Reason = aggregate(it.subs)
		if !it.finished() {
			it.status.Phase, it.status.Reason = v1beta1.StepFailed, v1beta1.ReasonTerminate
		}
		it.status.LastExecuteTime = stamp(now)
	}
}

// begun refuses a request for a run that has not started, or that has succeeded.
func begun(status v1beta1.WorkflowStatus, req Request, verb string) error {
	if status.Finished && status.Phase == v1beta1.WorkflowSucceeded {
		return refuse("%s workflow not allowed because application %s is running", verb, req.App)
	}
	if status.StartTime == nil && len(status.Steps) == 0 {
		return refuse("the workflow in application %s is not start", req.App)
	}
	return nil
}

func open(spec Spec, status v1beta1.WorkflowStatus) (v1beta1.WorkflowStatus, *tree) {
	run := *status.DeepCopy()
	return run, grow(spec, run)
}

// close writes the steps back, with the groups' phases and the run's phase to match.
func (t *tree) close(run v1beta1.WorkflowStatus) v1beta1.WorkflowStatus {
	for _, it := range t.items {
		if it.group && it.started() && !it.finished() {
			it.status.Phase, it.status.Reason = aggregate(it.subs)
		}
	}
	run.Phase = v1beta1.WorkflowExecuting
	if run.Suspend {
		run.Phase = v1beta1.WorkflowSuspending
	}
	run.Steps = t.entries()
	return run
}

// chosen gives the steps that a request is about: all of them, or the named one with its sub steps, which must be in the
// phase. An id that the person saw must still be that of a step in the phase.
func (t *tree) chosen(req Request, phase v1beta1.StepPhase) ([]*item, error) {
	items := t.leaves()
	if req.Step != "" {
		it := t.find(req.Step)
		if it == nil || !it.reached {
			return nil, refuse("can not find step %s", req.Step)
		}
		items = []*item{it}
		if it.group {
			items = it.subs
		}
		if !anyIn(items, phase) {
			return nil, refuse("step %s is not %s, it is %s", req.Step, phase, it.status.Phase)
		}
		if req.StepID != "" && it.status.ID == req.StepID {
			return items, nil
		}
	}
	if req.StepID == "" {
		return items, nil
	}
	for _, it := range items {
		current := phase == "" && it.reached && !it.finished() || phase != "" && it.in(phase)
		if current && it.status.ID == req.StepID {
			return items, nil
		}
	}
	return nil, refuse("the step with the id %s is no longer current; look at vela status %s and ask again", req.StepID, req.App)
}

func anyIn(items []*item, phase v1beta1.StepPhase) bool {
	for _, it := range items {
		if it.in(phase) {
			return true
		}
	}
	return false
}

func refuse(format string, args ...any) error {
	return &Refusal{Sentence: fmt.Sprintf(format, args...)}
}
