// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

var errKilled = errors.New("killed")

// bench is an API server in memory, the native controllers as far as a release needs them, and a router that serves what is
// written at once.
type bench struct {
	t      *testing.T
	api    client.WithWatch // for everybody but the controller
	r      *Reconciler
	clock  *clocktesting.FakeClock
	writes []string
	killAt int  // the controller dies after that write
	dead   bool // until it is started again
	events []string
	broken string // the image whose pods are never ready
	made   int    // pods so far
	// refuse says why the API server will not have a write; nil where it has all.
	refuse func(what string, o client.Object) error
}

func newBench(t *testing.T, objects ...client.Object) *bench {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, discoveryv1.AddToScheme, v1beta1.AddToScheme, v1alpha1.AddToScheme, gatewayv1.Install} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	clones := objectOf(workload.CloneSetKind())
	scheme.AddKnownTypeWithName(clones.GroupVersionKind(), clones)
	scheme.AddKnownTypeWithName(clones.GroupVersionKind().GroupVersion().WithKind(clones.GetKind()+"List"), &unstructured.UnstructuredList{})
	b := &bench{t: t, clock: clocktesting.NewFakeClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1beta1.Rollout{}, &v1alpha1.TrafficRouting{}, &appsv1.ReplicaSet{}, &appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, clones)
	if err := Index(t.Context(), indexer{builder}); err != nil {
		t.Fatal(err)
	}
	b.api = builder.Build()
	b.start()
	return b
}

// indexer adds indexes to a fake client as a manager would.
type indexer struct{ *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, o client.Object, field string, of client.IndexerFunc) error {
	i.WithIndex(o, field, of)
	return nil
}

