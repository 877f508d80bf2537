// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// twoServices is demo with a second Service and Ingress, both named api, to the same pods.
func twoServices() []client.Object {
	objects := demo()
	for _, o := range objects {
		switch is := o.(type) {
		case *corev1.Service:
			api := is.DeepCopy()
			api.Name = "api"
			objects = append(objects, api)
		case *networkingv1.Ingress:
			api := is.DeepCopy()
			api.Name, api.UID = "api", "uid-api"
			api.Spec.Rules[0].Host = "api.example"
			api.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = "api"
			objects = append(objects, api)
		case *v1beta1.Rollout:
			is.Spec.Strategy.Canary.TrafficRoutings = append(is.Spec.Strategy.Canary.TrafficRoutings,
				v1beta1.TrafficRouting{Service: "api", Ingress: &v1beta1.IngressRouting{Name: "api"}})
		}
	}
	return objects
}

// half plays a release of twoServices to 50 %.
func half(b *bench) {
	b.settle()
	b.ask("demo-v2", "50%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
}

func (b *bench) services() string {
	b.t.Helper()
	list := &corev1.ServiceList{}
	b.must(b.api.List(b.t.Context(), list))
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func TestSeveralServicesAreReleasedAsOne(t *testing.T) {
	b := newBench(t, twoServices()...)
	half(b)
	if demo, api := b.weight("default/demo"), b.weight("default/api"); demo != 50 || api != 50 {
		t.Errorf("weights %d and %d, want 50 each", demo, api)
	}
	if diff := cmp.Diff("api api-canary api-stable demo demo-canary demo-stable", b.services()); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	b.ask("demo-v2", "100%")
	b.settle()
	if diff := cmp.Diff("api demo", b.services()); diff != "" {
		t.Errorf("Services after the release (-want +got):\n%s", diff)
	}
	for _, name := range []string{"demo", "api"} {
		i := &networkingv1.Ingress{}
		if b.find("default/"+name, i); i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name != name || len(i.Annotations) > 0 {
			t.Errorf("Ingress %s is not as before: %v", name, i)
		}
	}
}

func TestSeveralServicesKilledAfterEachWriteEndTheSame(t *testing.T) {
	for name, play := range map[string]func(*bench){"a release": whole, "a release taken back": takenBack} {
		t.Run(name, func(t *testing.T) {
			calm := newBench(t, twoServices()...)
			play(calm)
			want := calm.state()
			for k := 1; k <= len(calm.writes); k++ {
				b := newBench(t, twoServices()...)
				b.killAt = k
				play(b)
				if diff := cmp.Diff(want, b.state()); diff != "" {
					t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
				}
			}
		})
	}
}

// Admission refuses it, but it may have happened before there was any.
func TestARouteThatLeavesTheSpecHalfWayIsGivenBack(t *testing.T) {
	b := newBench(t, twoServices()...)
	half(b)
	ro := b.rollout()
	ro.Spec.Strategy.Canary.TrafficRoutings = ro.Spec.Strategy.Canary.TrafficRoutings[:1]
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro))
	b.settle()
	if b.find("default/api-canary", &networkingv1.Ingress{}) {
		t.Error("its canary Ingress is left behind")
	}
	i := &networkingv1.Ingress{}
	if b.find("default/api", i); i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name != "api" {
		t.Errorf("it still leads to %s", i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name)
	}
	if diff := cmp.Diff("api demo demo-canary demo-stable", b.services()); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	if w := b.weight("default/demo"); w != 50 {
		t.Errorf("the route that stays has weight %d, want 50", w)
	}
}

func TestWhatIsInTheWayOfOneRouteKeepsNoOtherOneFromARollback(t *testing.T) {
	b := newBench(t, twoServices()...)
	half(b)
	b.must(b.api.Delete(t.Context(), &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "api"}}))
	b.settle()
	b.apply("demo-v1", "v1")
	b.settle()
	if w := b.weight("default/demo"); w != 0 {
		t.Errorf("the route that is there has weight %d after the rollback, want 0", w)
	}
	for _, s := range b.sets() {
		if s.Spec.Template.Spec.Containers[0].Image == "v1" && *s.Spec.Replicas != 5 {
			t.Errorf("%d pods of the stable version, want 5", *s.Spec.Replicas)
		}
	}
}

// byHTTPRoute is demo with an HTTPRoute, in the place of the Ingress or beside it.
func byHTTPRoute(t *testing.T, beside bool) []client.Object {
	t.Helper()
	route := routeOf(traffic.KindHTTPRoute)
	route.SetNamespace("default")
	route.SetName("demo")
	route.SetUID("uid-route")
	ref := map[string]any{"name": "demo", "port": int64(80), "weight": int64(1)}
	if err := unstructured.SetNestedSlice(route.Object, []any{map[string]any{"backendRefs": []any{ref}}}, "spec", "rules"); err != nil {
		t.Fatal(err)
	}
	objects := append(demo(), route)
	for _, o := range objects {
		if ro, is := o.(*v1beta1.Rollout); is {
			name, routing := "demo", &ro.Spec.Strategy.Canary.TrafficRoutings[0]
			if routing.Gateway = (&v1beta1.GatewayRouting{HTTPRouteName: &name}); !beside {
				routing.Ingress = nil
			}
		}
	}
	return objects
}

