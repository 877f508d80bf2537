// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/server/api"
)

const (
	annotationCanary = "nginx.ingress.kubernetes.io/canary"
	annotationWeight = "nginx.ingress.kubernetes.io/canary-weight"
	annotationTotal  = "nginx.ingress.kubernetes.io/canary-weight-total"
)

// traffic draws Services with the pods that they select, and routes with the Services that they lead to.
func (g *graph) traffic() {
	services := slices.Clone(g.seen.Services)
	slices.SortFunc(services, func(a, b corev1.Service) int { return cmp.Compare(a.Name, b.Name) })
	ids := map[string]string{}
	for i := range services {
		ids[services[i].Name] = g.service(&services[i])
	}
	ingresses := slices.Clone(g.seen.Ingresses)
	slices.SortFunc(ingresses, func(a, b networkingv1.Ingress) int { return cmp.Compare(a.Name, b.Name) })
	for i := range ingresses {
		g.ingress(&ingresses[i], ingresses, ids)
	}
	for i := range g.seen.HTTPRoutes {
		r := &g.seen.HTTPRoutes[i]
		var rules [][]gatewayv1.BackendRef
		for _, rule := range r.Spec.Rules {
			var refs []gatewayv1.BackendRef
			for _, b := range rule.BackendRefs {
				refs = append(refs, b.BackendRef)
			}
			rules = append(rules, refs)
		}
		g.route("HTTPRoute", &r.ObjectMeta, rules, ids)
	}
	for i := range g.seen.GRPCRoutes {
		r := &g.seen.GRPCRoutes[i]
		var rules [][]gatewayv1.BackendRef
		for _, rule := range r.Spec.Rules {
			var refs []gatewayv1.BackendRef
			for _, b := range rule.BackendRefs {
				refs = append(refs, b.BackendRef)
			}
			rules = append(rules, refs)
		}
		g.route("GRPCRoute", &r.ObjectMeta, rules, ids)
	}
}

// route draws a route of the Gateway API with where its rules lead.
func (g *graph) route(kind string, o *metav1.ObjectMeta, rules [][]gatewayv1.BackendRef, services map[string]string) {
	component := componentOf(o)
	health, message := g.served(plan.RouteKey(kind, o.Namespace, o.Name))
	id := g.node(componentID(component), o, api.TopologyNode{Kind: kind, ApiVersion: gatewayv1.GroupVersion.String(), Health: health, Message: message})
	all := make([][]backend, 0, len(rules))
	for _, refs := range rules {
		var some []backend
		for _, ref := range refs {
			some = append(some, backendOf(ref))
		}
		all = append(all, some)
	}
	g.rules(id, component, all, services)
}

func (g *graph) service(s *corev1.Service) string {
	component := componentOf(&s.ObjectMeta)
	n := api.TopologyNode{Kind: "Service", ApiVersion: "v1", Component: component, Health: api.HealthHealthy}
	var selected []string
	ready := 0
	for _, p := range sorted(g.seen.Pods) {
		id, drawn := g.byUID[p.UID]
		if !drawn || len(s.Spec.Selector) == 0 || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.Labels)) {
			continue
		}
		selected = append(selected, id)
		if podHealth(p, g.seen.Now) == api.HealthHealthy {
			ready++
		}
	}
	pods := len(selected)
	n.Pods, n.ReadyPods = &pods, &ready
	if ready == 0 && len(s.Spec.Selector) > 0 {
		n.Health, n.Message = api.HealthProgressing, "no pod that it selects is ready"
	}
	if r := g.versions.release(component); r != nil && s.Labels["rollouts.kruise.io/rollout-name"] != "" {
		switch s.Spec.Selector["pod-template-hash"] + s.Spec.Selector["controller-revision-hash"] {
		case r.New.Hash:
			g.versions.set(&n, component, r.New.Hash)
		case r.Old.Hash:
			g.versions.set(&n, component, r.Old.Hash)
		}
		if n.Role == api.VersionRoleCanary && pods == 0 {
			n.Health, n.Message = api.HealthHealthy, "" // nothing is sent there yet
		}
	}
	id := g.node(componentID(component), &s.ObjectMeta, n)
	for _, pod := range selected {
		g.out.Edges = append(g.out.Edges, api.TopologyEdge{From: id, To: pod, Kind: api.TopologyEdgeKindSelects})
	}
	return id
}

