// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// routes are the part of the world that has real routes of one kind, in the place of the simple Ingress of the stories. What the traffic
// engine makes of them is written into real objects; where those lead is read from them as a gateway would. The rest of the world looks
// at that as at its Ingress with a canary.
type routes struct {
	kind    traffic.Kind
	now     written
	user    written // as the user wrote it
	matches []v1beta1.HTTPRouteMatch
	version int
	owner   int // counts the Services svc-stable
}

// written are the objects of one moment; none of them is changed, they are replaced.
type written struct {
	http            *unstructured.Unstructured
	ingress, canary *networkingv1.Ingress
}

const canaryBy = "nginx.ingress.kubernetes.io/canary-"

// by puts real routes of a kind in the place of the Ingress of a world at rest.
func by(kind traffic.Kind) func(*world) {
	return func(w *world) {
		if !w.routed() {
			return
		}
		w.real = &routes{kind: kind, version: 1}
		name := "demo"
		routings := []v1beta1.TrafficRouting{{Service: "svc", Ingress: &v1beta1.IngressRouting{Name: name}}}
		if kind == traffic.KindHTTPRoute {
			routings = []v1beta1.TrafficRouting{{Service: "svc", Gateway: &v1beta1.GatewayRouting{HTTPRouteName: &name}}}
		}
		switch {
		case w.shared != nil:
			w.shared.requests.Routings = routings
		case w.spec.Strategy.BlueGreen != nil:
			w.spec.Strategy.BlueGreen.TrafficRoutings = routings
		default:
			w.spec.Strategy.Canary.TrafficRoutings = routings
		}
		if w.real.user = userIngress(name); kind == traffic.KindHTTPRoute {
			w.real.user = userRoute(name)
		}
		w.real.now = w.real.user
		for _, r := range w.routers {
			r.hearRoutes(w)
		}
	}
}

func userIngress(name string) written {
	i := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: "route", ResourceVersion: "1"}}
	i.Spec.Rules = []networkingv1.IngressRule{{Host: "demo.example", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "svc"}}}}}}}}
	return written{ingress: i}
}

func userRoute(name string) written {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(gateway.GroupVersionKind(traffic.KindHTTPRoute))
	live.SetNamespace("default")
	live.SetName(name)
	live.SetUID("route")
	live.SetResourceVersion("1")
	live.Object["spec"] = map[string]any{"rules": []any{map[string]any{
		"matches":     []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}},
		"backendRefs": []any{map[string]any{"name": "svc", "port": int64(80), "weight": int64(1)}},
	}}}
	return written{http: live}
}

// leads reads where routes lead all requests, and of those which part goes to the new version.
func (h *routes) leads(is written) (backend string, canary *canaryIngress) {
	if is.http == nil {
		if is.canary != nil {
			weight, _ := strconv.Atoi(is.canary.Annotations[canaryBy+"weight"])
			canary = &canaryIngress{weight: int32(weight)}
			if len(rulesOf(is.canary)) > 0 {
				canary.matches = h.matches
			}
		}
		return is.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name, canary
	}
	for _, shares := range sharesOf(is.http) {
		first, weight, total, split := "", int32(0), int32(0), false
		for _, b := range shares {
			total += b.Weight
			if b.Service == "default/svc-canary" {
				weight, split = b.Weight, true
			} else if first == "" || b.Weight > 0 {
				first = strings.TrimPrefix(b.Service, "default/")
			}
		}
		if split && canary == nil {
			canary = &canaryIngress{}
		}
		if first == "" {
			canary.matches = h.matches
			continue
		}
		if backend = first; split && total > 0 {
			canary.weight = 100 * weight / total
		}
	}
	return backend, canary
}

// rulesOf are the rules by which a canary Ingress gets requests beside its share.
func rulesOf(i *networkingv1.Ingress) map[string]string {
	out := map[string]string{}
	for k, v := range i.Annotations {
		if rule, is := strings.CutPrefix(k, canaryBy+"by-"); is {
			out["canary-by-"+rule] = v
		}
	}
	return out
}

