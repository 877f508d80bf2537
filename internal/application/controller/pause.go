// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/apply"
)

// pause stops the Rollouts of a run that stands still, and lets those of a run that goes on go on.
func (r *Reconciler) pause(ctx context.Context, w *world) error {
	rollouts, err := r.rollouts(ctx, w.key)
	if err != nil {
		return err
	}
	for _, p := range application.Pauses(w.app.Status.Workflow, rollouts) {
		mark := any(nil) // removes it
		if p.Paused {
			mark = "true"
		}
		err := r.mergeRollout(ctx, p.Namespace, p.Name, map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{v1beta1.AnnotationPausedWithRun: mark}},
			"spec":     map[string]any{"strategy": map[string]any{"paused": p.Paused}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeRollout changes a few fields of a Rollout (JSON merge patch, RFC 7386); one that is gone is left alone.
func (r *Reconciler) mergeRollout(ctx context.Context, namespace, name string, change map[string]any) error {
	patch, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("writing a patch: %w", err)
	}
	ro := &rolloutsv1beta1.Rollout{}
	ro.Namespace, ro.Name = namespace, name
	if err := r.client.Patch(ctx, ro, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("patching Rollout %s: %w", name, err)
	}
	return nil
}
