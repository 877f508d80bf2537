// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/apply"
)

const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: demo
  namespace: default
  labels: {app.oam.dev/name: demo, app.oam.dev/namespace: default, app.oam.dev/appRevision: demo-v1}
spec:
  ingressClassName: nginx
  rules: [{host: demo.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: demo, port: {number: 80}}}}]}}]
`

type bench struct {
	t      *testing.T
	client client.WithWatch
	a      *apply.Applier
	writes int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{t: t}
	b.client = fake.NewClientBuilder().WithScheme(scheme).WithReturnManagedFields().WithInterceptorFuncs(interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			b.writes++
			return c.Apply(ctx, o, opts...)
		},
	}).Build()
	b.a = apply.New(b.client, b.client)
	return b
}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return o
}

func (b *bench) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	b.t.Helper()
	live, err := apply.Live(b.t.Context(), b.client, b.client.Scheme(), o.GroupVersionKind(), types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()})
	if err != nil {
		b.t.Fatal(err)
	}
	return live
}

func (b *bench) apply(text string) error {
	b.t.Helper()
	o := object(b.t, text)
	_, err := b.a.Apply(b.t.Context(), apply.Owner{Namespace: "default", Name: "demo"}, o, b.live(o), false)
	return err
}

// edit changes the live Ingress as somebody else.
func (b *bench) edit(change func(*networkingv1.Ingress)) {
	b.t.Helper()
	i := &networkingv1.Ingress{}
	if err := b.client.Get(b.t.Context(), types.NamespacedName{Namespace: "default", Name: "demo"}, i); err != nil {
		b.t.Fatal(err)
	}
	change(i)
	if err := b.client.Update(b.t.Context(), i, client.FieldOwner("somebody")); err != nil {
		b.t.Fatal(err)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	host := func(h string) func(*networkingv1.Ingress) {
		return func(i *networkingv1.Ingress) { i.Spec.Rules[0].Host = h }
	}
	hold := func(i *networkingv1.Ingress) {
		i.Annotations[v1beta1.AnnotationHeldFields] = "spec.rules"
		i.Spec.Rules[0].Host = "held.com"
	}
	cases := map[string]struct {
		reason string
		edits  []func(*networkingv1.Ingress)
		text   string
		writes int
		host   string
	}{
		"nothing changed":                       {"nothing is sent", nil, ingress, 0, "demo.com"},
		"only the revision's label changed":     {"a release that changes nothing here is no write", nil, strings.ReplaceAll(ingress, "demo-v1", "demo-v2"), 0, "demo.com"},
		"the spec changed":                      {"", nil, strings.ReplaceAll(ingress, "demo.com", "new.com"), 1, "new.com"},
		"somebody changed a field of ours":      {"drift is repaired", []func(*networkingv1.Ingress){host("x.com")}, ingress, 1, "demo.com"},
		"somebody added a field of their own":   {"it is theirs", []func(*networkingv1.Ingress){func(i *networkingv1.Ingress) { i.Annotations["mine"] = "yes" }}, ingress, 0, "demo.com"},
		"a release holds the rules":             {"held fields are left out", []func(*networkingv1.Ingress){hold}, ingress, 0, "held.com"},
		"a release holds the rules, class goes": {"only the rest is applied", []func(*networkingv1.Ingress){hold}, strings.ReplaceAll(ingress, "ingressClassName: nginx", "ingressClassName: other"), 1, "held.com"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if err := b.apply(ingress); err != nil {
				t.Fatal(err)
			}
			for _, e := range c.edits {
				b.edit(e)
			}
			b.writes = 0
			if err := b.apply(c.text); err != nil {
				t.Fatal(err)
			}
			rules, _, _ := unstructured.NestedSlice(b.live(object(t, ingress)).Object, "spec", "rules")
			first, _ := rules[0].(map[string]any)
			if b.writes != c.writes || first["host"] != c.host {
				t.Errorf("%s: %d writes, host %v; want %d, %s", c.reason, b.writes, first["host"], c.writes, c.host)
			}
		})
	}
}

func TestApplyRefusesWhatBelongsToOthers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		label string
		want  string
	}{
		"nobody's":            {"", "Ingress default/demo exists but not managed by any application now"},
		"another application": {"other", "existing object Ingress default/demo is managed by other application default/other"},
	}
	for name, c := range cases {
		b := newBench(t)
		if err := b.apply(ingress); err != nil {
			t.Fatal(err)
		}
		b.edit(func(i *networkingv1.Ingress) {
			i.Labels = map[string]string{}
			if c.label != "" {
				i.Labels[v1beta1.LabelAppName] = c.label
			}
		})
		err := b.apply(strings.ReplaceAll(ingress, "demo.com", "new.com"))
		var refused *apply.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestApplyNeverOverwritesAHoldItHasNotSeen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.apply(ingress); err != nil {
		t.Fatal(err)
	}
	stale := b.live(object(t, ingress))
	b.edit(func(i *networkingv1.Ingress) {
		i.Annotations[v1beta1.AnnotationHeldFields] = "spec.rules"
		i.Spec.Rules[0].Host = "held.com"
	})
	want := object(t, strings.ReplaceAll(ingress, "demo.com", "new.com"))
	if _, err := b.a.Apply(t.Context(), apply.Owner{Namespace: "default", Name: "demo"}, want, stale, false); !apierrors.IsConflict(err) {
		t.Errorf("want a conflict, so that the caller looks again; got %v", err)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		live, want string
		covers     bool
	}{
		"defaults of the server":       {`{a: 1, b: x}`, `{a: 1}`, true},
		"a value that differs":         {`{a: 2}`, `{a: 1}`, false},
		"a field that is gone":         {`{}`, `{a: 1}`, false},
		"a quantity, written anew":     {`{cpu: 500m}`, `{cpu: "0.5"}`, true},
		"another quantity":             {`{cpu: 600m}`, `{cpu: "0.5"}`, false},
		"a list in another order":      {`{l: [{name: b, v: 1}, {name: a}]}`, `{l: [{name: a}, {name: b}]}`, true},
		"an element that is missing":   {`{l: [{name: b}]}`, `{l: [{name: a}]}`, false},
		"words in another order":       {`{l: [b, a]}`, `{l: [a, b]}`, false},
		"an empty value is left out":   {`{}`, `{a: "", b: false, c: 0, d: {}, e: []}`, true},
		"a list that should be empty":  {`{l: [a]}`, `{l: []}`, false},
		"a word where a map should be": {`{a: x}`, `{a: {b: 1}}`, false},
	}
	for name, c := range cases {
		var live, want any
		if err := yaml.Unmarshal([]byte(c.live), &live); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if got := apply.Covers(live, want); got != c.covers {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestRecordWritesOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tracker := &v1beta1.ResourceTracker{}
	tracker.Name = "demo-v1"
	entry, err := apply.Recorded(object(t, ingress), "demo", "gateway", true)
	if err != nil {
		t.Fatal(err)
	}
	named, err := apply.Recorded(object(t, strings.ReplaceAll(ingress, "kind: Ingress", "kind: Rollout")), "demo", "rolling-release", false)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		entries []v1beta1.ManagedResource
		changed bool
	}{
		{[]v1beta1.ManagedResource{entry}, true}, {[]v1beta1.ManagedResource{entry}, false},
		{[]v1beta1.ManagedResource{named, entry}, true}, {[]v1beta1.ManagedResource{named}, false},
	} {
		changed, err := b.a.Record(t.Context(), tracker, step.entries)
		if err != nil || changed != step.changed {
			t.Errorf("step %d: changed %v, %v", i, changed, err)
		}
	}
	back, err := apply.Manifest(tracker.Spec.ManagedResources[0])
	if err != nil || !apply.Covers(back.Object, object(t, ingress).Object) {
		t.Errorf("what was recorded comes back as it was: %v", err)
	}
}
