// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func routesMissing(l look) (verdict, bool) {
	if !l.routed || l.Routes.Problem == "" {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: nil, Why: l.Routes.Problem}}
	if l.Routes.Ours() {
		v.state = v1beta1.StepTrafficRouting // it is in the middle of the release that they went
	}
	return v, true
}

// finalise gives the routes back once only the new version is left. The user's route is restored while the canary route
// still leads everything to the new version; both lead to the same pods then.
func finalise(l look) (verdict, bool) {
	only := l.hasCanary && l.stableSet.Replicas == 0 && l.stableSet.Pods == 0 && len(l.others) == 0
	if l.Workload.InPlace && l.canarySet.Ready < l.load.enough {
		return verdict{}, false // its last pod is still in the making
	}
	if !only || !l.all || l.routed && l.Routes.Canary && l.Routes.Switched && !l.routes.acked {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepCompleted, reason: v1beta1.ReasonFinalising}
	v.Route = l.keep()
	if l.canarySet.Replicas != l.Workload.Replicas && !l.Workload.InPlace {
		v.Scale = []Scale{{l.canarySet.Hash, l.canarySet.Replicas, l.Workload.Replicas}}
		v.Why = fmt.Sprintf("the new version is scaled from %d to %d pods", l.canarySet.Replicas, l.Workload.Replicas)
		return v, true
	}
	if v.giveBack(l); v.Why == "" {
		return l.over(succeeded, fmt.Sprintf("the release is complete: %s and all traffic are on the new version", everyPod(l.Workload.Replicas))), true
	}
	return v, true
}

// giveBack makes the user's route as it was, one acknowledged move after the other. Why stays empty when nothing of ours is
// left and every router knows.
func (v *verdict) giveBack(l look) {
	r := l.route()
	switch {
	case r.Switched && !l.unseen(l.Routes.StableSeen, l.Routes.StableEndpoints):
		v.Why = "waiting until the routers have forgotten the old version's pods"
	case r.Switched:
		r.Switched = false
		v.Route, v.Why = &r, "only the new version is left: the user's route is restored"
	case r.Canary && !l.routes.switched && !l.Routes.RouteRefused:
		v.Why, v.wakeAt = "waiting for the routers to serve the restored route"+l.rejected(), l.routes.graceEnds
	case r.Canary:
		r.Canary = false
		v.Route, v.Why = &r, "the canary route is removed: the restored route takes the traffic over"
	case !l.routes.canary && l.routed:
		v.Why, v.wakeAt = "waiting for the routers to drop the canary route", l.routes.graceEnds
	case l.Routes.AnyService:
		v.Route, v.Why = &Route{}, "the versions' Services are removed"
	}
}

func prepare(l look) (verdict, bool) {
	r := l.Routes
	if !l.routed || r.Canary && r.Services && r.StableHash == l.stable && r.CanaryHash == l.version {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore}
	want := l.route()
	want.Canary, want.CanaryHash = true, l.version
	if !r.Canary && r.Switched && l.Workload.Replicas > 0 {
		// Somebody removed the canary route half-way: it comes back with what the pods can carry.
		want.Weight = min(l.goal.weight, l.load.canaryShare())
		if l.load.canaryFull() {
			want.Matches, want.Modifier = l.matches, l.modifier
		}
	}
	v.Route, v.Why = &want, "each version gets its own Service and the canary route is written with weight "+fmt.Sprint(want.Weight)
	return v, true
}

func switchOver(l look) (verdict, bool) {
	if !l.routed {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: l.keep()}}
	r := l.route()
	switch {
	case !r.Switched && l.Routes.StableEndpoints < l.load.stableReady:
		v.Why = fmt.Sprintf("waiting for the endpoints of the stable version's Service: %d of %d are there", l.Routes.StableEndpoints, l.load.stableReady)
	case !r.Switched && !l.routes.canary:
		v.Why, v.wakeAt = "waiting for the routers to know the stable version's Service"+l.rejected(), l.routes.graceEnds
	case !r.Switched && l.Routes.Ack == AckKnown && l.Routes.StableSeen < l.load.stableReady:
		v.Why = fmt.Sprintf("waiting for the routers to see the stable version's endpoints: %d of %d are seen", l.Routes.StableSeen, l.load.stableReady)
	case !r.Switched:
		r.Switched = true
		v.Route, v.Why = &r, "the user's route leads to the stable version's Service while the release lasts"
	case !l.hasCanary && (!l.routes.switched || !l.routes.canary):
		v.Why, v.wakeAt = "waiting for the routers to serve the prepared routes"+l.rejected(), l.routes.graceEnds
	default:
		return verdict{}, false
	}
	return v, true
}

