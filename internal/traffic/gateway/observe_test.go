// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// at20 is a release at 20 % on a route with one rule to the Service and one to somebody else's.
func at20(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(routeOf(t, `{matches: [{path: {value: /}}], backendRefs: [{name: demo, port: 80, weight: 1}]}`,
		`{matches: [{path: {value: /o}}], backendRefs: [{name: other, port: 80, weight: 3}]}`), "demo")
	if _, err := c.reach(target(traffic.KindHTTPRoute, "demo"), want20()); err != nil {
		t.Fatal(err)
	}
	return c
}

func want20() traffic.Intent {
	return traffic.Intent{Canary: true, Services: true, Switched: true, Weight: 20, StableHash: "one", CanaryHash: "two"}
}

func routeOf(t *testing.T, rules ...string) *unstructured.Unstructured {
	t.Helper()
	text := "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop, namespace: default, uid: u, resourceVersion: '100', generation: 3}\n" +
		"spec:\n  parentRefs: [{name: gw}]\n  rules: [" + strings.Join(rules, ", ") + "]"
	route := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := route.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return route
}

func rulesOf(route *unstructured.Unstructured) []any {
	rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
	return rules
}

// short gives the backends of all rules in a line.
func short(route *unstructured.Unstructured) string {
	var all []string
	for _, r := range rulesOf(route) {
		refs, _, _ := unstructured.NestedSlice(r.(map[string]any), "backendRefs")
		var one []string
		for _, ref := range refs {
			b := ref.(map[string]any)
			one = append(one, fmt.Sprintf("%v %v", b["name"], b["weight"]))
		}
		all = append(all, strings.Join(one, ", "))
	}
	return strings.Join(all, " | ")
}

