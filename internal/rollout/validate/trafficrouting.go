// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"iter"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// TrafficRouting returns what is wrong with a TrafficRouting by itself, one error for each fault.
func TrafficRouting(tr *v1alpha1.TrafficRouting, canLead Leader) []error {
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	if len(tr.Spec.ObjectRef) == 0 {
		add(schema.Faultf("spec.objectRef", "is empty; name at least one Service and a route to it"))
	}
	for i, r := range tr.Spec.ObjectRef {
		at := schema.Index("spec.objectRef", i)
		add(service(at, r))
		add(Routing(at, r))
	}
	add(apart("spec.objectRef", tr.Spec.ObjectRef))
	s := tr.Spec.Strategy
	switch {
	case s.Weight != nil && (*s.Weight < 0 || *s.Weight > 100):
		add(schema.Faultf("spec.strategy.weight", "is %d; give a percentage from 0 to 100", *s.Weight))
	case s.Weight == nil && len(s.Matches) == 0:
		add(schema.Faultf("spec.strategy", "asks for no request; give it matches, or a weight in percent"))
	}
	if len(tr.Spec.ObjectRef) == 0 {
		return faults
	}
	add(Requests("spec.strategy", v1beta1.Step{Matches: s.Matches, RequestHeaderModifier: s.RequestHeaderModifier}, "spec.objectRef", tr.Spec.ObjectRef, canLead))
	return faults
}

// Others are what else of a namespace leads routes.
type Others struct {
	Rollouts        []v1beta1.Rollout
	TrafficRoutings []v1alpha1.TrafficRouting
}

// Unshared says that a route to a Service is named a second time, by another TrafficRouting or by a Rollout itself: two would
// write two shares into it.
func Unshared(tr *v1alpha1.TrafficRouting, others Others) []error {
	var faults []error
	for i, r := range tr.Spec.ObjectRef {
		for what := range uses(r) {
			if by := others.of(what, tr.Name); by != "" {
				faults = append(faults, schema.Faultf(schema.Index("spec.objectRef", i), "names the %s, as %s does already; remove one of the two", what, by))
			}
		}
	}
	return faults
}

// of says who names a route to a Service already, but for the TrafficRouting of that name.
func (u Others) of(what, but string) string {
	for i := range u.TrafficRoutings {
		tr := &u.TrafficRoutings[i]
		if tr.Name != but && tr.DeletionTimestamp == nil && leads(tr.Spec.ObjectRef, what) {
			return "the TrafficRouting " + tr.Name
		}
	}
	for i := range u.Rollouts {
		ro := &u.Rollouts[i]
		if plan := ro.Spec.Strategy.Plan(); plan != nil && ro.DeletionTimestamp == nil && leads(plan.TrafficRoutings, what) {
			return "the Rollout " + ro.Name
		}
	}
	return ""
}

// leads says that some entry names a route to a Service.
func leads(routings []v1beta1.TrafficRouting, what string) bool {
	return slices.ContainsFunc(routings, func(r v1beta1.TrafficRouting) bool {
		for other := range uses(r) {
			if other == what {
				return true
			}
		}
		return false
	})
}

// uses names the routes of an entry, each with the Service.
func uses(r v1beta1.TrafficRouting) iter.Seq[string] {
	return func(yield func(string) bool) {
		to := " to the Service " + r.Service
		if r.Ingress != nil && !yield("Ingress "+r.Ingress.Name+to) || r.Gateway == nil {
			return
		}
		if name := r.Gateway.HTTPRouteName; name != nil && !yield("HTTPRoute "+*name+to) {
			return
		}
		if name := r.Gateway.GRPCRouteName; name != nil {
			yield("GRPCRoute " + *name + to)
		}
	}
}

// InUse returns what an edit may not do while releases use was: the routes that they lead would be left as they are. The
// requests may be changed at any time.
func InUse(was, is *v1alpha1.TrafficRouting) []error {
	before, after := entries(was.Spec.ObjectRef), entries(is.Spec.ObjectRef)
	var by []string
	for _, f := range was.Finalizers {
		if name, is := strings.CutPrefix(f, v1alpha1.FinalizerProgressing); is {
			by = append(by, name)
		}
	}
	if before == after || len(by) == 0 {
		return nil
	}
	return []error{schema.Faultf("spec.objectRef", "cannot change from %s to %s while the releases of %s use it; wait for their end, or roll them back first",
		before, orNone(after), strings.Join(by, ", "))}
}

// unshared says that a Rollout names a route which a TrafficRouting names: two would write two shares into it.
func unshared(field string, plan *v1beta1.CanaryStrategy, others Others) error {
	for i, r := range plan.TrafficRoutings {
		for what := range uses(r) {
			if by := (Others{TrafficRoutings: others.TrafficRoutings}).of(what, ""); by != "" {
				return schema.Faultf(schema.Index(field+".trafficRoutings", i), "names the %s, as %s does already; remove it here, and name the TrafficRouting", what, by)
			}
		}
	}
	return nil
}

// sharing says what is wrong with how a Rollout names a TrafficRouting.
func sharing(ro *v1beta1.Rollout) error {
	plan, field := ro.Spec.Strategy.Plan(), Field(ro.Spec.Strategy)
	name := ro.TrafficRoutingName()
	if plan == nil || name == "" {
		return nil
	}
	if other := ro.Annotations[v1beta1.AnnotationTrafficRouting]; other != "" && other != name {
		return schema.Faultf(field+".trafficRoutingRef", "names the TrafficRouting %s, and the annotation %s names %s; remove one of the two", name, v1beta1.AnnotationTrafficRouting, other)
	}
	if len(plan.TrafficRoutings) > 0 {
		return schema.Faultf(field+".trafficRoutings", "names routes, and so does the TrafficRouting %s, which the Rollout names too; name these in its spec.objectRef, or leave it out", name)
	}
	return nil
}

// sharedRequests says why a step can't name the requests that a TrafficRouting names. Its traffic is read as its pods.
func sharedRequests(at string, s v1beta1.Step, name string) error {
	asks := "matches"
	switch {
	case len(s.Matches) > 0:
	case s.RequestHeaderModifier != nil:
		asks = "requestHeaderModifier"
	default:
		return nil
	}
	return schema.Faultf(at+"."+asks, "is said by the TrafficRouting %s, for all Rollouts that name it; write it in its spec.strategy, and remove it here", name)
}
