// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
)

// fieldManager owns what this controller writes.
const fieldManager = client.FieldOwner("vela-rollout")

// act makes the writes of a decision but for the status. Traffic goes first: a weight of 0 must not wait for pods.
func (r *Reconciler) act(ctx context.Context, w *world, d rollout.Decision) error {
	if d.Hold != nil {
		patch, err := workload.HoldPatch(w.deployment, w.sets, w.rollout.Name, *d.Hold)
		if err != nil {
			return err
		}
		if err := r.patch(ctx, w.deployment, client.RawPatch(types.JSONPatchType, patch)); err != nil {
			return fmt.Errorf("holding the Deployment: %w", err)
		}
	}
	if d.Route != nil && w.target != nil {
		if err := r.route(ctx, w, *d.Route); err != nil {
			return err
		}
	}
	if d.Create != nil {
		if err := r.create(ctx, w, *d.Create); err != nil {
			return err
		}
	}
	for _, s := range d.Scale {
		if err := r.resize(ctx, w, s.Hash, &s); err != nil {
			return err
		}
	}
	for _, hash := range d.Unmark {
		scaled := slices.ContainsFunc(d.Scale, func(s rollout.Scale) bool { return s.Hash == hash })
		if scaled {
			continue // the mark went with that write
		}
		if err := r.resize(ctx, w, hash, nil); err != nil {
			return err
		}
	}
	return nil
}

// leave gives the workload back and drops the finalizer.
func (r *Reconciler) leave(ctx context.Context, w *world, d rollout.Decision) error {
	if d.Release && w.deployment != nil {
		patch, err := workload.ReleasePatch(w.deployment)
		if err != nil {
			return err
		}
		if patch != nil {
			if err := r.patch(ctx, w.deployment, client.RawPatch(types.JSONPatchType, patch)); err != nil {
				return fmt.Errorf("giving the Deployment back: %w", err)
			}
		}
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

// create makes a ReplicaSet. For the current template one of somebody else with its name is a collision too: the next name is
// tried.
func (r *Reconciler) create(ctx context.Context, w *world, want rollout.Create) error {
	d, taken := w.deployment, slices.Clone(w.sets)
	if want.Stable {
		set, err := workload.StableReplicaSet(d, w.sets, want.Size)
		if err != nil {
			return err
		}
		return wrap("making the ReplicaSet of the stable version anew", r.client.Create(ctx, set, fieldManager))
	}
	for range 10 {
		set := workload.NewReplicaSet(d, w.sets, workload.NewHash(d, taken), want.Size)
		err := r.client.Create(ctx, set, fieldManager)
		if !apierrors.IsAlreadyExists(err) {
			return wrap("creating the ReplicaSet of the new version", err)
		}
		is := &appsv1.ReplicaSet{}
		found, err := r.get(ctx, set.Namespace, set.Name, is)
		if err != nil {
			return err
		}
		if !found || controlledBy(is, d.UID) && workload.Current(d, []*appsv1.ReplicaSet{is}) != nil {
			return nil // ours, only not seen yet
		}
		taken = append(taken, set)
	}
	return fmt.Errorf("creating the ReplicaSet of the new version of %s: every name is taken", d.Name)
}

// resize changes the size of a version, and takes the native controller's mark off it.
func (r *Reconciler) resize(ctx context.Context, w *world, hash string, s *rollout.Scale) error {
	for _, set := range w.sets {
		if set.Labels[appsv1.DefaultDeploymentUniqueLabelKey] != hash {
			continue
		}
		var ops []traffic.Op
		if s != nil {
			ops = append(ops, traffic.Op{Op: "test", Path: "/spec/replicas", Value: s.From}, traffic.Op{Op: "replace", Path: "/spec/replicas", Value: s.To})
		}
		if _, marked := set.Annotations[workload.AnnotationDesired]; marked {
			ops = append(ops, traffic.Op{Op: "remove", Path: "/metadata/annotations/" + strings.ReplaceAll(workload.AnnotationDesired, "/", "~1")})
		}
		if err := r.patchOps(ctx, set, ops); err != nil {
			return fmt.Errorf("scaling ReplicaSet %s: %w", set.Name, err)
		}
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
	return r.patch(ctx, o, client.RawPatch(types.JSONPatchType, text))
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