// start makes a controller that knows nothing.
func (b *bench) start() {
	wrote := func(what string, o client.Object, do func() error) error {
		if b.dead {
			return errKilled
		}
		if b.refuse != nil {
			if err := b.refuse(what, o); err != nil {
				return err
			}
		}
		if err := do(); err != nil {
			return err
		}
		b.writes = append(b.writes, what+" "+strings.TrimPrefix(fmt.Sprintf("%T", o), "*")+" "+o.GetName())
		b.dead = len(b.writes) == b.killAt
		return nil
	}
	counted := interceptor.NewClient(b.api, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return wrote("create", o, func() error {
				o.SetUID(types.UID(fmt.Sprintf("uid-%s-%d", o.GetName(), len(b.writes))))
				return c.Create(ctx, o, opts...)
			})
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return wrote("patch", o, func() error { return c.Patch(ctx, o, p, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return wrote("delete", o, func() error { return c.Delete(ctx, o, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			return wrote("patch "+sub+" of", o, func() error { return c.SubResource(sub).Patch(ctx, o, p, opts...) })
		},
	})
	b.dead = false
	b.r = New(counted, b, b.clock)
	b.r.events = b
}

// Eventf implements events.EventRecorder.
func (b *bench) Eventf(_, _ runtime.Object, _, reason, _, _ string, _ ...any) {
	if !b.dead {
		b.events = append(b.events, reason)
	}
}

// Seen implements Routers: one replica that serves what is written.
func (b *bench) Seen(route ack.Key, services ...string) ([]ack.Serves, ack.State) {
	s := ack.Serves{Replica: "one", Services: map[string]plan.Service{}}
	ing := &networkingv1.Ingress{}
	if route.Kind == ack.KindIngress && b.find(route.Name, ing) {
		s.Ingress = &plan.Ingress{UID: string(ing.UID), ResourceVersion: ing.ResourceVersion, Accepted: true, Total: 100}
		_, err := fmt.Sscan(ing.Annotations["nginx.ingress.kubernetes.io/canary-weight"], &s.Ingress.Weight)
		s.Ingress.Canary = err == nil
	}
	if route.Kind == string(traffic.KindHTTPRoute) {
		s.Route = b.served(route.Name)
	}
	for _, service := range services {
		user, canary := strings.CutSuffix(service, "-canary")
		user = strings.TrimSuffix(user, "-stable")
		weight := max(b.weightTo(user), b.split(user)[user+"-canary"])
		s.Services[service] = plan.Service{Ready: b.ready(service), Weighted: canary && weight > 0 || !canary && weight < 100}
	}
	return []ack.Serves{s}, ack.Known
}

// weight is what a canary Ingress asks for; routes have the names of the Services here.
func (b *bench) weight(route string) int {
	b.t.Helper()
	canary := &networkingv1.Ingress{}
	if !b.find(route+"-canary", canary) {
		return 0
	}
	return b.asked(canary)
}

// weightTo is what the canary Ingress of a Service asks for, whatever its name is.
func (b *bench) weightTo(service string) (weight int) {
	list := &networkingv1.IngressList{}
	b.must(b.api.List(b.t.Context(), list))
	for i := range list.Items {
		if "default/"+ingress.ReleasedService(&list.Items[i]) == service {
			weight = b.asked(&list.Items[i])
		}
	}
	return weight
}

func (b *bench) asked(canary *networkingv1.Ingress) (weight int) {
	if _, err := fmt.Sscan(canary.Annotations["nginx.ingress.kubernetes.io/canary-weight"], &weight); err != nil {
		b.t.Fatal(err)
	}
	return weight
}

func (b *bench) find(key string, o client.Object) bool {
	namespace, name, _ := strings.Cut(key, "/")
	err := b.api.Get(b.t.Context(), types.NamespacedName{Namespace: namespace, Name: name}, o)
	if client.IgnoreNotFound(err) != nil {
		b.t.Fatal(err)
	}
	return err == nil
}

// ready counts the pods that a Service selects.
func (b *bench) ready(key string) int {
	s := &corev1.Service{}
	if !b.find(key, s) {
		return 0
	}
	n := b.readyPods(s.Spec.Selector)
	for _, set := range b.sets() {
		if set.Labels["pod-template-hash"] == s.Spec.Selector["pod-template-hash"] {
			n += int(set.Status.AvailableReplicas)
		}
	}
	return n
}

func (b *bench) sets() []appsv1.ReplicaSet {
	list := &appsv1.ReplicaSetList{}
	if err := b.api.List(b.t.Context(), list); err != nil {
		b.t.Fatal(err)
	}
	return list.Items
}

// cluster is what the native controllers do: pods are ready at once, endpoints follow, Services go with their owner.
func (b *bench) cluster() {
	b.t.Helper()
	ctx := b.t.Context()
	b.replaceInPlace()
	for _, set := range b.sets() {
		n := *set.Spec.Replicas
		ready := n
		if b.broken != "" && set.Spec.Template.Spec.Containers[0].Image == b.broken {
			ready = 0
		}
		if set.Status.Replicas != n || set.Status.AvailableReplicas != ready {
			set.Status.Replicas, set.Status.AvailableReplicas = n, ready
			b.must(b.api.Status().Update(ctx, &set))
		}
	}
	for _, name := range []string{"demo-stable", "demo-canary", "api-stable", "api-canary"} {
		slice := &discoveryv1.EndpointSlice{}
		found := b.find("default/"+name, slice)
		s := &corev1.Service{}
		if !b.find("default/"+name, s) {
			if found {
				b.must(b.api.Delete(ctx, slice))
			}
			continue
		}
		owner := &corev1.Service{}
		if len(s.OwnerReferences) > 0 && (!b.find("default/"+s.OwnerReferences[0].Name, owner) || owner.UID != s.OwnerReferences[0].UID) {
			b.must(b.api.Delete(ctx, s))
			continue
		}
		slice.ObjectMeta = metav1.ObjectMeta{Namespace: "default", Name: name, ResourceVersion: slice.ResourceVersion, Labels: map[string]string{discoveryv1.LabelServiceName: name}}
		slice.Endpoints = nil
		for i := range b.ready("default/" + name) {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.0.0.%d", i)}})
		}
		if found {
			b.must(b.api.Update(ctx, slice))
			continue
		}
		b.must(b.api.Create(ctx, slice))
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// settle runs everything until nothing is written any more. A controller that died is started again.
func (b *bench) settle() {
	b.t.Helper()
	for range 60 {
		before := len(b.writes)
		err := b.pass()
		switch {
		case b.dead:
			b.start()
			b.cluster()
			continue
		case err != nil:
			b.t.Fatalf("%v, after %s", err, strings.Join(b.writes, "; "))
		}
		b.cluster()
		if len(b.writes) == before {
			return
		}
	}
	b.t.Fatalf("it does not settle: %s", strings.Join(b.writes, "; "))
}

// pass is one pass over all Rollouts and TrafficRoutings.
func (b *bench) pass() error {
	rollouts, shared := &v1beta1.RolloutList{}, &v1alpha1.TrafficRoutingList{}
	b.must(b.api.List(b.t.Context(), rollouts))
	b.must(b.api.List(b.t.Context(), shared))
	for i := range rollouts.Items {
		if _, err := b.r.Reconcile(b.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&rollouts.Items[i])}); err != nil || b.dead {
			return err
		}
	}
	for i := range shared.Items {
		if _, err := (sharedReconciler{b.r}).Reconcile(b.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&shared.Items[i])}); err != nil || b.dead {
			return err
		}
	}
	return nil
}

// decide gives the decision for the Rollout of w as it is.
func (b *bench) decide(w *world) rollout.Decision {
	return rollout.Decision{Status: *w.rollout.Status.DeepCopy()}
}
