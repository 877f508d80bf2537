// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vela-rollouts/vela/internal/traffic"
)

// Router is the traffic.Router for HTTPRoutes and GRPCRoutes.
type Router struct{}

var _ traffic.Router = Router{}

// GroupVersionKind of a kind of route.
func GroupVersionKind(kind traffic.Kind) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: string(kind)}
}

// Kinds are those that the Router knows.
func Kinds() []traffic.Kind { return []traffic.Kind{traffic.KindHTTPRoute, traffic.KindGRPCRoute} }

// Plan implements traffic.Router: at most one write, which changes all of it at once.
func (Router) Plan(t traffic.Target, live traffic.Objects, want traffic.Intent) ([]traffic.Write, error) {
	if !want.Canary {
		return giveBack(t, live)
	}
	if problem := absent(t, live); problem != "" {
		return nil, errors.New(problem)
	}
	rules, all, err := split(t, live.Route, want)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%s %s: %d%% to the new version, the rest to Service %s", t.Kind, t.Route, want.Weight, traffic.StableService(t.Service))
	if !want.Switched {
		what = fmt.Sprintf("%s %s: %d%% to the new version, the rest to Service %s", t.Kind, t.Route, want.Weight, t.Service)
	}
	if len(want.Matches) > 0 {
		what += ", and requests that match to the new version"
	}
	return write(what, live.Route, rules, all)
}

// giveBack gives the write that leaves nothing of ours on a route.
func giveBack(t traffic.Target, live traffic.Objects) ([]traffic.Write, error) {
	route := live.Route
	if route == nil {
		return nil, nil
	}
	all := memos(route)
	if m, remembers := all[t.Service]; remembers && m.Rollout != t.Rollout || !remembers && !ours(t, live) {
		return nil, nil
	}
	rules := restore(t, rulesOf(route), all)
	delete(all, t.Service)
	return write(fmt.Sprintf("lead %s %s back to Service %s", t.Kind, t.Route, t.Service), route, rules, all)
}

// write gives the patch that makes the rules and what is remembered be as given; none where they are.
func write(what string, route *unstructured.Unstructured, rules []any, all map[string]memo) ([]traffic.Write, error) {
	annotations, err := remember(route.GetAnnotations(), all)
	if err != nil {
		return nil, err
	}
	ops := append(changedRules(items(part(route.Object, "spec"), "rules"), rules), changedAnnotations(route.GetAnnotations(), annotations)...)
	if len(ops) == 0 {
		return nil, nil
	}
	return []traffic.Write{{What: what, Patch: &traffic.Patch{Object: route, Ops: ops}}}, nil
}

func rulesOf(route *unstructured.Unstructured) []object {
	return list(part(route.Object, "spec"), "rules")
}

// missing is a sentence about what is in the way of a release; empty when one can be routed. What is in the way of a step does
// not keep a share from being taken back.
func missing(t traffic.Target, live traffic.Objects) string {
	if problem := absent(t, live); problem != "" {
		return problem
	}
	if problem := faulty(t, live); problem != "" {
		return problem
	}
	// What any step of the plan needs is told before the first of them.
	for _, asked := range append([][]matchList{nil}, t.Matches...) {
		if _, _, err := split(t, live.Route, traffic.Intent{Canary: true, Matches: asked}); err != nil {
			return err.Error()
		}
	}
	return ""
}

// absent is a sentence about what is not there to lead requests by; empty where all is.
func absent(t traffic.Target, live traffic.Objects) string {
	if problem := traffic.MissingService(t, live); problem != "" {
		return problem
	}
	field := t.At + ".gateway.httpRouteName"
	if t.Kind == traffic.KindGRPCRoute {
		field = t.At + ".gateway.grpcRouteName"
	}
	switch {
	case live.NoKind:
		return fmt.Sprintf("%s names a %s, which this cluster does not know; install the CRDs of the Gateway API (v1), or name an Ingress", field, t.Kind)
	case live.Route == nil:
		return fmt.Sprintf("the %s %s named in %s does not exist in namespace %s; create it or correct the name", t.Kind, t.Route, field, t.Namespace)
	}
	if m, remembers := memos(live.Route)[t.Service]; remembers && m.Rollout != t.Rollout {
		return fmt.Sprintf("the Rollout %s releases the Service %s on the %s %s already; wait for its end, or delete it", m.Rollout, t.Service, t.Kind, t.Route)
	}
	n := namesOf(t, nil)
	for _, r := range n.read(rulesOf(live.Route)) {
		if len(r.groups) > 0 {
			return ""
		}
	}
	return fmt.Sprintf("no rule of the %s %s leads to the Service %s%s; correct %s.service or the %s", t.Kind, t.Route, t.Service, n.almost(rulesOf(live.Route)), t.At, t.Kind)
}

