// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// Matcher is a sentence about why the route of a Rollout can't lead requests by matches; nil where it can.
type Matcher func([]v1beta1.HTTPRouteMatch) error

// Rollout returns what is wrong with a Rollout by itself and beside the others of its namespace, one error for each fault.
// What the schema of the CRD refuses is not looked at again.
//
// A plan that ends at 100 % is accepted in every style: the new version gets all the traffic before the last old pod goes.
func Rollout(ro *v1beta1.Rollout, others []v1beta1.Rollout, canMatch Matcher) []error {
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	add(Workload(ro.Spec.WorkloadRef))
	add(alone(ro, others))
	add(Plan(ro.Spec.Strategy))
	field, plan, style := Field(ro.Spec.Strategy), ro.Spec.Strategy.Plan(), ro.Spec.Strategy.Style()
	if plan == nil {
		return faults
	}
	for i, s := range plan.Steps {
		at := schema.Index(field+".steps", i)
		add(step(at, s, style))
		add(matches(at, s, field, plan.TrafficRoutings, canMatch))
		if i > 0 {
			add(grows(at, plan.Steps[i-1], s, style))
		}
	}
	if plan.FailureThreshold != nil {
		add(amount(field+".failureThreshold", *plan.FailureThreshold))
	}
	add(delay(field, plan, style))
	for i, r := range plan.TrafficRoutings {
		at := schema.Index(field+".trafficRoutings", i)
		if r.Service == "" {
			add(schema.Faultf(at+".service", "is missing; name the Service whose pods are released"))
		}
		add(Routing(at, r))
	}
	return faults
}

// Field is the path of the strategy that a Rollout has.
func Field(s v1beta1.Strategy) string {
	if s.BlueGreen != nil {
		return "spec.strategy.blueGreen"
	}
	return "spec.strategy.canary"
}

// Change returns what an edit may not do while a release of was is under way. Steps and pauses may be edited at any time.
func Change(was, is *v1beta1.Rollout) []error {
	if !slices.Contains([]v1beta1.Phase{v1beta1.PhaseProgressing, v1beta1.PhaseTerminating, v1beta1.PhaseDisabling}, was.Status.Phase) {
		return nil
	}
	var faults []error
	if was.Spec.WorkloadRef != is.Spec.WorkloadRef {
		faults = append(faults, schema.Faultf("spec.workloadRef", "cannot change from %s to %s while a release is under way; wait for its end, or roll it back first",
			named(was.Spec.WorkloadRef), named(is.Spec.WorkloadRef)))
	}
	if from, to := was.Spec.Strategy.Style(), is.Spec.Strategy.Style(); from != to && was.Spec.ReleaseID == is.Spec.ReleaseID {
		faults = append(faults, schema.Faultf("spec.strategy", "cannot change from the style %s to %s while a release is under way; wait for its end, or roll it back first", from, to))
	}
	before, after := routes(was), routes(is)
	// A newer release may be the first with a route, or the first without; what is renamed would leave the old route as it is now.
	replaced := was.Spec.ReleaseID != is.Spec.ReleaseID && (before == "" || after == "")
	if before != after && !replaced && !nothingRouted(was.Status) {
		faults = append(faults, schema.Faultf(Field(is.Spec.Strategy)+".trafficRoutings", "cannot change from %s to %s while a release is under way; wait for its end, or roll it back first",
			orNone(before), orNone(after)))
	}
	return faults
}

// nothingRouted says that a release waits for routes that do not exist, and has made none: their names are to be corrected.
func nothingRouted(st v1beta1.RolloutStatus) bool {
	return st.CurrentStepState == v1beta1.StepBefore && st.Release() != nil && st.Release().Rule == rollout.RuleRoutesMissing
}

// Workload says what is wrong with a reference to a workload; nil where it can be released in steps.
func Workload(ref v1beta1.ObjectRef) error {
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	if ref.Kind == "Deployment" && group == "apps" {
		return nil
	}
	return schema.Faultf("spec.workloadRef", "names a %s of %s, which can't be released in steps; name a Deployment of apps/v1", ref.Kind, ref.APIVersion)
}

// Plan says what is wrong with a strategy as a whole.
func Plan(s v1beta1.Strategy) error {
	if s.Canary != nil && s.BlueGreen != nil {
		return schema.Faultf("spec.strategy", "has both canary and blueGreen; leave one out")
	}
	if s.Plan() == nil || len(s.Plan().Steps) == 0 {
		return schema.Faultf(Field(s), "has no steps; give it at least one")
	}
	return nil
}

// delay says why the stable version's pods can't be kept for a while after the release.
func delay(field string, plan *v1beta1.CanaryStrategy, style v1beta1.Style) error {
	switch at := field + ".scaleDownDelaySeconds"; {
	case plan.ScaleDownDelaySeconds == nil || *plan.ScaleDownDelaySeconds == 0:
	case style == v1beta1.StylePartition:
		return schema.Faultf(at, "needs the stable version's pods, which are replaced in place; set enableExtraWorkloadForCanary, or remove it")
	case len(plan.TrafficRoutings) == 0:
		return schema.Faultf(at, "needs a route that takes the traffic off the stable version's pods; name one in %s.trafficRoutings, or remove it", field)
	}
	return nil
}

