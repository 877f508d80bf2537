// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
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
// that back, and only that: what somebody else paused stays paused. A Rollout that has reached its step rests anyway, and
// one that is on its way out gives everything back.
func Pauses(run *v1beta1.WorkflowStatus, rollouts []rolloutsv1beta1.Rollout) []Pause {
	var pauses []Pause
	for i := range rollouts {
		r := &rollouts[i]
		if run == nil || r.DeletionTimestamp != nil || finished(r) {
			continue
		}
		ours := r.Annotations[v1beta1.AnnotationPausedWithRun] != ""
		rests := r.Status.ObservedGeneration == r.Generation && r.Status.CurrentStepState == rolloutsv1beta1.StepPaused
		switch run.Phase {
		case v1beta1.WorkflowSuspending, v1beta1.WorkflowTerminated, v1beta1.WorkflowFailed:
			if !r.Spec.Strategy.Paused && !rests {
				pauses = append(pauses, Pause{r.Namespace, r.Name, true})
			}
		case v1beta1.WorkflowInitializing, v1beta1.WorkflowExecuting, v1beta1.WorkflowSucceeded, v1beta1.WorkflowSkipped:
			if r.Spec.Strategy.Paused && ours {
				pauses = append(pauses, Pause{r.Namespace, r.Name, false})
			}
		}
	}
	return pauses
}
