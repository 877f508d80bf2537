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

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
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

func (b *bench) rollout() *v1beta1.Rollout {
	b.t.Helper()
	return b.rolloutOf("demo")
}

func (b *bench) rolloutOf(name string) *v1beta1.Rollout {
	b.t.Helper()
	ro := &v1beta1.Rollout{}
	if !b.find("default/"+name, ro) {
		b.t.Fatalf("the Rollout %s is gone", name)
	}
	return ro
}

// ask edits the plan, as a canary step does.
func (b *bench) ask(release, share string) {
	b.t.Helper()
	b.askOf("demo", release, share)
}

func (b *bench) askOf(name, release, share string) {
	b.t.Helper()
	ro := b.rolloutOf(name)
	ro.Spec.ReleaseID = release
	ro.Spec.Strategy.Canary.Steps = []v1beta1.Step{{Traffic: &share}}
	ro.Generation++
	b.must(b.api.Update(b.t.Context(), ro))
}

// apply changes the Deployment's template.
func (b *bench) apply(release, image string) {
	b.t.Helper()
	b.applyTo("demo", release, image)
}

func (b *bench) applyTo(name, release, image string) {
	b.t.Helper()
	d := &appsv1.Deployment{}
	if !b.find("default/"+name, d) {
		b.t.Fatalf("the Deployment %s is gone", name)
	}
	d.Labels[corev1beta1.LabelAppRevision] = release
	d.Spec.Template.Spec.Containers[0].Image = image
	d.Generation++
	b.must(b.api.Update(b.t.Context(), d))
	d.Status.ObservedGeneration = d.Generation
	b.must(b.api.Status().Update(b.t.Context(), d))
}

// state is what has to be the same at the end, whatever happened on the way.
func (b *bench) state() string {
	b.t.Helper()
	var out []string
	for _, s := range b.sets() {
		out = append(out, fmt.Sprintf("%s: %d", s.Spec.Template.Spec.Containers[0].Image, *s.Spec.Replicas))
	}
	d, i := &appsv1.Deployment{}, &networkingv1.Ingress{}
	b.find("default/demo", d)
	b.find("default/demo", i)
	out = append(out, fmt.Sprintf("paused %v, %s, %v", d.Spec.Paused, d.Spec.Strategy.Type, d.Annotations), i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name)
	services := &corev1.ServiceList{}
	b.must(b.api.List(b.t.Context(), services))
	for _, s := range services.Items {
		out = append(out, "Service "+s.Name)
	}
	ro := b.rollout()
	return strings.Join(append(out, fmt.Sprint(ro.Status.Phase, " ", ro.Status.CurrentStepState, " ", ro.Status.Message)), "\n")
}

// demo is five pods of v1 behind a Service and an Ingress, and a Rollout at rest.
func demo() []client.Object { return app("demo") }

// app is demo by another name.
func app(name string) []client.Object {
	five := int32(5)
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-" + name), Generation: 1, Labels: map[string]string{corev1beta1.LabelAppRevision: name + "-v1"}},
		Spec: appsv1.DeploymentSpec{Replicas: &five, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: "v1"}}}}},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1},
	}
	set := workload.NewReplicaSet(d, nil, workload.Hash(d.Spec.Template, nil), 5)
	set.Annotations[workload.AnnotationDesired] = "5"
	set.Status = appsv1.ReplicaSetStatus{Replicas: 5, AvailableReplicas: 5}
	kind := networkingv1.PathTypePrefix
	share := "20%"
	return []client.Object{d, set,
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80}}}},
		&networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-ingress-" + name)}, Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: name + ".example", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &kind, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		}}}},
		&v1beta1.Rollout{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Generation: 1, Finalizers: []string{v1beta1.Finalizer}}, Spec: v1beta1.RolloutSpec{
			WorkloadRef: v1beta1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: name}, ReleaseID: name + "-v1",
			Strategy: v1beta1.Strategy{Canary: &v1beta1.CanaryStrategy{Steps: []v1beta1.Step{{Traffic: &share}},
				TrafficRoutings: []v1beta1.TrafficRouting{{Service: name, Ingress: &v1beta1.IngressRouting{Name: name}}}}},
		}},
	}
}

func whole(b *bench) {
	b.settle()
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.ask("demo-v2", "50%")
	b.settle()
	b.ask("demo-v2", "100%")
	b.settle()
}

