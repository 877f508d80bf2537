// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// underWay says that something of a release is left while the template is the stable version.
func (l look) underWay() bool {
	if l.Routes.Ours() {
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
	case r.Canary && !l.routes.switched && !l.Routes.RouteRefused:
		v.Route, v.Why, v.wakeAt = &r, "rolling back: waiting for the routers to serve the restored route", l.routes.graceEnds
	case r.Canary:
		r.Canary = false
		v.Route, v.Why = &r, "rolling back: the canary route is removed"
	case !l.routes.canary && l.routed:
		v.Why, v.wakeAt = "rolling back: waiting for the routers to drop the canary route", l.routes.graceEnds
	case l.Routes.AnyService:
		v.Route, v.Why = &Route{}, "rolling back: the versions' Services are removed"
	default:
		return l.over(cancelled, takenBack), true
	}
	return v, true
}

const takenBack = "the new version was taken back; all pods and all traffic are on the stable version"

// takeBack moves traffic and pods away from the versions that are neither stable nor current. Why is empty when none of
// them is left.
func (l look) takeBack() verdict {
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting}
	r := l.route()
	if v, applies := l.firstBack(); applies {
		return v
	}
	n := l.withdrawing().withdraw()
	if l.stableSet.Replicas < n.stable && !l.Workload.InPlace {
		v.Scale = append(v.Scale, Scale{l.stable, l.stableSet.Replicas, n.stable})
		v.Why = fmt.Sprintf("the stable version is scaled from %d to %d pods", l.stableSet.Replicas, n.stable)
	}
	if !l.routed || !r.Canary {
		v.shrinkOthers(l, n.canary)
		return v
	}
	v.Route = &r
	if v.switchBack(l, &r) {
		return v
	}
	switch {
	case r.Weight != n.weight, n.weight == 0 && len(r.Matches) > 0 && l.load.stableReady > 0:
		v.because(withdrawal(r, n.weight))
		r.Weight, r.Matches = n.weight, nil
	case r.Weight != 0:
		v.because("the traffic stays until a pod of the stable version is ready")
	case len(l.others) == 0 && l.gone():
	case !l.withdrawn(r):
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

// switchBack leads a user's route that was restored already to the stable version again, before the new one goes. It says whether
// that is so; r becomes the route as it is to be.
func (v *verdict) switchBack(l look, r *Route) bool {
	switch {
	case r.Switched || l.gone():
		return false
	case l.Routes.Problem != "":
		// Somebody led the user's route past the release: nothing is left to lead back, and the pods must not stay for that.
		r.Canary = false
		v.because("the canary route is removed; " + l.Routes.Problem)
	case l.Routes.StableEndpoints == 0 || l.Routes.Ack == AckKnown && l.Routes.StableSeen == 0:
		v.because("waiting for a ready pod of the stable version")
	default:
		r.Switched = true
		v.because("the route leads to the stable version only")
	}
	return true
}

// withdrawn says that every router has taken the traffic off the version that goes away, or refuses the routes altogether.
func (l look) withdrawn(r Route) bool {
	return (l.routes.acked || l.Routes.CanaryRefused) && (!r.Switched || l.routes.switched || l.Routes.RouteRefused)
}

// withdrawal tells what a route stops leading to the version that goes away.
func withdrawal(r Route, weight int32) string {
	say := fmt.Sprintf("the weight goes from %d to %d at once", r.Weight, weight)
	switch {
	case len(r.Matches) == 0:
		return say
	case r.Weight == weight:
		return "requests that match go where all others go at once"
	}
	return say + ", and requests that match go where all others go"
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
	if len(l.others) > 0 {
		v.unstick(l)
	}
	if v.Why == "" && !l.gone() {
		v.because("waiting until the pods of the version that goes away are gone")
	}
}

func superseded(l look) (verdict, bool) {
	stale := l.Routes.Canary && l.Routes.Services && l.Routes.CanaryHash != l.version
	// A Rollout that closes is told nothing more: whatever the template is now is what the workload gets.
	if !l.Workload.Held || l.back() || !l.arrived() && !l.closing || len(l.others) == 0 && !stale {
		return verdict{}, false
	}
	v, applies := l.nothingToKeep()
	if !applies {
		v = l.takeBack()
	}
	if v.Why != "" {
		v.Why = "a newer version came: " + v.Why
		return v, true
	}
	r := l.route()
	if stale && !l.withdrawn(r) { // its pods went before its traffic did: somebody scaled the workload
		v.Route, v.wakeAt = &r, l.routes.graceEnds
		v.Why = "a newer version came: waiting for the routers to serve weight 0" + l.rejected()
		return v, true
	}
	r.CanaryHash, r.StableHash = l.Workload.Template, l.stable
	v.Route, v.Why, v.state = &r, "a newer version came: no pod of the one before is left, its Service leads to the newer one now", v1beta1.StepBefore
	return v, stale
}

// stableGone makes the ReplicaSet of the stable version anew, which somebody deleted: nothing else can carry its share, and a
// rollback needs it. Where the new version is all that is asked for it is not missed.
func stableGone(l look) (verdict, bool) {
	_, there := l.set(l.stable)
	size := l.goal.stable
	if l.back() {
		size = l.Workload.Replicas
	}
	if !l.Workload.Held || l.Workload.InPlace || there || size == 0 || l.closing && !l.back() {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, firm: true, Decision: Decision{Route: l.keep()}}
	if !l.back() && l.Workload.Kept != l.stable {
		v.Why = "the ReplicaSet of the stable version was deleted by somebody, and its pod template is not known; apply the earlier version again to have it back, or go on"
		return v, true
	}
	v.Create = &Create{Stable: !l.back(), Size: size}
	v.Why = fmt.Sprintf("the ReplicaSet of the stable version was deleted by somebody: it is made anew with %s", pods(size))
	v.Events = []Event{{Warning: true, Reason: "StableVersionGone", Message: sentence(v.Why)}}
	return v, true
}

func lost(l look) (verdict, bool) {
	idle := l.Routes.Weight == 0 && len(l.Routes.Matches) == 0
	if !l.routed || l.back() || !l.Workload.Held || !l.Routes.Switched || idle || l.canarySet.Ready > 0 || l.Workload.Replicas == 0 || l.load.stableReady == 0 {
		return verdict{}, false
	}
	if l.Routes.CanaryHash != l.version {
		return verdict{}, false
	}
	r := l.route()
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, firm: true}
	v.Why = fmt.Sprintf("no pod of the new version is ready: the weight goes from %d to 0 until one is", r.Weight)
	v.Events = []Event{{Warning: true, Reason: "NewVersionLost", Message: sentence(v.Why)}}
	r.Weight, r.Matches = 0, nil
	v.Route = &r
	return v, true
}
