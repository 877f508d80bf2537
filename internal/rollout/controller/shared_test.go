// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// entry is a TrafficRouting that gives the new versions of demo and of api a share of 30 %.
func entry() *v1alpha1.TrafficRouting {
	weight := int32(30)
	tr := &v1alpha1.TrafficRouting{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "entry", Generation: 1}}
	tr.Spec.Strategy.Weight = &weight
	for _, name := range []string{"demo", "api"} {
		tr.Spec.ObjectRef = append(tr.Spec.ObjectRef, v1beta1.TrafficRouting{Service: name, Ingress: &v1beta1.IngressRouting{Name: name}})
	}
	return tr
}

// sharing are demo and api, whose Rollouts name the TrafficRouting entry: one by the field, one by the annotation.
func sharing() []client.Object {
	objects := append(app("demo"), app("api")...)
	for _, o := range objects {
		if ro, is := o.(*v1beta1.Rollout); is {
			ro.Spec.Strategy.Canary.TrafficRoutings = nil
			if ro.Name == "demo" {
				ro.Spec.Strategy.Canary.TrafficRoutingRef = "entry"
				continue
			}
			ro.Annotations = map[string]string{v1beta1.AnnotationTrafficRouting: "entry"}
		}
	}
	return objects
}

// to releases v2 of an application, or takes its release further.
func (b *bench) to(name, share string) {
	b.t.Helper()
	b.askOf(name, name+"-v2", share)
	b.settle()
	b.applyTo(name, name+"-v2", "v2")
	b.settle()
}

// routing tells of the TrafficRouting in one line.
func (b *bench) routing() string {
	b.t.Helper()
	tr := &v1alpha1.TrafficRouting{}
	if !b.find("default/entry", tr) {
		return "gone"
	}
	var marks []string
	for _, f := range tr.Finalizers {
		if name, is := strings.CutPrefix(f, v1alpha1.FinalizerProgressing); is {
			marks = append(marks, name)
		}
	}
	slices.Sort(marks)
	return strings.TrimSpace(string(tr.Status.Phase) + " " + strings.Join(marks, " "))
}

// shares are the weights of the canary Ingresses of demo and api; -1 where there is none.
func (b *bench) shares() map[string]int {
	b.t.Helper()
	out := map[string]int{}
	for _, name := range []string{"demo", "api"} {
		if out[name] = -1; b.find("default/"+name+"-canary", &networkingv1.Ingress{}) {
			out[name] = b.weight("default/" + name)
		}
	}
	return out
}

func (b *bench) wants(when string, shares map[string]int, routing string) {
	b.t.Helper()
	if diff := cmp.Diff(shares, b.shares()); diff != "" {
		b.t.Errorf("%s: weights (-want +got):\n%s", when, diff)
	}
	if got := b.routing(); got != routing {
		b.t.Errorf("%s: the TrafficRouting is %q, want %q", when, got, routing)
	}
}

func TestTwoRolloutsShareATrafficRouting(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.wants("before", map[string]int{"demo": -1, "api": -1}, "Healthy")
	b.to("demo", "20%")
	b.wants("one release is under way", map[string]int{"demo": 30, "api": -1}, "Progressing demo")
	b.to("api", "50%")
	b.wants("both are", map[string]int{"demo": 30, "api": 30}, "Progressing api demo")
	b.to("demo", "50%")
	b.wants("a step is about pods", map[string]int{"demo": 30, "api": 30}, "Progressing api demo")
	b.to("demo", "100%")
	b.wants("one is over", map[string]int{"demo": -1, "api": 30}, "Progressing api")
	b.applyTo("api", "api-v1", "v1")
	b.settle()
	b.wants("the other one is taken back", map[string]int{"demo": -1, "api": -1}, "Healthy")
	if diff := cmp.Diff("api demo", b.services()); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	for _, name := range []string{"demo", "api"} {
		i := &networkingv1.Ingress{}
		if b.find("default/"+name, i); i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name != name || len(i.Annotations) > 0 {
			t.Errorf("the Ingress %s is not as before: %v", name, i)
		}
	}
}

// The traffic leaves the version that is taken back in the first pass after that is known, whatever the other release does.
func TestARollbackOfOneOfTwoIsAtOnceAndLeavesTheOtherAlone(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.to("demo", "50%")
	b.to("api", "50%")
	b.applyTo("demo", "demo-v1", "v1")
	b.must(b.pass())
	b.wants("after one pass", map[string]int{"demo": 0, "api": 30}, "Progressing api demo")
	b.settle()
	b.wants("in the end", map[string]int{"demo": -1, "api": 30}, "Progressing api")
}

