// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// relabel makes the live Deployment say that it is of another application, or of none, as kubectl label does.
func (s *stage) relabel(app string) {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	d := s.deployment()
	delete(d.Labels, v1beta1.LabelAppNamespace)
	d.Labels[v1beta1.LabelAppName] = app
	if app == "" {
		delete(d.Labels, v1beta1.LabelAppName)
	}
	s.must(s.client.Update(s.t.Context(), d, client.FieldOwner("kubectl-label")))
}

// fails makes one pass that has to end with an error.
func (s *stage) fails() error {
	s.t.Helper()
	_, err := s.r.Reconcile(s.t.Context(), reconcile.Request{NamespacedName: s.key})
	if err == nil {
		s.t.Fatal("the pass ended without an error")
	}
	return err
}

func TestADeploymentWhoseLabelsSomebodyTookOffIsAdoptedAgain(t *testing.T) {
	t.Parallel()
	stories := map[string]struct {
		until func(s *stage) string // returns an action to look at, or ""
		image string
	}{
		"in a resume":   {func(s *stage) string { return s.carryOut(v1alpha1.ActionResume) }, "demo:v2"},
		"in a rollback": {func(s *stage) string { return s.carryOut(v1alpha1.ActionRollback) }, "demo:v1"},
		"at a gate":     {func(s *stage) string { s.settle(); return "" }, "demo:v2"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := atFirstGate(t)
			s.relabel("")
			if action := story.until(s); action != "" && s.action(action).Status.Phase != v1alpha1.ActionSucceeded {
				t.Errorf("the action is %s: %s", s.action(action).Status.Phase, s.action(action).Status.Message)
			}
			if d := s.deployment(); d.Labels[v1beta1.LabelAppName] != "canary-demo" || d.Labels[v1beta1.LabelAppNamespace] != "default" || s.image() != story.image {
				t.Errorf("image %s, labels %v", s.image(), d.Labels)
			}
			if s.app().Status.Phase == v1beta1.PhaseWorkflowFailed {
				t.Errorf("the workflow failed: %s", s.app().Status.Workflow.Message)
			}
		})
	}
}

func TestAnObjectThatWasThereBeforeStaysRefusedHoweverOftenItIsTried(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	// What an application that is gone left behind: it was applied by vela, for somebody else.
	s.release(v1)
	s.playing = true
	left := s.deployment()
	delete(left.Labels, v1beta1.LabelAppName)
	s.must(s.client.Update(t.Context(), left, client.FieldOwner("vela-application")))
	s.must(s.client.DeleteAllOf(t.Context(), &v1beta1.ResourceTracker{}))
	s.must(s.client.DeleteAllOf(t.Context(), &v1beta1.ApplicationRevision{}, client.InNamespace("default")))
	app := s.app()
	app.Finalizers = nil
	s.must(s.client.Update(t.Context(), app))
	s.must(s.client.Delete(t.Context(), app))
	s.playing = false
	s.restart()
	s.up(v1)
	for range 8 {
		_, _ = s.r.Reconcile(t.Context(), reconcile.Request{NamespacedName: s.key})
		s.clock.SetTime(s.clock.Now().Add(10 * softDelay))
	}
	if d := s.deployment(); d.Labels[v1beta1.LabelAppName] != "" {
		t.Error("it was adopted, although this application never had it")
	}
	raw := fmt.Sprint(s.app().Status.Workflow)
	if !strings.Contains(raw, "exists but not managed by any application now") {
		t.Errorf("the workflow does not say so: %s", raw)
	}
}

func TestARollbackThatIsRefusedSaysWhyInItsActionAndWritesItOnce(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.relabel("other")
	name := s.ask(v1alpha1.ActionRollback)
	const why = "existing object Deployment default/canary-demo is managed by other application default/other: give the component another name"
	_ = s.fails()
	if got := s.action(name).Status; got.Phase != v1alpha1.ActionExecuting || got.Message != why {
		t.Fatalf("the action is %q and says %q, want %q", got.Phase, got.Message, why)
	}
	before := s.writes
	for range 3 {
		_ = s.fails()
	}
	if s.writes != before {
		t.Errorf("nothing changed, but it wrote %v", s.log[before:])
	}
	s.relabel("canary-demo")
	s.settle()
	rolledBack(t, s, name, "after the Deployment is ours again")
}

func TestARollbackThatTheServerFindsInvalidSaysWhyInItsAction(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	invalid := true
	watched, ok := s.client.(client.WithWatch)
	if !ok {
		t.Fatal("the client cannot be intercepted")
	}
	s.client = interceptor.NewClient(watched, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if invalid {
				return apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "Deployment"}, "canary-demo",
					field.ErrorList{field.Required(field.NewPath("spec", "selector"), "")})
			}
			return c.Apply(ctx, o, opts...)
		},
	})
	s.restart()
	name := s.ask(v1alpha1.ActionRollback)
	_ = s.fails()
	if got := s.action(name).Status; got.Phase != v1alpha1.ActionExecuting || !strings.Contains(got.Message, "spec.selector: Required value") {
		t.Fatalf("the action is %q and says %q", got.Phase, got.Message)
	}
	invalid = false
	s.settle()
	rolledBack(t, s, name, "after the server takes it")
}
