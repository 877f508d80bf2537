// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

// run has a canary step in a phase.
func run(phase v1beta1.WorkflowPhase, step v1beta1.StepPhase) *v1beta1.WorkflowStatus {
	w := &v1beta1.WorkflowStatus{Phase: phase, Steps: []v1beta1.StepStatus{{}, {}}}
	w.Steps[0].Type, w.Steps[0].Phase = "canary-deploy", step
	w.Steps[1].Type, w.Steps[1].Phase = "suspend", v1beta1.StepSuspending
	return w
}

func TestAReleaseThatWaitsAtAGateGoesOnMendingItself(t *testing.T) {
	t.Parallel()
	lost := rollouts.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "demo", Generation: 2}, Spec: rollouts.RolloutSpec{ReleaseID: "demo-v2"}}
	lost.Status = rollouts.RolloutStatus{ObservedGeneration: 2, Phase: rollouts.PhaseProgressing, CurrentStepState: rollouts.StepUpgrade,
		CanaryStatus: &rollouts.CanaryStatus{ObservedReleaseID: "demo-v2"}}
	stopped := *lost.DeepCopy()
	stopped.Spec.Strategy.Paused, stopped.Annotations = true, map[string]string{v1beta1.AnnotationPausedWithRun: "true"}
	for _, phase := range []v1beta1.WorkflowPhase{v1beta1.WorkflowSuspending, v1beta1.WorkflowTerminated, v1beta1.WorkflowFailed} {
		at := run(phase, v1beta1.StepSucceeded)
		if got := application.Pauses(at, []rollouts.Rollout{lost}); len(got) != 0 {
			t.Errorf("%s at a gate: the step is true and lost a pod since, which must be mended, but it is stopped: %v", phase, got)
		}
		if got := application.Pauses(at, []rollouts.Rollout{stopped}); !slices.Equal(got, []application.Pause{{Name: "demo"}}) {
			t.Errorf("%s at a gate: one that was stopped goes on: %v", phase, got)
		}
	}
	group := run(v1beta1.WorkflowSuspending, v1beta1.StepSucceeded)
	group.Steps[0].SubSteps = []v1beta1.StepStatusBase{{Type: "canary-deploy", Phase: v1beta1.StepRunning}}
	if got := application.Pauses(group, []rollouts.Rollout{lost}); !slices.Equal(got, []application.Pause{{Name: "demo", Paused: true}}) {
		t.Errorf("a step of a group is under way, and it is not stopped: %v", got)
	}
}

func TestARunThatStandsStillStopsItsRollouts(t *testing.T) {
	t.Parallel()
	upgrading := func(change func(*rollouts.Rollout)) rollouts.Rollout {
		r := rollouts.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "demo", Generation: 2}, Spec: rollouts.RolloutSpec{ReleaseID: "demo-v2"}}
		r.Status = rollouts.RolloutStatus{ObservedGeneration: 2, Phase: rollouts.PhaseProgressing, CurrentStepState: rollouts.StepUpgrade,
			CanaryStatus: &rollouts.CanaryStatus{ObservedReleaseID: "demo-v2"}}
		if change != nil {
			change(&r)
		}
		return r
	}
	stop, goOn := []application.Pause{{Name: "demo", Paused: true}}, []application.Pause{{Name: "demo"}}
	paused := func(by string) func(*rollouts.Rollout) {
		return func(r *rollouts.Rollout) {
			r.Spec.Strategy.Paused, r.Annotations = true, map[string]string{v1beta1.AnnotationPausedWithRun: by}
		}
	}
	cases := map[string]struct {
		phase   v1beta1.WorkflowPhase
		rollout rollouts.Rollout
		want    []application.Pause
	}{
		"suspended in the middle of a step":  {v1beta1.WorkflowSuspending, upgrading(nil), stop},
		"terminated in the middle of a step": {v1beta1.WorkflowTerminated, upgrading(nil), stop},
		"failed in the middle of a step":     {v1beta1.WorkflowFailed, upgrading(nil), stop},
		"the step goes on":                   {v1beta1.WorkflowExecuting, upgrading(nil), nil},
		"a gate after a step that is true": {v1beta1.WorkflowSuspending, upgrading(func(r *rollouts.Rollout) {
			r.Status.CurrentStepState = rollouts.StepPaused
		}), nil},
		"the next step was asked for, and not seen yet": {v1beta1.WorkflowSuspending, upgrading(func(r *rollouts.Rollout) {
			r.Status.CurrentStepState, r.Generation = rollouts.StepPaused, 3
		}), stop},
		"it stands still already":       {v1beta1.WorkflowSuspending, upgrading(paused("true")), nil},
		"the step goes on after a stop": {v1beta1.WorkflowExecuting, upgrading(paused("true")), goOn},
		"somebody else paused it":       {v1beta1.WorkflowExecuting, upgrading(paused("")), nil},
		"it is over":                    {v1beta1.WorkflowTerminated, upgrading(func(r *rollouts.Rollout) { r.Status.Phase = rollouts.PhaseHealthy }), nil},
		"it goes":                       {v1beta1.WorkflowTerminated, upgrading(func(r *rollouts.Rollout) { r.DeletionTimestamp = &metav1.Time{} }), nil},
	}
	for name, c := range cases {
		got := application.Pauses(run(c.phase, v1beta1.StepRunning), []rollouts.Rollout{c.rollout})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
