// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

// recordable says whether an inventory keeps the content of an object. It has no content of a Rollout, whose plan moves on its
// way, and none of a Secret: inventories are objects of the cluster, and read by more people than a namespace's Secrets.
func recordable(kind string) bool { return kind != "Rollout" && kind != "Secret" }

// secret renders a Secret of an inventory anew, from the revision that it is of; nil when that does not have it.
func (r *Reconciler) secret(ctx context.Context, w *world, e application.Entry) (*unstructured.Unstructured, error) {
	for i := range w.revisions {
		rev := &w.revisions[i]
		if rev.Name != e.Revision {
			continue
		}
		spec, err := workflow.Generate(rev.Spec.Application.Spec, nil)
		if err != nil {
			return nil, fmt.Errorf("reading the workflow of %s: %w", rev.Name, err)
		}
		env := step.Env{App: rev.Spec.Application.Spec, Now: r.clock.Now(), Override: render.Override}
		for _, d := range step.Deployments(ctx, env, spec.Steps) {
			if m := r.rendered(w, rev, d, application.KeyOf(e.ManagedResource), e.Component); m != nil {
				return m, nil
			}
		}
	}
	return nil, nil
}

// rendered is the object of that key as a deployment has it; nil when it does not, or can't be rendered, which its step tells.
func (r *Reconciler) rendered(
	w *world, rev *v1beta1.ApplicationRevision, d step.Deployment, key application.Key, component string,
) *unstructured.Unstructured {
	for _, comp := range d.Components {
		if comp.Name != component {
			continue
		}
		manifests, err := render.Component(r.definitions, renderContext(w, rev, d.Namespace), comp)
		if err != nil {
			continue
		}
		for _, m := range manifests {
			if objectKey(m.Object) == key {
				return m.Object
			}
		}
	}
	return nil
}
