// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// chooseStep finds the step to be at, from what is stored and how the plan may have changed since, and what it asks for.
func (l *look) chooseStep() {
	n := l.Workload.Replicas
	l.step, l.furthest, l.asked = 1, 1, everything(n, l.splits)
	l.goal = l.tie(l.asked, false)
	plan := l.Spec.Strategy.Plan()
	if plan == nil || len(plan.Steps) == 0 {
		l.all, l.version = true, l.Workload.Template
		return
	}
	steps := plan.Steps
	l.find(steps)
	if l.version != l.Workload.Template {
		l.asked = l.wayBack(steps)
		l.goal = l.asked
		return
	}
	if l.closing || l.beyond() {
		l.all = true
	}
	if l.all {
		return
	}
	l.asked, l.matches, l.modifier = l.resolve(steps[l.step-1]), steps[l.step-1].Matches, steps[l.step-1].RequestHeaderModifier
	if l.extra() {
		// Pods that are there on top stay when an earlier step is jumped back to; the traffic does not.
		l.asked.canary = max(l.asked.canary, l.resolve(steps[l.furthest-1]).canary)
	}
	if l.all = l.step == int32(len(steps)) && l.whole(steps[l.step-1]); l.all {
		l.asked = everything(n, l.splits)
	}
	if l.goal = l.tie(l.asked, len(l.matches) > 0); l.goal.canary == 0 && l.Workload.InPlace {
		l.matches = nil
	}
}

// find gives the step: the stored one, the one after it where that was passed, the one that a person chose, or where the plan
// is another one the one that fits.
func (l *look) find(steps []v1beta1.Step) {
	cs, count := l.stored(), int32(len(steps))
	same := cs.CanaryRevision == l.version && !ended(l.Status) && l.Status.Phase == v1beta1.PhaseProgressing
	turned := (cs.RollbackFromStepIndex > 0) != l.returning()
	l.inherited = same && !turned && cs.RolloutHash == PlanHash(l.Spec)
	to := l.jump(count)
	switch {
	case turned && l.returning():
		// The way back begins with the first step again.
	case same && !turned && to > 0:
		l.step, l.jumped = to, true
		if l.inherited {
			l.furthest = cs.FurthestStepIndex
		}
		l.inherited = false
	case l.inherited:
		l.step = min(max(cs.CurrentStepIndex, 1), count)
		l.all = cs.CurrentStepState == v1beta1.StepCompleted
		if !l.frozen() && l.passed(steps[l.step-1]) {
			l.inherited = false
			l.all = l.step == count
			l.step = min(l.step+1, count)
		}
		l.furthest = cs.FurthestStepIndex
	case same:
		l.step = l.resume(steps, cs.CurrentStepIndex, l.canarySet.Replicas)
	}
	l.furthest = min(max(l.furthest, l.step), count)
	if l.all && l.returning() {
		l.turnBack(nil) // all steps of the way back are done: the rest goes at once
		l.returned = true
	}
}

// whole says that a step asks for all pods and all traffic, so that there is nothing to wait for at it. With blue-green there
// is: the stable version still has its pods. A workload without replicas is judged as if it had some.
func (l look) whole(s v1beta1.Step) bool {
	n := l.Workload.Replicas
	if n == 0 {
		n = 100
	}
	g, all := resolve(s, n, l.splits, l.style), everything(n, l.splits)
	return l.style != v1beta1.StyleBlueGreen && g.canary == all.canary && g.weight == all.weight && len(s.Matches) == 0
}

// resolve gives the goal of a step for the workload as it is.
func (l look) resolve(s v1beta1.Step) goal {
	return resolve(s, l.Workload.Replicas, l.splits, l.style)
}

// extra says that the pods of the new version come on top of those of the stable one.
func (l look) extra() bool { return l.style != v1beta1.StylePartition }

// frozen says that a person paused the way forward: approvals wait until it goes on.
func (l look) frozen() bool { return l.Paused() && !l.closing && !l.back() }

// jump is the step that a person asks to go to next, forwards or backwards, by another nextStepIndex than the one that the
// status has by itself (kruise-rollouts.md 2.9); 0 where nobody does. While the release is frozen it waits.
func (l look) jump(steps int32) int32 {
	cs := l.stored()
	if l.frozen() || cs.NextStepIndex < 1 || cs.NextStepIndex > steps || cs.NextStepIndex == cs.CurrentStepIndex+1 {
		return 0
	}
	return cs.NextStepIndex
}

// analysis is what is known about the step that the release is at.
func (l look) analysis() AnalysisResult {
	a := l.Analysis
	switch {
	case !a.Configured || l.returning():
		return AnalysisPass
	case a.Step != l.step || a.Revision != l.Workload.Template:
		return AnalysisUnknown
	}
	return a.Result
}

// passed says that a finished step may be left: a person approved it, or its pause is over.
func (l look) passed(s v1beta1.Step) bool {
	cs := l.stored()
	if cs.CurrentStepState == v1beta1.StepReady {
		return true
	}
	return cs.CurrentStepState == v1beta1.StepPaused && s.Pause.Duration != nil && !l.now.Before(l.pauseEnds(s))
}

func (l look) pauseEnds(s v1beta1.Step) time.Time {
	since := l.now
	if t := l.stored().StepSince; t != nil {
		since = t.Time
	}
	return since.Add(time.Duration(*s.Pause.Duration) * time.Second)
}
