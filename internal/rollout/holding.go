// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func workloadGone(l look) (verdict, bool) {
	w := l.Workload
	if w.Exists && w.Problem == "" && w.HeldBy == "" {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseInitial, firm: true, Decision: Decision{Why: fmt.Sprintf(
		"Workload Not Found: spec.workloadRef names %s %s, which does not exist in this namespace; create it or correct the name", l.Spec.WorkloadRef.Kind, l.Spec.WorkloadRef.Name)}}
	if w.Problem != "" {
		v.Why = w.Problem
	}
	if w.HeldBy != "" {
		v.Why = fmt.Sprintf("the workload is held by the Rollout %q; delete that one, or name another workload in spec.workloadRef.name", w.HeldBy)
	}
	if l.Routes.Ours() {
		v.Route = &Route{} // at once: no request gets an answer any more
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

// replaced sees a workload that was deleted in the middle of a release and is back as the stable version: it has no hold, and
// the pods of before are gone or going. The release begins anew.
func replaced(l look) (verdict, bool) {
	cs := l.stored()
	begun := cs.CanaryRevision != "" && cs.ObservedReleaseID == l.Spec.ReleaseID && !ended(l.Status)
	if l.closing || l.Workload.Held || l.arrived() || !begun || l.Workload.Template != cs.StableRevision {
		return verdict{}, false // with another template it only lost its marks
	}
	v := verdict{phase: v1beta1.PhaseInitial, firm: true, Decision: Decision{Why: "the workload was deleted and is back as it was before this release, which begins anew"}}
	if l.Routes.Ours() {
		v.Route = &Route{}
	}
	return v, true
}

func letGo(l look) (verdict, bool) {
	if !l.closing || l.Workload.Held || l.Routes.Ours() {
		return verdict{}, false
	}
	if l.Deleting {
		return verdict{phase: v1beta1.PhaseTerminating, Decision: Decision{LetGo: true, Why: "nothing of the Rollout is left"}}, true
	}
	return verdict{phase: v1beta1.PhaseDisabled, firm: true, Decision: Decision{Why: "Rollout is disabled"}}, true
}

// over ends a release: the status says so first, then the workload is given back. Where every template change is a
// release the workload stays held, and the status alone says which version is stable.
func (l look) over(how ending, why string) verdict {
	if v, dressed := l.undress(); dressed {
		return v
	}
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

func paused(l look) (verdict, bool) {
	if !l.Paused() || l.closing || l.back() || !l.Workload.Held || !l.arrived() {
		return verdict{}, false
	}
	why := "Rollout has been paused; set spec.strategy.paused to false to go on"
	if l.WithRun {
		why = "the release stands still with its workflow, which was suspended or ended early; resume or restart the workflow to go on"
	}
	return verdict{
		phase: v1beta1.PhaseProgressing, state: l.Status.CurrentStepState, reason: v1beta1.ReasonPaused, firm: true,
		Decision: Decision{Route: l.keep(), Why: why},
	}, true
}

func notHeldInTime(l look) (verdict, bool) {
	if l.closing || l.Workload.Held || l.Spec.ReleaseID == "" || !l.arrived() || l.Routes.Ours() || l.done() {
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
	underWay := len(l.others) > 0 || l.Workload.Current != ""
	if runs && (l.Spec.ReleaseID != "" || !underWay) {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseInitial, Decision: Decision{Route: l.keep(), Why: "waiting for the first version of the workload"}}
	if runs {
		v.Why = "waiting for the update that was under way before the Rollout came"
	}
	return v, true
}

func hold(l look) (verdict, bool) {
	closed := !l.Workload.Open || l.Workload.Current != "" || !l.back()
	if l.closing || l.done() || l.returning() && l.arrived() || l.Workload.Held && l.Workload.HeldFor == l.Spec.ReleaseID && closed {
		return verdict{}, false
	}
	if l.Workload.Held && l.back() && l.Spec.ReleaseID != "" && l.arrived() {
		return verdict{}, false // nothing to hold it for
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, reason: v1beta1.ReasonInitializing}
	v.Hold = &Hold{ReleaseID: l.Spec.ReleaseID, Again: l.lostHold()}
	v.Why = fmt.Sprintf("the workload is held for release %q", l.Spec.ReleaseID)
	v.Route = l.keep()
	if l.Spec.ReleaseID == "" {
		// The status is what remembers the stable version; it has to know before a new one can come. Healthy is told when the
		// hold is there: who waits for that and applies a version then must not be faster.
		v.phase, v.state, v.StatusFirst, v.firm = v1beta1.PhaseInitial, v1beta1.StepCompleted, true, true
		v.Why = "the workload is being held for the next version"
		return v, true
	}
	v.Hold.Stable = l.stable
	return v, true
}

// lostHold says that the workload was held, and that somebody took the marks of that off: what they say of its own strategy
// is lost with them.
func (l look) lostHold() bool {
	return !l.Workload.Held && (l.Routes.Ours() || l.Status.Phase == v1beta1.PhaseProgressing)
}

func release(l look) (verdict, bool) {
	if !l.Workload.Held || l.Routes.Ours() {
		return verdict{}, false
	}
	if l.done() || l.closing && l.back() {
		v := l.over(goesOn, "the release is over; the workload is given back")
		v.Release, v.Events = len(v.Dress) == 0, nil
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

// keepTemplate keeps the pod template of the version that became the stable one, in the place of that of the one before: a
// workload that stays held between releases could not make its ReplicaSet anew otherwise.
func keepTemplate(l look) (verdict, bool) {
	w := l.Workload
	if _, there := l.set(l.stable); !there || l.Spec.ReleaseID != "" || !w.Held || w.InPlace || w.Kept == "" || w.Kept == l.stable || !l.back() || l.underWay() || l.closing {
		return verdict{}, false
	}
	v := l.rest()
	v.Hold = &Hold{Refresh: true}
	return v, true
}

func waitForVersion(l look) (verdict, bool) {
	if !l.Workload.Held || l.arrived() || l.closing {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, reason: v1beta1.ReasonInitializing, Decision: Decision{Route: l.keep()}}
	v.Why = fmt.Sprintf("the workload is held; waiting for release %q to be applied to it", l.Spec.ReleaseID) + l.limits()
	if l.back() && len(l.others) > 0 {
		v.shrinkOthers(l, l.withdrawing().withdraw().canary)
	}
	return v, true
}

// rest is the state between releases.
func (l look) rest() verdict {
	v := verdict{phase: v1beta1.PhaseHealthy, state: v1beta1.StepCompleted, reason: v1beta1.ReasonCompleted}
	v.firm = l.Status.Phase == v1beta1.PhaseInitial
	v.Why = "rollout is healthy"
	if l.Shared.Problem != "" {
		v.Why = "a release would wait: " + l.Shared.Problem
	} else if l.routed && l.Routes.Problem != "" {
		v.Why = "a release would wait: " + l.Routes.Problem
	}
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
