// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// refusedAgain is the wait before a write that the API server refused is made again: a quota, a policy or the Rollout has to be mended
// first, and nothing may tell of that.
const refusedAgain = 5 * time.Second

// refused says that the API server will not have a write as it is: nothing but a change elsewhere helps.
func refused(err error) bool {
	return !overtaken(err) && (apierrors.IsInvalid(err) || apierrors.IsForbidden(err))
}

// tell says in the status what of a decision was refused, and why. What is in the making is told as such, so that a deadline
// counts for it; that something is reached is not told of a decision that was not carried out.
func (r *Reconciler) tell(ctx context.Context, w *world, d rollout.Decision, why error) (time.Duration, error) {
	log.FromContext(ctx).Error(why, "a write was refused", "rule", d.Rule)
	told := rollout.Decision{Status: *w.rollout.Status.DeepCopy()}
	switch d.Status.CurrentStepState {
	case v1beta1.StepBefore, v1beta1.StepUpgrade, v1beta1.StepTrafficRouting:
		told.Status = *d.Status.DeepCopy()
	case v1beta1.StepCompleted, v1beta1.StepMetricsAnalysis, v1beta1.StepPaused, v1beta1.StepReady:
	}
	told.Status.Message = fmt.Sprintf("%s; the API server refuses that: %s", d.Why, why)
	if c := told.Status.CanaryStatus; c != nil {
		c.Rule, c.Message = d.Rule, told.Status.Message
	}
	if b := told.Status.BlueGreenStatus; b != nil {
		b.Rule, b.Message = d.Rule, told.Status.Message
	}
	if told.Status.Message != w.rollout.Status.Message {
		told.Events = []rollout.Event{{Warning: true, Reason: "Refused", Message: told.Status.Message}}
	}
	if _, err := r.report(ctx, w, told); err != nil {
		return 0, err
	}
	r.announce(w, told)
	return refusedAgain, nil
}