// served says what the edge makes of a route; Healthy where it is not known.
func (g *graph) served(key string) (api.Health, string) {
	for _, p := range g.seen.Plans {
		accepted, problems, known := false, []string(nil), false
		if r, ok := p.Routes[key]; ok {
			accepted, problems, known = r.Accepted, r.Problems, true
		}
		if i, ok := p.Ingresses[key]; ok {
			accepted, problems, known = i.Accepted, i.Problems, true
		}
		if known && !accepted {
			return api.HealthUnhealthy, strings.Join(problems, " ")
		}
	}
	return api.HealthHealthy, ""
}

// ingress draws an Ingress. The share of a canary Ingress is its own weight, that of the one beside it the rest.
func (g *graph) ingress(i *networkingv1.Ingress, all []networkingv1.Ingress, services map[string]string) {
	component := componentOf(&i.ObjectMeta)
	health, message := g.served(i.Namespace + "/" + i.Name)
	id := g.node(componentID(component), &i.ObjectMeta, api.TopologyNode{
		Kind: "Ingress", ApiVersion: networkingv1.SchemeGroupVersion.String(), Component: component, Health: health, Message: message,
	})
	var weight *int
	canary := isCanary(i)
	if canary {
		weight = weightOf(i)
	} else {
		for j := range all {
			if other := &all[j]; isCanary(other) && componentOf(&other.ObjectMeta) == component {
				if w := weightOf(other); w != nil {
					rest := 100 - *w
					weight = &rest
				}
			}
		}
	}
	done := map[string]bool{}
	for _, name := range backends(i) {
		if to, ok := services[name]; ok && !done[name] {
			done[name] = true
			g.out.Edges = append(g.out.Edges, api.TopologyEdge{From: id, To: to, Kind: api.TopologyEdgeKindRoutes, Weight: weight, Measured: g.measured(component, weight, canary)})
		}
	}
}

// measured is the percentage of requests that was counted on an edge with a weight.
func (g *graph) measured(component string, weight *int, canary bool) *float64 {
	r := g.versions.release(component)
	if weight == nil || r == nil || r.Measured == nil || r.Measured.All == 0 {
		return nil
	}
	percent := r.Measured.Percent()
	if !canary {
		percent = 100 - percent
	}
	return &percent
}

func isCanary(i *networkingv1.Ingress) bool { return i.Annotations[annotationCanary] == "true" }

// weightOf is the percentage of a canary Ingress; nil when it has none that can be read.
func weightOf(i *networkingv1.Ingress) *int {
	weight, err := strconv.Atoi(i.Annotations[annotationWeight])
	if err != nil {
		return nil
	}
	if total, err := strconv.Atoi(i.Annotations[annotationTotal]); err == nil && total > 0 {
		weight = weight * 100 / total
	}
	return &weight
}

// backends are the Services that an Ingress leads to.
func backends(i *networkingv1.Ingress) []string {
	var all []string
	add := func(b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil {
			all = append(all, b.Service.Name)
		}
	}
	add(i.Spec.DefaultBackend)
	for _, rule := range i.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, p := range rule.HTTP.Paths {
			add(&p.Backend)
		}
	}
	return all
}

// backend is one reference of a route's rule.
type backend struct {
	service string
	weight  int
}

func backendOf(r gatewayv1.BackendRef) backend {
	b := backend{service: string(r.Name), weight: 1}
	if r.Weight != nil {
		b.weight = int(*r.Weight)
	}
	return b
}

// rules draws where the rules of a route lead; the first rule that leads to a Service says with which share.
func (g *graph) rules(id, component string, rules [][]backend, services map[string]string) {
	done := map[string]bool{}
	for _, refs := range rules {
		total := 0
		for _, b := range refs {
			total += b.weight
		}
		for _, b := range refs {
			to, ok := services[b.service]
			if !ok || done[b.service] {
				continue
			}
			done[b.service] = true
			edge := api.TopologyEdge{From: id, To: to, Kind: api.TopologyEdgeKindRoutes}
			if len(refs) > 1 && total > 0 {
				percent := b.weight * 100 / total
				edge.Weight = &percent
				if b.weight > 0 || strings.HasSuffix(b.service, "-canary") {
					edge.Measured = g.measured(component, &percent, strings.HasSuffix(b.service, "-canary"))
				}
			}
			g.out.Edges = append(g.out.Edges, edge)
		}
	}
}
