// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// verdict is what a rule says; report makes a Decision of it.
type verdict struct {
	Decision
	phase  v1beta1.Phase
	state  v1beta1.StepState
	reason string // of the condition Progressing
	ends   ending
	// firm asks for the status to be written now, not only if it lasts.
	firm bool
	// wakeAt asks for another look at that time; zero leaves it to what changes.
	wakeAt time.Time
}

type ending int

const (
	goesOn ending = iota
	succeeded
	cancelled
)

// rule is one line of the policy.
type rule struct {
	name   string
	decide func(look) (verdict, bool)
}

// rules is the policy, in order; the first that applies decides. What a person wants comes before what can be waited for.
func rules() []rule {
	return []rule{
		{"workload gone", workloadGone},              // nothing to release: give routes back
		{"let go", letGo},                            // deleted or disabled, and nothing of ours is left
		{"rolled back", rolledBack},                  // the template is the stable version again: take the new one back
		{"superseded", superseded},                   // the template is a third version: take the second one back first
		{"new version lost", lost},                   // traffic on a version without a ready pod
		{"paused", paused},                           // frozen by a person
		{"not held in time", notHeldInTime},          // the new version came without waiting for the hold
		{"wait for the first version", first},        // nothing runs yet that could be the stable version
		{"hold", hold},                               // take the workload from the native controller
		{"release the workload", release},            // the release is over: give it back
		{"unmark", unmark},                           // keep the native controller from removing the other version
		{"wait for the new version", waitForVersion}, // held; the writer applies the new version now
		{"healthy", healthy},                         // one version, nothing to do
		{"routes missing", routesMissing},            // what the spec names does not exist
		{"finalise", finalise},                       // only the new version is left: give routes back
		{"prepare routes", prepare},                  // a Service for each version, the canary route at 0
		{"switch to the stable Service", switchOver}, // new pods must not get traffic by the shared Service
		{"create the new version", create},           //
		{"move", move},                               // pods and weight, one safe move
		{"wait for pods", waitForPods},               //
		{"wait for the routers", waitForRouters},     //
		{"drain", drain},                             // the last requests of the version that goes away
		{"finish", finish},                           // all steps are done: on to the whole
		{"pause of the step", pausedAtStep},          // the step is true; waits for approval or time
	}
}

// Decide is the whole rollout policy: what was seen, and when, in; what to do, and why, out.
func Decide(seen Observation, now time.Time) Decision {
	l := newLook(seen, now)
	for _, r := range rules() {
		if v, applies := r.decide(l); applies {
			v.Rule = r.name
			return l.report(v)
		}
	}
	// pausedAtStep applies to whatever is left.
	return l.report(verdict{Decision: Decision{Rule: "nothing to do"}, phase: seen.Status.Phase, state: seen.Status.CurrentStepState})
}

func workloadGone(l look) (verdict, bool) {
	w := l.Workload
	if w.Exists && w.Problem == "" && w.HeldBy == "" {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseInitial, firm: true, Decision: Decision{Why: "Workload Not Found"}}
	if w.Problem != "" {
		v.Why = w.Problem
	}
	if w.HeldBy != "" {
		v.Why = fmt.Sprintf("the workload is held by the Rollout %q; delete that one, or name another workload in spec.workloadRef.name", w.HeldBy)
	}
	if l.Routes.Canary || l.Routes.Switched {
		v.Route = &Route{StableHash: l.Routes.StableHash, CanaryHash: l.Routes.CanaryHash}
		v.Why += "; its routes are given back"
		return v, true
	}
	if l.Deleting {
		v.LetGo, v.phase = true, v1beta1.PhaseTerminating
	}
	if l.Spec.Disabled {
		v.phase = v1beta1.PhaseDisabled
	}
	return v, true
}

func letGo(l look) (verdict, bool) {
	if !l.closing || l.Workload.Held || l.Routes.Canary || l.Routes.Switched {
		return verdict{}, false
	}
	if l.Deleting {
		return verdict{phase: v1beta1.PhaseTerminating, Decision: Decision{LetGo: true, Why: "nothing of the Rollout is left"}}, true
	}
	return verdict{phase: v1beta1.PhaseDisabled, firm: true, Decision: Decision{Why: "Rollout is disabled"}}, true
}

