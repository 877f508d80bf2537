// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/apply"
)

// Names of the cache's indexes. Values are namespace/name of the Application, also for cluster-scoped trackers.
const (
	indexApplication = "vela.application"
	indexPending     = "vela.pending"
)

// world is what one pass saw of one Application, and has made of it so far.
type world struct {
	key       types.NamespacedName
	app       *v1beta1.Application
	stored    v1beta1.ApplicationStatus // as it was read or written last
	revisions []v1beta1.ApplicationRevision
	trackers  []v1beta1.ResourceTracker
	actions   []v1alpha1.ReleaseAction // not final

	// deployed are the components that a step of this pass applied; drift of the others is repaired from inventories.
	deployed map[string]bool
	// transient is an error that ends the pass without a trace: somebody wrote between our look and our write.
	transient error
}

func (w *world) seen() application.Seen {
	return application.Seen{App: w.app, Revisions: w.revisions, Actions: w.actions}
}

func (w *world) owner() apply.Owner { return apply.Owner{Namespace: w.key.Namespace, Name: w.key.Name} }

// gather reads everything of one Application from caches. The Application is nil when it does not exist.
func (r *Reconciler) gather(ctx context.Context, key types.NamespacedName) (*world, error) {
	w := &world{key: key, deployed: map[string]bool{}}
	app := &v1beta1.Application{}
	switch err := r.client.Get(ctx, key, app); {
	case apierrors.IsNotFound(err):
	case err != nil:
		return nil, fmt.Errorf("reading Application %s: %w", key, err)
	default:
		w.app, w.stored = app, *app.Status.DeepCopy()
	}
	if err := r.gatherLists(ctx, w); err != nil {
		return nil, fmt.Errorf("listing what belongs to Application %s: %w", key, err)
	}
	if err := r.gatherOwn(ctx, w); err != nil {
		return nil, fmt.Errorf("reading what belongs to Application %s: %w", key, err)
	}
	return w, nil
}

// gatherLists reads what may lack our own last write: a list that has it would wait for the writes of all others too.
// gatherOwn puts right what matters.
func (r *Reconciler) gatherLists(ctx context.Context, w *world) error {
	revisions, trackers, actions := &v1beta1.ApplicationRevisionList{}, &v1beta1.ResourceTrackerList{}, &v1alpha1.ReleaseActionList{}
	for _, list := range []struct {
		items client.ObjectList
		index string
	}{{revisions, indexApplication}, {trackers, indexApplication}, {actions, indexPending}} {
		err := r.client.List(ctx, list.items, client.MatchingFields{list.index: w.key.String()}, client.DisableReadYourWritesConsistency)
		if err != nil {
			return err
		}
	}
	w.revisions, w.trackers, w.actions = revisions.Items, trackers.Items, actions.Items
	return nil
}

