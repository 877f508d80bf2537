// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"net/http"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// parents reads what is said of HTTPRoute demo/web until it is as wanted.
func (w *world) parents(what string, wanted func([]gatewayv1.RouteParentStatus) bool) []gatewayv1.RouteParentStatus {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		r, err := w.gateways.GatewayV1().HTTPRoutes("demo").Get(w.t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			w.t.Fatal(err)
		}
		if wanted(r.Status.Parents) {
			return r.Status.Parents
		}
		if time.Now().After(end) {
			w.t.Fatalf("waiting for %s: the status of the route is %+v", what, r.Status.Parents)
		}
	}
}

func by(all []gatewayv1.RouteParentStatus, controller gatewayv1.GatewayController) int {
	return slices.IndexFunc(all, func(p gatewayv1.RouteParentStatus) bool { return p.ControllerName == controller })
}

func TestWhatOtherControllersSayOfARouteStays(t *testing.T) {
	w := newGatewayWorld(t, nil)
	b := newBackend(t, "b", nil)
	w.service("stable", b.address)
	foreign := `{parentRef: {name: other}, controllerName: example.com/other, conditions: [{type: Accepted, status: "True", reason: Accepted, message: ours, lastTransitionTime: "2026-01-01T00:00:00Z"}]}`
	stale := `{parentRef: {name: gone}, controllerName: release.oam.dev/edge, conditions: []}`
	w.apply(`{kind: HTTPRoute, metadata: {name: web}, spec: {parentRefs: [{name: edge}, {name: other}], rules: [{backendRefs: [{name: stable, port: 80}]}]}, status: {parents: [` + foreign + `, ` + stale + `]}}`)
	got := w.parents("an entry for each of two controllers", func(all []gatewayv1.RouteParentStatus) bool {
		return len(all) == 2 && by(all, "release.oam.dev/edge") >= 0 && all[by(all, "release.oam.dev/edge")].ParentRef.Name == "edge"
	})
	if i := by(got, "example.com/other"); i < 0 || got[i].Conditions[0].Message != "ours" || got[i].ParentRef.Name != "other" {
		t.Errorf("the other controller's entry was changed: %+v", got)
	}
	mine := got[by(got, "release.oam.dev/edge")]
	if !has(mine.Conditions, "Accepted", "True", "Accepted") || !has(mine.Conditions, "ResolvedRefs", "True", "ResolvedRefs") {
		t.Errorf("the edge's entry is %+v", mine)
	}
}

func TestAStatusThatSaysTheSameIsWrittenOnce(t *testing.T) {
	w := newGatewayWorld(t, nil)
	b := newBackend(t, "b", nil)
	w.service("stable", b.address)
	w.route(`[{backendRefs: [{name: stable, port: 80}]}]`)
	first := w.parents("the first status", func(all []gatewayv1.RouteParentStatus) bool { return len(all) == 1 })
	writes := func() int {
		n := 0
		for _, a := range w.gateways.Actions() {
			if a.GetVerb() == "patch" && a.GetResource().Resource == "httproutes" {
				n++
			}
		}
		return n
	}
	before := writes()
	// Endpoints come and go: tables are built anew, and nothing of it is to be said in the route.
	w.service("unrelated")
	w.addEndpoint("stable", refusing(t))
	w.await("two endpoints", func(p plan.Plan) bool { return len(p.Services["demo/stable"].Endpoints) == 2 })
	if after := writes(); after != before {
		t.Errorf("%d more writes of a status that did not change", after-before)
	}
	// A new generation with a broken reference is something to say.
	w.route(`[{backendRefs: [{name: gone, port: 80}]}]`)
	second := w.parents("the broken reference", func(all []gatewayv1.RouteParentStatus) bool {
		return len(all) == 1 && has(all[0].Conditions, "ResolvedRefs", "False", "BackendNotFound")
	})
	if second[0].Conditions[0].ObservedGeneration == first[0].Conditions[0].ObservedGeneration {
		t.Errorf("the generation that was observed did not change: %+v", second[0].Conditions[0])
	}
}

func TestAClusterThatServesTheGatewayAPILaterIsFollowedFromThen(t *testing.T) {
	w := newWorldWith(t, nil, func(c *Config) { c.HTTPPort = 80 })
	b := newBackend(t, "b", nil)
	w.service("stable", b.address)
	w.ingressFor("web", "old.example", "stable")
	w.ready(map[string]int{"stable": 1})
	w.apply(`{kind: GatewayClass, metadata: {name: vela}, spec: {controllerName: release.oam.dev/edge}}`)
	w.apply(`{kind: Gateway, metadata: {name: edge}, spec: {gatewayClassName: vela, listeners: [{name: http, port: 80, protocol: HTTP}]}}`)
	w.apply(`{kind: HTTPRoute, metadata: {name: web}, spec: {parentRefs: [{name: edge}], hostnames: [demo.example], rules: [{backendRefs: [{name: stable, port: 80}]}]}}`)
	if status, _, err := w.get(http.DefaultClient, "/"); err != nil || status != http.StatusNotFound {
		t.Errorf("before the API is served: status %d, error %v", status, err)
	}
	w.gateways.Lock()
	w.gateways.Resources = served
	w.gateways.Unlock()
	w.await("the route", func(p plan.Plan) bool { return p.Routes["HTTPRoute/demo/web"].Accepted })
	if got := w.mustGet("/"); got != "b" {
		t.Errorf("served by %s", got)
	}
}