// underWay says that something of a release is left while the template is the stable version.
func (l look) underWay() bool {
	if l.Routes.Canary || l.Routes.Switched {
		return true
	}
	cs := l.stored()
	begun := cs.CanaryRevision != "" && cs.CanaryRevision != l.stable && !ended(l.Status) && cs.ObservedReleaseID == l.Spec.ReleaseID
	if l.Spec.ReleaseID != "" && !l.arrived() {
		// The hold for a release that is still to come may find pods of an older native update.
		return begun
	}
	return begun || len(l.others) > 0
}

func rolledBack(l look) (verdict, bool) {
	if !l.Workload.Held || !l.back() || !l.underWay() {
		return verdict{}, false
	}
	v := l.takeBack()
	v.reason, v.ends = v1beta1.ReasonCancelling, goesOn
	if c := l.condition(); c == nil || c.Reason != v1beta1.ReasonCancelling {
		v.firm = true
		v.Events = append(v.Events, Event{Reason: "RolledBack", Message: "The template is the stable version again: the new version is taken back."})
	}
	if v.Why != "" {
		v.Why = "rolling back to the stable version: " + v.Why
		return v, true
	}
	r := l.route()
	switch {
	case r.Switched:
		r.Switched = false
		v.Route, v.Why = &r, "rolling back: no pod of the new version is left, the user's route is restored"
	case r.Canary && !l.routes.switched:
		v.Route, v.Why, v.wakeAt = &r, "rolling back: waiting for the routers to serve the restored route", l.routes.graceEnds
	case r.Canary:
		v.Route, v.Why = &Route{StableHash: l.stable, CanaryHash: r.CanaryHash}, "rolling back: the canary route is removed"
	case !l.routes.canary && l.routed:
		v.Why, v.wakeAt = "rolling back: waiting for the routers to drop the canary route", l.routes.graceEnds
	default:
		return l.over(cancelled, takenBack), true
	}
	return v, true
}

const takenBack = "the new version was taken back; all pods and all traffic are on the stable version"

// over ends a release: the status says so first, then the workload is given back. Where every template change is a
// release the workload stays held, and the status alone says which version is stable.
func (l look) over(how ending, why string) verdict {
	v := verdict{phase: v1beta1.PhaseHealthy, state: v1beta1.StepCompleted, reason: v1beta1.ReasonCompleted, ends: how, firm: true}
	v.Why, v.StatusFirst = why, true
	v.Release = l.Workload.Held && (l.Spec.ReleaseID != "" || l.closing)
	reason := "Completed"
	if how == cancelled {
		reason = "Cancelled"
	}
	v.Events = []Event{{Reason: reason, Message: sentence(why)}}
	return v
}

// takeBack moves traffic and pods away from the versions that are neither stable nor current. Why is empty when none of
// them is left.
func (l look) takeBack() verdict {
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting}
	r := l.route()
	n := l.withdrawing().withdraw()
	if l.stableSet.Replicas < n.stable {
		v.Scale = append(v.Scale, Scale{l.stable, l.stableSet.Replicas, n.stable})
		v.Why = fmt.Sprintf("the stable version is scaled from %d to %d pods", l.stableSet.Replicas, n.stable)
	}
	if !l.routed || !r.Canary {
		v.shrinkOthers(l, n.canary)
		return v
	}
	v.Route = &r
	switch {
	case !r.Switched && !l.gone():
		// The user's route was restored already: lead it to the stable version again before the new one goes.
		if l.Routes.StableEndpoints == 0 || l.Routes.Ack == AckKnown && l.Routes.StableSeen == 0 {
			v.because("waiting for a ready pod of the stable version")
			return v
		}
		r.Switched = true
		v.because("the route leads to the stable version only")
	case r.Weight != n.weight:
		v.because(fmt.Sprintf("the weight goes from %d to %d at once", r.Weight, n.weight))
		r.Weight = n.weight
	case r.Weight != 0:
		v.because("the traffic stays until a pod of the stable version is ready")
	case len(l.others) == 0 && l.gone():
	case r.Switched && !l.routes.switched, !l.routes.acked:
		v.because("waiting for the routers to serve weight 0" + l.rejected())
		v.wakeAt = l.routes.graceEnds
	case n.canary > 0 && !l.routes.canaryDrained:
		v.because("waiting for the last requests of the version that goes away")
		v.wakeAt = l.drainEnds()
	default:
		v.shrinkOthers(l, n.canary)
	}
	return v
}