// gatherOwn reads one by one, as new as our own last write: the revision in force, its inventory, the open actions.
func (r *Reconciler) gatherOwn(ctx context.Context, w *world) error {
	for i := range w.actions {
		if err := r.client.Get(ctx, client.ObjectKeyFromObject(&w.actions[i]), &w.actions[i]); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	w.actions = slices.DeleteFunc(w.actions, func(a v1alpha1.ReleaseAction) bool { return isFinal(&a) })
	if w.app == nil || w.app.Status.LatestRevision == nil {
		return nil
	}
	rev := &v1beta1.ApplicationRevision{}
	err := r.client.Get(ctx, types.NamespacedName{Namespace: w.key.Namespace, Name: w.app.Status.LatestRevision.Name}, rev)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	put(&w.revisions, *rev, func(o *v1beta1.ApplicationRevision) string { return o.Name })
	tracker := &v1beta1.ResourceTracker{}
	if err := r.client.Get(ctx, types.NamespacedName{Name: application.TrackerName(rev)}, tracker); err != nil {
		return client.IgnoreNotFound(err)
	}
	put(&w.trackers, *tracker, func(o *v1beta1.ResourceTracker) string { return o.Name })
	return nil
}

// put replaces the item of that name, or adds it.
func put[T any](list *[]T, item T, name func(*T) string) {
	for i := range *list {
		if name(&(*list)[i]) == name(&item) {
			(*list)[i] = item
			return
		}
	}
	*list = append(*list, item)
}

// live reads an object of an inventory. Of some kinds the cache has only what Applications made (Supplies); there an object
// that it does not have may be somebody else's still, which the API server knows.
func (r *Reconciler) live(ctx context.Context, m v1beta1.ManagedResource) (*unstructured.Unstructured, error) {
	gvk := schema.FromAPIVersionAndKind(m.APIVersion, m.Kind)
	key := types.NamespacedName{Namespace: m.Namespace, Name: m.Name}
	live, err := apply.Live(ctx, r.client, r.client.Scheme(), gvk, key)
	if err != nil || live != nil || !application.IsSupply(m.Kind) {
		return live, err
	}
	return apply.Live(ctx, r.direct, r.client.Scheme(), gvk, key)
}

// workload reads a workload of a kind that is released in steps; nil when there is none.
func (r *Reconciler) workload(ctx context.Context, e application.Entry) (*unstructured.Unstructured, error) {
	return apply.Live(ctx, r.client, r.client.Scheme(), schema.FromAPIVersionAndKind(e.APIVersion, e.Kind), types.NamespacedName{Namespace: e.Namespace, Name: e.Name})
}

// rollout reads the Rollout of that name, nil when there is none or it is of somebody else.
func (r *Reconciler) rollout(ctx context.Context, owner apply.Owner, namespace, name string) (*rolloutsv1beta1.Rollout, error) {
	ro := &rolloutsv1beta1.Rollout{}
	if err := r.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, ro); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading Rollout %s/%s: %w", namespace, name, err)
	}
	if ownerOf(ro) != owner {
		return nil, nil
	}
	return ro, nil
}

// rollouts lists the Rollouts that were made for the Application.
func (r *Reconciler) rollouts(ctx context.Context, key types.NamespacedName) ([]rolloutsv1beta1.Rollout, error) {
	list := &rolloutsv1beta1.RolloutList{}
	if err := r.client.List(ctx, list, client.MatchingFields{indexApplication: key.String()}, client.DisableReadYourWritesConsistency); err != nil {
		return nil, fmt.Errorf("listing Rollouts of Application %s: %w", key, err)
	}
	var there []rolloutsv1beta1.Rollout
	for i := range list.Items {
		ro := &rolloutsv1beta1.Rollout{}
		err := r.client.Get(ctx, client.ObjectKeyFromObject(&list.Items[i]), ro)
		if err == nil {
			there = append(there, *ro)
		}
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading Rollout %s: %w", list.Items[i].Name, err)
		}
	}
	return there, nil
}

// Revisions of an Application, from the cache that Index has been called for.
func Revisions(ctx context.Context, c client.Reader, app types.NamespacedName) ([]v1beta1.ApplicationRevision, error) {
	list := &v1beta1.ApplicationRevisionList{}
	if err := c.List(ctx, list, client.MatchingFields{indexApplication: app.String()}, client.DisableReadYourWritesConsistency); err != nil {
		return nil, fmt.Errorf("listing revisions of Application %s: %w", app, err)
	}
	return list.Items, nil
}

// ownerOf is the Application that an object's labels name; zero when they name none. A Rollout whose labels somebody took
// off still names the revision that it releases.
func ownerOf(o client.Object) apply.Owner {
	name, namespace := o.GetLabels()[v1beta1.LabelAppName], o.GetLabels()[v1beta1.LabelAppNamespace]
	if name == "" {
		name = v1beta1.AppOfRevision(releaseOf(o))
	}
	if name != "" && namespace == "" {
		namespace = o.GetNamespace()
	}
	return apply.Owner{Namespace: namespace, Name: name}
}

// releaseOf is the release that a Rollout is about; empty for any other object.
func releaseOf(o client.Object) string {
	switch ro := o.(type) {
	case *rolloutsv1beta1.Rollout:
		return ro.Spec.ReleaseID
	case *unstructured.Unstructured:
		if ro.GetKind() != "Rollout" {
			return ""
		}
		release, _, err := unstructured.NestedString(ro.Object, "spec", "releaseID")
		if err != nil {
			return ""
		}
		return release
	}
	return ""
}

// asWorkload is o where it is of a kind that is released in steps, and nil otherwise.
func asWorkload(o *unstructured.Unstructured) metav1.Object {
	if o == nil || !application.Steppable(o.GetAPIVersion(), o.GetKind()) {
		return nil
	}
	return o
}
