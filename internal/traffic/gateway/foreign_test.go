// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

func newCluster(route *unstructured.Unstructured, services ...string) *cluster {
	c := &cluster{route: route, services: map[string]*corev1.Service{}}
	for _, name := range services {
		c.services[name] = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec: corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}}}
	}
	return c
}

// TestWhatIsForeignIsAsBefore is P6 of the design, with two Rollouts that share a route, and rules of it: whatever they do in
// which order, and however late one sees what the other wrote, no rule's requests go elsewhere in other proportions, and
// at the end the route is what it was, byte for byte.
func TestWhatIsForeignIsAsBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(randomRoute(t), "demo", "api")
		before, proportions := text(t, c.route), proportionsOf(c.route)
		services := []string{"demo", "api"}
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			service := rapid.SampledFrom(services).Draw(t, "service")
			want := randomIntent(t)
			me := target(traffic.KindHTTPRoute, service)
			if rapid.Bool().Draw(t, "too late") {
				other := target(traffic.KindHTTPRoute, map[string]string{"demo": "api", "api": "demo"}[service])
				stale, err := traffic.Plan([]traffic.Routing{c.routing(me)}, want)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.reach(other, randomIntent(t)); err != nil {
					t.Fatal(err)
				}
				for _, w := range stale {
					if c.apply(w) != nil {
						break // refused: it is about what is no more
					}
				}
			}
			if _, err := c.reach(me, want); err != nil {
				t.Fatalf("%+v: %v", want, err)
			}
			state := gateway.Router{}.Observe(me, c.routing(me).Live, traffic.Seen{Ack: traffic.AckNone})
			if !state.Canary || !state.Services || state.Switched != want.Switched || state.Weight != want.Weight || !cmp.Equal(state.Matches, want.Matches) {
				t.Fatalf("asked for %+v, observed %+v in\n%s", want, state, text(t, c.route))
			}
			if diff := cmp.Diff(proportions, proportionsOf(c.route)); diff != "" {
				t.Fatalf("after %s %+v requests go elsewhere in other proportions:\n%s\n%s", service, want, diff, text(t, c.route))
			}
		}
		if rapid.Bool().Draw(t, "the other one first") {
			services = []string{"api", "demo"}
		}
		for _, service := range services {
			if _, err := c.reach(target(traffic.KindHTTPRoute, service), traffic.Intent{}); err != nil {
				t.Fatal(err)
			}
		}
		if after := text(t, c.route); before != after {
			t.Fatalf("the user's route changed:\n%s", cmp.Diff(before, after))
		}
		if len(c.services) != 2 {
			t.Fatalf("Services are left behind: %v", c.services)
		}
	})
}

func randomIntent(t *rapid.T) traffic.Intent {
	beta := rollouts.HTTPRouteMatch{Headers: []gatewayv1.HTTPHeaderMatch{{Name: "x-beta", Value: "1"}}}
	root := "/"
	all := rollouts.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Value: &root}}
	return traffic.Intent{
		Canary: true, Services: true, Switched: rapid.Bool().Draw(t, "switched"), Weight: rapid.Int32Range(0, 100).Draw(t, "weight"),
		StableHash: "one", CanaryHash: "two",
		Matches: rapid.SampledFrom([][]rollouts.HTTPRouteMatch{nil, nil, {beta}, {all}}).Draw(t, "matches"),
	}
}

// randomRoute leads at least one rule to each of the two Services; rules may have any other backend beside.
func randomRoute(t *rapid.T) *unstructured.Unstructured {
	weights := rapid.SampledFrom([]int64{0, 1, 1, 1, 2, 3, 7, 50, 100})
	ref := func(name string, weight int64) any {
		r := map[string]any{"name": name, "port": int64(80), "weight": weight}
		if rapid.Bool().Draw(t, "defaults are written") {
			r["group"], r["kind"] = "", "Service"
		}
		if name == "bucket" {
			r = map[string]any{"name": "demo", "group": "example.com", "kind": "Bucket", "weight": weight, "newer": "field"}
		}
		if rapid.Bool().Draw(t, "has filters") {
			r["filters"] = []any{map[string]any{"type": "ExtensionRef", "extensionRef": map[string]any{"group": "example.com", "kind": "Auth", "name": "a"}}}
		}
		return r
	}
	var rules []any
	for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
		// One version leads to each Service once at least, with a weight.
		refs := []any{}
		if i == 0 {
			refs = append(refs, ref("demo", 1+weights.Draw(t, "weight of demo")))
		}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"demo", "api", "other", "bucket"}), 0, 4, rapid.ID).Draw(t, "backends") {
			if i > 0 || name != "demo" {
				refs = append(refs, ref(name, weights.Draw(t, "weight")))
			}
		}
		rules = append(rules, map[string]any{"backendRefs": refs, "newerToo": int64(i),
			"matches": []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": fmt.Sprintf("/%d", i)}}}})
	}
	rules = append(rules, map[string]any{"name": "api", "backendRefs": []any{ref("api", 1)},
		"matches": []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/api"}}}})
	route := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
		"metadata": map[string]any{"namespace": "default", "name": "shop"},
		"spec":     map[string]any{"newer": true, "rules": rules},
	}}
	if rapid.Bool().Draw(t, "annotated") {
		route.SetAnnotations(map[string]string{"team": "a"})
	}
	return route
}

// proportionsOf are the parts per million of each user's rule that go to each backend, the three of a release taken as one.
func proportionsOf(route *unstructured.Unstructured) []map[string]int64 {
	spec, _ := route.Object["spec"].(map[string]any)
	rules, _ := spec["rules"].([]any)
	var all []map[string]int64
	for _, r := range rules {
		is, _ := r.(map[string]any)
		refs, _ := is["backendRefs"].([]any)
		sums, total, has := map[string]int64{}, int64(0), map[string]bool{}
		for _, ref := range refs {
			b, _ := ref.(map[string]any)
			name, _ := b["name"].(string)
			kind, _ := b["kind"].(string)
			weight, _ := b["weight"].(int64)
			service := strings.TrimSuffix(strings.TrimSuffix(name, "-stable"), "-canary")
			has[name] = true
			sums[service+kindless(kind)] += weight
			total += weight
		}
		if has["demo-canary"] && !has["demo-stable"] || has["api-canary"] && !has["api-stable"] {
			continue // made by a release, for requests that match
		}
		for service, weight := range sums {
			if delete(sums, service); total > 0 && weight > 0 {
				sums[service] = 1_000_000 * weight / total
			}
		}
		all = append(all, sums)
	}
	return all
}

func kindless(kind string) string { return strings.TrimPrefix(kind, "Service") }

func text(t *rapid.T, route *unstructured.Unstructured) string {
	raw, err := json.MarshalIndent(route, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