func create(l look) (verdict, bool) {
	if l.hasCanary {
		return verdict{}, false
	}
	n := l.load.step()
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, Decision: Decision{Route: l.keep()}}
	v.Create = &Create{Size: n.canary, With: l.metadata()}
	v.Why = fmt.Sprintf("the new version begins with %s; step %d of %d asks for %d", pods(n.canary), l.step, l.steps(), l.goal.canary)
	return v, true
}

// move makes one safe move of pods and weight towards the goal.
func move(l look) (verdict, bool) {
	n := l.load.step()
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, Decision: Decision{Route: l.keep()}}
	var why []string
	if n.canary != l.canarySet.Replicas {
		v.Scale = append(v.Scale, Scale{l.canarySet.Hash, l.canarySet.Replicas, n.canary})
		why = append(why, fmt.Sprintf("new version from %d to %s", l.canarySet.Replicas, pods(n.canary)))
	}
	if n.stable != l.stableSet.Replicas && !l.Workload.InPlace {
		v.Scale = append(v.Scale, Scale{l.stable, l.stableSet.Replicas, n.stable})
		why = append(why, fmt.Sprintf("stable version from %d to %s", l.stableSet.Replicas, pods(n.stable)))
	}
	if say := v.shift(l, n.weight); say != "" {
		why = append(why, say)
	}
	if len(why) == 0 {
		return verdict{}, false
	}
	v.Why = strings.Join(why, "; ")
	if l.load.canaryFull() {
		v.state = v1beta1.StepTrafficRouting
	}
	if l.Workload.InPlace && l.Workload.Replicas == 1 && len(v.Scale) > 0 {
		v.Why += l.limits()
		v.Events = append(v.Events, Event{Warning: true, Reason: "NoPodServes", Message: sentence(v.Why)})
	}
	return v, true
}

// shift leads traffic: a share, and the requests that match. Matches come, change and go once the pods of the step can serve.
func (v *verdict) shift(l look, weight int32) string {
	matches, modifier := l.Routes.Matches, l.Routes.Modifier
	if l.load.canaryFull() {
		matches, modifier = l.matches, l.modifier
	}
	other := !sameMatches(matches, l.Routes.Matches)
	if !l.routed || weight == l.Routes.Weight && !other && sameModifier(modifier, l.Routes.Modifier) {
		return ""
	}
	r := l.route()
	r.Weight, r.Matches, r.Modifier = weight, matches, modifier
	v.Route, v.state = &r, v1beta1.StepTrafficRouting
	ready := fmt.Sprintf("with %s of the new version and %s of the stable one ready", pods(l.load.canaryReady), pods(l.load.stableReady))
	say := fmt.Sprintf("weight from %d to %d ", l.Routes.Weight, weight)
	switch {
	case !other && weight == l.Routes.Weight:
		say = "the headers of requests to the new version change "
	case other && len(matches) > 0 && weight == l.Routes.Weight:
		say = "requests that match go to the new version "
	case other && len(matches) > 0:
		say += "and requests that match go to the new version "
	case other:
		say += "and requests that match go where all others go "
	}
	return say + ready
}