// routing is what the controller reads of the route and its Services.
func (w *world) routing() traffic.Routing {
	service := func(name string) *corev1.Service {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
		s.Spec.Selector, s.Spec.Ports = map[string]string{"app": "demo"}, []corev1.ServicePort{{Port: 80}}
		if name == "svc" {
			return s
		}
		hash, there := w.services[name]
		if !there {
			return nil
		}
		s.Labels, s.Spec.Selector[traffic.LabelVersion] = map[string]string{v1beta1.LabelRolloutName: "demo"}, hash
		owner := types.UID("stable-" + strconv.Itoa(w.real.owner))
		switch {
		case name == "svc-stable":
			s.UID = owner
		case w.orphan:
			s.OwnerReferences = []metav1.OwnerReference{{UID: "gone"}}
		default:
			s.OwnerReferences = []metav1.OwnerReference{{UID: owner}}
		}
		return s
	}
	r := traffic.Routing{
		Target: traffic.Target{Namespace: "default", Rollout: "demo", Service: "svc", Kind: w.real.kind, Route: "demo", Canary: "demo-canary", At: "spec.strategy.canary.trafficRoutings[0]"},
		Live: traffic.Objects{Service: service("svc"), Stable: service("svc-stable"), Canary: service("svc-canary"),
			Route: w.real.now.http, Ingress: w.real.now.ingress, CanaryIngress: w.real.now.canary,
			StableEndpoints: int32(len(w.slices["svc-stable"])), CanaryEndpoints: int32(len(w.slices["svc-canary"]))},
		Router: gateway.Router{},
	}
	if w.real.kind == traffic.KindIngress {
		r.Router = ingress.Router{}
	}
	return r
}

// served is what a router says it serves.
func (w *world) served(e *router) traffic.Replica {
	r := traffic.Replica{
		Stable: traffic.Use{Ready: e.proven("svc-stable"), Drained: e.idle(w.now, "svc-stable")},
		Canary: traffic.Use{Ready: e.proven("svc-canary"), Drained: e.idle(w.now, "svc-canary")},
	}
	if e.serves.http != nil {
		r.Route = &traffic.Served{UID: "route", ResourceVersion: e.serves.http.GetResourceVersion(), Accepted: true, Shares: sharesOf(e.serves.http)}
		return r
	}
	r.Route = &traffic.Served{UID: "route", ResourceVersion: e.serves.ingress.ResourceVersion, Accepted: true}
	if c := e.serves.canary; c != nil {
		r.CanaryRoute = &traffic.Served{UID: string(c.UID), ResourceVersion: c.ResourceVersion, Accepted: true, Percent: e.weight(), Rules: rulesOf(c)}
	}
	return r
}

// observeReal is what gather would see of the routes, by the traffic engine.
func (w *world) observeReal() Routes {
	seen := traffic.Seen{Ack: traffic.AckNone}
	if !w.noEdge {
		seen.Ack = traffic.AckKnown
		for _, e := range w.routers {
			seen.Replicas = append(seen.Replicas, w.served(e))
		}
	}
	s := traffic.Observe([]traffic.Routing{w.routing()}, []traffic.Seen{seen})
	return Routes{
		Problem: s.Problem, Canary: s.Canary, Weight: s.Weight, Matches: s.Matches, Modifier: s.Modifier,
		Services: s.Services, AnyService: s.AnyService, StableHash: s.StableHash, CanaryHash: s.CanaryHash,
		Switched: s.Switched, StableEndpoints: s.StableEndpoints, CanaryEndpoints: s.CanaryEndpoints,
		Ack: Ack(s.Ack), CanaryServed: s.CanaryServed, SwitchServed: s.SwitchServed, WeightLow: s.WeightLow, WeightHigh: s.WeightHigh,
		CanaryRefused: s.CanaryRefused, RouteRefused: s.RouteRefused, MatchesServed: s.MatchesServed, AnyMatches: s.AnyMatches,
		StableSeen: s.StableSeen, CanarySeen: s.CanarySeen, StableDrained: s.StableDrained, CanaryDrained: s.CanaryDrained, Rejected: s.Rejected,
	}
}

