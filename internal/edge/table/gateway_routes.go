// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// object is an HTTPRoute or GRPCRoute in the form that both have in common.
type object struct {
	metav1.Object
	kind     string
	key      string // plan.RouteKey
	parents  []gatewayv1.ParentReference
	hosts    []string
	rules    []rule
	accepted bool // by one listener at least
	problems []string
	routes   []Route // when accepted
}

// rule is a rule of an object.
type rule struct {
	field     string
	matches   []Match // without host and rule
	ranks     []rank  // of matches
	backends  []backendRef
	treatment Treatment // without mirrors
	mirrors   []mirrorRef
	broken    bool // some of it cannot be served as it says
}

// backendRef is a backendRef of a rule; invalid when one of its filters cannot be honoured.
type backendRef struct {
	gatewayv1.BackendRef
	request, response *Headers
	invalid           bool
}

type mirrorRef struct {
	field string
	ref   gatewayv1.BackendObjectReference
	share Mirror // without pool
}

// attached is an object at a listener, with the hosts that both have in common.
type attached struct {
	*object
	hosts []string
}

// problem notes what of an object is not served as it says.
func (o *object) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(o.problems, text) {
		o.problems = append(o.problems, text)
	}
}

// attach joins routes to listeners, oldest first, and lists those that are accepted.
func (h *halls) attach() {
	var all []*object
	for _, r := range h.in.HTTPRoutes {
		if h.concerns(r.Namespace, r.Spec.ParentRefs) {
			all = append(all, readHTTPRoute(r))
		}
	}
	for _, r := range h.in.GRPCRoutes {
		if h.concerns(r.Namespace, r.Spec.ParentRefs) {
			all = append(all, readGRPCRoute(r))
		}
	}
	slices.SortFunc(all, func(a, b *object) int { return cmp.Or(older(a, b), cmp.Compare(a.kind, b.kind)) })
	for _, o := range all {
		h.serveObject(o)
	}
	slices.SortFunc(all, func(a, b *object) int { return cmp.Compare(a.key, b.key) })
	for _, o := range all {
		h.table.Routes = append(h.table.Routes, o.routes...)
		h.table.Objects[o.key] = o.describe()
	}
}

// concerns tells whether one of the parents is a Gateway of ours.
func (h *halls) concerns(namespace string, parents []gatewayv1.ParentReference) bool {
	return slices.ContainsFunc(parents, func(p gatewayv1.ParentReference) bool { return h.parent(namespace, p) != nil })
}

// parent gives the Gateway of ours that a parentRef names, or nil.
func (h *halls) parent(namespace string, ref gatewayv1.ParentReference) *hall {
	if ref.Group != nil && *ref.Group != gatewayv1.GroupName || ref.Kind != nil && *ref.Kind != "Gateway" {
		return nil
	}
	if ref.Namespace != nil {
		namespace = string(*ref.Namespace)
	}
	return h.gateways[namespace+"/"+string(ref.Name)]
}

// serveObject attaches an object to the listeners of its parents and writes its status.
func (h *halls) serveObject(o *object) {
	broken := 0
	for i := range o.rules {
		if o.rules[i].broken {
			broken++
		}
	}
	var parents []gatewayv1.RouteParentStatus
	for _, ref := range o.parents {
		g := h.parent(o.GetNamespace(), ref)
		if g == nil {
			continue
		}
		var conditions []metav1.Condition
		switch {
		case broken > 0 && broken == len(o.rules):
			conditions = append(conditions, condition(gatewayv1.RouteConditionAccepted, false, gatewayv1.RouteReasonUnsupportedValue, "%s", strings.Join(o.problems, "; ")))
		default:
			conditions = append(conditions, h.join(o, g, ref))
		}
		if accepted := conditions[0]; accepted.Status == metav1.ConditionTrue && broken > 0 {
			conditions = append(conditions, condition(gatewayv1.RouteConditionPartiallyInvalid, true, gatewayv1.RouteReasonUnsupportedValue, "%s", strings.Join(o.problems, "; ")))
		}
		parents = append(parents, gatewayv1.RouteParentStatus{ParentRef: ref, ControllerName: gatewayv1.GatewayController(h.in.Controller), Conditions: conditions})
	}
	for i := range parents {
		if accepted := parents[i].Conditions[0]; accepted.Status == metav1.ConditionFalse && broken == 0 {
			o.problem("%s", accepted.Message)
		}
	}
	resolved := h.resolve(o)
	for i := range parents {
		parents[i].Conditions = observed(o.GetGeneration(), append(parents[i].Conditions, resolved)...)
	}
	h.table.Statuses.Routes[o.key] = parents
}

