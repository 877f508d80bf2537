// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/health"
)

// keep repairs drift: everything in force that no step of this pass has looked after is made what its inventory says.
func (r *Reconciler) keep(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision) error {
	entries := application.Kept(w.app.Name, rev, w.trackers)
	workloads := map[string]metav1.Object{}
	for _, e := range entries {
		if !application.Steppable(e.APIVersion, e.Kind) || !e.Stepped {
			continue
		}
		live, err := r.workload(ctx, e)
		if err != nil {
			return err
		}
		workloads[e.Component] = asWorkload(live)
	}
	var problems []error
	for _, e := range entries {
		if e.Kind == "Rollout" {
			if err := r.relabel(ctx, w, e); err != nil {
				return err
			}
		}
		// What only an earlier version has, such as the settings that its pods read, is in no step's hands.
		if e.Raw == nil && e.Kind != "Secret" || w.deployed[e.Component] && e.Revision == rev.Name {
			continue
		}
		entry, err := r.returning(ctx, w, rev, e, workloads[e.Component])
		if err != nil {
			return err
		}
		if entry == nil {
			continue
		}
		if err := r.restore(ctx, w, *entry); err != nil {
			if isTransient(err) {
				return err
			}
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// relabel puts the labels back by which a Rollout is the Application's. The rest of it moves on its way, and is not kept.
func (r *Reconciler) relabel(ctx context.Context, w *world, e application.Entry) error {
	ro, err := r.rollout(ctx, w.owner(), e.Namespace, e.Name)
	if err != nil || ro == nil || ro.Labels[v1beta1.LabelAppName] != "" {
		return err
	}
	return r.mergeRollout(ctx, ro.Namespace, ro.Name, map[string]any{"metadata": map[string]any{"labels": map[string]string{
		v1beta1.LabelAppName: w.app.Name, v1beta1.LabelAppNamespace: w.app.Namespace, v1beta1.LabelAppComponent: e.Component,
	}}})
}

// returning is the entry as it is to be: as its inventory has it, but for what somebody deleted on its way through the
// steps of a release, which comes back as the last good version has it. Nil leaves an object alone: it is there, and its
// workload is not handed over to the version of the inventory.
func (r *Reconciler) returning(
	ctx context.Context, w *world, rev *v1beta1.ApplicationRevision, e application.Entry, workload metav1.Object,
) (*application.Entry, error) {
	if !application.MayKeep(e.Stepped, e.Revision, workload) {
		live, err := r.live(ctx, e.ManagedResource)
		if err != nil || live != nil {
			return nil, err
		}
		return lastGood(w, rev, e), nil
	}
	if !application.Steppable(e.APIVersion, e.Kind) || !e.Stepped || workload != nil {
		return &e, nil
	}
	ro, err := r.rollout(ctx, w.owner(), e.Namespace, e.Component)
	if err != nil {
		return nil, err
	}
	if !application.ReturnsAsFormer(ro) {
		return &e, nil
	}
	return lastGood(w, rev, e), nil
}

// lastGood is the entry as the last good version has it, or as e has it where that version does not.
func lastGood(w *world, rev *v1beta1.ApplicationRevision, e application.Entry) *application.Entry {
	if m := application.Former(w.app.Name, rev, w.revisions, w.trackers, application.KeyOf(e.ManagedResource)); m != nil {
		e.ManagedResource, e.Revision = *m, application.RollbackTarget(w.app.Name, w.revisions).Name
	}
	return &e
}

// restore applies an object as its inventory has it.
func (r *Reconciler) restore(ctx context.Context, w *world, e application.Entry) error {
	want, err := apply.Manifest(e.ManagedResource)
	if err == nil && want == nil && e.Kind == "Secret" {
		want, err = r.secret(ctx, w, e)
	}
	if err != nil || want == nil {
		return err
	}
	live, err := r.live(ctx, e.ManagedResource)
	if err != nil {
		return err
	}
	_, err = r.applier.Apply(ctx, w.owner(), want, live, true)
	return err
}

// services is the health of each component that has something in force.
func (r *Reconciler) services(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision) ([]v1beta1.ServiceStatus, error) {
	entries := application.Kept(w.app.Name, rev, w.trackers)
	manifests := make([]render.Manifest, 0, len(entries))
	lives := map[application.Key]*unstructured.Unstructured{}
	for _, e := range entries {
		live, err := r.live(ctx, e.ManagedResource)
		if err != nil {
			return nil, err
		}
		if live != nil {
			lives[application.KeyOf(e.ManagedResource)] = live
		}
		want, err := apply.Manifest(e.ManagedResource)
		if err != nil {
			return nil, err
		}
		if want == nil { // a Rollout is what it is: its plan moves on its way
			if want = live; live == nil || live.GetDeletionTimestamp() != nil {
				continue
			}
		}
		manifests = append(manifests, render.Manifest{
			Object: want, Component: e.Component, Trait: e.Trait, TraitIndex: int(e.TraitIndex),
			Resource: want.GetLabels()[v1beta1.LabelTraitResource],
		})
	}
	var services []v1beta1.ServiceStatus
	deleted, err := deletedRollouts(w, rev, entries, lives)
	if err != nil {
		return nil, err
	}
	for _, comp := range rev.Spec.Application.Spec.Components {
		if !hasWorkload(manifests, comp.Name) {
			continue
		}
		service := health.Component(comp, manifests, lookup(lives))
		if say := deleted[comp.Name]; say != "" {
			service.Message = strings.TrimPrefix(service.Message+"; "+say, "; ")
		}
		services = append(services, service)
	}
	return services, nil
}

// deletedRollouts has a sentence for each component whose Rollout somebody deleted before the release was through.
func deletedRollouts(
	w *world, rev *v1beta1.ApplicationRevision, entries []application.Entry, lives map[application.Key]*unstructured.Unstructured,
) (map[string]string, error) {
	if application.Through(w.app.Status.Workflow, rev) {
		return nil, nil // nothing to read the objects for
	}
	workloads, rollouts := map[string]metav1.Object{}, map[string]*rolloutsv1beta1.Rollout{}
	for _, e := range entries {
		live := lives[application.KeyOf(e.ManagedResource)]
		if workload := asWorkload(live); workload != nil && e.Trait == "" {
			workloads[e.Component] = workload
		}
		if e.Kind != "Rollout" || live == nil {
			continue
		}
		ro := &rolloutsv1beta1.Rollout{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, ro); err != nil {
			return nil, fmt.Errorf("reading %s: %w", apply.Describe(live), err)
		}
		rollouts[e.Component] = ro
	}
	return application.DeletedRollouts(rev, entries, workloads, rollouts), nil
}

func hasWorkload(manifests []render.Manifest, component string) bool {
	for _, m := range manifests {
		if m.Component == component && m.Trait == "" {
			return true
		}
	}
	return false
}

// sweep removes what nobody needs any more and reports whether something is still on its way out.
func (r *Reconciler) sweep(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision, settled bool) (bool, error) {
	lives := map[application.Key]*unstructured.Unstructured{}
	var failure error
	garbage := application.Sweep(application.Holdings{
		App: w.app, Revisions: w.revisions, Current: rev, Settled: settled, Trackers: w.trackers,
		Exists: func(m v1beta1.ManagedResource) bool {
			live, err := r.live(ctx, m)
			if err != nil {
				failure = err
				return true
			}
			lives[application.KeyOf(m)] = live
			return live != nil && ownerOf(live) == w.owner()
		},
	})
	if failure != nil {
		return true, failure
	}
	for _, m := range garbage.Objects {
		if _, err := r.applier.Delete(ctx, w.owner(), lives[application.KeyOf(m)]); err != nil {
			return true, err
		}
	}
	for _, t := range garbage.Trackers {
		gone := &v1beta1.ResourceTracker{}
		gone.Name = t.Name
		if err := r.client.Delete(ctx, gone); client.IgnoreNotFound(err) != nil {
			return true, fmt.Errorf("deleting inventory %s: %w", t.Name, err)
		}
	}
	for _, name := range garbage.Revisions {
		if err := r.deleteRevision(ctx, w, name); err != nil {
			return true, err
		}
	}
	return garbage.Waiting, nil
}

func (r *Reconciler) deleteRevision(ctx context.Context, w *world, name string) error {
	gone := &v1beta1.ApplicationRevision{}
	gone.Namespace, gone.Name = w.key.Namespace, name
	if err := r.client.Delete(ctx, gone); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting revision %s: %w", name, err)
	}
	return nil
}