func (v *verdict) because(why string) {
	if v.Why != "" {
		v.Why += "; "
	}
	v.Why += why
}

// shrinkOthers scales the versions that go away down to that many pods in all.
func (v *verdict) shrinkOthers(l look, to int32) {
	for _, s := range l.others {
		size := min(s.Replicas, to)
		to -= size
		if size < s.Replicas {
			v.Scale = append(v.Scale, Scale{s.Hash, s.Replicas, size})
			v.because(fmt.Sprintf("version %s is scaled from %d to %d pods", s.Hash, s.Replicas, size))
		}
	}
	if v.Why == "" && !l.gone() {
		v.because("waiting until the pods of the version that goes away are gone")
	}
}

func superseded(l look) (verdict, bool) {
	stale := l.Routes.Canary && l.Routes.Services && l.Routes.CanaryHash != l.Workload.Template
	if !l.Workload.Held || l.back() || !l.arrived() || len(l.others) == 0 && !stale {
		return verdict{}, false
	}
	v := l.takeBack()
	if v.Why != "" {
		v.Why = "a newer version came: " + v.Why
		return v, true
	}
	r := l.route()
	r.CanaryHash, r.StableHash = l.Workload.Template, l.stable
	v.Route, v.Why, v.state = &r, "a newer version came: no pod of the one before is left, its Service leads to the newer one now", v1beta1.StepBefore
	return v, stale
}

func lost(l look) (verdict, bool) {
	if !l.routed || l.back() || !l.Workload.Held || !l.Routes.Switched || l.Routes.Weight == 0 || l.canarySet.Ready > 0 || l.load.stableReady == 0 {
		return verdict{}, false
	}
	if l.Routes.CanaryHash != l.Workload.Template {
		return verdict{}, false
	}
	r := l.route()
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, firm: true}
	v.Why = fmt.Sprintf("no pod of the new version is ready: the weight goes from %d to 0 until one is", r.Weight)
	v.Events = []Event{{Warning: true, Reason: "NewVersionLost", Message: sentence(v.Why)}}
	r.Weight = 0
	v.Route = &r
	return v, true
}

func paused(l look) (verdict, bool) {
	if !l.Paused() || l.closing || l.back() || !l.Workload.Held || !l.arrived() {
		return verdict{}, false
	}
	return verdict{
		phase: v1beta1.PhaseProgressing, state: l.Status.CurrentStepState, reason: v1beta1.ReasonPaused, firm: true,
		Decision: Decision{Route: l.keep(), Why: "Rollout has been paused; set spec.strategy.paused to false to go on"},
	}, true
}

func notHeldInTime(l look) (verdict, bool) {
	if l.closing || l.Workload.Held || l.Spec.ReleaseID == "" || !l.arrived() || l.Routes.Switched || l.Routes.Canary || l.done() {
		return verdict{}, false
	}
	v := l.over(succeeded, "the workload already runs this release; there was nothing to release in steps")
	v.Events = nil
	return v, true
}

// first waits for what can be held: a version of which pods are asked for, and where the hold is for whatever may come,
// the end of an update that the native controller is at.
func first(l look) (verdict, bool) {
	if l.Workload.Held || l.closing || l.done() || l.Routes.Switched {
		return verdict{}, false
	}
	_, runs := l.set(l.Workload.Template)
	if runs && (l.Spec.ReleaseID != "" || len(l.others) == 0) {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseInitial, Decision: Decision{Route: l.keep(), Why: "waiting for the first version of the workload"}}
	if runs {
		v.Why = "waiting for the update that was under way before the Rollout came"
	}
	return v, true
}

