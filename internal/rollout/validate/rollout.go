// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// longestService leaves room for the suffix that the two Services of a release get, in a name of 63.
const longestService = 63 - len("-canary")

// Leader is a sentence about why routes can't lead the requests of a step as it asks; nil where they can.
type Leader func(v1beta1.TrafficRouting, v1beta1.Step) error

// Rollout returns what is wrong with a Rollout by itself and beside what else is in its namespace, one error for each fault.
// What the schema of the CRD refuses is not looked at again.
//
// A plan that ends at 100 % is accepted in every style: the new version gets all the traffic before the last old pod goes.
func Rollout(ro *v1beta1.Rollout, others Others, canLead Leader) []error {
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	add(nameable(ro))
	add(Workload(ro.Spec.WorkloadRef))
	add(alone(ro, others.Rollouts))
	add(styled(ro))
	add(Plan(ro.Spec.Strategy))
	add(sharing(ro))
	field, plan, style := Field(ro.Spec.Strategy), ro.Spec.Strategy.Plan(), ro.Spec.Strategy.Style()
	if plan == nil {
		return faults
	}
	for i, s := range plan.Steps {
		at := schema.Index(field+".steps", i)
		add(step(at, s, style))
		if ro.TrafficRoutingName() == "" {
			add(Requests(at, s, field, plan.TrafficRoutings, canLead))
		} else {
			add(sharedRequests(at, s, ro.TrafficRoutingName()))
		}
		if i > 0 {
			add(grows(at, plan.Steps[i-1], s, style))
		}
	}
	if plan.FailureThreshold != nil {
		add(amount(field+".failureThreshold", *plan.FailureThreshold))
	}
	add(delay(field, plan, style, ro.TrafficRoutingName()))
	add(foreign(field, plan))
	add(dress(field, plan.PatchPodTemplateMetadata))
	add(inPlace(field, ro.Spec.WorkloadRef, plan, style))
	for i, r := range plan.TrafficRoutings {
		at := schema.Index(field+".trafficRoutings", i)
		add(service(at, r))
		add(Routing(at, r))
	}
	add(apart(field+".trafficRoutings", plan.TrafficRoutings))
	add(unshared(field, plan, others))
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
	missing := []string{rollout.RuleRoutesMissing, rollout.RuleSharedMissing}
	return st.CurrentStepState == v1beta1.StepBefore && st.Release() != nil && slices.Contains(missing, st.Release().Rule)
}

