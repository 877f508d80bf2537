// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
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
