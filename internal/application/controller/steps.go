// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/health"
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

// workflowEnv is what the workflow engine and the steps work with in this pass.
func (r *Reconciler) workflowEnv(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision) workflow.Env {
	now := r.clock.Now()
	steps := step.Env{
		Ctx: ctx, App: rev.Spec.Application.Spec, Now: now, Override: render.Override,
		Deploy: func(ctx context.Context, d step.Deployment) (step.Progress, error) {
			progress, err := r.deploy(ctx, w, rev, d)
			if isTransient(err) { // not the step's fault: it must not count as one of its failures
				w.transient = err
				return step.Progress{}, nil
			}
			return progress, err
		},
	}
	return workflow.Env{
		Now:   now,
		NewID: r.newID,
		Run:   func(call workflow.Call) workflow.Outcome { return step.Run(steps, call) },
		Eval:  r.evaluator.Eval,
		Value: r.evaluator.Value,
		Context: map[string]any{
			"name": w.app.Name, "appName": w.app.Name, "namespace": w.app.Namespace,
			"appRevision": rev.Name, "publishVersion": application.PublishVersion(rev),
		},
	}
}

// part is one component on its way.
type part struct {
	component v1beta1.Component
	dispatch  application.Dispatch
	lives     map[application.Key]*unstructured.Unstructured
}

// deploy brings the components of a step as far as they get without waiting: inventory first, then the objects.
func (r *Reconciler) deploy(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision, d step.Deployment) (step.Progress, error) {
	parts := make([]part, 0, len(d.Components))
	var messages []string
	done, underway := map[string]bool{}, int32(0)
	for _, comp := range d.Components {
		if waits := waitsFor(comp, d.Components, done); waits != "" {
			messages = append(messages, fmt.Sprintf("%s waits until %s is healthy", comp.Name, waits))
			continue
		}
		if d.Parallelism > 0 && underway >= d.Parallelism {
			messages = append(messages, fmt.Sprintf("%s waits for its turn", comp.Name))
			continue
		}
		p, err := r.look(ctx, w, rev, d, comp)
		if err != nil {
			return step.Progress{}, err
		}
		parts = append(parts, p)
		done[comp.Name] = p.dispatch.Done
		if !p.dispatch.Done {
			underway++
		}
		if p.dispatch.Message != "" {
			messages = append(messages, p.dispatch.Message)
		}
	}
	if err := r.record(ctx, w, rev, parts); err != nil {
		return step.Progress{}, err
	}
	for _, p := range parts {
		if err := r.applyPart(ctx, w, p); err != nil {
			return step.Progress{}, err
		}
	}
	all := !slices.ContainsFunc(d.Components, func(c v1beta1.Component) bool { return !done[c.Name] })
	return step.Progress{Done: all, Message: strings.Join(messages, "; ")}, nil
}

// waitsFor names a component of the step that comp depends on and that is not done; empty when there is none.
func waitsFor(comp v1beta1.Component, among []v1beta1.Component, done map[string]bool) string {
	for _, name := range comp.DependsOn {
		if !done[name] && slices.ContainsFunc(among, func(c v1beta1.Component) bool { return c.Name == name }) {
			return name
		}
	}
	return ""
}

