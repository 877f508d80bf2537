// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/traffic"
)

// fieldManager owns what this controller writes.
const fieldManager = client.FieldOwner("vela-rollout")

// act makes the writes of a decision but for the status. Traffic goes first: a weight of 0 must not wait for pods.
func (r *Reconciler) act(ctx context.Context, w *world, d rollout.Decision) error {
	if d.Hold != nil {
		patch, err := w.workload.holdPatch(w.rollout.Name, *d.Hold)
		if err != nil {
			return err
		}
		if err := r.patchRaw(ctx, w.workload.object(), patch); err != nil {
			return fmt.Errorf("holding the %s: %w", w.rollout.Spec.WorkloadRef.Kind, err)
		}
	}
	if d.Join {
		if err := r.join(ctx, w); err != nil {
			return err
		}
	}
	if d.Route != nil {
		if err := r.route(ctx, w, *d.Route); err != nil {
			return err
		}
	}
	if err := r.giveBack(ctx, w); err != nil {
		return err
	}
	if w.workload == nil {
		return nil
	}
	return w.workload.resize(ctx, r, d)
}

// leave gives the workload and the TrafficRouting back and drops the finalizer.
func (r *Reconciler) leave(ctx context.Context, w *world, d rollout.Decision) error {
	if d.Release && w.workload != nil {
		patch, err := w.workload.releasePatch()
		if err != nil {
			return err
		}
		if err := r.patchRaw(ctx, w.workload.object(), patch); err != nil {
			return fmt.Errorf("giving the %s back: %w", w.rollout.Spec.WorkloadRef.Kind, err)
		}
	}
	if err := r.part(ctx, w, d); err != nil {
		return err
	}
	at := slices.Index(w.rollout.Finalizers, v1beta1.Finalizer)
	if !d.LetGo || at < 0 {
		return nil
	}
	path := fmt.Sprintf("/metadata/finalizers/%d", at)
	ops := []traffic.Op{{Op: "test", Path: path, Value: v1beta1.Finalizer}, {Op: "remove", Path: path}}
	if err := r.patchOps(ctx, w.rollout, ops); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("letting the Rollout go: %w", err)
	}
	return nil
}

func (r *Reconciler) patchOps(ctx context.Context, o client.Object, ops []traffic.Op) error {
	if len(ops) == 0 {
		return nil
	}
	text, err := json.Marshal(ops)
	if err != nil {
		return fmt.Errorf("writing a patch: %w", err)
	}
	return r.patchRaw(ctx, o, text)
}

// patchRaw sends a JSON patch; an empty one is none.
func (r *Reconciler) patchRaw(ctx context.Context, o client.Object, patch []byte) error {
	if len(patch) == 0 {
		return nil
	}
	return r.patch(ctx, o, client.RawPatch(types.JSONPatchType, patch))
}

// patch leaves the object that was read as it is: decisions are about that.
func (r *Reconciler) patch(ctx context.Context, o client.Object, p client.Patch) error {
	c, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is not an object of the API", o)
	}
	return r.client.Patch(ctx, c, p, fieldManager)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
