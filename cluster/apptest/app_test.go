// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// plain is an Application without a workflow.
func plain(name, version string) string {
	return fmt.Sprintf(`
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: %s
  annotations: {app.oam.dev/publishVersion: %s}
spec:
  components:
  - name: %[1]s
    type: webservice
    properties: {image: "demo:%[2]s", ports: [{port: 8090}]}
    traits:
    - {type: scaler, properties: {replicas: 5}}
    - {type: gateway, properties: {domain: %[1]s.com, http: {"/version": 8090}}}
`, name, version)
}

// canary is plain with the page's workflow.
func canary(name, version string) string {
	return plain(name, version) + `
  workflow:
    steps:
    - {type: canary-deploy, name: rollout-20, properties: {weight: 20}}
    - {name: suspend-1st, type: suspend}
    - {type: canary-deploy, name: rollout-50, properties: {weight: 50}}
    - {name: suspend-2nd, type: suspend}
    - {type: canary-deploy, name: rollout-100, properties: {weight: 100}}
`
}

// TestApplications is one test because a process can run one control plane.
func TestApplications(t *testing.T) {
	p := start(t)
	t.Run("a plain application runs within its budget of requests", p.plainApplication)
	t.Run("bad input is refused with one sentence and changes nothing", p.badInput)
	t.Run("actions say who asked and what came of it", p.actions)
	t.Run("drift is repaired at once", p.drift)
	t.Run("objects of others are left alone", p.foreign)
	t.Run("nothing is left of a deleted application", p.deleted)
	t.Run("a CloneSet, from before its kind is there until it is gone", p.clones)
	t.Run("a StatefulSet comes back from zero with the share of its step", p.toZero)
	t.Run("a release from the browser", p.browser)
	t.Run("twenty canaries at once", p.fleet)
	t.Run("defect 16 two hundred pages look at one release by the watches of one", p.page)
	t.Run("rollback from an image that never starts, and after a kill", p.rollbacks)
}