func TestWhatSomebodyChangesHalfWayIsRepairedAndKept(t *testing.T) {
	const three = "demo-stable 80, demo 0, demo-canary 20"
	set := func(o *unstructured.Unstructured, rules ...any) {
		if err := unstructured.SetNestedSlice(o.Object, rules, "spec", "rules"); err != nil {
			panic(err)
		}
	}
	refs := func(o *unstructured.Unstructured, rule int, change func([]any) []any) {
		rules := rulesOf(o)
		r := rules[rule].(map[string]any)
		r["backendRefs"] = change(r["backendRefs"].([]any))
		set(o, rules...)
	}
	for name, c := range map[string]struct {
		edit          func(t *testing.T, o *unstructured.Unstructured)
		repaired, end string
	}{
		"GitOps puts all of the spec back": {func(t *testing.T, o *unstructured.Unstructured) {
			t.Helper()
			o.Object["spec"] = routeOf(t, `{matches: [{path: {value: /}}], backendRefs: [{name: demo, port: 80, weight: 1}]}`).Object["spec"]
		}, three, "demo 1"},
		"GitOps adds a rule, before all others": {func(t *testing.T, o *unstructured.Unstructured) {
			t.Helper()
			set(o, append(rulesOf(routeOf(t, `{matches: [{path: {value: /new}}], backendRefs: [{name: new, port: 80, weight: 1}, {name: demo, port: 80, weight: 1}]}`)), rulesOf(o)...)...)
		}, "new 100, " + three + " | " + three + " | other 3", "new 1, demo 1 | demo 1 | other 3"},
		"somebody sets the weights by hand": {func(_ *testing.T, o *unstructured.Unstructured) {
			refs(o, 0, func(all []any) []any { all[2].(map[string]any)["weight"] = int64(70); return all })
		}, three + " | other 3", "demo 1 | other 3"},
		"somebody removes the new version": {func(_ *testing.T, o *unstructured.Unstructured) {
			refs(o, 0, func(all []any) []any { return all[:2] })
		}, three + " | other 3", "demo 1 | other 3"},
		"somebody removes the stable version": {func(_ *testing.T, o *unstructured.Unstructured) {
			refs(o, 0, func(all []any) []any { return all[1:] })
		}, three + " | other 3", "demo 1 | other 3"},
		"somebody adds a backend, with a weight beside those that are seen": {func(_ *testing.T, o *unstructured.Unstructured) {
			refs(o, 0, func(all []any) []any {
				return append(all, map[string]any{"name": "third", "port": int64(80), "weight": int64(50)})
			})
		}, three + ", third 50 | other 3", "demo 100, third 50 | other 3"},
		"somebody changes a foreign weight": {func(_ *testing.T, o *unstructured.Unstructured) {
			refs(o, 1, func(all []any) []any { all[0].(map[string]any)["weight"] = int64(9); return all })
		}, three + " | other 9", "demo 1 | other 9"},
		"somebody removes what is remembered": {func(_ *testing.T, o *unstructured.Unstructured) { o.SetAnnotations(nil) }, three + " | other 3", "demo 1 | other 3"},
	} {
		t.Run(name, func(t *testing.T) {
			w, demo := at20(t), target(traffic.KindHTTPRoute, "demo")
			c.edit(t, w.route)
			if s := (gateway.Router{}).Observe(demo, w.routing(demo).Live, traffic.Seen{}); !s.Canary || !s.Switched {
				t.Errorf("it is seen as %+v, want a release that goes on", s)
			}
			if _, err := w.reach(demo, want20()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.repaired, short(w.route)); diff != "" {
				t.Errorf("repaired (-want +got):\n%s", diff)
			}
			if _, err := w.reach(demo, traffic.Intent{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.end, short(w.route)); diff != "" {
				t.Errorf("given back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAShareIsTakenBackWhateverIsInTheWayOfAStep(t *testing.T) {
	w, demo := at20(t), target(traffic.KindHTTPRoute, "demo")
	nowhere := gatewayv1.PathMatchExact
	path := "/o/nowhere"
	demo.Matches = [][]rollouts.HTTPRouteMatch{{{Path: &gatewayv1.HTTPPathMatch{Type: &nowhere, Value: &path}}}}
	if err := unstructured.SetNestedField(w.route.Object["spec"].(map[string]any)["rules"].([]any)[0].(map[string]any), []any{
		map[string]any{"path": map[string]any{"type": "Exact", "value": "/moved"}},
	}, "matches"); err != nil {
		t.Fatal(err)
	}
	w.services["demo"].Spec.Ports[0].Port = 81
	if s := (gateway.Router{}).Observe(demo, w.routing(demo).Live, traffic.Seen{}); s.Problem == "" {
		t.Error("what is in the way is not told")
	}
	none := want20()
	none.Weight = 0
	if _, err := w.reach(demo, none); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("demo-stable 100, demo 0, demo-canary 0 | other 3", short(w.route)); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
}

func TestAnotherRolloutOfTheSameServiceIsRefused(t *testing.T) {
	w, demo := at20(t), target(traffic.KindHTTPRoute, "demo")
	for _, s := range w.services {
		s.Labels = nil
	}
	delete(w.services, "demo-stable")
	delete(w.services, "demo-canary")
	demo.Rollout = "second"
	s := gateway.Router{}.Observe(demo, w.routing(demo).Live, traffic.Seen{})
	if want := "the Rollout demo releases the Service demo on the HTTPRoute shop already; wait for its end, or delete it"; s.Problem != want || s.Canary {
		t.Errorf("it says %q (canary %v), want %q", s.Problem, s.Canary, want)
	}
	if writes, err := (gateway.Router{}).Plan(demo, w.routing(demo).Live, traffic.Intent{}); err != nil || len(writes) > 0 {
		t.Errorf("what the other one made is taken back: %v, %v", writes, err)
	}
}

func TestAClusterWithoutTheGatewayAPIIsTold(t *testing.T) {
	demo := target(traffic.KindGRPCRoute, "demo")
	c := newCluster(nil, "demo")
	live := c.routing(demo).Live
	live.NoKind = true
	const want = "spec.strategy.canary.trafficRoutings[0].gateway.grpcRouteName names a GRPCRoute, which this cluster does not know; " +
		"install the CRDs of the Gateway API (v1), or name an Ingress"
	if s := (gateway.Router{}).Observe(demo, live, traffic.Seen{}); s.Problem != want {
		t.Errorf("it says %q, want %q", s.Problem, want)
	}
}

// shares are the backends of the rules of at20 as a replica tells them.
func shares(stable, canary int32, more ...[]traffic.Share) [][]traffic.Share {
	return append([][]traffic.Share{
		{{Service: "default/demo-stable", Weight: stable}, {Service: "default/demo", Weight: 0}, {Service: "default/demo-canary", Weight: canary}},
		{{Service: "default/other", Weight: 3}},
	}, more...)
}

func TestAcknowledgementNeedsEveryReplica(t *testing.T) {
	served := func(rv string, all [][]traffic.Share) traffic.Replica {
		return traffic.Replica{Route: &traffic.Served{UID: "u", ResourceVersion: rv, Accepted: true, Shares: all},
			Stable: traffic.Use{Ready: 4}, Canary: traffic.Use{Ready: 1}}
	}
	refused := traffic.Replica{Route: &traffic.Served{UID: "u", ResourceVersion: "100", Problems: []string{"no listener"}}}
	beta := []traffic.Share{{Service: "default/demo-canary", Weight: 100}}
	for name, c := range map[string]struct {
		replicas []traffic.Replica
		want     func(traffic.State) bool
	}{
		"served as it is written": {[]traffic.Replica{served("100", shares(80, 20))}, func(s traffic.State) bool {
			return s.Ack == traffic.AckKnown && s.Serves() && s.StableSeen == 4 && s.CanarySeen == 1
		}},
		"one replica is late, and bounds the weight": {[]traffic.Replica{served("100", shares(80, 20)), served("99", shares(100, 0))}, func(s traffic.State) bool {
			return !s.Serves() && !s.SwitchServed && s.WeightLow == 0 && s.WeightHigh == 20
		}},
		"an older object with the same backends serves the same share": {[]traffic.Replica{served("99", shares(80, 20))}, func(s traffic.State) bool { return s.Serves() }},
		"a newer one does": {[]traffic.Replica{served("101", shares(80, 20))}, func(s traffic.State) bool { return s.Serves() }},
		"a route of the same name from before is another":                     {[]traffic.Replica{{Route: &traffic.Served{UID: "old", ResourceVersion: "101", Accepted: true, Shares: shares(80, 20)}}}, func(s traffic.State) bool { return !s.SwitchServed }},
		"a replica still has requests that match go to the new version alone": {[]traffic.Replica{served("99", shares(80, 20, beta))}, func(s traffic.State) bool { return s.AnyMatches && !s.MatchesServed }},
		"a replica without the route serves nothing of it, beside one that has it": {[]traffic.Replica{served("100", shares(80, 20)), {}}, func(s traffic.State) bool {
			return s.Ack == traffic.AckKnown && !s.SwitchServed && s.WeightLow == 0
		}},
		"replicas of which none has it can't tell": {[]traffic.Replica{{}, {}}, func(s traffic.State) bool { return s.Ack != traffic.AckKnown }},
		"a refusal is told, and nothing to wait for": {[]traffic.Replica{refused}, func(s traffic.State) bool {
			return s.RouteRefused && s.CanaryRefused && s.WeightHigh == 0 && slices.Equal(s.Rejected, []string{"no listener"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, demo := at20(t), target(traffic.KindHTTPRoute, "demo")
			if s := (gateway.Router{}).Observe(demo, w.routing(demo).Live, traffic.Seen{Ack: traffic.AckKnown, Replicas: c.replicas}); !c.want(s) {
				t.Errorf("observed %+v", s)
			}
		})
	}
}

func TestEveryParentOfARouteIsLookedAt(t *testing.T) {
	condition := func(kind, status string, generation int) string {
		return fmt.Sprintf(`{type: %s, status: "%s", observedGeneration: %d, reason: Because, message: so}`, kind, status, generation)
	}
	says := func(gw, controller string, conditions ...string) string {
		return fmt.Sprintf(`{parentRef: {name: %s}, controllerName: %s, conditions: [%s]}`, gw, controller, strings.Join(conditions, ", "))
	}
	good := []string{condition("Accepted", "True", 3), condition("ResolvedRefs", "True", 3)}
	const other, edge = "example.com/gateway", "release.oam.dev/edge"
	known := []traffic.Replica{{Route: &traffic.Served{UID: "u", ResourceVersion: "100", Accepted: true, Shares: shares(80, 20)}}}
	for name, c := range map[string]struct {
		parents  string
		status   []string
		replicas []traffic.Replica
		ack      traffic.Ack
		refused  bool
		says     string
	}{
		"a gateway that took the newest generation leaves it to the wait": {"{name: a}", []string{says("a", other, good...)}, nil, traffic.AckNone, false, ""},
		"one that said nothing is waited for":                             {"{name: a}", nil, nil, traffic.AckUnknown, false, "Gateway default/a has not taken the HTTPRoute shop yet"},
		"one that spoke of an older generation too": {"{name: a}", []string{says("a", other, condition("Accepted", "True", 2), condition("ResolvedRefs", "True", 3))}, nil,
			traffic.AckUnknown, false, "Gateway default/a has not taken the newest HTTPRoute shop yet"},
		"the second of two counts": {"{name: a}, {name: b}", []string{says("a", other, good...)}, nil, traffic.AckUnknown, false, "Gateway default/b has not taken the HTTPRoute shop yet"},
		"a refusal is told": {"{name: a}", []string{says("a", other, condition("Accepted", "False", 3))}, nil, traffic.AckUnknown, true,
			"Gateway default/a does not serve the HTTPRoute shop: Because: so"},
		"a backend that it can't resolve too": {"{name: a}", []string{says("a", other, condition("Accepted", "True", 3), condition("ResolvedRefs", "False", 3))}, nil,
			traffic.AckUnknown, false, "Gateway default/a does not serve the HTTPRoute shop: Because: so"},
		"of the edge its plan is enough":                 {"{name: a}", nil, known, traffic.AckKnown, false, ""},
		"beside the edge another gateway is waited for":  {"{name: a}, {name: b}", []string{says("a", edge), says("b", other)}, known, traffic.AckUnknown, false, "Gateway default/b has not taken the newest HTTPRoute shop yet"},
		"and once it took the route, the wait decides":   {"{name: a}, {name: b}", []string{says("a", edge), says("b", other, good...)}, known, traffic.AckNone, false, ""},
		"a listener of a gateway is a parent of its own": {"{name: a, sectionName: web}", []string{says("a", other, good...)}, nil, traffic.AckUnknown, false, "Gateway default/a (web) has not taken the HTTPRoute shop yet"},
	} {
		t.Run(name, func(t *testing.T) {
			w, demo := at20(t), target(traffic.KindHTTPRoute, "demo")
			raw, err := yaml.YAMLToJSON([]byte("{parents: [" + strings.Join(c.status, ", ") + "], refs: [" + c.parents + "]}"))
			if err != nil {
				t.Fatal(err)
			}
			o := &unstructured.Unstructured{}
			if err := o.UnmarshalJSON([]byte(`{"apiVersion":"v1","kind":"X",` + string(raw[1:]))); err != nil {
				t.Fatal(err)
			}
			w.route.Object["status"] = map[string]any{"parents": o.Object["parents"]}
			if err := unstructured.SetNestedField(w.route.Object, o.Object["refs"], "spec", "parentRefs"); err != nil {
				t.Fatal(err)
			}
			seen := traffic.Seen{Ack: traffic.AckNone}
			if c.replicas != nil {
				seen = traffic.Seen{Ack: traffic.AckKnown, Replicas: c.replicas}
			}
			s := gateway.Router{}.Observe(demo, w.routing(demo).Live, seen)
			if s.Ack != c.ack || s.RouteRefused != c.refused || strings.Join(s.Rejected, "; ") != c.says {
				t.Errorf("known %q, refused %v, it says %q; want %q, %v, %q", s.Ack, s.RouteRefused, strings.Join(s.Rejected, "; "), c.ack, c.refused, c.says)
			}
		})
	}
}