func hold(l look) (verdict, bool) {
	if l.closing || l.done() || l.Workload.Held && l.Workload.HeldFor == l.Spec.ReleaseID {
		return verdict{}, false
	}
	if l.Workload.Held && l.back() && l.Spec.ReleaseID != "" && l.arrived() {
		return verdict{}, false // nothing to hold it for
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, reason: v1beta1.ReasonInitializing}
	v.Hold = &Hold{ReleaseID: l.Spec.ReleaseID}
	v.Why = fmt.Sprintf("the workload is held for release %q", l.Spec.ReleaseID)
	v.Route = l.keep()
	if l.Spec.ReleaseID == "" {
		// The status is what remembers the stable version; it has to know before a new one can come.
		v.phase, v.state, v.StatusFirst, v.firm = v1beta1.PhaseHealthy, v1beta1.StepCompleted, true, true
		v.reason, v.Why = v1beta1.ReasonCompleted, "the workload is held for the next version"
		return v, true
	}
	v.Hold.Stable = l.stable
	return v, true
}

func release(l look) (verdict, bool) {
	if !l.Workload.Held || l.Routes.Canary || l.Routes.Switched {
		return verdict{}, false
	}
	if l.done() || l.closing && l.back() {
		v := l.over(goesOn, "the release is over; the workload is given back")
		v.Release, v.Events = true, nil
		return v, true
	}
	return verdict{}, false
}

func unmark(l look) (verdict, bool) {
	if !l.Workload.Held {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: l.keep()}}
	if l.Spec.ReleaseID == "" && l.back() {
		v = l.rest()
	}
	for _, s := range l.Sets {
		if s.Marked && (s.Hash == l.stable || s.Hash == l.Workload.Template) {
			v.Unmark = append(v.Unmark, s.Hash)
		}
	}
	v.Why = "the native controller's mark is taken off the versions of the release"
	return v, len(v.Unmark) > 0
}

func waitForVersion(l look) (verdict, bool) {
	if !l.Workload.Held || l.arrived() || l.closing {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, reason: v1beta1.ReasonInitializing, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("the workload is held; waiting for release %q to be applied to it", l.Spec.ReleaseID)
	if l.back() && len(l.others) > 0 {
		v.shrinkOthers(l, l.withdrawing().withdraw().canary)
	}
	return v, true
}

// rest is the state between releases.
func (l look) rest() verdict {
	v := verdict{phase: v1beta1.PhaseHealthy, state: v1beta1.StepCompleted, reason: v1beta1.ReasonCompleted}
	v.Why = "rollout is healthy"
	return v
}

func healthy(l look) (verdict, bool) {
	if l.done() && !l.Workload.Held {
		return l.rest(), true
	}
	if !l.back() {
		return verdict{}, false
	}
	if cs := l.stored(); cs.CanaryRevision != "" && cs.CanaryRevision != l.stable && !ended(l.Status) {
		return l.over(cancelled, takenBack), true
	}
	if l.Spec.ReleaseID != "" {
		return l.over(succeeded, "the new version equals the stable one; there was nothing to release"), true
	}
	return l.rest(), true
}

func routesMissing(l look) (verdict, bool) {
	if !l.routed || l.Routes.Problem == "" {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: nil, Why: l.Routes.Problem}}
	return v, true
}

