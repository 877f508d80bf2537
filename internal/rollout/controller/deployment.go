// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
)

// deployment is a Deployment with its ReplicaSets: each version has its own, and a size of its own.
type deployment struct {
	is   *appsv1.Deployment
	sets []*appsv1.ReplicaSet
}

func (r *Reconciler) deployment(ctx context.Context, namespace, name string) (governed, error) {
	d := &appsv1.Deployment{}
	found, err := r.get(ctx, namespace, name, d)
	if err != nil || !found {
		return nil, err
	}
	g := &deployment{is: d}
	list := &appsv1.ReplicaSetList{}
	// Only what this pass needs has to be as new as our own writes: the sets are read one by one below.
	err = r.client.List(ctx, list, client.InNamespace(d.Namespace), client.MatchingFields{indexOwner: string(d.UID)}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return nil, fmt.Errorf("listing ReplicaSets of %s: %w", d.Name, err)
	}
	names := map[string]bool{workload.Name(d, workload.Hash(d.Spec.Template, d.Status.CollisionCount)): true}
	for i := range list.Items {
		names[list.Items[i].Name] = true
	}
	for name := range names {
		s := &appsv1.ReplicaSet{}
		there, err := r.get(ctx, d.Namespace, name, s)
		if err != nil {
			return nil, err
		}
		if there && s.DeletionTimestamp == nil && controlledBy(s, d.UID) {
			g.sets = append(g.sets, s)
		}
	}
	return g, nil
}

func (g *deployment) object() client.Object { return g.is }

func (g *deployment) podLabels() map[string]string { return g.is.Spec.Template.Labels }

func (g *deployment) observe(ro *v1beta1.Rollout, _ time.Time) (rollout.Workload, []rollout.ReplicaSet) {
	return workload.Observe(g.is, g.sets, ro.Name)
}

func (g *deployment) holdPatch(rolloutName string, h rollout.Hold) ([]byte, error) {
	return workload.HoldPatch(g.is, g.sets, rolloutName, h)
}

func (g *deployment) releasePatch() ([]byte, error) { return workload.ReleasePatch(g.is) }

// resize creates and scales ReplicaSets, and takes the native controller's marks off them.
func (g *deployment) resize(ctx context.Context, r *Reconciler, d rollout.Decision) error {
	if d.Create != nil {
		if err := g.create(ctx, r, *d.Create); err != nil {
			return err
		}
	}
	for _, s := range d.Dress {
		if err := g.dress(ctx, r, s); err != nil {
			return err
		}
	}
	for _, s := range d.Scale {
		if err := g.scale(ctx, r, s.Hash, &s); err != nil {
			return err
		}
	}
	for _, hash := range d.Unmark {
		scaled := slices.ContainsFunc(d.Scale, func(s rollout.Scale) bool { return s.Hash == hash })
		if scaled {
			continue // the mark went with that write
		}
		if err := g.scale(ctx, r, hash, nil); err != nil {
			return err
		}
	}
	return nil
}

// create makes a ReplicaSet. For the current template one of somebody else with its name is a collision too: the next name is
// tried.
func (g *deployment) create(ctx context.Context, r *Reconciler, want rollout.Create) error {
	d, taken := g.is, slices.Clone(g.sets)
	if want.Stable {
		set, err := workload.StableReplicaSet(d, g.sets, want.Size)
		if err != nil {
			return err
		}
		return wrap("making the ReplicaSet of the stable version anew", r.client.Create(ctx, set, fieldManager))
	}
	for range 10 {
		set := workload.NewReplicaSet(d, g.sets, workload.NewHash(d, taken), want.Size)
		if want.With != nil {
			dressed, err := workload.DressReplicaSet(set, want.With, false)
			if err != nil {
				return err
			}
			set = dressed
		}
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

// dress changes the metadata that a release puts onto the pods of a version: first for pods to come, then for those that are
// there. Its mark says that it is done when that is true.
func (g *deployment) dress(ctx context.Context, r *Reconciler, want rollout.Dress) error {
	for _, set := range g.sets {
		if set.Labels[appsv1.DefaultDeploymentUniqueLabelKey] != want.Hash {
			continue
		}
		pending, err := workload.DressReplicaSet(set, want.With, true)
		if err != nil {
			return err
		}
		done, err := workload.DressReplicaSet(pending, want.With, false)
		if err != nil {
			return err
		}
		if set.Spec.Replicas != nil && *set.Spec.Replicas == 0 && set.Status.Replicas == 0 {
			return wrap("the metadata of ReplicaSet "+set.Name, r.client.Patch(ctx, done, client.MergeFromWithOptions(set, client.MergeFromWithOptimisticLock{}), fieldManager))
		}
		after := pending.DeepCopy()
		if err := r.client.Patch(ctx, after, client.MergeFromWithOptions(set, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
			return wrap("the metadata of ReplicaSet "+set.Name, err)
		}
		pods, err := r.pods(ctx, set, set.Spec.Selector)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			dressed := workload.DressPod(set, pod, want.With)
			if equality.Semantic.DeepEqual(pod.ObjectMeta, dressed.ObjectMeta) {
				continue
			}
			if err := r.client.Patch(ctx, dressed, client.MergeFrom(pod), fieldManager); client.IgnoreNotFound(err) != nil {
				return wrap("the metadata of pod "+pod.Name, err)
			}
		}
		done.ResourceVersion = after.ResourceVersion
		if err := r.client.Patch(ctx, done, client.MergeFromWithOptions(after, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
			return wrap("the metadata of ReplicaSet "+set.Name, err)
		}
	}
	return nil
}

// scale changes the size of a version, and takes the native controller's mark off it.
func (g *deployment) scale(ctx context.Context, r *Reconciler, hash string, s *rollout.Scale) error {
	for _, set := range g.sets {
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
