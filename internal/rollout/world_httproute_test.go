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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// httpRoute is the part of the world that has an HTTPRoute in the place of the Ingress. What the traffic engine makes of it is
// written into a real one; where that leads is read from its backendRefs, as a gateway would. The rest of the world looks at it as
// at an Ingress with its canary.
type httpRoute struct {
	live    *unstructured.Unstructured
	written any // the rules as the user wrote them
	matches []v1beta1.HTTPRouteMatch
	owner   int // counts the Services svc-stable
}

// byHTTPRoute puts an HTTPRoute in the place of the Ingress of a world at rest.
func byHTTPRoute(w *world) {
	name := "demo"
	routings := []v1beta1.TrafficRouting{{Service: "svc", Gateway: &v1beta1.GatewayRouting{HTTPRouteName: &name}}}
	switch {
	case !w.routed():
		return
	case w.shared != nil:
		w.shared.requests.Routings = routings
	case w.spec.Strategy.BlueGreen != nil:
		w.spec.Strategy.BlueGreen.TrafficRoutings = routings
	default:
		w.spec.Strategy.Canary.TrafficRoutings = routings
	}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(gateway.GroupVersionKind(traffic.KindHTTPRoute))
	live.SetNamespace("default")
	live.SetName(name)
	live.SetUID("route")
	live.SetResourceVersion("1")
	rules := []any{map[string]any{
		"matches":     []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}},
		"backendRefs": []any{map[string]any{"name": "svc", "port": int64(80), "weight": int64(1)}},
	}}
	live.Object["spec"] = map[string]any{"rules": rules}
	w.http = &httpRoute{live: live, written: live.DeepCopy().Object["spec"]}
	for _, r := range w.routers {
		r.hearRoutes(w)
	}
}

// leads reads where an HTTPRoute leads all requests, and of those which part goes to the new version.
func (h *httpRoute) leads(route *unstructured.Unstructured) (backend string, canary *canaryIngress) {
	rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
	var matches []v1beta1.HTTPRouteMatch
	weight, split := int32(0), false
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		refs, _, _ := unstructured.NestedSlice(rule, "backendRefs")
		weights, first, total := map[string]int64{}, "", int64(0)
		for _, ref := range refs {
			is, _ := ref.(map[string]any)
			name, _ := is["name"].(string)
			n, _ := is["weight"].(int64)
			weights[name], total = n, total+n
			if name != "svc-canary" && (first == "" || n > 0) {
				first = name
			}
			split = split || name == "svc-canary"
		}
		if first == "" {
			matches = h.matches
			continue
		}
		if backend = first; total > 0 {
			weight = int32(100 * weights["svc-canary"] / total)
		}
	}
	if split {
		canary = &canaryIngress{weight: weight, matches: matches}
	}
	return backend, canary
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
		owner := types.UID("stable-" + strconv.Itoa(w.http.owner))
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
	return traffic.Routing{
		Target: traffic.Target{Namespace: "default", Rollout: "demo", Service: "svc", Kind: traffic.KindHTTPRoute, Route: "demo", At: "spec.strategy.canary.trafficRoutings[0]"},
		Live: traffic.Objects{Service: service("svc"), Stable: service("svc-stable"), Canary: service("svc-canary"), Route: w.http.live,
			StableEndpoints: int32(len(w.slices["svc-stable"])), CanaryEndpoints: int32(len(w.slices["svc-canary"]))},
		Router: gateway.Router{},
	}
}