func waitForPods(l look) (verdict, bool) {
	if l.Workload.Replicas == 0 || l.load.canaryFull() && (l.load.stableFull() || l.load.weight <= l.goal.weight) {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("%d of %s of the new version ready; step %d of %d asks for %d",
		l.load.canaryReady, pods(l.canarySet.Replicas), l.step, l.steps(), l.goal.canary)
	if l.load.canaryFull() {
		v.Why = fmt.Sprintf("%d of %s of the stable version ready", l.load.stableReady, pods(l.goal.stable))
	}
	v.wakeAt = l.routes.graceEnds // the pods may be waiting for the weight
	v.unstick(l)
	return v, true
}

func waitForRouters(l look) (verdict, bool) {
	if !l.routed || l.routes.acked && l.routes.switched || l.Workload.Replicas == 0 {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("waiting for the routers to serve weight %d", l.Routes.Weight)
	if len(l.Routes.Matches) > 0 || l.Routes.AnyMatches {
		v.Why += " and the matches"
	}
	switch l.Routes.Ack {
	case AckUnknown:
		if v.Why += l.rejected(); len(l.Routes.Rejected) == 0 {
			v.Why += "; a router can't be asked at the moment"
		}
	case AckNone:
		v.Why += "; no router can tell, so the grace period decides"
	case AckKnown:
		v.Why += l.rejected()
	}
	v.wakeAt = l.routes.graceEnds
	return v, true
}

func drain(l look) (verdict, bool) {
	if l.routed && l.analysis() == AnalysisUnknown && l.routes.acked {
		return verdict{}, false // it is not sure yet that a version goes away
	}
	if l.stableSet.Replicas <= l.goal.stable && (!l.all || l.stableSet.Replicas+l.stableSet.Pods == 0) && l.canarySet.Replicas <= l.goal.canary {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting, Decision: Decision{Route: l.keep()}}
	v.Why = "waiting for the last requests and pods of the version that goes away"
	v.wakeAt = l.drainEnds()
	if l.idle() && !l.retired() {
		ends := l.retires()
		v.Why = fmt.Sprintf("all traffic is on the new version; the stable one keeps %s until %s, so that a rollback is instant",
			pods(l.stableSet.Replicas), ends.UTC().Format(time.TimeOnly))
		v.wakeAt, v.firm = ends, l.stored().IdleSince == nil
	}
	return v, true
}

// analyse waits for the verdict on a step that is reached. A step that was told as done stays so while the verdict is not known
// again; one that fails is given up.
func analyse(l look) (verdict, bool) {
	told := l.inherited && l.stored().CurrentStepState == v1beta1.StepPaused
	if l.analysis() != AnalysisUnknown || told {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepMetricsAnalysis, reason: v1beta1.ReasonInRolling, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("step(%d/%d) is reached; waiting for its analysis", l.step, l.steps())
	if l.Analysis.Why != "" {
		v.Why += ": " + l.Analysis.Why
	}
	return v, true
}

// finish goes on to the whole workload after the last step; finalise has the end of it.
func finish(l look) (verdict, bool) {
	if !l.all {
		return verdict{}, false
	}
	return verdict{
		phase: v1beta1.PhaseProgressing, state: v1beta1.StepCompleted, reason: v1beta1.ReasonFinalising,
		Decision: Decision{Route: l.keep(), Why: "all steps are done; the rest of the workload follows"},
	}, true
}

func pausedAtStep(l look) (verdict, bool) {
	// What changes after it was told that the step is reached can wait; an approval may be on its way.
	told := l.inherited && l.stored().CurrentStepState == v1beta1.StepPaused
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepPaused, reason: v1beta1.ReasonInRolling, firm: !told, Decision: Decision{Route: l.keep()}}
	if !l.Workload.Observed {
		v.state, v.firm, v.Why = v1beta1.StepUpgrade, false, "waiting for the native controller to see the workload's newest generation"
		return v, true
	}
	step := l.Spec.Strategy.Plan().Steps[l.step-1]
	v.Why = fmt.Sprintf("Rollout is in step(%d/%d): %s of the new version", l.step, l.steps(), pods(l.goal.canary))
	if l.returning() {
		v.Why = fmt.Sprintf("Rollout is in step(%d/%d) of the way back: %s of the version that is taken back", l.step, l.steps(), pods(l.goal.canary))
	}
	if l.routed {
		v.Why += l.given()
	}
	v.Why += l.limits() + l.unled() + l.missing()
	if step.Pause.Duration == nil {
		v.Why += "; you need manually confirm to enter the next step"
		return v, true
	}
	v.Why += fmt.Sprintf("; it goes on after %d seconds", *step.Pause.Duration)
	ends := l.now.Add(time.Duration(*step.Pause.Duration) * time.Second)
	if told {
		ends = l.pauseEnds(step)
	}
	v.wakeAt = ends
	return v, true
}

// missing tells that a version lacks ready pods while the release waits for a person, who is about to decide something.
func (l look) missing() string {
	for _, v := range []struct {
		set  ReplicaSet
		want int32
		name string
	}{{l.stableSet, l.goal.stable, "stable"}, {l.canarySet, l.goal.canary, "new"}} {
		if v.set.Ready < v.want {
			return fmt.Sprintf("; of the %s version only %d of %s can serve", v.name, v.set.Ready, pods(v.want))
		}
	}
	return ""
}

// given tells what of the traffic the step gives the new version.
func (l look) given() string {
	switch {
	case len(l.matches) > 0 && l.goal.weight > 0:
		return fmt.Sprintf(", the requests that match and %d%% of the others", l.goal.weight)
	case len(l.matches) > 0:
		return " and the requests that match"
	}
	return fmt.Sprintf(" and %d%% of the traffic", l.goal.weight)
}

func (l look) steps() int {
	plan := l.Spec.Strategy.Plan()
	if plan == nil {
		return 0
	}
	return len(plan.Steps)
}

// drainEnds is when the wait for requests in flight gives up.
func (l look) drainEnds() time.Time {
	if t := l.stored().DrainingSince; t != nil {
		return t.Add(drainLimit)
	}
	return l.now.Add(drainLimit)
}

// rejected adds why a router does not serve a route, where one said so.
func (l look) rejected() string {
	if len(l.Routes.Rejected) == 0 {
		return ""
	}
	return ": " + strings.Join(l.Routes.Rejected, "; ")
}

func everyPod(n int32) string {
	if n == 1 {
		return "the pod"
	}
	return fmt.Sprintf("all %d pods", n)
}

func pods(n int32) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}
