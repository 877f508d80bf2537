// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// podLook is how long until pods in the making are looked at again. Their events come sooner, unless the watch for them is broken.
const podLook = 30 * time.Second

// indivisible says that there is one pod, and a step asks to split it.
func (l look) indivisible() bool {
	return l.Workload.InPlace && l.Workload.Replicas == 1 && l.splits && !l.all
}

// tie gives what of a goal a workload that replaces its pods in place can have: the two versions share the replicas, so
// that the new one gets no pod that the stable one needs for its share, maxUnavailable aside.
func (l look) tie(g goal, matched bool) goal {
	n := l.Workload.Replicas
	if !l.Workload.InPlace || n <= 0 {
		return g
	}
	if l.splits && g.weight < 100 {
		keep := max(carries(n, 100-g.weight)-l.inPlaceSlack(), 1)
		if matched { // how many pods the requests that match need is for who wrote the step to say
			keep = 1
		}
		g.canary = min(g.canary, n-keep)
	}
	if l.upOnly() {
		g.canary = max(g.canary, min(l.canarySet.Replicas, n))
	}
	g.stable = n - g.canary
	switch {
	case !l.routed || g.canary == 0:
		g.weight = 0
	case g.stable == 0:
		g.weight = 100
	}
	return g
}

// upOnly says that the new version only grows. A version that is taken back goes all the same: what is made anew is the stable one.
func (l look) upOnly() bool { return l.Workload.UpOnly && !l.returning() }

// inPlaceSlack is how many pods may be missing at a time: at least one, or no pod could be replaced, and never all.
func (l look) inPlaceSlack() int32 {
	return min(max(l.Workload.MaxUnavailable, 1), max(l.Workload.Replicas-1, 1))
}

// replace gives the next safe move where a pod more of one version is one less of the other.
func (l load) replace() next {
	n := next{canary: l.canary, stable: l.stable, weight: l.weight}
	if l.routed {
		n.weight = l.follow()
	}
	switch {
	case l.canary < l.goal.canary:
		n.canary += min(l.spares(l.stable, l.stableReady, l.stableIdle, l.stableFloor(), l.stableDrained), l.goal.canary-l.canary, l.stable)
	case l.canary > l.goal.canary && !l.upOnly:
		n.canary -= min(l.spares(l.canary, l.canaryReady, l.canaryIdle, l.canaryFloor(), l.canaryDrained), l.canary-l.goal.canary)
	}
	n.stable = max(l.replicas-n.canary, 0)
	return n
}

// follow gives the weight that the ready pods of both versions carry. Between two pods it follows when none is in the making.
// Towards all or nothing the last pods are left to what may be missing, as their version can't lose them while it has traffic.
func (l load) follow() int32 {
	switch want := l.goal.weight; {
	case want > l.weight && l.canaryFull():
		return want
	case want > l.weight && l.canaryReady > 0 && l.canaryReady >= l.canary:
		if want == 100 && l.canaryReady >= l.replicas-l.slack {
			return want
		}
		return max(l.weight, min(want, l.canaryShare()))
	case want < l.weight && l.stableFull() && l.stableReady > 0:
		return want
	case want < l.weight && l.stableReady > 0 && l.stableReady >= l.stable:
		if want == 0 && l.stableReady >= l.replicas-l.slack {
			return want
		}
		return min(l.weight, max(want, 100-l.stableShare()))
	}
	return l.weight
}

// spares gives how many pods of a version may be replaced now: the idle ones, which serve nothing, and as many others as
// leave no more than slack missing in all, and the floor. Without a floor the last pod waits for what is in flight.
func (l load) spares(size, ready, idle, floor int32, drained bool) int32 {
	can := idle + max(l.slack-l.missing(), 0)
	switch {
	case !l.routed || l.replicas == 1:
		return can // traffic goes where pods are, or there is nobody else to carry it
	case floor == 0 && drained:
		return can
	case floor == 0:
		return min(can, size-1)
	}
	return min(can, idle+max(ready-floor, 0))
}

// stableFloor and canaryFloor are the ready pods that a version needs for what any router may still send it, but for those that
// may be missing. Where the routers are at the goal already, a step may ask fewer pods to carry a share.
func (l load) stableFloor() int32 {
	floor := l.needs(100 - l.low)
	if l.low >= l.goal.weight {
		floor = min(floor, l.goal.stable)
	}
	return floor
}

func (l load) canaryFloor() int32 {
	floor := l.needs(l.high)
	if l.high <= l.goal.weight {
		floor = min(floor, l.goal.canary)
	}
	return floor
}

func (l load) needs(share int32) int32 {
	if share <= 0 {
		return 0
	}
	return max(carries(l.replicas, share)-l.slack, 1)
}

// missing counts the pods that can't serve, of whatever version.
func (l load) missing() int32 {
	return max(l.replicas-l.canaryReady-l.stableReady-l.newReady, 0)
}