// Routing says what is missing in what is at a path of the spec.
func Routing(at string, r v1beta1.TrafficRouting) error {
	if r.Ingress == nil || r.Ingress.Name == "" {
		return schema.Faultf(at, "has no ingress; name one in ingress.name")
	}
	return nil
}

// alone says that no other Rollout releases the workload: two would undo each other's work.
func alone(ro *v1beta1.Rollout, others []v1beta1.Rollout) error {
	group, _, _ := strings.Cut(ro.Spec.WorkloadRef.APIVersion, "/")
	for i := range others {
		o, ref := &others[i], others[i].Spec.WorkloadRef
		its, _, _ := strings.Cut(ref.APIVersion, "/")
		if o.Namespace != ro.Namespace || o.Name == ro.Name || o.DeletionTimestamp != nil {
			continue
		}
		if its == group && ref.Kind == ro.Spec.WorkloadRef.Kind && ref.Name == ro.Spec.WorkloadRef.Name {
			return schema.Faultf("spec.workloadRef", "%s is released by the Rollout %s already; delete that one, or name another workload", named(ref), o.Name)
		}
	}
	return nil
}

func step(at string, s v1beta1.Step, style v1beta1.Style) error {
	if s.Replicas == nil && style == v1beta1.StyleBlueGreen {
		return schema.Faultf(at+".replicas", "is missing; say how many pods of the new version stand beside the stable ones, as a number or a percentage")
	}
	if s.Replicas == nil && len(s.Matches) > 0 {
		return schema.Faultf(at+".replicas", "is missing; say how many pods the requests that match need, as a number or a percentage")
	}
	if s.Traffic == nil && s.Replicas == nil {
		return schema.Faultf(at, `asks for nothing; give it traffic such as "20%%", or replicas`)
	}
	if s.Replicas == nil {
		return nil
	}
	return amount(at+".replicas", *s.Replicas)
}

// matches says why requests that match can't be led by the routes.
func matches(at string, s v1beta1.Step, field string, routings []v1beta1.TrafficRouting, canMatch Matcher) error {
	if len(s.Matches) == 0 {
		return nil
	}
	if len(routings) == 0 {
		return schema.Faultf(at+".matches", "needs a route that looks at requests; name one in %s.trafficRoutings, or remove matches", field)
	}
	if err := canMatch(s.Matches); err != nil {
		return schema.Faultf(at, "%s", err)
	}
	return nil
}

// amount says what is wrong with a number of pods or a percentage of them.
func amount(at string, v intstr.IntOrString) error {
	if v.Type == intstr.Int {
		if v.IntVal < 0 {
			return schema.Faultf(at, `is %d; give a number of pods from 0, or a percentage such as "20%%"`, v.IntVal)
		}
		return nil
	}
	if n, ok := percent(v.StrVal); !ok || n > 100 {
		return schema.Faultf(at, `is %q; give a number of pods from 0, or a percentage from "0%%" to "100%%"`, v.StrVal)
	}
	return nil
}

func percent(s string) (int, bool) {
	digits, found := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	return n, found && err == nil && n >= 0 && !strings.HasPrefix(digits, "+")
}

// grows says that a step asks for no less than the one before, as far as the two can be compared. With blue-green traffic goes
// its own ways.
func grows(at string, before, s v1beta1.Step, style v1beta1.Style) error {
	const mend = "a plan only grows; to go back, roll back or edit the step that the release is at"
	if before.Traffic != nil && s.Traffic != nil && style != v1beta1.StyleBlueGreen {
		was, _ := percent(*before.Traffic)
		if is, _ := percent(*s.Traffic); is < was {
			return schema.Faultf(at+".traffic", "is %q, less than the %q of the step before; %s", *s.Traffic, *before.Traffic, mend)
		}
	}
	if before.Replicas == nil || s.Replicas == nil || before.Replicas.Type != s.Replicas.Type {
		return nil
	}
	was, is := int(before.Replicas.IntVal), int(s.Replicas.IntVal)
	if s.Replicas.Type == intstr.String {
		was, _ = percent(before.Replicas.StrVal)
		is, _ = percent(s.Replicas.StrVal)
	}
	if is < was {
		return schema.Faultf(at+".replicas", "is %s, less than the %s of the step before; %s", s.Replicas, before.Replicas, mend)
	}
	return nil
}

// routes names what a Rollout routes; empty where it routes nothing.
func routes(ro *v1beta1.Rollout) string {
	plan := ro.Spec.Strategy.Plan()
	if plan == nil {
		return ""
	}
	var all []string
	for _, r := range plan.TrafficRoutings {
		name := ""
		if r.Ingress != nil {
			name = r.Ingress.Name
		}
		all = append(all, fmt.Sprintf("Service %s by Ingress %s", r.Service, name))
	}
	return strings.Join(all, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func named(ref v1beta1.ObjectRef) string { return ref.Kind + " " + ref.Name }
