// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// trafficRouting is the one of the world that the Rollout names.
type trafficRouting struct {
	requests Requests
	missing  bool
	marked   bool // by this Rollout
}

// namesShared makes the Rollout name a TrafficRouting, in the place of its own routes.
func namesShared(weight int32, matches ...v1beta1.HTTPRouteMatch) func(*world) {
	return func(w *world) {
		w.shared = &trafficRouting{requests: Requests{Routings: w.spec.Strategy.Plan().TrafficRoutings, Matches: matches}}
		if len(matches) == 0 {
			w.shared.requests.Weight = &weight
		}
		w.spec.Strategy.Canary.TrafficRoutings, w.spec.Strategy.Canary.TrafficRoutingRef = nil, "entry"
	}
}

func gray() v1beta1.HTTPRouteMatch {
	return v1beta1.HTTPRouteMatch{Headers: []gatewayv1.HTTPHeaderMatch{{Name: "x-lane", Value: "gray"}}}
}

// follow is the plan as the engine gets it.
func (w *world) follow() v1beta1.RolloutSpec {
	switch {
	case w.shared == nil:
		return w.spec
	case w.shared.missing:
		return Follow(w.spec, w.dep.replicas, Requests{})
	}
	return Follow(w.spec, w.dep.replicas, w.shared.requests)
}

func (w *world) observeShared() Shared {
	if w.shared == nil {
		return Shared{}
	}
	s := Shared{Name: "entry", Joined: w.shared.marked}
	if w.shared.missing {
		s.Problem = "the TrafficRouting entry does not exist"
	}
	return s
}

// mark writes what a decision says of the TrafficRouting.
func (w *world) mark(d Decision, say func()) {
	switch {
	case d.Join && !w.shared.marked:
		say()
		w.shared.marked = true
		w.wrote("the TrafficRouting is marked")
	case d.Part && w.shared.marked:
		say()
		if w.canary != nil || w.backend != "svc" {
			w.fail("the mark goes while routes are led")
		}
		w.shared.marked = false
		w.wrote("the TrafficRouting is free")
	}
}

// sharedScenarios are releases whose requests a TrafficRouting says.
func sharedScenarios() map[string]scenario {
	plan := func(w *world) { w.plan(20, 60, 100) }
	begin := beat{"releases v2", healthyAt("app-v1"), comes("v2")}
	at := func(step int32) beat { return beat{"approves", atStep(step), approve} }
	free := func(hash string) func(*world) error {
		return func(w *world) error {
			if w.shared.marked {
				return fmt.Errorf("the TrafficRouting is still marked: %s", w.state())
			}
			return onlyHas(hash)(w)
		}
	}
	set := func(some ...func(*world)) func(*world) {
		return func(w *world) {
			for _, one := range some {
				one(w)
			}
		}
	}
	lane := set(plan, namesShared(0, gray()))
	return map[string]scenario{
		"shared-lane":             {replicas: 5, set: lane, beats: []beat{begin, at(1), at(2)}, ends: free("v2")},
		"shared-lane-rolled-back": {replicas: 5, set: lane, beats: []beat{begin, at(1), {"rolls back", atStep(2), back}}, ends: free("v1")},
		"shared-weight-edited": {replicas: 5, set: set(plan, namesShared(10)), beats: []beat{begin,
			{"gives the new version 40%", atStep(1), func(w *world) { *w.shared.requests.Weight = 40 }},
			{"approves", func(w *world) bool { return atStep(1)(w) && w.canary.weight == 40 }, approve}, at(2)}, ends: free("v2")},
		"shared-and-not-there": {replicas: 5, set: set(lane, func(w *world) { w.shared.missing = true }), beats: []beat{begin,
			{"creates the TrafficRouting", func(w *world) bool {
				return strings.Contains(w.status.Message, "does not exist") && w.dep.template == "v2"
			}, func(w *world) { w.shared.missing = false }},
			at(1), {"loses it by force", atStep(2), func(w *world) { w.shared.missing, w.shared.marked = true, false }},
			{"rolls back without it", func(w *world) bool { return strings.Contains(w.status.Message, "does not exist") && w.canary != nil }, back}}, ends: free("v1")},
		"shared-without-a-route": {replicas: 5, set: set(unrouted, plan, namesShared(0, gray())), beats: []beat{begin, at(1), at(2)}, ends: free("v2")},
		"shared-extra":           {replicas: 5, set: set(onTop, lane), beats: []beat{begin, at(1), at(2), at(3)}, ends: free("v2")},
		"shared-deleted":         {replicas: 5, set: lane, beats: []beat{begin, {"deletes the Rollout", atStep(1), func(w *world) { w.deleting = true }}}, ends: free("v2")},
	}
}

func TestFollow(t *testing.T) {
	thirty, share := int32(30), "30%"
	pods := func(s string) *intstr.IntOrString { v := intstr.Parse(s); return &v }
	routings := []v1beta1.TrafficRouting{{Service: "shop", Ingress: &v1beta1.IngressRouting{Name: "shop"}}}
	all, none := "100%", "0%"
	for name, c := range map[string]struct {
		step     v1beta1.Step
		requests Requests
		extra    bool
		want     v1beta1.Step
	}{
		"a step says pods, the TrafficRouting what they get": {
			v1beta1.Step{Replicas: pods("2")}, Requests{Routings: routings, Weight: &thirty}, false, v1beta1.Step{Replicas: pods("2"), Traffic: &share}},
		"a step with traffic alone says as many pods": {
			v1beta1.Step{Traffic: &share}, Requests{Routings: routings, Matches: []v1beta1.HTTPRouteMatch{gray()}}, false,
			v1beta1.Step{Replicas: pods("30%"), Traffic: &none, Matches: []v1beta1.HTTPRouteMatch{gray()}}},
		"a step for all pods is one for all requests": {
			v1beta1.Step{Replicas: pods("100%")}, Requests{Routings: routings, Matches: []v1beta1.HTTPRouteMatch{gray()}}, false, v1beta1.Step{Replicas: pods("100%"), Traffic: &all}},
		"also where all are a number": {
			v1beta1.Step{Replicas: pods("5")}, Requests{Routings: routings, Weight: &thirty}, false, v1beta1.Step{Replicas: pods("5"), Traffic: &all}},
		"where pods come on top the stable ones go on with theirs": {
			v1beta1.Step{Replicas: pods("100%")}, Requests{Routings: routings, Weight: &thirty}, true, v1beta1.Step{Replicas: pods("100%"), Traffic: &share}},
		"without a route to it a workload is released by its pods": {
			v1beta1.Step{Traffic: &share}, Requests{Weight: &thirty, Matches: []v1beta1.HTTPRouteMatch{gray()}}, false, v1beta1.Step{Replicas: pods("30%")}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := v1beta1.RolloutSpec{Strategy: v1beta1.Strategy{Canary: &v1beta1.CanaryStrategy{Steps: []v1beta1.Step{c.step}, EnableExtraWorkloadForCanary: c.extra}}}
			got := Follow(spec, 5, c.requests).Strategy.Canary
			if diff := cmp.Diff(c.want, got.Steps[0]); diff != "" {
				t.Errorf("step (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.requests.Routings, got.TrafficRoutings); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.step, spec.Strategy.Canary.Steps[0]); diff != "" {
				t.Errorf("what is stored was changed (-want +got):\n%s", diff)
			}
		})
	}
}