// split are the weights of the first rule of an HTTPRoute, by namespace/name of the Services.
func (b *bench) split(key string) map[string]int {
	b.t.Helper()
	weights := map[string]int{}
	if served := b.served(key); served != nil {
		for _, backend := range served.Rules[0].Backends {
			weights[backend.Service] = int(backend.Weight)
		}
	}
	return weights
}

// served is an HTTPRoute as an edge tells it that serves what is written.
func (b *bench) served(key string) *plan.Route {
	b.t.Helper()
	live := &gatewayv1.HTTPRoute{}
	if !b.find(key, live) {
		return nil
	}
	out := &plan.Route{UID: string(live.UID), ResourceVersion: live.ResourceVersion, Accepted: true}
	for _, r := range live.Spec.Rules {
		rule := plan.Rule{}
		for _, ref := range r.BackendRefs {
			rule.Backends = append(rule.Backends, plan.Backend{Service: "default/" + string(ref.Name), Weight: *ref.Weight})
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func TestAReleaseByAnHTTPRoute(t *testing.T) {
	for name, beside := range map[string]bool{"alone": false, "beside an Ingress": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, byHTTPRoute(t, beside)...)
			half(b)
			if diff := cmp.Diff(map[string]int{"default/demo-stable": 50, "default/demo": 0, "default/demo-canary": 50}, b.split("default/demo")); diff != "" {
				t.Errorf("weights at 50 %% (-want +got):\n%s", diff)
			}
			if w := b.weight("default/demo"); beside && w != 50 {
				t.Errorf("the canary Ingress has weight %d, want 50", w)
			}
			if state := b.rollout().Status.CurrentStepState; state != v1beta1.StepPaused {
				t.Errorf("the step is in state %s", state)
			}
			b.ask("demo-v2", "100%")
			b.settle()
			if diff := cmp.Diff(map[string]int{"default/demo": 1}, b.split("default/demo")); diff != "" {
				t.Errorf("weights after the release (-want +got):\n%s\n%s", diff, b.state())
			}
			if diff := cmp.Diff("demo", b.services()); diff != "" {
				t.Errorf("Services after the release (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReleaseByAnHTTPRouteKilledAfterEachWriteEndsTheSame(t *testing.T) {
	for name, play := range map[string]func(*bench){"a release": whole, "a release taken back": takenBack} {
		t.Run(name, func(t *testing.T) {
			calm := newBench(t, byHTTPRoute(t, false)...)
			play(calm)
			want := fmt.Sprint(calm.state(), calm.split("default/demo"))
			if split := calm.split("default/demo"); len(split) != 1 || split["default/demo"] != 1 {
				t.Fatalf("undisturbed it ends with %v, want the user's backend alone", split)
			}
			t.Logf("%d writes: %s", len(calm.writes), strings.Join(calm.writes, "; "))
			for k := 1; k <= len(calm.writes); k++ {
				b := newBench(t, byHTTPRoute(t, false)...)
				b.killAt = k
				play(b)
				if diff := cmp.Diff(want, fmt.Sprint(b.state(), b.split("default/demo"))); diff != "" {
					t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
				}
			}
		})
	}
}

func TestAnHTTPRouteThatLeavesTheSpecHalfWayIsGivenBack(t *testing.T) {
	b := newBench(t, byHTTPRoute(t, true)...)
	half(b)
	ro := b.rollout()
	ro.Spec.Strategy.Canary.TrafficRoutings[0].Gateway = nil
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro))
	b.settle()
	if diff := cmp.Diff(map[string]int{"default/demo": 1}, b.split("default/demo")); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	if w := b.weight("default/demo"); w != 50 {
		t.Errorf("the Ingress that stays has weight %d, want 50", w)
	}
}

func TestAClusterThatLearnsTheGatewayAPILater(t *testing.T) {
	b := newBench(t, byHTTPRoute(t, false)...)
	b.settle()
	b.r.kinds = &latecomers{}
	b.ask("demo-v2", "50%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.clock.Step(2 * lasting)
	b.settle()
	if message := b.rollout().Status.Message; !strings.Contains(message, "install the CRDs of the Gateway API") {
		t.Errorf("it says %q, want what is missing", message)
	}
	late := newLateWorld(t)
	late.serve(gateway.Kinds()...)
	for _, kind := range gateway.Kinds() {
		late.define(gateway.GroupVersionKind(kind))
	}
	b.r.kinds = late.latecomers
	b.settle()
	if split := b.split("default/demo"); split["default/demo-canary"] != 50 {
		t.Errorf("once the kind is known the weights are %v: %s", split, b.rollout().Status.Message)
	}
}
