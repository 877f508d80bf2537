// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/view"
)

// canary is the canary Ingress that a release made for a Service.
func canary(name, rollout, service string) networkingv1.Ingress {
	i := networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{rolloutsv1beta1.LabelRolloutName: rollout}}}
	i.Spec.Rules = []networkingv1.IngressRule{{IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service + "-canary"}}}},
	}}}}
	return i
}

func counted(fresh, old uint64) plan.Ingress {
	return plan.Ingress{Accepted: true, Canary: true, CanaryRequests: fresh, StableRequests: old}
}

func TestTheMeasuredShareIsThatOfTheReleasesOwnCanaryIngress(t *testing.T) {
	seen := released()
	seen.Plans = []plan.Plan{{Ingresses: map[string]plan.Ingress{"default/web-canary": counted(90, 10), "default/web-canary-web": counted(20, 80)}}}
	for name, c := range map[string]struct {
		canaries []networkingv1.Ingress
		want     float64
	}{
		"it has the usual name":              {[]networkingv1.Ingress{canary("web-canary", "web", "web")}, 90},
		"another release has the usual name": {[]networkingv1.Ingress{canary("web-canary", "other", "other"), canary("web-canary-web", "web", "web")}, 20},
		"none of them was seen":              {nil, 90},
	} {
		t.Run(name, func(t *testing.T) {
			seen.Canaries = c.canaries
			if share := view.Of(seen).Releases[0].Measured; share == nil || share.Percent() != c.want {
				t.Errorf("got %+v, want %g %%", share, c.want)
			}
		})
	}
	seen.Canaries, seen.Plans[0].Ingresses = []networkingv1.Ingress{canary("web-canary", "other", "other")}, map[string]plan.Ingress{"default/web-canary": counted(90, 10)}
	if share := view.Of(seen).Releases[0].Measured; share != nil {
		t.Errorf("the share of another release is told as its own: %+v", share)
	}
}

func TestTheMeasuredShareIsOfAllRoutesOfARelease(t *testing.T) {
	seen, shop, calls := released(), "shop", "calls"
	seen.Rollouts[0].Spec.Strategy.Canary.TrafficRoutings = []rolloutsv1beta1.TrafficRouting{
		{Service: "web", Ingress: &rolloutsv1beta1.IngressRouting{Name: "web"}},
		{Service: "web", Ingress: &rolloutsv1beta1.IngressRouting{Name: "inner"}},
		{Service: "web", Gateway: &rolloutsv1beta1.GatewayRouting{HTTPRouteName: &shop}},
		{Service: "web", Gateway: &rolloutsv1beta1.GatewayRouting{GRPCRouteName: &calls}},
	}
	route := func(fresh, old uint64) plan.Route {
		return plan.Route{Accepted: true, Rules: []plan.Rule{{Backends: []plan.Backend{
			{Service: "default/web-canary", Requests: fresh}, {Service: "default/web-stable", Requests: old},
		}}}}
	}
	p := plan.Plan{
		Ingresses: map[string]plan.Ingress{"default/web-canary": counted(10, 90), "default/inner-canary": counted(20, 80)},
		Routes:    map[string]plan.Route{plan.RouteKey("HTTPRoute", "default", shop): route(30, 70), plan.RouteKey("GRPCRoute", "default", calls): route(40, 60)},
	}
	seen.Plans = []plan.Plan{p}
	if share := view.Of(seen).Releases[0].Measured; share == nil || share.New != 100 || share.All != 400 {
		t.Errorf("got %+v, want 100 of 400", share)
	}
	ingresses, others := view.Routes(seen)
	if !slices.Equal(ingresses, []string{"default/web-canary", "default/inner-canary"}) || !slices.Equal(others, []string{"HTTPRoute/default/shop", "GRPCRoute/default/calls"}) {
		t.Errorf("the edge is asked about %q and %q", ingresses, others)
	}
	seen.Rollouts[0].Status.Phase = rolloutsv1beta1.PhaseHealthy
	if ingresses, others := view.Routes(seen); len(ingresses)+len(others) > 0 {
		t.Errorf("at rest the edge is asked about %q and %q", ingresses, others)
	}
	delete(p.Routes, plan.RouteKey("GRPCRoute", "default", calls))
	if share := view.Of(seen).Releases[0].Measured; share != nil {
		t.Errorf("without what one route counted it is %+v, want unknown", share)
	}
}