// handBack gives the next move that takes the new version back in place: the traffic leaves at once if the stable version can
// serve at all, then its pods are replaced within the slack. Those that serve nothing do not count.
func (l load) handBack() next {
	n := next{canary: l.canary, stable: l.stable, weight: l.weight}
	if l.routed && l.stableReady > 0 {
		n.weight = 0
	}
	free := l.weight == 0 && l.high == 0
	if !l.routed || free && (!l.apart || l.canaryDrained) {
		n.canary = max(l.canary-(l.canary-l.canaryReady)-max(l.slack-l.missing(), 0), 0)
	}
	return n
}

// firstBack makes room for the first pod of the stable version, where all there is are pods of versions that go away: only one of
// theirs can become it.
func (l look) firstBack() (verdict, bool) {
	total, idle := int32(0), int32(0)
	for _, s := range l.others {
		total, idle = total+s.Pods, idle+s.Pods-s.Ready
	}
	if !l.Workload.InPlace || l.stableSet.Replicas > 0 || total < l.Workload.Replicas || total == 0 {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting, Decision: Decision{Route: l.keep()}}
	v.shrinkOthers(l, total-max(idle, 1))
	return v, true
}

// nothingToKeep is what becomes of a release that a newer version came into when no pod of the stable version was left and
// none can be made: all pods had come to the version before, with everybody's approval, so that is the stable version from now
// on. The routes are given back first; the user's own Service leads to its pods.
func (l look) nothingToKeep() (verdict, bool) {
	if !l.Workload.UpOnly || l.back() || l.stableSet.Replicas > 0 || len(l.others) == 0 {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepTrafficRouting}
	r := l.route()
	switch {
	case r.Switched:
		r.Switched = false
		v.Route, v.Why = &r, "no pod of the stable version is left: the user's route is restored"
	case r.Canary && !l.routes.switched && !l.Routes.RouteRefused:
		v.Route, v.Why, v.wakeAt = &r, "waiting for the routers to serve the restored route", l.routes.graceEnds
	case r.Canary:
		r.Canary = false
		v.Route, v.Why = &r, "the canary route is removed: the restored route takes the traffic over"
	case !l.routes.canary && l.routed:
		v.Why, v.wakeAt = "waiting for the routers to drop the canary route", l.routes.graceEnds
	default:
		v.stable = slices.MaxFunc(l.others, func(a, b ReplicaSet) int { return cmp.Compare(a.Pods, b.Pods) }).Hash
		v.Hold, v.firm = &Hold{ReleaseID: l.Spec.ReleaseID}, true
		if v.StatusFirst = l.Spec.ReleaseID == ""; !v.StatusFirst {
			v.Hold.Stable = v.stable
		}
		v.Why = fmt.Sprintf("no pod of the stable version is left: %s is the stable version now", v.stable)
	}
	return v, true
}

// strays says that the native controller replaces pods which nobody decided about: the template changed while a step let it replace
// some of the version before.
func (l look) strays() bool {
	return l.Workload.Loose && (len(l.others) > 0 || l.returning())
}

// forgotten says that the native controller is to be told again which version it updates from: the release of the version in the
// template is at a step that leaves pods to the stable one.
func (l look) forgotten() bool {
	return l.Workload.Forgot && l.arrived() && !l.closing && !l.givenUp && l.asked.canary < l.Workload.Replicas
}

// unseen waits for the native controller to say which revision the template is.
func unseen(l look) (verdict, bool) {
	if !l.Workload.InPlace || l.Workload.Template != "" {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: l.keep()}}
	if l.Status.CurrentStepState != "" {
		v.phase, v.state = l.Status.Phase, l.Status.CurrentStepState
	}
	v.Why = fmt.Sprintf("waiting for the native controller to see the newest template of the %s", l.Workload.Kind)
	v.wakeAt = l.now.Add(podLook)
	return v, true
}

// stuck asks for the pods to be deleted that never became ready and that the native controller does not replace: an ordered
// StatefulSet waits for such a pod even after its template changed (kubernetes/kubernetes#67250).
func (v *verdict) unstick(l look) {
	if l.Workload.Stuck == 0 {
		return
	}
	v.Unstick = true
	v.because(fmt.Sprintf("%s of a version that is not to be there and not ready: deleted, to be made anew", pods(l.Workload.Stuck)))
}

// limits tells what a workload of this kind can't do for the step; empty where there is nothing to tell.
func (l look) limits() string {
	w := l.Workload
	switch {
	case l.indivisible():
		return fmt.Sprintf("; the %s has 1 pod, which can't be shared between versions: it stays as it is until a step asks for 100%%, and nobody serves while it is replaced then", w.Kind)
	case w.InPlace && w.Replicas == 1 && l.canarySet.Replicas == 0:
		return fmt.Sprintf("; the %s has 1 pod: nobody serves while it is replaced", w.Kind)
	case l.upOnly() && w.Replicas > 1 && l.goal.canary > l.asked.canary:
		return fmt.Sprintf("; a %s gives every pod that is made anew the newest version", w.Kind)
	case w.InPlace && l.goal.canary < l.asked.canary && w.Replicas > 1:
		return fmt.Sprintf("; the step asks for %d, but a %s replaces its pods in place and the stable version needs %d for its share", l.asked.canary, w.Kind, l.goal.stable)
	case w.Note != "":
		return "; " + w.Note
	}
	return ""
}
