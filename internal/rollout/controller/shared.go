// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
)

// shared is what a pass knows of TrafficRoutings.
type shared struct {
	// named is the one that the Rollout names, or while a release is under way the one that it began by; nil where there is none.
	named *v1alpha1.TrafficRouting
	// left are others that have the mark of this Rollout.
	left []*v1alpha1.TrafficRouting
}

// way is an entry of routes that a Rollout leads, and the field that it stands in.
type way struct {
	v1beta1.TrafficRouting
	at string
}

// mark is the finalizer by which a TrafficRouting knows of a release of a Rollout.
func mark(ro *v1beta1.Rollout) string { return v1alpha1.FinalizerProgressing + ro.Name }

// gatherShared reads the TrafficRouting that the Rollout names, and gives the plan that follows from it.
func (r *Reconciler) gatherShared(ctx context.Context, w *world) error {
	name, err := r.gatherMarked(ctx, w)
	if err != nil {
		return err
	}
	if name == "" {
		w.ways = ownWays(w.rollout)
		return nil
	}
	tr := &v1alpha1.TrafficRouting{}
	found, err := r.get(ctx, w.rollout.Namespace, name, tr)
	if err != nil {
		return err
	}
	requests := rollout.Requests{}
	w.seen.Shared = rollout.Shared{Name: name, Problem: problem(w.rollout, name, tr, found)}
	if found {
		w.shared.named, w.seen.Shared.Joined = tr, slices.Contains(tr.Finalizers, mark(w.rollout))
		w.seen.Shared.Broken = len(validate.TrafficRouting(tr, CanLead)) > 0
		if w.ways, err = r.waysOf(ctx, tr, w.workload); err != nil {
			return err
		}
		requests = rollout.Requests{Weight: tr.Spec.Strategy.Weight, Matches: tr.Spec.Strategy.Matches, Modifier: tr.Spec.Strategy.RequestHeaderModifier}
	}
	for _, way := range w.ways {
		requests.Routings = append(requests.Routings, way.TrafficRouting)
	}
	w.seen.Spec = rollout.Follow(w.rollout.Spec, w.seen.Workload.Replicas, requests)
	return nil
}

// problem is a sentence about why no release can begin by a TrafficRouting; empty where one can.
func problem(ro *v1beta1.Rollout, name string, tr *v1alpha1.TrafficRouting, found bool) string {
	switch {
	case !found:
		return fmt.Sprintf("the TrafficRouting %s named in %s does not exist in namespace %s; create it or correct the name", name, namedAt(ro), ro.Namespace)
	case tr.DeletionTimestamp != nil:
		return fmt.Sprintf("the TrafficRouting %s is being deleted; create it anew, or name another one in %s", name, namedAt(ro))
	}
	if faults := validate.TrafficRouting(tr, CanLead); len(faults) > 0 {
		return fmt.Sprintf("the TrafficRouting %s can't be followed: %s", name, faults[0]) // admission refuses it; what was stored without is told
	}
	return ""
}

// gatherMarked finds the TrafficRoutings that have the mark of the Rollout, and gives the name of the one to follow: that which the
// Rollout names, unless a release began by another one, to which it keeps; empty for none.
func (r *Reconciler) gatherMarked(ctx context.Context, w *world) (string, error) {
	list := &v1alpha1.TrafficRoutingList{}
	err := r.client.List(ctx, list, client.InNamespace(w.rollout.Namespace), client.MatchingFields{indexMarks: mark(w.rollout)}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return "", fmt.Errorf("listing TrafficRoutings of the Rollout: %w", err)
	}
	name := w.rollout.TrafficRoutingName()
	for i := range list.Items {
		tr := &v1alpha1.TrafficRouting{} // as new as our own last write to it
		found, err := r.get(ctx, w.rollout.Namespace, list.Items[i].Name, tr)
		if err != nil {
			return "", err
		}
		if found && slices.Contains(tr.Finalizers, mark(w.rollout)) {
			w.shared.left = append(w.shared.left, tr)
		}
	}
	named := func(tr *v1alpha1.TrafficRouting) bool { return tr.Name == name }
	if len(w.shared.left) > 0 && !slices.ContainsFunc(w.shared.left, named) {
		name = w.shared.left[0].Name
	}
	w.shared.left = slices.DeleteFunc(w.shared.left, named)
	return name, nil
}

// namedAt is where a Rollout names its TrafficRouting.
func namedAt(ro *v1beta1.Rollout) string {
	if plan := ro.Spec.Strategy.Plan(); plan != nil && plan.TrafficRoutingRef != "" {
		return validate.Field(ro.Spec.Strategy) + ".trafficRoutingRef"
	}
	return "metadata.annotations[" + v1beta1.AnnotationTrafficRouting + "]"
}

// ownWays are the routes that a Rollout names itself.
func ownWays(ro *v1beta1.Rollout) []way {
	plan := ro.Spec.Strategy.Plan()
	if plan == nil {
		return nil
	}
	var all []way
	for i, routing := range plan.TrafficRoutings {
		all = append(all, way{routing, schema.Index(validate.Field(ro.Spec.Strategy)+".trafficRoutings", i)})
	}
	return all
}

// waysOf are the routes of a TrafficRouting that lead to a workload: those to the Services that select its pods. One to a
// Service that does not exist, or that selects by nothing, may lead anywhere, so that no release begins before it is mended.
func (r *Reconciler) waysOf(ctx context.Context, tr *v1alpha1.TrafficRouting, w governed) ([]way, error) {
	var all []way
	for i, routing := range tr.Spec.ObjectRef {
		s := &corev1.Service{}
		found, err := r.get(ctx, tr.Namespace, routing.Service, s)
		if err != nil {
			return nil, err
		}
		if found && len(s.Spec.Selector) > 0 && (w == nil || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.podLabels()))) {
			continue
		}
		all = append(all, way{routing, schema.Index(fmt.Sprintf("the TrafficRouting %s's spec.objectRef", tr.Name), i)})
	}
	return all, nil
}

// join marks the TrafficRouting for this release; part takes that off, and off any other one.
func (r *Reconciler) join(ctx context.Context, w *world) error {
	if w.shared.named == nil {
		return nil
	}
	return r.remark(ctx, w.shared.named, append(slices.Clone(w.shared.named.Finalizers), mark(w.rollout)))
}

func (r *Reconciler) part(ctx context.Context, w *world, d rollout.Decision) error {
	from := w.shared.left
	if d.Part && w.shared.named != nil {
		from = append(slices.Clone(from), w.shared.named)
	}
	for _, tr := range from {
		kept := slices.DeleteFunc(slices.Clone(tr.Finalizers), func(f string) bool { return f == mark(w.rollout) })
		if err := r.remark(ctx, tr, kept); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// remark writes the finalizers of a TrafficRouting, unless somebody changed it since it was read.
func (r *Reconciler) remark(ctx context.Context, tr *v1alpha1.TrafficRouting, finalizers []string) error {
	next := tr.DeepCopy()
	next.Finalizers = finalizers
	if err := r.client.Patch(ctx, next, client.MergeFromWithOptions(tr, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
		return fmt.Errorf("marking the TrafficRouting %s: %w", tr.Name, err)
	}
	return nil
}