// sharesOf are the backends of an HTTPRoute as a gateway tells them.
func sharesOf(route *unstructured.Unstructured) [][]traffic.Share {
	rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
	var all [][]traffic.Share
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		refs, _, _ := unstructured.NestedSlice(rule, "backendRefs")
		var shares []traffic.Share
		for _, ref := range refs {
			is, _ := ref.(map[string]any)
			name, _ := is["name"].(string)
			weight, _ := is["weight"].(int64)
			shares = append(shares, traffic.Share{Service: "default/" + name, Weight: int32(weight)})
		}
		all = append(all, shares)
	}
	return all
}

// routeReal makes the writes of the traffic engine.
func (w *world) routeReal(want Route, say func()) {
	writes, err := traffic.Plan([]traffic.Routing{w.routing()}, traffic.Intent{
		Canary: want.Canary, Services: want.Services, Switched: want.Switched, Weight: want.Weight, Matches: want.Matches, Modifier: want.Modifier,
		StableHash: want.StableHash, CanaryHash: want.CanaryHash,
	})
	if err != nil {
		w.fail("planning routes: %v", err)
	}
	for _, write := range writes {
		say()
		w.apply(write, want)
		w.wrote("%s", write.What)
	}
}

// apply makes one write as the API server would.
func (w *world) apply(write traffic.Write, want Route) {
	next := w.real.now
	switch {
	case write.Patch != nil:
		switch o := write.Patch.Object.(type) {
		case *corev1.Service:
			w.patchService(o, write.Patch.Ops)
			return
		case *unstructured.Unstructured:
			next.http = &unstructured.Unstructured{}
			w.patched(w.real.now.http, write.Patch.Ops, next.http)
			trim(next.http)
		case *networkingv1.Ingress:
			live := &next.ingress
			if o.Name != next.ingress.Name {
				live = &next.canary
			}
			was := *live
			*live = &networkingv1.Ingress{}
			w.patched(was, write.Patch.Ops, *live)
			trim(*live)
		}
	case write.Create != nil:
		switch o := write.Create.DeepCopyObject().(type) {
		case *corev1.Service:
			w.createService(o)
			return
		case *networkingv1.Ingress:
			o.UID = types.UID("canary-" + strconv.Itoa(w.real.version))
			next.canary = o
		}
	default:
		if _, service := write.Delete.(*corev1.Service); service {
			w.loseServices()
			return
		}
		next.canary = nil
	}
	w.real.matches = want.Matches
	w.becomesReal(next)
}

// trim takes an empty map of annotations off: the API server stores none.
func trim(o metav1.Object) {
	if len(o.GetAnnotations()) == 0 {
		o.SetAnnotations(nil)
	}
}

// becomesReal replaces the routes, where the laws about weights and matches hold as for any.
func (w *world) becomesReal(next written) {
	w.real.version++
	version := strconv.Itoa(w.real.version)
	if next.http != w.real.now.http {
		next.http.SetResourceVersion(version)
	}
	if next.ingress != w.real.now.ingress {
		next.ingress.ResourceVersion = version
	}
	if next.canary != nil && next.canary != w.real.now.canary {
		next.canary.ResourceVersion = version
	}
	w.real.now = next
	backend, canary := w.real.leads(next)
	if w.canary != nil && canary != nil {
		w.mayWeigh(canary.weight, canary.matches)
	}
	w.backend, w.canary = backend, canary
}