// Workload says what is wrong with a reference to a workload; nil where it can be released in steps.
func Workload(ref v1beta1.ObjectRef) error {
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	if group == "apps" && slices.Contains([]string{workload.KindDeployment, workload.KindStatefulSet, workload.KindDaemonSet}, ref.Kind) {
		return nil
	}
	if kind := workload.CloneSetKind(); group == kind.Group && ref.Kind == kind.Kind {
		return nil
	}
	return schema.Faultf("spec.workloadRef", "names a %s of %s, which can't be released in steps; name a Deployment, a StatefulSet or a DaemonSet of apps/v1, or a CloneSet of %s",
		ref.Kind, ref.APIVersion, workload.CloneSetKind().GroupVersion())
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

// inPlace says why a workload that replaces its pods in place can't do what a strategy asks for.
func inPlace(field string, ref v1beta1.ObjectRef, plan *v1beta1.CanaryStrategy, style v1beta1.Style) error {
	switch {
	case ref.Kind == workload.KindDeployment:
		return nil
	case plan.PatchPodTemplateMetadata != nil:
		return schema.Faultf(field+".patchPodTemplateMetadata", "needs a template for each version, and a %s has one for both; remove it", ref.Kind)
	case ref.Kind == workload.KindDaemonSet && plan.ProgressDeadlineAbort:
		return schema.Faultf(field+".progressDeadlineAbort", "needs a way back without another template, and each new pod of a DaemonSet is of the current one; remove it")
	case style == v1beta1.StylePartition:
		return nil
	case style == v1beta1.StyleBlueGreen:
		return schema.Faultf(field, "needs pods of both versions side by side, and a %s replaces its pods in place; release it with spec.strategy.canary", ref.Kind)
	}
	return schema.Faultf(field+".enableExtraWorkloadForCanary", "needs pods of both versions side by side, and a %s replaces its pods in place; remove it", ref.Kind)
}

// styled says what is wrong with the style that a v1alpha1 Rollout names; v1beta1 has a field for it.
func styled(ro *v1beta1.Rollout) error {
	style, there := ro.Annotations[v1alpha1.AnnotationRollingStyle]
	if !there || style == "" || strings.EqualFold(style, "canary") || strings.EqualFold(style, "partition") {
		return nil
	}
	return schema.Faultf("metadata.annotations["+v1alpha1.AnnotationRollingStyle+"]", "is %q; write canary for pods on top, or partition for pods that are replaced in place", style)
}

// foreign says what of the OpenKruise API is not here, and what to write in its place.
func foreign(field string, plan *v1beta1.CanaryStrategy) error {
	if !plan.DisableGenerateCanaryService {
		return nil
	}
	return schema.Faultf(field+".disableGenerateCanaryService", "can't be followed: each version has a Service of its own while a release lasts, so that none with traffic is pointed elsewhere; remove it")
}

// delay says why the stable version's pods can't be kept for a while after the release.
func delay(field string, plan *v1beta1.CanaryStrategy, style v1beta1.Style, shared string) error {
	switch at := field + ".scaleDownDelaySeconds"; {
	case plan.ScaleDownDelaySeconds == nil || *plan.ScaleDownDelaySeconds == 0:
	case style == v1beta1.StylePartition:
		return schema.Faultf(at, "needs the stable version's pods, which are replaced in place; set enableExtraWorkloadForCanary, or remove it")
	case len(plan.TrafficRoutings) == 0 && shared == "":
		return schema.Faultf(at, "needs a route that takes the traffic off the stable version's pods; name one in %s.trafficRoutings, or remove it", field)
	}
	return nil
}

// service says what is wrong with the Service of an entry of routes.
func service(at string, r v1beta1.TrafficRouting) error {
	if r.Service == "" {
		return schema.Faultf(at+".service", "is missing; name the Service whose pods are released")
	}
	if len(r.Service) > longestService {
		return schema.Faultf(at+".service", "is %s, which is too long: the versions' Services get names with -stable and -canary; shorten it to %d characters", r.Service, longestService)
	}
	return nil
}

// Routing says what is missing in what is at a path of the spec.
func Routing(at string, r v1beta1.TrafficRouting) error {
	switch g := r.Gateway; {
	case r.Ingress == nil && g == nil:
		return schema.Faultf(at, "has no route; name one in ingress.name, gateway.httpRouteName or gateway.grpcRouteName")
	case r.Ingress != nil && r.Ingress.Name == "":
		return schema.Faultf(at+".ingress.name", "is missing; name the Ingress that leads to the Service")
	case r.Ingress != nil && len(r.Ingress.Name) > longestIngress:
		return schema.Faultf(at+".ingress.name", "is %s, which is too long: the canary Ingress gets the name with -canary; shorten it to %d characters", r.Ingress.Name, longestIngress)
	case g == nil:
	case g.HTTPRouteName == nil && g.GRPCRouteName == nil:
		return schema.Faultf(at+".gateway", "names no route; name one in httpRouteName or grpcRouteName")
	case g.HTTPRouteName != nil && *g.HTTPRouteName == "":
		return schema.Faultf(at+".gateway.httpRouteName", "is empty; name the HTTPRoute that leads to the Service, or remove it")
	case g.GRPCRouteName != nil && *g.GRPCRouteName == "":
		return schema.Faultf(at+".gateway.grpcRouteName", "is empty; name the GRPCRoute that leads to the Service, or remove it")
	}
	if r.GracePeriodSeconds != nil && *r.GracePeriodSeconds < 0 {
		return schema.Faultf(at+".gracePeriodSeconds", "is %d; give a number of seconds from 0", *r.GracePeriodSeconds)
	}
	return nil
}

// apart says that each route is named once for each Service.
func apart(field string, all []v1beta1.TrafficRouting) error {
	type name struct{ what, field string }
	at := map[string]string{}
	for i, r := range all {
		here := schema.Index(field, i)
		var named []name
		if r.Ingress != nil {
			named = append(named, name{"Ingress " + r.Ingress.Name + " for the Service " + r.Service, here + ".ingress.name"})
		}
		if r.Gateway != nil && r.Gateway.HTTPRouteName != nil {
			named = append(named, name{"HTTPRoute " + *r.Gateway.HTTPRouteName + " for the Service " + r.Service, here + ".gateway.httpRouteName"})
		}
		if r.Gateway != nil && r.Gateway.GRPCRouteName != nil {
			named = append(named, name{"GRPCRoute " + *r.Gateway.GRPCRouteName + " for the Service " + r.Service, here + ".gateway.grpcRouteName"})
		}
		for _, n := range named {
			if at[n.what] != "" {
				return schema.Faultf(n.field, "names the %s, as %s does already; remove one of the two", n.what, at[n.what])
			}
			at[n.what] = n.field
		}
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

// Requests says why requests can't be led as the step at a path of the spec asks, by the routes of the strategy that is the field.
func Requests(at string, s v1beta1.Step, field string, all []v1beta1.TrafficRouting, canLead Leader) error {
	if len(s.Matches) == 0 && s.RequestHeaderModifier == nil {
		return nil
	}
	if len(all) == 0 {
		asks := "matches"
		if len(s.Matches) == 0 {
			asks = "requestHeaderModifier"
		}
		return schema.Faultf(at+"."+asks, "needs a route that looks at requests; name one in %s.trafficRoutings, or remove %s", field, asks)
	}
	for i, m := range s.Matches {
		if m.Path == nil && len(m.Headers) == 0 && len(m.QueryParams) == 0 {
			return schema.Faultf(schema.Index(at+".matches", i), "is empty, so all requests match; name a path, headers or queryParams, or remove it")
		}
		if err := sendable(schema.Index(at+".matches", i), m); err != nil {
			return err
		}
	}
	for _, r := range all {
		if err := canLead(r, s); err != nil {
			return schema.Faultf(at, "%s", err)
		}
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
	if name := ro.TrafficRoutingName(); name != "" {
		return "the TrafficRouting " + name
	}
	return entries(plan.TrafficRoutings)
}

// entries names the Services and routes of entries.
func entries(routings []v1beta1.TrafficRouting) string {
	var all []string
	for _, r := range routings {
		var by []string
		if r.Ingress != nil {
			by = append(by, "Ingress "+r.Ingress.Name)
		}
		if r.Gateway != nil && r.Gateway.HTTPRouteName != nil {
			by = append(by, "HTTPRoute "+*r.Gateway.HTTPRouteName)
		}
		if r.Gateway != nil && r.Gateway.GRPCRouteName != nil {
			by = append(by, "GRPCRoute "+*r.Gateway.GRPCRouteName)
		}
		all = append(all, fmt.Sprintf("Service %s by %s", r.Service, strings.Join(by, " and ")))
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