// join attaches an object to the listeners of one parent, and says whether there is one. The filters are asked in an order in
// which the first that leaves nothing is the reason that helps most.
func (h *halls) join(o *object, g *hall, ref gatewayv1.ParentReference) metav1.Condition {
	refuse := func(reason gatewayv1.RouteConditionReason, format string, args ...any) metav1.Condition {
		return condition(gatewayv1.RouteConditionAccepted, false, reason, format, args...)
	}
	left := slices.DeleteFunc(slices.Clone(g.listeners), func(l *listener) bool {
		return ref.SectionName != nil && *ref.SectionName != l.Name || ref.Port != nil && *ref.Port != l.Port
	})
	if len(left) == 0 {
		return refuse(gatewayv1.RouteReasonNoMatchingParent, "spec.parentRefs: Gateway %s has no listener with this sectionName and port", g.key)
	}
	left = slices.DeleteFunc(left, func(l *listener) bool { return !slices.Contains(l.kinds, o.kind) || !h.admits(l, o.GetNamespace()) })
	if len(left) == 0 {
		return refuse(gatewayv1.RouteReasonNotAllowedByListeners, "allowedRoutes of Gateway %s does not admit routes of kind %s from namespace %s", g.key, o.kind, o.GetNamespace())
	}
	left = slices.DeleteFunc(left, func(l *listener) bool { return len(common(l.host, o.hosts)) == 0 })
	if len(left) == 0 {
		return refuse(gatewayv1.RouteReasonNoMatchingListenerHostname, "spec.hostnames has nothing in common with the hostnames of the listeners of Gateway %s", g.key)
	}
	left = slices.DeleteFunc(left, func(l *listener) bool {
		return l.accepted.Status == metav1.ConditionFalse || l.conflicted.Status == metav1.ConditionTrue || g.refused != nil
	})
	if len(left) == 0 {
		return refuse(gatewayv1.RouteReasonNoMatchingParent, "the listeners of Gateway %s that would take it are not accepted; its status says why", g.key)
	}
	var rival *attached
	left = slices.DeleteFunc(left, func(l *listener) bool {
		other := l.rival(o)
		if other != nil {
			rival = other
		}
		return other != nil
	})
	if len(left) == 0 {
		return refuse(gatewayv1.RouteReasonNotAllowedByListeners, "the older %s %s/%s has the same hostnames, and one hostname is for one kind of route; change spec.hostnames",
			rival.kind, rival.GetNamespace(), rival.GetName())
	}
	for _, l := range left {
		l.take(o)
	}
	o.accepted = true
	return condition(gatewayv1.RouteConditionAccepted, true, gatewayv1.RouteReasonAccepted, "the edge serves it")
}

// rival gives a route of the other kind at the listener that has a host of the object (GRPCRoute, "cross serving").
func (l *listener) rival(o *object) *attached {
	hosts := common(l.host, o.hosts)
	for _, a := range l.routes {
		if a.kind == o.kind {
			continue
		}
		for _, host := range a.hosts {
			if len(common(host, hosts)) > 0 {
				return a
			}
		}
	}
	return nil
}

// take attaches an object once, whatever number of its parentRefs lead here.
func (l *listener) take(o *object) {
	if !slices.ContainsFunc(l.routes, func(a *attached) bool { return a.object == o }) {
		l.routes = append(l.routes, &attached{object: o, hosts: common(l.host, o.hosts)})
	}
}

// common gives the hosts that a listener's host and a route's have in common; an empty host stands for every host.
func common(listener string, hosts []string) []string {
	if len(hosts) == 0 {
		return []string{listener}
	}
	var out []string
	for _, host := range hosts {
		both, ok := intersect(listener, host)
		if ok && !slices.Contains(out, both) {
			out = append(out, both)
		}
	}
	return out
}

func intersect(a, b string) (string, bool) {
	switch {
	case a == b || covers(a, b):
		return b, true
	case covers(b, a):
		return a, true
	}
	return "", false
}

// covers tells whether every host that b stands for is one of a. "*.example" covers what has one label or more before ".example".
func covers(a, b string) bool {
	if a == "" {
		return true
	}
	suffix, wild := strings.CutPrefix(a, "*")
	if !wild {
		return false
	}
	return strings.HasSuffix(strings.TrimPrefix(b, "*"), suffix) && len(b) > len(suffix)
}

// matches gives what the listener's routes match, in the order of precedence.
func (l *listener) matches() []Match {
	type entry struct {
		Match
		rank
	}
	var all []entry
	for _, a := range l.routes {
		for _, host := range a.hosts {
			for i := range a.rules {
				for j, m := range a.rules[i].matches {
					m.Host, m.Rule = host, RuleName(a.key, i)
					all = append(all, entry{m, a.rules[i].ranks[j]})
				}
			}
		}
	}
	// Routes stand in order of age and rules in their own: the sort keeps both where nothing else decides.
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Host, b.Host), a.compare(b.rank)) })
	out := make([]Match, len(all))
	for i := range all {
		out[i] = all[i].Match
	}
	return out
}

// describe gives the object as the plan tells it.
func (o *object) describe() Object {
	out := Object{UID: string(o.GetUID()), ResourceVersion: o.GetResourceVersion(), Accepted: o.accepted, Problems: o.problems}
	for i := range o.rules {
		targets := []Target{}
		for _, b := range o.rules[i].backends {
			targets = append(targets, b.target(o.GetNamespace()))
		}
		out.Rules = append(out.Rules, targets)
	}
	return out
}

func (b backendRef) target(namespace string) Target {
	t := Target{Weight: 1}
	if b.Weight != nil {
		t.Weight = *b.Weight
	}
	if isService(b.BackendObjectReference) {
		t.Service = serviceOf(namespace, b.BackendObjectReference)
	}
	return t
}

func newObject(kind string, o metav1.Object, spec gatewayv1.CommonRouteSpec, hostnames []gatewayv1.Hostname) *object {
	out := &object{Object: o, kind: kind, key: plan.RouteKey(kind, o.GetNamespace(), o.GetName()), parents: spec.ParentRefs}
	for i := range hostnames {
		out.hosts = append(out.hosts, hostname(&hostnames[i]))
	}
	return out
}
