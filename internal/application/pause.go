// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"slices"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Pause is a Rollout that is to be paused, or to go on.
type Pause struct {
	Namespace, Name string
	Paused          bool
}

// Pauses says which Rollouts stop and which go on with their run. A run that stands still in the middle of a canary step,
// because a person suspended or ended it or because it failed, stops its Rollouts where they are; a run that goes on takes
// that back, and only that: what somebody else paused stays paused. At a gate, where each step that was begun has been true,
// a Rollout goes on as well: a pod that is lost there has to be made up for. A Rollout that has reached its step rests
// anyway, and one that is on its way out gives everything back.
func Pauses(run *v1beta1.WorkflowStatus, rollouts []rolloutsv1beta1.Rollout) []Pause {
	if run == nil {
		return nil
	}
	stop := slices.Contains([]v1beta1.WorkflowPhase{v1beta1.WorkflowSuspending, v1beta1.WorkflowTerminated, v1beta1.WorkflowFailed}, run.Phase) && releasing(run)
	var pauses []Pause
	for i := range rollouts {
		r := &rollouts[i]
		if r.DeletionTimestamp != nil || finished(r) {
			continue
		}
		ours := r.Annotations[v1beta1.AnnotationPausedWithRun] != ""
		rests := r.Status.ObservedGeneration == r.Generation && r.Status.CurrentStepState == rolloutsv1beta1.StepPaused
		switch {
		case stop && !r.Spec.Strategy.Paused && !rests:
			pauses = append(pauses, Pause{r.Namespace, r.Name, true})
		case !stop && r.Spec.Strategy.Paused && ours:
			pauses = append(pauses, Pause{r.Namespace, r.Name, false})
		}
	}
	return pauses
}

// releasing says that a canary step was begun and has not been true yet.
func releasing(run *v1beta1.WorkflowStatus) bool {
	begun := func(s v1beta1.StepStatusBase) bool {
		return s.Type == v1beta1.StepTypeCanaryDeploy && s.Phase != v1beta1.StepSucceeded && s.Phase != v1beta1.StepSkipped
	}
	return slices.ContainsFunc(run.Steps, func(s v1beta1.StepStatus) bool {
		return begun(s.StepStatusBase) || slices.ContainsFunc(s.SubSteps, begun)
	})
}

// Unfinished says that a part of some component is still of an earlier version, because the steps of the release of revision
// end before 100 percent.
func Unfinished(revision string, rollouts []rolloutsv1beta1.Rollout) bool {
	return slices.ContainsFunc(rollouts, func(r rolloutsv1beta1.Rollout) bool {
		return r.DeletionTimestamp == nil && r.Spec.ReleaseID == revision && !finished(&r)
	})
}