// look renders a component, reads its objects and decides what may be done with it.
func (r *Reconciler) look(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision, d step.Deployment, comp v1beta1.Component) (part, error) {
	rc := renderContext(w, rev, d.Namespace)
	manifests, err := render.Component(r.definitions, rc, comp)
	if err != nil {
		return part{}, &step.Failure{Reason: v1beta1.ReasonRendering, Err: err}
	}
	p := part{component: comp, lives: map[application.Key]*unstructured.Unstructured{}}
	seen := application.Component{Name: comp.Name, Revision: rev.Name, Manifests: manifests}
	for _, m := range manifests {
		if err := r.see(ctx, p.lives, m.Object); err != nil {
			return part{}, err
		}
	}
	workload := manifests[0].Object
	seen.Workload = asWorkload(p.lives[objectKey(workload)])
	if seen.Rollout, err = r.rollout(ctx, w.owner(), workload.GetNamespace(), comp.Name); err != nil {
		return part{}, err
	}
	if seen.Unchanged, err = unchanged(w, workload, p.lives[objectKey(workload)]); err != nil {
		return part{}, err
	}
	seen.First, seen.Stepped = recorded(w, rev, comp.Name, objectKey(workload))
	if seen.Former, err = former(w, rev, comp.Name, objectKey(workload)); err != nil {
		return part{}, err
	}
	state := health.Component(comp, manifests, lookup(p.lives))
	seen.Healthy, seen.Message = state.Healthy, state.Message
	for _, trait := range state.Traits {
		if !trait.Healthy && trait.Message != "" {
			seen.Message = trait.Type + ": " + trait.Message
			break
		}
	}
	canary := render.Canary{}
	if d.Canary != nil {
		seen.Weight, canary.RolloutType = &d.Canary.Weight, d.Canary.RolloutType
	}
	p.dispatch, err = application.DispatchComponent(seen, func(weight int32) (render.Manifest, error) {
		canary.Weight = weight
		m, err := render.Rollout(rc, comp, manifests, canary)
		if err != nil {
			return m, &step.Failure{Reason: v1beta1.ReasonRendering, Err: err}
		}
		return m, r.see(ctx, p.lives, m.Object)
	})
	return p, err
}

func renderContext(w *world, rev *v1beta1.ApplicationRevision, namespace string) render.Context {
	if namespace == "" {
		namespace = w.app.Namespace
	}
	return render.Context{
		AppName: w.app.Name, Namespace: namespace, Revision: rev.Name,
		RevisionHash: application.RevisionHash(rev), PublishVersion: application.PublishVersion(rev),
		AppLabels: rev.Spec.Application.Labels, AppAnnotations: rev.Spec.Application.Annotations,
	}
}

func (r *Reconciler) see(ctx context.Context, lives map[application.Key]*unstructured.Unstructured, o *unstructured.Unstructured) error {
	live, err := r.live(ctx, v1beta1.ManagedResource{
		APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(),
	})
	if err != nil {
		return err
	}
	if live != nil {
		lives[objectKey(o)] = live
	}
	return nil
}

// recorded says of inventories whether none but that of rev has the workload, and whether that of rev has a Rollout for the
// component. Neither holds of a rev that was released completely once: older inventories are swept then, and a rollback to
// it takes its Rollout away.
func recorded(w *world, rev *v1beta1.ApplicationRevision, component string, workload application.Key) (first, stepped bool) {
	released := rev.Status.Succeeded
	first = !released
	for i := range w.trackers {
		own := application.TrackerOf(&w.trackers[i], rev)
		for _, m := range w.trackers[i].Spec.ManagedResources {
			first = first && (own || application.KeyOf(m) != workload)
			stepped = stepped || own && !released && m.Kind == "Rollout" && m.Component == component
		}
	}
	return first, stepped
}

// former is a workload as the last good version has it; nil when there is none, or when the workload is of another kind.
func former(w *world, rev *v1beta1.ApplicationRevision, component string, workload application.Key) (*render.Manifest, error) {
	m := application.Former(w.app.Name, rev, w.revisions, w.trackers, workload)
	if m == nil || !application.Steppable("apps/v1", workload.Kind) {
		return nil, nil
	}
	object, err := apply.Manifest(*m)
	if err != nil || object == nil {
		return nil, err
	}
	return &render.Manifest{Object: object, Component: component}, nil
}

// unchanged says whether the pods that workload asks for are those that were applied last.
func unchanged(w *world, workload, live *unstructured.Unstructured) (bool, error) {
	if live == nil {
		return false, nil
	}
	revision := live.GetLabels()[v1beta1.LabelAppRevision]
	for _, t := range w.trackers {
		if t.Labels[v1beta1.LabelAppRevision] != revision {
			continue
		}
		for _, m := range t.Spec.ManagedResources {
			if application.KeyOf(m) != objectKey(workload) {
				continue
			}
			last, err := apply.Manifest(m)
			if err != nil || last == nil {
				return false, err
			}
			return sameTemplate(last, workload), nil
		}
	}
	return false, nil
}