func TestAReleaseWaitsForItsTrafficRouting(t *testing.T) {
	deleted := entry()
	now := metav1.Now()
	deleted.DeletionTimestamp, deleted.Finalizers = &now, []string{"a.example/keeps-it"}
	elsewhere := entry()
	elsewhere.Spec.ObjectRef[0].Service = "nowhere"
	for name, c := range map[string]struct {
		is   *v1alpha1.TrafficRouting
		says string
	}{
		"that does not exist":                       {nil, "the TrafficRouting entry named in spec.strategy.canary.trafficRoutingRef does not exist in namespace default; create it or correct the name"},
		"that is being deleted":                     {deleted, "the TrafficRouting entry is being deleted; create it anew, or name another one in spec.strategy.canary.trafficRoutingRef"},
		"that names a Service which does not exist": {elsewhere, "the Service nowhere named in the TrafficRouting entry's spec.objectRef[0].service does not exist in namespace default; create it or correct the name"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := sharing()
			if c.is != nil {
				objects = append(objects, c.is.DeepCopy())
			}
			b := newBench(t, objects...)
			b.settle()
			b.to("demo", "20%")
			b.clock.Step(2 * time.Second) // what lasts is told
			b.settle()
			ro := b.rollout()
			if ro.Status.Message != c.says || ro.Status.CurrentStepState != v1beta1.StepBefore {
				t.Errorf("it says %s %q, want %q", ro.Status.CurrentStepState, ro.Status.Message, c.says)
			}
			b.wants("meanwhile", map[string]int{"demo": -1, "api": -1}, b.routing())
			is := &v1alpha1.TrafficRouting{}
			switch {
			case !b.find("default/entry", is):
				b.must(b.api.Create(t.Context(), entry()))
			case is.DeletionTimestamp != nil:
				is.Finalizers = nil
				b.must(b.api.Update(t.Context(), is))
				b.must(b.api.Create(t.Context(), entry()))
			default:
				is.Spec = entry().Spec
				b.must(b.api.Update(t.Context(), is))
			}
			b.settle()
			b.wants("once it is there", map[string]int{"demo": 30, "api": -1}, "Progressing demo")
		})
	}
}

func TestADeletedTrafficRoutingStaysUntilItsReleasesAreOver(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.to("demo", "50%")
	b.must(b.api.Delete(t.Context(), entry()))
	b.settle()
	b.wants("deleted half-way", map[string]int{"demo": 30, "api": -1}, "Terminating demo")
	b.to("demo", "100%")
	b.wants("at the end of the release", map[string]int{"demo": -1, "api": -1}, "gone")
	if ro := b.rollout(); ro.Status.Phase != v1beta1.PhaseHealthy {
		t.Errorf("the Rollout is %s: %s", ro.Status.Phase, ro.Status.Message)
	}
}

func TestARolloutThatGoesTakesItsMarkAlong(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.to("demo", "50%")
	b.must(b.api.Delete(t.Context(), b.rollout()))
	b.settle()
	b.wants("the Rollout is deleted", map[string]int{"demo": -1, "api": -1}, "Healthy")
	b.to("api", "50%")
	ro := b.rolloutOf("api")
	ro.Finalizers = nil
	b.must(b.api.Update(t.Context(), ro))
	b.must(b.api.Delete(t.Context(), ro))
	b.settle()
	if got := b.routing(); strings.Contains(got, "api") {
		t.Errorf("the mark of a Rollout that somebody tore away is left: %s", got)
	}
}

func TestAReleaseKeepsToTheTrafficRoutingThatItBeganBy(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.to("demo", "50%")
	ro := b.rollout()
	ro.Spec.Strategy.Canary.TrafficRoutingRef = ""
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro)) // admission refuses it, but it may have happened before there was any
	b.settle()
	b.wants("it is not named any more", map[string]int{"demo": 30, "api": -1}, "Progressing demo")
	b.to("demo", "100%")
	b.wants("the release is over", map[string]int{"demo": -1, "api": -1}, "Healthy")
}

func TestSharingKilledAfterEachWriteEndsTheSame(t *testing.T) {
	play := func(b *bench) {
		b.settle()
		b.to("demo", "50%")
		b.to("api", "50%")
		b.to("demo", "100%")
		b.applyTo("api", "api-v1", "v1")
		b.settle()
	}
	calm := newBench(t, append(sharing(), entry())...)
	play(calm)
	want := calm.state() + calm.routing()
	for k := 1; k <= len(calm.writes); k += 3 { // a third of the writes is a story of each of the two
		b := newBench(t, append(sharing(), entry())...)
		b.killAt = k
		play(b)
		if diff := cmp.Diff(want, b.state()+b.routing()); diff != "" {
			t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
		}
	}
}

func TestAWorkloadWithoutARouteIsReleasedByItsPodsAlone(t *testing.T) {
	tr := entry()
	tr.Spec.ObjectRef = tr.Spec.ObjectRef[:1] // to demo
	b := newBench(t, append(sharing(), tr)...)
	b.settle()
	b.to("api", "40%")
	b.wants("api has pods of v2", map[string]int{"demo": -1, "api": -1}, "Progressing api")
	if says := b.rolloutOf("api").Status.Message; !strings.Contains(says, "no Service of the TrafficRouting entry selects its pods") {
		t.Errorf("it says nothing of that: %q", says)
	}
	sizes := map[string]int32{}
	for _, s := range b.sets() {
		if s.Labels["app"] == "api" {
			sizes[s.Spec.Template.Spec.Containers[0].Image] = *s.Spec.Replicas
		}
	}
	if diff := cmp.Diff(map[string]int32{"v1": 3, "v2": 2}, sizes); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
}