// faulty is a sentence about a rule that leads to the Service and can't be split; empty where there is none.
func faulty(t traffic.Target, live traffic.Objects) string {
	n := namesOf(t, nil)
	ports := map[int64]bool{}
	for _, p := range live.Service.Spec.Ports {
		ports[int64(p.Port)] = true
	}
	for i, r := range n.read(rulesOf(live.Route)) {
		if port, twice := n.twice(r.refs); twice && !r.ours {
			return fmt.Sprintf("spec.rules[%d] of the %s %s leads to port %d of the Service %s by two backendRefs; make one of them", i, t.Kind, t.Route, port, t.Service)
		}
		for _, g := range r.groups {
			if port := number(g.ref(t.Service, 0), "port"); !ports[port] {
				return fmt.Sprintf("spec.rules[%d] of the %s %s leads to port %d of the Service %s, which has no such port; correct the route or the Service", i, t.Kind, t.Route, port, t.Service)
			}
		}
	}
	return ""
}

// twice says that two backendRefs are the user's to one port.
func (n names) twice(refs []object) (port int64, is bool) {
	seen := map[int64]bool{}
	for _, ref := range refs {
		if n.is(ref) != n.user {
			continue
		}
		if port = number(ref, "port"); seen[port] {
			return port, true
		}
		seen[port] = true
	}
	return 0, false
}

// almost tells of a backendRef that has the name and yet is something else.
func (n names) almost(rules []object) string {
	for _, r := range rules {
		for _, ref := range list(r, "backendRefs") {
			switch namespace := text(ref, "namespace"); {
			case text(ref, "name") != n.user:
			case !service(ref):
				return fmt.Sprintf(" (a backendRef of that name is a %s)", text(ref, "kind"))
			case namespace != "" && namespace != n.namespace:
				return fmt.Sprintf(" (a backendRef of that name is to namespace %s, and a release stays in its own)", namespace)
			case weight(ref) == 0:
				return " (its backendRef has weight 0)"
			}
		}
	}
	return ""
}

// split gives the rules and the memos of a route that leads the wanted share.
func split(t traffic.Target, route *unstructured.Unstructured, want traffic.Intent) ([]any, map[string]memo, error) {
	all := memos(route)
	n := namesOf(t, all)
	next := memo{Rollout: t.Rollout, Switched: want.Switched, Weight: want.Weight, Matches: want.Matches, Modifier: want.Modifier, Was: map[string]was{}}
	s := share{percent: want.Weight, switched: want.Switched}
	var err error
	if s.modifier, err = filter(want.Modifier); err != nil {
		return nil, nil, err
	}
	d := derived{target: t, asked: want.Matches, share: s, reached: map[int]bool{}}
	var out []any
	for i, r := range n.read(rulesOf(route)) {
		switch {
		case r.ours:
			continue // made anew below
		case len(r.groups) == 0:
			out = append(out, r.content)
			continue
		}
		is, err := n.weigh(r, s, all[t.Service].Was, next.Was)
		if err != nil {
			return nil, nil, fmt.Errorf("spec.rules[%d] of the %s %s: %w", i, t.Kind, t.Route, err)
		}
		if !r.others {
			before, err := d.from(is, i)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, before...)
		}
		out = append(out, is.content)
	}
	out = append(out, d.after...)
	if err := d.fits(out); err != nil {
		return nil, nil, err
	}
	all = maps.Clone(all)
	all[t.Service] = next
	return out, all, nil
}