func sameTemplate(a, b *unstructured.Unstructured) bool {
	left, right := podTemplate(a), podTemplate(b)
	return left != nil && reflect.DeepEqual(left, right)
}

// podTemplate is spec.template as plain JSON, so that a number is a number whoever wrote it.
func podTemplate(o *unstructured.Unstructured) any {
	template, found, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "template")
	if err != nil || !found {
		return nil
	}
	raw, err := json.Marshal(template)
	if err != nil {
		return nil
	}
	var plain any
	if json.Unmarshal(raw, &plain) != nil {
		return nil
	}
	return plain
}

// record writes the inventory of everything that the parts consist of, before any of it is applied. What is not to be
// applied, because it is somebody else's, is left out: what is on record is ours.
func (r *Reconciler) record(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision, parts []part) error {
	var entries []v1beta1.ManagedResource
	for _, p := range parts {
		for _, m := range p.dispatch.Inventory {
			err := r.applier.Refuse(ctx, w.owner(), p.lives[objectKey(m.Object)], onRecord(w, m.Object))
			var refused *apply.RefusedError
			if errors.As(err, &refused) {
				continue
			}
			if err != nil {
				return err
			}
			e, err := apply.Recorded(m.Object, m.Component, m.Trait, recordable(m.Object.GetKind()))
			if err != nil {
				return err
			}
			e.TraitIndex = int32(m.TraitIndex) //nolint:gosec // a component has few traits
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	i := slices.IndexFunc(w.trackers, func(t v1beta1.ResourceTracker) bool { return application.TrackerOf(&t, rev) })
	if i < 0 {
		w.trackers = append(w.trackers, newTracker(w, rev))
		i = len(w.trackers) - 1
	}
	_, err := r.applier.Record(ctx, &w.trackers[i], entries)
	if err != nil && w.trackers[i].ResourceVersion == "" {
		w.trackers = slices.Delete(w.trackers, i, i+1)
	}
	return err
}

// onRecord says that an inventory of the Application has the object.
func onRecord(w *world, o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(w.trackers, func(t v1beta1.ResourceTracker) bool {
		return slices.ContainsFunc(t.Spec.ManagedResources, func(m v1beta1.ManagedResource) bool { return application.KeyOf(m) == objectKey(o) })
	})
}

func newTracker(w *world, rev *v1beta1.ApplicationRevision) v1beta1.ResourceTracker {
	t := v1beta1.ResourceTracker{ObjectMeta: metav1.ObjectMeta{
		Name: application.TrackerName(rev),
		Labels: map[string]string{
			v1beta1.LabelAppName: w.app.Name, v1beta1.LabelAppNamespace: w.app.Namespace,
			v1beta1.LabelAppRevision: rev.Name, v1beta1.LabelRevisionHash: application.RevisionHash(rev),
		},
	}}
	if v := application.PublishVersion(rev); v != "" {
		t.Annotations = map[string]string{v1beta1.AnnotationPublishVersion: v}
	}
	t.Spec.Type = v1beta1.TrackerVersioned
	t.Spec.ApplicationGeneration = w.app.Generation
	return t
}

func (r *Reconciler) applyPart(ctx context.Context, w *world, p part) error {
	w.deployed[p.component.Name] = true
	for _, m := range p.dispatch.Apply {
		_, err := r.applier.Apply(ctx, w.owner(), m.Object, p.lives[objectKey(m.Object)], onRecord(w, m.Object))
		var refused *apply.RefusedError
		if errors.As(err, &refused) {
			return &step.Failure{Reason: v1beta1.ReasonExecute, Err: refused}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func objectKey(o *unstructured.Unstructured) application.Key {
	return application.Key{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

func lookup(lives map[application.Key]*unstructured.Unstructured) health.Live {
	return func(gvk schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured {
		return lives[application.Key{APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Namespace: namespace, Name: name}]
	}
}
