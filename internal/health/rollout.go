// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
)

// rolloutHealth says whether a canary step has come true (spec/kubevela.md 5.6): the live Rollout asks for what this step
// wants, its controller has seen that, and it is paused with pods ready and weight served, or all of it is done where the
// step does not pause. A status that is about an older plan or release is never taken for success.
func rolloutHealth(wanted, live *unstructured.Unstructured) definition.Health {
	if live == nil {
		return definition.Health{Message: "waiting for the Rollout to be created"}
	}
	var want, got rollouts.Rollout
	converter := runtime.DefaultUnstructuredConverter
	if err := converter.FromUnstructured(wanted.Object, &want); err != nil {
		return definition.Health{Message: "the rendered Rollout cannot be read: " + err.Error()}
	}
	if err := converter.FromUnstructured(live.Object, &got); err != nil {
		return definition.Health{Message: "the live Rollout cannot be read: " + err.Error()}
	}
	if !samePlan(want.Spec, got.Spec) {
		return definition.Health{Message: "waiting for the Rollout to get the weight of this step"}
	}
	status := got.Status
	if status.ObservedGeneration < got.Generation || status.CanaryStatus == nil ||
		status.CanaryStatus.ObservedReleaseID != want.Spec.ReleaseID {
		return definition.Health{Message: "waiting for the Rollout to be seen by its controller"}
	}
	return definition.Health{Healthy: reached(got), Message: status.Message}
}

// samePlan tells whether the live plan is the wanted one, in what a canary step states.
func samePlan(want, got rollouts.RolloutSpec) bool {
	if got.Strategy.Canary == nil || want.Strategy.Canary == nil {
		return false
	}
	return got.ReleaseID == want.ReleaseID &&
		equality.Semantic.DeepEqual(got.Strategy.Canary.Steps, want.Strategy.Canary.Steps)
}

// reached tells whether the one step of a canary step's plan is true now.
func reached(r rollouts.Rollout) bool {
	if r.Status.Phase == rollouts.PhaseHealthy {
		return true
	}
	if r.Status.Phase != rollouts.PhaseProgressing {
		return false
	}
	steps := r.Spec.Strategy.Canary.Steps
	pauses := len(steps) > 0 && steps[len(steps)-1].Pause.Duration == nil
	state := r.Status.CanaryStatus.CurrentStepState
	return pauses && (state == rollouts.StepPaused || state == rollouts.StepReady)
}
