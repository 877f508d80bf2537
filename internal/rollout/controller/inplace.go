// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// inPlace is a workload that replaces its pods in place.
type inPlace struct {
	is       client.Object
	as       workload.InPlace
	good     string                // the stable version by the status of the Rollout
	labels   map[string]string     // of the pods of its template
	selector *metav1.LabelSelector // of its pods
}

func (g *inPlace) object() client.Object { return g.is }

func (g *inPlace) podLabels() map[string]string { return g.labels }

func (g *inPlace) observe(ro *v1beta1.Rollout, now time.Time) (rollout.Workload, []rollout.ReplicaSet) {
	return g.as.Observe(ro.Name, g.good, now)
}

func (g *inPlace) holdPatch(rolloutName string, h rollout.Hold) ([]byte, error) {
	return g.as.HoldPatch(rolloutName, h)
}

func (g *inPlace) releasePatch() ([]byte, error) { return g.as.ReleasePatch() }

// resize patches the workload first, which says what a deleted pod comes back as.
func (g *inPlace) resize(ctx context.Context, r *Reconciler, d rollout.Decision) error {
	if len(d.Scale) == 0 && !d.Unstick && !d.Close && !d.Remind {
		return nil
	}
	patch, doomed, err := g.as.Resize(d, g.good)
	if err != nil {
		return err
	}
	if err := r.patchRaw(ctx, g.is, patch); err != nil {
		return fmt.Errorf("changing the update strategy of %s: %w", g.is.GetName(), err)
	}
	for _, p := range doomed {
		if err := g.remove(ctx, r, p); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting pod %s, to be made anew: %w", p.Name, err)
		}
	}
	if d.Remind {
		return g.remind(ctx, r)
	}
	return nil
}

// remind writes the status of the workload.
func (g *inPlace) remind(ctx context.Context, r *Reconciler) error {
	patch, err := g.as.Reminder(g.good)
	if err != nil || patch == nil {
		return err
	}
	c, ok := g.is.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is not an object of the API", g.is)
	}
	if err := r.client.Status().Patch(ctx, c, client.RawPatch(types.JSONPatchType, patch), fieldManager); err != nil {
		return fmt.Errorf("telling the native controller of %s which version it updates from: %w", g.is.GetName(), err)
	}
	return nil
}

// remove deletes a pod, or lets its controller do so.
func (g *inPlace) remove(ctx context.Context, r *Reconciler, p *corev1.Pod) error {
	patch, err := g.as.Deletion(p)
	if err != nil {
		return err
	}
	if patch != nil {
		return r.patchRaw(ctx, p, patch)
	}
	uid := p.UID
	return r.client.Delete(ctx, p, client.Preconditions{UID: &uid})
}

// good is the version that the status of a Rollout names as stable, where it is one of a release under way.
func good(ro *v1beta1.Rollout) string {
	if ro.Status.Release() == nil {
		return ""
	}
	return ro.Status.Release().StableRevision
}

func (r *Reconciler) statefulSet(ctx context.Context, ro *v1beta1.Rollout) (governed, error) {
	is := &appsv1.StatefulSet{}
	found, err := r.get(ctx, ro.Namespace, ro.Spec.WorkloadRef.Name, is)
	if err != nil || !found {
		return nil, err
	}
	s := workload.StatefulSet{Is: is}
	if !s.Seen() {
		if s.Revisions, err = r.revisions(ctx, is, is.Spec.Selector); err != nil {
			return nil, err
		}
	}
	if !s.AtRest(s.Good(good(ro))) {
		if s.Pods, err = r.pods(ctx, is, is.Spec.Selector); err != nil {
			return nil, err
		}
	}
	return &inPlace{is: is, as: s, good: good(ro), labels: is.Spec.Template.Labels, selector: is.Spec.Selector}, nil
}

// cloneSet reads a CloneSet, which the cluster knows.
func (r *Reconciler) cloneSet(ctx context.Context, ro *v1beta1.Rollout) (governed, error) {
	is := objectOf(workload.CloneSetKind())
	found, err := r.get(ctx, ro.Namespace, ro.Spec.WorkloadRef.Name, is)
	if err != nil || !found {
		return nil, err
	}
	s, err := workload.NewCloneSet(is)
	if err != nil {
		return nil, err
	}
	if !s.Seen() {
		if s.Revisions, err = r.revisions(ctx, is, s.Selector()); err != nil {
			return nil, err
		}
	}
	if !s.AtRest(s.Good(good(ro))) {
		if s.Pods, err = r.pods(ctx, is, s.Selector()); err != nil {
			return nil, err
		}
	}
	return &inPlace{is: is, as: s, good: good(ro), labels: s.PodLabels(), selector: s.Selector()}, nil
}

func (r *Reconciler) daemonSet(ctx context.Context, ro *v1beta1.Rollout) (governed, error) {
	is := &appsv1.DaemonSet{}
	found, err := r.get(ctx, ro.Namespace, ro.Spec.WorkloadRef.Name, is)
	if err != nil || !found {
		return nil, err
	}
	s := workload.DaemonSet{Is: is}
	if s.Revisions, err = r.revisions(ctx, is, is.Spec.Selector); err != nil {
		return nil, err
	}
	if !s.AtRest(s.Good(good(ro))) {
		if s.Pods, err = r.pods(ctx, is, is.Spec.Selector); err != nil {
			return nil, err
		}
	}
	return &inPlace{is: is, as: s, good: good(ro), labels: is.Spec.Template.Labels, selector: is.Spec.Selector}, nil
}

// podsOf selects the pods that a release under way waits for; nil where nothing else tells less of them.
func podsOf(w *world, d rollout.Decision) *metav1.LabelSelector {
	is, ok := w.workload.(*inPlace)
	if !ok || d.LetGo || d.Status.Phase == v1beta1.PhaseHealthy || d.Status.Phase == v1beta1.PhaseDisabled {
		return nil
	}
	return is.selector
}

// pods reads the pods of a workload from the API server: a cache would hold all pods of the cluster for the few of releases
// under way.
func (r *Reconciler) pods(ctx context.Context, owner client.Object, selector *metav1.LabelSelector) ([]*corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := r.list(ctx, owner, selector, list); err != nil {
		return nil, err
	}
	var out []*corev1.Pod
	for i := range list.Items {
		if controlledBy(&list.Items[i], owner.GetUID()) {
			out = append(out, &list.Items[i])
		}
	}
	return out, nil
}

// revisions reads the ControllerRevisions of a workload from the API server.
func (r *Reconciler) revisions(ctx context.Context, owner client.Object, selector *metav1.LabelSelector) ([]*appsv1.ControllerRevision, error) {
	list := &appsv1.ControllerRevisionList{}
	if err := r.list(ctx, owner, selector, list); err != nil {
		return nil, err
	}
	var out []*appsv1.ControllerRevision
	for i := range list.Items {
		if controlledBy(&list.Items[i], owner.GetUID()) {
			out = append(out, &list.Items[i])
		}
	}
	return out, nil
}

func (r *Reconciler) list(ctx context.Context, owner client.Object, selector *metav1.LabelSelector, into client.ObjectList) error {
	by, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return fmt.Errorf("reading the selector of %s: %w", owner.GetName(), err)
	}
	if err := r.live.List(ctx, into, client.InNamespace(owner.GetNamespace()), client.MatchingLabelsSelector{Selector: by}); err != nil {
		return fmt.Errorf("listing %T of %s: %w", into, owner.GetName(), err)
	}
	return nil
}
