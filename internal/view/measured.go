// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// route is one route of a release as the edge knows it.
type route struct {
	// ingress is the key of the canary Ingress in a plan.Plan, other that of a route of the Gateway API; one of them is empty.
	ingress, other string
	service        string
}

// routesOf are the routes of a Rollout. A canary Ingress has the name that its release gave it; of one that was not seen, the name
// that it would have.
func routesOf(seen Seen, r *rolloutsv1beta1.Rollout) []route {
	p := r.Spec.Strategy.Plan()
	if p == nil {
		return nil
	}
	canaries := map[string]*networkingv1.Ingress{}
	for i := range seen.Canaries {
		if c := &seen.Canaries[i]; c.Namespace == r.Namespace {
			canaries[c.Name] = c
		}
	}
	var all []route
	var taken []string
	for _, routing := range p.TrafficRoutings {
		if i := routing.Ingress; i != nil {
			name := ingress.Choose(traffic.Target{Namespace: r.Namespace, Rollout: r.Name, Service: routing.Service, Route: i.Name}, canaries, taken)
			taken = append(taken, name)
			all = append(all, route{ingress: r.Namespace + "/" + name, service: routing.Service})
		}
		if g := routing.Gateway; g != nil && g.HTTPRouteName != nil {
			all = append(all, route{other: plan.RouteKey("HTTPRoute", r.Namespace, *g.HTTPRouteName), service: routing.Service})
		}
		if g := routing.Gateway; g != nil && g.GRPCRouteName != nil {
			all = append(all, route{other: plan.RouteKey("GRPCRoute", r.Namespace, *g.GRPCRouteName), service: routing.Service})
		}
	}
	return all
}

// Routes are those of the releases that are at work, as keys of a plan.Plan: the edge is asked about them and about no others.
func Routes(seen Seen) (ingresses, others []string) {
	for i := range seen.Rollouts {
		r := &seen.Rollouts[i]
		if r.Status.Phase == rolloutsv1beta1.PhaseHealthy {
			continue
		}
		for _, one := range routesOf(seen, r) {
			if one.ingress != "" {
				ingresses = append(ingresses, one.ingress)
			} else {
				others = append(others, one.other)
			}
		}
	}
	return ingresses, others
}

// measured adds up what the replicas of the edge counted on the routes of a release. It is nil when a replica that answered
// does not serve one of them: then the share is not known.
func measured(seen Seen, r *rolloutsv1beta1.Rollout) *Share {
	routes := routesOf(seen, r)
	if len(routes) == 0 || len(seen.Plans) == 0 {
		return nil
	}
	share := Share{}
	for _, p := range seen.Plans {
		for _, one := range routes {
			if one.ingress != "" && !share.addIngress(p, one.ingress) || one.other != "" && !share.addRoute(p, one.other, r.Namespace+"/"+one.service) {
				return nil
			}
		}
	}
	return &share
}

// addIngress adds what was counted on a canary Ingress; false where it is not served.
func (s *Share) addIngress(p plan.Plan, key string) bool {
	route, ok := p.Ingresses[key]
	if !ok || !route.Canary || !route.Accepted {
		return false
	}
	s.add(route.CanaryRequests, route.CanaryRequests+route.StableRequests, route.Since)
	return true
}

// addRoute adds what the rules of a route counted for a Service and for those of its versions; false where it is not served, or
// leads to the new version by no rule.
func (s *Share) addRoute(p plan.Plan, key, service string) bool {
	route, ok := p.Routes[key]
	if !ok || !route.Accepted {
		return false
	}
	led := false
	for _, rule := range route.Rules {
		for _, b := range rule.Backends {
			switch b.Service {
			case traffic.CanaryService(service):
				led = true
				s.add(b.Requests, b.Requests, route.Since)
			case service, traffic.StableService(service):
				s.add(0, b.Requests, route.Since)
			}
		}
	}
	return led
}

func (s *Share) add(fresh, all uint64, since time.Time) {
	s.New, s.All = s.New+fresh, s.All+all
	if since.After(s.Since) {
		s.Since = since
	}
}