// observeHTTP is what gather would see of the HTTPRoute, by the traffic engine.
func (w *world) observeHTTP() Routes {
	seen := traffic.Seen{Ack: traffic.AckNone}
	if !w.noEdge {
		seen.Ack = traffic.AckKnown
		for _, e := range w.routers {
			seen.Replicas = append(seen.Replicas, traffic.Replica{
				Route:  &traffic.Served{UID: "route", ResourceVersion: e.route.GetResourceVersion(), Accepted: true, Shares: sharesOf(e.route)},
				Stable: traffic.Use{Ready: e.proven("svc-stable"), Drained: e.idle(w.now, "svc-stable")},
				Canary: traffic.Use{Ready: e.proven("svc-canary"), Drained: e.idle(w.now, "svc-canary")},
			})
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

// routeHTTP makes the writes of the traffic engine.
func (w *world) routeHTTP(want Route, say func()) {
	writes, err := traffic.Plan([]traffic.Routing{w.routing()}, traffic.Intent{
		Canary: want.Canary, Services: want.Services, Switched: want.Switched, Weight: want.Weight, Matches: want.Matches, Modifier: want.Modifier,
		StableHash: want.StableHash, CanaryHash: want.CanaryHash,
	})
	if err != nil {
		w.fail("planning routes: %v", err)
	}
	for _, write := range writes {
		say()
		switch {
		case write.Create != nil:
			w.createService(write.Create.(*corev1.Service))
		case write.Delete != nil:
			w.loseServices()
		case write.Patch.Object == w.http.live:
			w.patchRoute(write.Patch.Ops, want)
		default:
			w.patchService(write.Patch.Object.(*corev1.Service), write.Patch.Ops)
		}
		w.wrote("%s", write.What)
	}
}

func (w *world) createService(s *corev1.Service) {
	w.repoint(s.Name, s.Spec.Selector[traffic.LabelVersion])
	if s.Name == "svc-stable" {
		w.http.owner++
		return
	}
	w.orphan = false
}

func (w *world) patchService(s *corev1.Service, ops []traffic.Op) {
	next := &corev1.Service{}
	if w.patched(s, ops, next) {
		w.repoint(s.Name, next.Spec.Selector[traffic.LabelVersion])
		w.orphan = w.orphan && (s.Name != "svc-canary" || next.OwnerReferences[0].UID == "gone")
	}
}

// patchRoute changes the HTTPRoute, where the laws about weights and matches hold as for any route.
func (w *world) patchRoute(ops []traffic.Op, want Route) {
	next := &unstructured.Unstructured{}
	if !w.patched(w.http.live, ops, next) {
		return
	}
	version, _ := strconv.Atoi(w.http.live.GetResourceVersion())
	next.SetResourceVersion(strconv.Itoa(version + 1))
	if len(next.GetAnnotations()) == 0 {
		next.SetAnnotations(nil) // the API server stores no empty map
	}
	w.http.live, w.http.matches = next, want.Matches
	backend, canary := w.http.leads(next)
	if w.canary != nil && canary != nil {
		w.mayWeigh(canary.weight, canary.matches)
	}
	w.backend, w.canary = backend, canary
}

// patched makes a JSON patch; false where somebody was faster, so that the pass ends.
func (w *world) patched(o any, ops []traffic.Op, into any) bool {
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
	return true
}

// putBack makes the rules as the user wrote them, as GitOps does.
func (h *httpRoute) putBack(w *world) {
	version, _ := strconv.Atoi(h.live.GetResourceVersion())
	h.live = h.live.DeepCopy()
	h.live.SetResourceVersion(strconv.Itoa(version + 1))
	h.live.Object["spec"] = (&unstructured.Unstructured{Object: map[string]any{"spec": h.written}}).DeepCopy().Object["spec"]
	w.backend, w.canary = h.leads(h.live)
	w.emergent = true // until that is repaired it leads to every pod
}

// TestEveryReleaseByAnHTTPRoute plays all stories once more with an HTTPRoute, by the traffic engine as it is: strategies and kinds of
// workloads by this kind of route too, in seeded orders, and with a controller that dies.
func TestEveryReleaseByAnHTTPRoute(t *testing.T) {
	for name, s := range merged(scenarios(), styleScenarios(), abortScenarios(), jumpScenarios(), wayBackScenarios(), sharedScenarios()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seeds := max(*orders/200, 1)
			if s.replicas > 20 || strings.HasPrefix(name, "parallel-") {
				seeds = 1
			}
			ends := s.ends
			s.ends = func(w *world) error {
				if w.http != nil && w.canary == nil && w.backend == "svc" {
					w.http.asBefore(w)
				}
				return ends(w)
			}
			calm := s.play(t, byHTTPRoute)
			if calm.failed || calm.http == nil {
				return
			}
			for seed := range seeds {
				if w := s.play(t, func(w *world) { byHTTPRoute(w); seeded(int64(seed))(w) }); w.failed {
					t.Fatalf("seed %d", seed)
				}
			}
			for k := 1; k <= min(calm.writes, 60); k += 8 {
				if w := s.play(t, func(w *world) { byHTTPRoute(w); w.crashAt = k }); w.failed {
					t.Fatalf("killed after write %d", k)
				}
			}
		})
	}
}

// asBefore says that nothing of a release is left on the HTTPRoute.
func (h *httpRoute) asBefore(w *world) {
	is, err := json.Marshal(h.live.Object["spec"])
	if err != nil {
		w.t.Fatal(err)
	}
	was, err := json.Marshal(h.written)
	if err != nil {
		w.t.Fatal(err)
	}
	if string(is) != string(was) || len(h.live.GetAnnotations()) > 0 {
		w.fail("the HTTPRoute is %s with annotations %v, and was %s", is, h.live.GetAnnotations(), was)
	}
}