func takenBack(b *bench) {
	b.settle()
	b.ask("demo-v2", "50%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.apply("demo-v1", "v1")
	b.settle()
}

func TestKilledAfterEachWriteItEndsTheSame(t *testing.T) {
	for name, play := range map[string]func(*bench){"a release": whole, "a release taken back": takenBack} {
		t.Run(name, func(t *testing.T) {
			calm := newBench(t, demo()...)
			play(calm)
			want := calm.state()
			t.Logf("%d writes: %s\n%s", len(calm.writes), strings.Join(calm.writes, "; "), want)
			for k := 1; k <= len(calm.writes); k++ {
				b := newBench(t, demo()...)
				b.killAt = k
				play(b)
				if diff := cmp.Diff(want, b.state()); diff != "" {
					t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
				}
			}
		})
	}
}

func TestWritesAndEventsOfARelease(t *testing.T) {
	b := newBench(t, demo()...)
	whole(b)
	// One status for the release that was there before, and one hold and its end for the Application.
	if n := len(b.writes) - 1; n > 22 {
		t.Errorf("%d writes, want 22 at most: %s", n, strings.Join(b.writes, "; "))
	}
	if diff := cmp.Diff([]string{"Completed"}, b.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	b.writes = nil
	b.settle()
	if len(b.writes) > 0 {
		t.Errorf("at rest it writes: %s", strings.Join(b.writes, "; "))
	}
}

func TestAnApprovalThatComesInBetweenIsKept(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	stale := b.rollout()
	newer := b.rollout()
	newer.Status.Message = "somebody else wrote"
	b.must(b.api.Status().Update(t.Context(), newer))
	w := &world{rollout: stale}
	decision := b.decide(w)
	decision.Status.Message, decision.Lazy = "ours", false
	if _, err := b.r.report(t.Context(), w, decision); !apierrors.IsConflict(err) {
		t.Errorf("a status about an older object is written: %v", err)
	}
}

func TestAPassingStateIsWrittenOnlyIfItLasts(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	w := &world{rollout: b.rollout()}
	d := b.decide(w)
	d.Status.Message, d.Lazy = "passing", true
	for _, step := range []struct {
		after time.Duration
		want  time.Duration
		says  string
	}{
		{0, time.Second, "the first look waits"},
		{400 * time.Millisecond, 600 * time.Millisecond, "a second look waits for the rest"},
		{600 * time.Millisecond, 0, "what lasted a second is written"},
	} {
		b.clock.Step(step.after)
		wait, err := b.r.report(t.Context(), w, d)
		if err != nil || wait != step.want {
			t.Errorf("%s: waits %s, error %v; want %s", step.says, wait, err, step.want)
		}
	}
	if b.rollout().Status.Message != "passing" {
		t.Error("it was not written")
	}
}

func TestANameThatIsTakenIsNotOurs(t *testing.T) {
	for name, owned := range map[string]bool{"by an older version with the same hash": true, "by somebody else": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, demo()...)
			b.settle()
			b.ask("demo-v2", "20%")
			b.settle()
			d := &appsv1.Deployment{}
			b.find("default/demo", d)
			d.Spec.Template.Spec.Containers[0].Image = "v2"
			other := workload.NewReplicaSet(d, nil, workload.Hash(d.Spec.Template, nil), 0)
			other.Spec.Template.Spec.Containers[0].Image = "else"
			if !owned {
				other.OwnerReferences = nil
			}
			b.must(b.api.Create(t.Context(), other))
			b.apply("demo-v2", "v2")
			b.settle()
			sizes := map[string]int32{}
			for _, s := range b.sets() {
				sizes[s.Spec.Template.Spec.Containers[0].Image] = *s.Spec.Replicas
			}
			if diff := cmp.Diff(map[string]int32{"v1": 4, "v2": 1, "else": 0}, sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARolloutWithoutFinalizerGetsOne(t *testing.T) {
	objects := demo()
	objects[len(objects)-1].SetFinalizers(nil)
	b := newBench(t, objects...)
	b.settle()
	if got := b.rollout().Finalizers; len(got) != 1 || got[0] != v1beta1.Finalizer {
		t.Errorf("finalizers %v", got)
	}
}

func TestADeletedRolloutGivesEverythingBackAndGoes(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.must(b.api.Delete(t.Context(), b.rollout()))
	b.settle()
	if b.find("default/demo", &v1beta1.Rollout{}) {
		t.Fatalf("the Rollout is still there: %s", b.state())
	}
	if b.find("default/demo-canary", &networkingv1.Ingress{}) {
		t.Error("the canary Ingress is left behind")
	}
	d := &appsv1.Deployment{}
	if b.find("default/demo", d); d.Spec.Paused || len(d.Annotations) > 0 {
		t.Errorf("the Deployment is not given back: paused %v, %v", d.Spec.Paused, d.Annotations)
	}
}