func (w *world) createService(s *corev1.Service) {
	w.repoint(s.Name, s.Spec.Selector[traffic.LabelVersion])
	if s.Name == "svc-stable" {
		w.real.owner++
		return
	}
	w.orphan = false
}

func (w *world) patchService(s *corev1.Service, ops []traffic.Op) {
	next := &corev1.Service{}
	w.patched(s, ops, next)
	w.repoint(s.Name, next.Spec.Selector[traffic.LabelVersion])
	w.orphan = w.orphan && (s.Name != "svc-canary" || next.OwnerReferences[0].UID == "gone")
}

// patched makes a JSON patch. Where somebody was faster the pass ends.
func (w *world) patched(o any, ops []traffic.Op, into any) {
	text, err := json.Marshal(ops)
	if err != nil {
		w.t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		w.t.Fatal(err)
	}
	before, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	after, err := patch.Apply(before)
	if err != nil {
		w.tell("   ! the write is refused: %v", err)
		panic(refused{})
	}
	if is, route := into.(*unstructured.Unstructured); route {
		err = is.UnmarshalJSON(after)
	} else {
		err = json.Unmarshal(after, into)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// lose deletes the canary Ingress, or puts the rules of the HTTPRoute back as the user wrote them, as GitOps does.
func (h *routes) lose(w *world) {
	next := h.now
	if next.canary = nil; h.kind == traffic.KindHTTPRoute {
		next.http = h.now.http.DeepCopy()
		next.http.Object["spec"] = h.user.http.DeepCopy().Object["spec"]
		w.emergent = true // until that is repaired it leads to every pod
	}
	w.canary = nil // it is nobody's decision
	w.becomesReal(next)
}

// TestEveryReleaseByRealRoutes plays all stories once more with each kind of route, by the traffic engine as it is: strategies and kinds
// of workloads by routes of both kinds, in seeded orders, and with a controller that dies. In the end the routes are as the user wrote
// them.
func TestEveryReleaseByRealRoutes(t *testing.T) {
	stories := merged(scenarios(), styleScenarios(), abortScenarios(), jumpScenarios(), wayBackScenarios(), sharedScenarios())
	for kind, seeds := range map[traffic.Kind]int{traffic.KindHTTPRoute: max(*orders/200, 1), traffic.KindIngress: max(*orders/400, 1)} {
		for name, s := range stories {
			if strings.HasPrefix(name, "parallel-") {
				continue // as the ordered StatefulSet's
			}
			t.Run(string(kind)+"-"+name, func(t *testing.T) {
				t.Parallel()
				ends := s.ends
				s.ends = func(w *world) error {
					if w.real != nil && w.canary == nil && w.backend == "svc" {
						w.real.asBefore(w)
					}
					return ends(w)
				}
				calm := s.play(t, by(kind))
				if calm.failed || calm.real == nil {
					return
				}
				for seed := range seeds {
					if w := s.play(t, func(w *world) { by(kind)(w); seeded(int64(seed + 1))(w) }); w.failed {
						t.Fatalf("seed %d", seed+1)
					}
				}
				for k := 1; k <= min(calm.writes, 60); k += 16 / seeds {
					if w := s.play(t, func(w *world) { by(kind)(w); w.crashAt = k }); w.failed {
						t.Fatalf("killed after write %d", k)
					}
				}
			})
		}
	}
}

// asBefore says that nothing of a release is left on the user's route.
func (h *routes) asBefore(w *world) {
	text := func(is written) string {
		out := map[string]any{}
		if is.http != nil {
			out["spec"], out["annotations"] = is.http.Object["spec"], is.http.GetAnnotations()
		} else {
			out["spec"], out["annotations"] = is.ingress.Spec, is.ingress.Annotations
		}
		raw, err := json.Marshal(out)
		if err != nil {
			w.t.Fatal(err)
		}
		return string(raw)
	}
	if is, was := text(h.now), text(h.user); is != was {
		w.fail("the route is %s, and was %s", is, was)
	}
}