func (p *plane) plainApplication(t *testing.T) {
	p.calls.take()
	begun := time.Now()
	if err := p.up(t, "default", plain("plain", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "plain", v1beta1.PhaseRunning)
	t.Logf("running after %s", time.Since(begun).Round(time.Millisecond))
	until(t, "the revision is marked", func(ctx context.Context) error {
		rev := &v1beta1.ApplicationRevision{}
		if err := p.client.Get(ctx, types.NamespacedName{Namespace: "default", Name: "plain-v1"}, rev); err != nil {
			return err
		}
		if !rev.Status.Succeeded {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	sent := p.calls.take()
	t.Logf("%d requests:\n%s", len(sent), strings.Join(sent, "\n"))
	if len(sent) > 12 {
		t.Errorf("%d requests from creation to running, want at most 12", len(sent))
	}
	app := p.app(t, "default", "plain")
	if got := app.Status.Services[0].Message; got != "Ready:5/5" {
		t.Errorf("the service says %q", got)
	}
	if err := p.up(t, "default", plain("plain", "v2")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "plain", v1beta1.PhaseRunning)
	if got := p.app(t, "default", "plain").Status.LatestRevision.Name; got != "plain-v2" {
		t.Errorf("latest revision is %s", got)
	}
}

func (p *plane) badInput(t *testing.T) {
	if err := p.up(t, "default", plain("bad", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "bad", v1beta1.PhaseRunning)
	if err := p.up(t, "default", plain("bad", "v2")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "bad", v1beta1.PhaseRunning)
	before := p.app(t, "default", "bad").ResourceVersion
	replace := func(old, text string) string { return strings.Replace(canary("bad", "v3"), old, text, 1) }
	cases := map[string]struct{ text, want string }{
		"an unknown component type":             {replace("type: webservice", "type: webservce"), "webservice"},
		"an unknown trait type":                 {replace("type: scaler", "type: scalar"), "scaler"},
		"an unknown step type":                  {replace("type: canary-deploy", "type: canary"), "canary-deploy"},
		"a weight outside 0 to 100":             {replace("weight: 20", "weight: 120"), "weight"},
		"a weight that falls":                   {replace("weight: 50", "weight: 10"), "weight"},
		"a missing image":                       {replace(`image: "demo:v3", `, ""), "image"},
		"a publishVersion that was used before": {plain("bad", "v1"), `"v1" was already used by revision bad-v1`},
	}
	for name, c := range cases {
		err := p.up(t, "default", c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, c.want)
			continue
		}
		t.Logf("%s: %v", name, err)
	}
	if got := p.app(t, "default", "bad").ResourceVersion; got != before {
		t.Error("a refused Application must not change anything")
	}
}

func (p *plane) actions(t *testing.T) {
	if err := p.up(t, "default", plain("acts", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "acts", v1beta1.PhaseRunning)
	a := p.ask(t, "default", "acts", v1alpha1.ActionResume)
	if a.Status.Phase != v1alpha1.ActionRefused || a.Spec.RequestedBy.Username == "somebody else" || a.Spec.RequestedBy.Username == "" {
		t.Errorf("a resume with nothing suspended, asked by %q: %s %s", a.Spec.RequestedBy.Username, a.Status.Phase, a.Status.Message)
	}
	if a.Labels[v1alpha1.LabelApplication] != "acts" {
		t.Errorf("labels are %v", a.Labels)
	}
	nobody := &v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "nobody"}}
	nobody.Spec.Application, nobody.Spec.Action = "nobody", v1alpha1.ActionResume
	if err := p.client.Create(t.Context(), nobody); err == nil || !strings.Contains(err.Error(), `there is no Application "nobody" in namespace "default"`) {
		t.Errorf("an action for an Application that does not exist: %v", err)
	}
}

func (p *plane) drift(t *testing.T) {
	if err := p.up(t, "default", plain("drift", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "drift", v1beta1.PhaseRunning)
	key := types.NamespacedName{Namespace: "default", Name: "drift"}
	if err := p.client.Delete(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}); err != nil {
		t.Fatal(err)
	}
	until(t, "the Service is back", func(ctx context.Context) error { return p.client.Get(ctx, key, &corev1.Service{}) })
	ingress := &networkingv1.Ingress{}
	if err := p.client.Get(t.Context(), key, ingress); err != nil {
		t.Fatal(err)
	}
	ingress.Spec.Rules[0].Host = "elsewhere.com"
	if err := p.client.Update(t.Context(), ingress, client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	until(t, "the Ingress is repaired", func(ctx context.Context) error {
		if err := p.client.Get(ctx, key, ingress); err != nil {
			return err
		}
		if got := ingress.Spec.Rules[0].Host; got != "drift.com" {
			return fmt.Errorf("its host is %s", got)
		}
		return nil
	})
	ingress.Annotations[v1beta1.AnnotationHeldFields] = "spec.rules"
	ingress.Spec.Rules[0].Host = "held.com"
	if err := p.client.Update(t.Context(), ingress, client.FieldOwner("vela-rollout")); err != nil {
		t.Fatal(err)
	}
	d := &appsv1.Deployment{}
	if err := p.client.Get(t.Context(), key, d); err != nil {
		t.Fatal(err)
	}
	d.Spec.Template.Spec.Containers[0].Image = "other:1"
	if err := p.client.Update(t.Context(), d, client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	until(t, "the Deployment is repaired", func(ctx context.Context) error {
		if err := p.client.Get(ctx, key, d); err != nil {
			return err
		}
		if got := d.Spec.Template.Spec.Containers[0].Image; got != "demo:v1" {
			return fmt.Errorf("its image is %s", got)
		}
		return nil
	})
	if err := p.client.Get(t.Context(), key, ingress); err != nil || ingress.Spec.Rules[0].Host != "held.com" {
		t.Errorf("a field that a release holds is left alone: %s, %v", ingress.Spec.Rules[0].Host, err)
	}
	p.phase(t, "default", "drift", v1beta1.PhaseRunning)
	until(t, "a running application makes no requests", func(context.Context) error {
		p.calls.take()
		time.Sleep(300 * time.Millisecond) // nothing happens is what is waited for
		if sent := p.calls.take(); len(withoutEvents(sent)) > 0 {
			return fmt.Errorf("it made %v", sent)
		}
		return nil
	})
}

func (p *plane) foreign(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "foreign"},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"a": "b"}, Ports: []corev1.ServicePort{{Port: 1}}}}
	if err := p.client.Create(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	if err := p.up(t, "default", plain("foreign", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "foreign", v1beta1.PhaseWorkflowFailed)
	run := p.app(t, "default", "foreign").Status.Workflow
	if want := "Service default/foreign exists but not managed by any application now"; !strings.Contains(run.Message, want) {
		t.Errorf("the workflow says %q, want %q", run.Message, want)
	}
	if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(service), service); err != nil || service.Spec.Selector["a"] != "b" {
		t.Errorf("the Service must be as it was: %v, %v", service.Spec.Selector, err)
	}
}

func (p *plane) deleted(t *testing.T) {
	app := p.app(t, "default", "bad")
	if err := p.client.Delete(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	key := client.ObjectKeyFromObject(app)
	for _, o := range []client.Object{app, &appsv1.Deployment{}, &corev1.Service{}, &networkingv1.Ingress{}} {
		until(t, fmt.Sprintf("%T is gone", o), func(ctx context.Context) error {
			if err := p.client.Get(ctx, key, o); !apierrors.IsNotFound(err) {
				return fmt.Errorf("still there: %w", err)
			}
			return nil
		})
	}
	trackers := &v1beta1.ResourceTrackerList{}
	if err := p.client.List(t.Context(), trackers, client.MatchingLabels{v1beta1.LabelAppName: "bad"}); err != nil || len(trackers.Items) > 0 {
		t.Errorf("%d inventories are left, %v", len(trackers.Items), err)
	}
}
