// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/condition"
)

// conditionDeleting tells what a deletion waits for.
const conditionDeleting = "Deleting"

// remove takes away everything an Application made, and lets it go when all of that is gone. Nothing is restored first:
// Rollouts go with the rest, and their finalizers clean up after them.
func (r *Reconciler) remove(ctx context.Context, w *world) error {
	if !controllerutil.ContainsFinalizer(w.app, v1beta1.FinalizerResources) {
		return nil
	}
	if controllerutil.ContainsFinalizer(w.app, v1beta1.FinalizerOrphan) {
		if err := r.abandon(ctx, w); err != nil {
			return err
		}
	}
	waiting, err := r.sweep(ctx, w, nil, true)
	if err != nil {
		return err
	}
	if waiting {
		w.app.Status.Phase = v1beta1.PhaseDeleting
		w.app.Status.Conditions = condition.Set(w.app.Status.Conditions, order(), metav1.Condition{
			Type: conditionDeleting, Status: metav1.ConditionTrue, Reason: "Waiting",
			Message: "objects of the application are being deleted",
		}, r.clock.Now())
		return r.writeStatus(ctx, w)
	}
	if err := r.pruneActions(ctx, w, 0); err != nil {
		return err
	}
	next := w.app.DeepCopy()
	controllerutil.RemoveFinalizer(next, v1beta1.FinalizerResources)
	controllerutil.RemoveFinalizer(next, v1beta1.FinalizerOrphan)
	if err := r.client.Update(ctx, next, client.FieldOwner(apply.FieldManager)); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("letting Application %s go: %w", w.key, err)
	}
	r.pace.forget(w.key)
	return nil
}

// abandon leaves the objects behind, without the labels that say whose they are.
func (r *Reconciler) abandon(ctx context.Context, w *world) error {
	for _, t := range w.trackers {
		for _, m := range t.Spec.ManagedResources {
			live, err := r.live(ctx, m)
			if err != nil {
				return err
			}
			if live == nil || m.Kind == "Rollout" {
				continue
			}
			if err := r.applier.Abandon(ctx, w.owner(), live); err != nil {
				return err
			}
		}
	}
	return nil
}