func TestTheRequestsOfATrafficRoutingAreFollowed(t *testing.T) {
	objects := byHTTPRoute(t, false)
	tr := entry()
	route := "demo"
	tr.Spec.ObjectRef = []v1beta1.TrafficRouting{{Service: "demo", Gateway: &v1beta1.GatewayRouting{HTTPRouteName: &route}}}
	tr.Spec.Strategy = v1alpha1.TrafficRoutingStrategy{
		Matches:               []v1beta1.HTTPRouteMatch{{Headers: []gatewayv1.HTTPHeaderMatch{{Name: "X-Lane", Value: "gray"}}}},
		RequestHeaderModifier: &gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{Name: "X-Seen-By", Value: "entry"}}},
	}
	for _, o := range objects {
		if ro, is := o.(*v1beta1.Rollout); is {
			ro.Spec.Strategy.Canary.TrafficRoutings, ro.Spec.Strategy.Canary.TrafficRoutingRef = nil, "entry"
		}
	}
	b := newBench(t, append(objects, tr)...)
	b.settle()
	b.to("demo", "40%")
	live := &gatewayv1.HTTPRoute{}
	b.find("default/demo", live)
	text := ""
	for _, r := range live.Spec.Rules {
		for _, m := range r.Matches {
			for _, h := range m.Headers {
				text += string(h.Name) + "=" + h.Value + " "
			}
		}
		for _, ref := range r.BackendRefs {
			for _, f := range ref.Filters {
				text += string(ref.Name) + " sets " + string(f.RequestHeaderModifier.Set[0].Name) + " "
			}
		}
	}
	if !strings.Contains(text, "X-Lane=gray") || !strings.Contains(text, "demo-canary sets X-Seen-By") {
		t.Errorf("the route does not lead the requests of the TrafficRouting: %q", text)
	}
	b.to("demo", "100%")
	if b.find("default/demo", live); len(live.Spec.Rules) != 1 || len(live.Spec.Rules[0].BackendRefs) != 1 {
		t.Errorf("the route is not as before: %v", live.Spec.Rules)
	}
}

// Whatever a release by a TrafficRouting waits for wakes the Rollouts that name it, and the TrafficRouting itself.
func TestWhatATrafficRoutingNamesWakesItsRollouts(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	m := mapper{b.api}
	names := func(all []reconcile.Request) string {
		var out []string
		for _, req := range all {
			out = append(out, req.Name)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, about := range []string{"TrafficRouting/entry", "Service/demo", "Service/api-stable", "Endpoints/demo-canary", "Ingress/api", "Ingress/api-canary", "Ingress/demo-canary-demo"} {
		kind, name, _ := strings.Cut(about, "/")
		if got := names(m.about(t.Context(), "default", kind, name)); got != "api demo" {
			t.Errorf("%s wakes the Rollouts %q, want both", about, got)
		}
		if got := names(m.sharing(t.Context(), "default", kind, name)); got != "entry" && kind != kindTrafficRouting {
			t.Errorf("%s wakes the TrafficRoutings %q, want entry", about, got)
		}
	}
	if got := names(m.about(t.Context(), "default", "Service", "other")); got != "" {
		t.Errorf("what nobody names wakes %q", got)
	}
	b.settle()
	b.to("demo", "20%")
	if got := names(m.marked(t.Context(), b.rollout())); got != "entry" {
		t.Errorf("the Rollout wakes the TrafficRoutings %q, want the one that it marked", got)
	}
}

// However it came to that: who was not among the requests that a person chose does not get the new version.
func TestAReleaseKeepsItsRequestsWhenItsTrafficRoutingSaysNothingAnyMore(t *testing.T) {
	b := newBench(t, append(sharing(), entry())...)
	b.settle()
	b.to("demo", "50%")
	tr := &v1alpha1.TrafficRouting{}
	b.find("default/entry", tr)
	tr.Spec = v1alpha1.TrafficRoutingSpec{}
	b.must(b.api.Update(t.Context(), tr))
	b.settle()
	b.clock.Step(2 * lasting)
	b.settle()
	b.wants("it is empty", map[string]int{"demo": 30, "api": -1}, "Progressing demo")
	if got := b.rollout().Status.Message; !strings.Contains(got, "the TrafficRouting entry can't be followed: spec.objectRef: is empty") {
		t.Errorf("nobody is told: %s", got)
	}
	b.applyTo("demo", "demo-v1", "v1")
	b.settle()
	b.wants("taken back all the same", map[string]int{"demo": -1, "api": -1}, "Initial")
}
