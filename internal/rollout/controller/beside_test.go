// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// oneIngress are demo and api behind one Ingress, demo, with a path for each.
func oneIngress() []client.Object {
	var objects []client.Object
	for _, o := range append(app("demo"), app("api")...) {
		switch is := o.(type) {
		case *networkingv1.Ingress:
			if is.Name == "api" {
				continue
			}
			http := is.Spec.Rules[0].HTTP
			path := *http.Paths[0].DeepCopy()
			path.Path, path.Backend.Service.Name = "/api", "api"
			http.Paths = append(http.Paths, path)
		case *v1beta1.Rollout:
			is.Spec.Strategy.Canary.TrafficRoutings[0].Ingress.Name = "demo"
		}
		objects = append(objects, o)
	}
	return objects
}

// ingresses are those of the cluster by name, each with the Services that it leads to.
func (b *bench) ingresses() map[string]string {
	b.t.Helper()
	list := &networkingv1.IngressList{}
	b.must(b.api.List(b.t.Context(), list))
	out := map[string]string{}
	for _, i := range list.Items {
		var to []string
		for _, p := range i.Spec.Rules[0].HTTP.Paths {
			to = append(to, p.Path+" "+p.Backend.Service.Name)
		}
		out[i.Name] = strings.Join(to, ", ")
	}
	return out
}

func (b *bench) specOf(name string) string {
	b.t.Helper()
	i := &networkingv1.Ingress{}
	b.find("default/"+name, i)
	raw, err := json.Marshal(map[string]any{"spec": i.Spec, "annotations": i.Annotations, "labels": i.Labels})
	b.must(err)
	return string(raw)
}

func TestTwoReleasesOnOneIngressGoAtTheSameTime(t *testing.T) {
	b := newBench(t, oneIngress()...)
	b.settle()
	before := b.specOf("demo")
	b.to("demo", "20%")
	b.to("api", "40%")
	want := map[string]string{"demo": "/ demo-stable, /api api-stable", "demo-canary": "/ demo-canary", "demo-canary-api": "/api api-canary"}
	if diff := cmp.Diff(want, b.ingresses()); diff != "" {
		t.Errorf("both are under way: Ingresses (-want +got):\n%s", diff)
	}
	if demo, api := b.weightTo("default/demo"), b.weightTo("default/api"); demo != 20 || api != 40 {
		t.Errorf("weights %d and %d, want 20 and 40", demo, api)
	}
	b.to("demo", "100%")
	want = map[string]string{"demo": "/ demo, /api api-stable", "demo-canary-api": "/api api-canary"}
	if diff := cmp.Diff(want, b.ingresses()); diff != "" {
		t.Errorf("one is over: Ingresses (-want +got):\n%s", diff)
	}
	b.applyTo("api", "api-v1", "v1")
	b.settle()
	if diff := cmp.Diff(map[string]string{"demo": "/ demo, /api api"}, b.ingresses()); diff != "" {
		t.Errorf("both are over: Ingresses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, b.specOf("demo")); diff != "" {
		t.Errorf("the Ingress is not what it was (-want +got):\n%s", diff)
	}
}

func TestTwoServicesOfOneRolloutShareAnIngress(t *testing.T) {
	objects := oneIngress()[:5:5] // demo's own
	for _, o := range objects {
		if ro, is := o.(*v1beta1.Rollout); is {
			second := *ro.Spec.Strategy.Canary.TrafficRoutings[0].DeepCopy()
			second.Service = "api"
			ro.Spec.Strategy.Canary.TrafficRoutings = append(ro.Spec.Strategy.Canary.TrafficRoutings, second)
		}
	}
	for _, o := range twoServices() {
		if o.GetName() == "api" && o.GetObjectKind().GroupVersionKind().Kind != "Ingress" {
			if _, is := o.(*networkingv1.Ingress); !is {
				objects = append(objects, o)
			}
		}
	}
	b := newBench(t, objects...)
	half(b)
	want := map[string]string{"demo": "/ demo-stable, /api api-stable", "demo-canary": "/ demo-canary", "demo-canary-api": "/api api-canary"}
	if diff := cmp.Diff(want, b.ingresses()); diff != "" {
		t.Errorf("half-way: Ingresses (-want +got):\n%s", diff)
	}
	b.ask("demo-v2", "100%")
	b.settle()
	if diff := cmp.Diff(map[string]string{"demo": "/ demo, /api api"}, b.ingresses()); diff != "" {
		t.Errorf("at the end: Ingresses (-want +got):\n%s", diff)
	}
}

// Two Rollouts that lead one Service would send each other's requests away: the second one says whom it waits for.
func TestTwoReleasesOfOneServiceGoOneAfterTheOther(t *testing.T) {
	objects := oneIngress()
	for _, o := range objects {
		if ro, is := o.(*v1beta1.Rollout); is {
			ro.Spec.Strategy.Canary.TrafficRoutings[0].Service = "demo"
		}
	}
	b := newBench(t, objects...)
	b.settle()
	b.to("demo", "20%")
	b.to("api", "40%")
	b.clock.Step(2 * lasting)
	b.settle()
	const waits = "the Service default/demo-stable is there for the release of the Rollout demo; this one goes on when that is over"
	if got := b.rolloutOf("api").Status.Message; got != waits {
		t.Errorf("it says %q, want %q", got, waits)
	}
	b.to("demo", "100%")
	b.settle()
	if got := b.rolloutOf("api").Status; got.CurrentStepState != v1beta1.StepPaused {
		t.Errorf("when the first is over the second is %s: %s", got.CurrentStepState, got.Message)
	}
}

func TestTwoReleasesOnOneIngressKilledAfterEachWriteEndTheSame(t *testing.T) {
	play := func(b *bench) {
		b.settle()
		b.askOf("demo", "demo-v2", "50%")
		b.askOf("api", "api-v2", "50%")
		b.settle()
		b.applyTo("demo", "demo-v2", "v2")
		b.applyTo("api", "api-v2", "v2")
		b.settle()
		b.applyTo("demo", "demo-v1", "v1")
		b.askOf("api", "api-v2", "100%")
		b.settle()
	}
	calm := newBench(t, oneIngress()...)
	before := calm.specOf("demo")
	play(calm)
	if diff := cmp.Diff(before, calm.specOf("demo")); diff != "" {
		t.Fatalf("the Ingress is not what it was (-want +got):\n%s", diff)
	}
	want := calm.state()
	for k := 1; k <= len(calm.writes); k += 3 { // a third of the writes is a story of each of the two
		b := newBench(t, oneIngress()...)
		b.killAt = k
		play(b)
		if diff := cmp.Diff(want, b.state()); diff != "" {
			t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
		}
		if diff := cmp.Diff(before, b.specOf("demo")); diff != "" {
			t.Fatalf("killed after write %d (%s) the Ingress is not what it was:\n%s", k, calm.writes[k-1], diff)
		}
	}
}