// finalise gives the routes back once only the new version is left. The user's route is restored while the canary route
// still leads everything to the new version; both lead to the same pods then.
func finalise(l look) (verdict, bool) {
	only := l.hasCanary && l.stableSet.Replicas == 0 && l.stableSet.Pods == 0 && len(l.others) == 0
	if !only || !l.all || l.routed && l.Routes.Canary && l.Routes.Switched && !l.routes.acked {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepCompleted, reason: v1beta1.ReasonFinalising}
	v.Route = l.keep()
	r := l.route()
	switch {
	case l.canarySet.Replicas != l.Workload.Replicas:
		v.Scale = []Scale{{l.canarySet.Hash, l.canarySet.Replicas, l.Workload.Replicas}}
		v.Why = fmt.Sprintf("the new version is scaled from %d to %d pods", l.canarySet.Replicas, l.Workload.Replicas)
	case r.Switched && !l.unseen(l.Routes.StableSeen, l.Routes.StableEndpoints):
		v.Why = "waiting until the routers have forgotten the old version's pods"
	case r.Switched:
		r.Switched = false
		v.Route, v.Why = &r, "only the new version is left: the user's route is restored"
	case r.Canary && !l.routes.switched:
		v.Why, v.wakeAt = "waiting for the routers to serve the restored route"+l.rejected(), l.routes.graceEnds
	case r.Canary:
		v.Route, v.Why = &Route{StableHash: l.stable, CanaryHash: r.CanaryHash}, "the canary route is removed"
	case !l.routes.canary && l.routed:
		v.Why, v.wakeAt = "waiting for the routers to drop the canary route", l.routes.graceEnds
	default:
		return l.over(succeeded, fmt.Sprintf("the release is complete: all %d pods and all traffic are on the new version", l.Workload.Replicas)), true
	}
	return v, true
}

func prepare(l look) (verdict, bool) {
	r := l.Routes
	if !l.routed || r.Canary && r.Services && r.StableHash == l.stable && r.CanaryHash == l.Workload.Template {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore}
	want := l.route()
	want.Canary, want.CanaryHash = true, l.Workload.Template
	if !r.Canary && r.Switched && l.Workload.Replicas > 0 {
		// Somebody removed the canary route half-way: it comes back with what the pods can carry.
		want.Weight = min(l.goal.weight, l.load.canaryShare())
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
	v.Create = &n.canary
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
	if n.stable != l.stableSet.Replicas {
		v.Scale = append(v.Scale, Scale{l.stable, l.stableSet.Replicas, n.stable})
		why = append(why, fmt.Sprintf("stable version from %d to %s", l.stableSet.Replicas, pods(n.stable)))
	}
	if l.routed && n.weight != l.Routes.Weight {
		r := l.route()
		r.Weight = n.weight
		v.Route, v.state = &r, v1beta1.StepTrafficRouting
		why = append(why, fmt.Sprintf("weight from %d to %d with %s of the new version and %s of the stable one ready",
			l.Routes.Weight, n.weight, pods(l.load.canaryReady), pods(l.load.stableReady)))
	}
	if len(why) == 0 {
		return verdict{}, false
	}
	v.Why = strings.Join(why, "; ")
	if l.load.canaryFull() {
		v.state = v1beta1.StepTrafficRouting
	}
	return v, true
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
	return v, true
}

func waitForRouters(l look) (verdict, bool) {
	if !l.routed || l.routes.acked && l.routes.switched || l.Workload.Replicas == 0 {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("waiting for the routers to serve weight %d", l.Routes.Weight)
	switch {
	case l.Routes.Ack == AckUnknown:
		v.Why += "; a router can't be asked at the moment"
	case l.Routes.Ack == AckNone:
		v.Why += "; no router can tell, so the grace period decides"
	default:
		v.Why += l.rejected()
	}
	v.wakeAt = l.routes.graceEnds
	return v, true
}

func drain(l look) (verdict, bool) {
	if l.stableSet.Replicas <= l.goal.stable && (!l.all || l.stableSet.Replicas+l.stableSet.Pods == 0) && l.canarySet.Replicas <= l.goal.canary {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting, Decision: Decision{Route: l.keep()}}
	v.Why = "waiting for the last requests and pods of the version that goes away"
	v.wakeAt = l.drainEnds()
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
	step := l.Spec.Strategy.Canary.Steps[l.step-1]
	v.Why = fmt.Sprintf("Rollout is in step(%d/%d): %s of the new version", l.step, l.steps(), pods(l.goal.canary))
	if l.routed {
		v.Why += fmt.Sprintf(" and %d%% of the traffic", l.goal.weight)
	}
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

func (l look) steps() int {
	if l.Spec.Strategy.Canary == nil {
		return 0
	}
	return len(l.Spec.Strategy.Canary.Steps)
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

func pods(n int32) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

// sentence makes the first letter great and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
