// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// report makes a Decision of a verdict: the status that tells it, and when to look again.
func (l look) report(v verdict) Decision {
	switch {
	case l.Deleting:
		v.phase = v1beta1.PhaseTerminating
	case l.Spec.Disabled && v.phase == v1beta1.PhaseProgressing:
		v.phase = v1beta1.PhaseDisabling
	}
	if l.lastPassed() && v.phase == v1beta1.PhaseProgressing {
		// That the last step was approved has to outlive the next status write.
		v.state = v1beta1.StepCompleted
	}
	if v.phase == v1beta1.PhaseProgressing && v.Unmark == nil && l.Workload.Held {
		for _, s := range []ReplicaSet{l.stableSet, l.canarySet} {
			if s.Marked {
				v.Unmark = append(v.Unmark, s.Hash)
			}
		}
	}
	if l.jumped && v.phase == v1beta1.PhaseProgressing {
		v.firm = true
		v.Events = append(v.Events, Event{Reason: "Jumped", Message: fmt.Sprintf("The release goes to step %d of %d, which a person chose.", l.step, l.steps())})
	}
	status := l.status(&v)
	d := v.Decision
	d.Status, d.Lazy, d.Part = status, !v.firm, l.parts(v)
	if l.changesRoute(v.Route) && l.Routes.Ack != AckKnown {
		// Perhaps nobody will tell when it is served, so the wait is stored before the write that it is about.
		d.Status.CanaryStatus.RouteSince = l.stamp()
		d.StatusFirst, d.Lazy = true, false
	} else if cs := d.Status.CanaryStatus; l.timeless() && cs != nil && cs.RouteSince == nil {
		cs.RouteSince, d.Lazy = l.stamp(), false
	}
	if same(l.Status, d.Status) {
		d.Status, d.StatusFirst = l.Status, false
	}
	d.RecheckAfter = l.recheck(v, d.Status)
	return d
}

// timeless says that nobody tells what is served of routes which were written while somebody did: a wait begins now.
func (l look) timeless() bool {
	return l.Routes.Ack == AckNone && (l.Routes.Canary || l.Routes.Switched)
}

// lastPassed says that the release is past a last step that did not ask for everything.
func (l look) lastPassed() bool {
	c := l.Spec.Strategy.Plan()
	if !l.all || l.closing || c == nil || len(c.Steps) == 0 || int(l.step) != len(c.Steps) || l.beyond() {
		return false
	}
	return !l.whole(c.Steps[l.step-1])
}

// stamp is the time to store a wait by. The API keeps whole seconds and cuts the rest off; rounded up no wait gets shorter.
func (l look) stamp() *metav1.Time {
	whole := l.now.Truncate(time.Second)
	if whole.Before(l.now) {
		whole = whole.Add(time.Second)
	}
	return &metav1.Time{Time: whole}
}

// changesRoute says whether an intent differs from what is written.
func (l look) changesRoute(want *Route) bool {
	r := l.Routes
	switch {
	case want == nil:
		return false
	case want.Canary != r.Canary || want.Switched != r.Switched:
		return true
	case !want.Canary:
		return false // Services alone make no difference to a router
	}
	return want.Weight != r.Weight || !sameMatches(want.Matches, r.Matches) || !sameModifier(want.Modifier, r.Modifier) ||
		!r.Services || want.StableHash != r.StableHash || want.CanaryHash != r.CanaryHash
}

// same compares two statuses by what a reader needs: the generation of the workload alone is no news.
func same(a, b v1beta1.RolloutStatus) bool {
	x, y := a.DeepCopy(), b.DeepCopy()
	for _, s := range []*v1beta1.RolloutStatus{x, y} {
		if s.CanaryStatus != nil {
			s.CanaryStatus.ObservedWorkloadGeneration = 0
		}
	}
	return equality.Semantic.DeepEqual(x, y)
}

// inCanaryWords gives a status with the state of the release under the names of the canary, which the rules are written in;
// inWordsOf gives it back under those of the strategy.
func inCanaryWords(s v1beta1.RolloutStatus) v1beta1.RolloutStatus {
	s.CanaryStatus, s.BlueGreenStatus = s.Release(), nil
	return s
}

func inWordsOf(style v1beta1.Style, s v1beta1.RolloutStatus) v1beta1.RolloutStatus {
	if style == v1beta1.StyleBlueGreen && s.CanaryStatus != nil {
		own := v1beta1.BlueGreenStatus(*s.CanaryStatus)
		s.CanaryStatus, s.BlueGreenStatus = nil, &own
	}
	return s
}

func (l look) status(v *verdict) v1beta1.RolloutStatus {
	st := *l.Status.DeepCopy()
	st.ObservedGeneration = l.Generation
	if v.phase == v1beta1.PhaseHealthy && ended(l.Status) && v.ends == goesOn && (v.Hold == nil || v.Hold.Refresh) {
		return st // at rest what was told about the last release stays
	}
	st.Phase, st.Message = v.phase, v.Why
	if v.phase == v1beta1.PhaseInitial && v.state == "" || v.phase == v1beta1.PhaseDisabled {
		st.CurrentStepIndex, st.CurrentStepState = 0, ""
		if cs := st.CanaryStatus; cs != nil {
			*cs = v1beta1.CanaryStatus{RouteSince: cs.RouteSince, Rule: v.Rule, Message: v.Why}
		} else {
			st.CanaryStatus = &v1beta1.CanaryStatus{Rule: v.Rule, Message: v.Why}
		}
		meta.RemoveStatusCondition(&st.Conditions, v1beta1.ConditionProgressing)
		return st
	}
	if st.CanaryStatus == nil {
		st.CanaryStatus = &v1beta1.CanaryStatus{}
	}
	cs := st.CanaryStatus
	cs.ObservedWorkloadGeneration = l.Workload.Generation
	cs.Rule, cs.Message = v.Rule, v.Why
	l.progress(v, cs)
	if v.Hold != nil && v.phase == v1beta1.PhaseInitial {
		cs.CanaryRevision, cs.PodTemplateHash = l.stable, l.stable // what there was before is over
	}
	if v.phase == v1beta1.PhaseHealthy {
		l.settle(v, cs)
	}
	st.CurrentStepIndex, st.CurrentStepState = cs.CurrentStepIndex, cs.CurrentStepState
	l.conditions(v, &st)
	return st
}

// next is the step after this one; -1 after the last. While the release is frozen a jump that somebody asked for waits.
func (l look) next(was v1beta1.CanaryStatus) int32 {
	switch {
	case l.frozen() && was.NextStepIndex > 0 && was.CurrentStepIndex == l.step:
		return was.NextStepIndex
	case int(l.step) >= l.steps():
		return -1
	}
	return l.step + 1
}

// progress tells where a release is.
func (l look) progress(v *verdict, cs *v1beta1.CanaryStatus) {
	was := *cs
	cs.RolloutHash, cs.StableRevision = PlanHash(l.Spec), cmp.Or(v.stable, l.stable)
	if l.Spec.ReleaseID == l.Workload.HeldFor && l.Workload.Held || v.ends != goesOn {
		cs.ObservedReleaseID = l.Spec.ReleaseID
	}
	cs.CurrentStepIndex, cs.CurrentStepState = l.step, v.state
	cs.NextStepIndex = l.next(was)
	// A ReplicaSet that was just made smaller counts the pods to go for a moment longer.
	cs.StableReplicas, cs.StableReadyReplicas = l.stableSet.Replicas, min(l.stableSet.Ready, l.stableSet.Replicas)
	cs.CanaryReplicas, cs.CanaryReadyReplicas = l.canarySet.Replicas, min(l.canarySet.Ready, l.canarySet.Replicas)
	if l.back() || l.givenUp {
		for _, s := range l.others {
			cs.CanaryReplicas, cs.CanaryReadyReplicas = cs.CanaryReplicas+s.Replicas, cs.CanaryReadyReplicas+s.Ready
			cs.CanaryRevision, cs.PodTemplateHash = s.Hash, s.Hash
		}
	}
	if !l.back() {
		cs.CanaryRevision, cs.PodTemplateHash = l.version, l.version
	}
	cs.ObservedRolloutID = l.Workload.RolloutID
	cs.Abort = l.abort()
	l.mileage(cs)
	l.traffic(cs)
	moved := was.CurrentStepIndex != cs.CurrentStepIndex || was.CurrentStepState != cs.CurrentStepState || was.RolloutHash != cs.RolloutHash ||
		was.CanaryRevision != cs.CanaryRevision || was.CanaryReplicas != cs.CanaryReplicas || was.StableReplicas != cs.StableReplicas
	if was.StepSince == nil || moved {
		cs.StepSince = l.stamp()
	}
}

// mileage tells how far a release came, where that is needed to know what stays of it.
func (l look) mileage(cs *v1beta1.CanaryStatus) {
	cs.FurthestStepIndex = 0
	if l.extra() && !l.back() && !l.returning() {
		cs.FurthestStepIndex = l.furthest
	}
	switch {
	case l.returning():
		cs.RollbackFromStepIndex = l.from()
	case l.returned, l.back() && cs.RollbackFromStepIndex < 0:
		cs.RollbackFromStepIndex = -1
	default:
		cs.RollbackFromStepIndex = 0
	}
}

func (l look) traffic(cs *v1beta1.CanaryStatus) {
	cs.DesiredWeight, cs.ServedWeight = nil, nil
	if !l.routed {
		return
	}
	asked := l.goal.weight
	if l.back() || l.givenUp {
		asked = 0
	}
	cs.DesiredWeight = &asked
	if !l.idle() {
		cs.IdleSince = nil
	} else if cs.IdleSince == nil {
		cs.IdleSince = l.stamp()
	}
	if l.Routes.Ack == AckKnown && l.Routes.WeightLow == l.Routes.WeightHigh {
		served := l.Routes.WeightHigh
		if l.beyond() {
			served = asked // the restored route leads to the new version too
		}
		cs.ServedWeight = &served
	}
	if waits, overdue := l.draining(cs); !waits && !overdue {
		cs.DrainingSince = nil
	} else if waits && cs.DrainingSince == nil {
		cs.DrainingSince = l.stamp()
	}
}

// draining says whether a version without a share is waited for because of what is in flight there, and whether that wait
// has come to its limit.
func (l look) draining(cs *v1beta1.CanaryStatus) (waits, overdue bool) {
	if !l.Routes.Canary {
		return false, false
	}
	switch l.Routes.Weight {
	case 100:
		waits = l.routes.acked && l.goal.stable == 0 && l.retired() && !l.routes.stableDrained
	case 0:
		waits = l.routes.acked && len(l.Routes.Matches) == 0 && (l.back() || len(l.others) > 0) && !l.routes.canaryDrained
	default:
		return false, false
	}
	return waits, cs.DrainingSince != nil && !l.now.Before(cs.DrainingSince.Add(drainLimit))
}

// settle tells how a release ended, or that nothing is under way.
func (l look) settle(v *verdict, cs *v1beta1.CanaryStatus) {
	cs.CurrentStepState, cs.DrainingSince, cs.RouteSince, cs.IdleSince, cs.FurthestStepIndex = v1beta1.StepCompleted, nil, nil, nil, 0
	cs.Abort, cs.RollbackFromStepIndex = nil, 0
	cs.DesiredWeight, cs.ServedWeight = nil, nil
	cs.CurrentStepIndex, cs.NextStepIndex = int32(l.steps()), -1
	switch v.ends {
	case succeeded:
		cs.StableRevision, cs.CanaryRevision, cs.PodTemplateHash = l.Workload.Template, l.Workload.Template, l.Workload.Template
	case goesOn:
		if cs.StableRevision == "" || v.Hold != nil {
			cs.StableRevision = l.stable
		}
	case cancelled:
	}
}

func (l look) condition() *metav1.Condition {
	return meta.FindStatusCondition(l.Status.Conditions, v1beta1.ConditionProgressing)
}

func (l look) conditions(v *verdict, st *v1beta1.RolloutStatus) {
	set := func(kind string, status metav1.ConditionStatus, reason, message string) {
		meta.SetStatusCondition(&st.Conditions, metav1.Condition{
			Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: 0, LastTransitionTime: metav1.Time{Time: l.now},
		})
	}
	switch v.ends {
	case succeeded:
		set(v1beta1.ConditionProgressing, metav1.ConditionFalse, v1beta1.ReasonCompleted, v.Why)
		set(v1beta1.ConditionSucceeded, metav1.ConditionTrue, v1beta1.ReasonCompleted, v.Why)
		return
	case cancelled:
		set(v1beta1.ConditionProgressing, metav1.ConditionFalse, v1beta1.ReasonCompleted, v.Why)
		set(v1beta1.ConditionSucceeded, metav1.ConditionFalse, v1beta1.ReasonCancelling, v.Why)
		return
	case goesOn:
	}
	if v.phase == v1beta1.PhaseHealthy || v.phase == v1beta1.PhaseInitial {
		return
	}
	if v.reason == "" {
		v.reason = v1beta1.ReasonInRolling
	}
	if a := st.CanaryStatus.Abort; a != nil && l.givenUp {
		set(v1beta1.ConditionProgressing, metav1.ConditionFalse, v1beta1.ReasonDeadlineExceeded, a.Message)
		set(v1beta1.ConditionSucceeded, metav1.ConditionFalse, v1beta1.ReasonAborted, v.Why)
		return
	}
	meta.RemoveStatusCondition(&st.Conditions, v1beta1.ConditionSucceeded)
	deadline, counts := l.deadline(st)
	if !counts || l.now.Before(deadline) {
		set(v1beta1.ConditionProgressing, metav1.ConditionTrue, v.reason, v.Why)
		return
	}
	text := l.noProgress(v.Why)
	set(v1beta1.ConditionProgressing, metav1.ConditionFalse, v1beta1.ReasonDeadlineExceeded, text)
	st.Message = text
	if c := l.condition(); c == nil || c.Reason != v1beta1.ReasonDeadlineExceeded {
		v.firm = true
		v.Events = append(v.Events, Event{Warning: true, Reason: v1beta1.ReasonDeadlineExceeded, Message: sentence(text)})
	}
}

// deadline is when a state of a step without progress is late. Pauses are not, nor is the wait for a version to come.
func (l look) deadline(st *v1beta1.RolloutStatus) (at time.Time, counts bool) {
	cs := st.CanaryStatus
	if l.limit() <= 0 || cs == nil || cs.StepSince == nil {
		return at, false
	}
	switch cs.CurrentStepState {
	case v1beta1.StepUpgrade, v1beta1.StepTrafficRouting:
	case v1beta1.StepCompleted:
		if st.Phase == v1beta1.PhaseHealthy {
			return at, false
		}
	case v1beta1.StepBefore, v1beta1.StepMetricsAnalysis, v1beta1.StepPaused, v1beta1.StepReady:
		return at, false
	}
	if l.Paused() && !l.back() {
		return at, false
	}
	since := cs.StepSince.Time
	if l.idle() && l.retires().After(since) {
		since = l.retires() // the pods of the stable version stay because the plan says so
	}
	return since.Add(time.Duration(l.limit()) * time.Second), true
}

// recheck gives the time until the next look that no change would bring.
func (l look) recheck(v verdict, st v1beta1.RolloutStatus) time.Duration {
	at := v.wakeAt
	if deadline, counts := l.deadline(&st); counts && deadline.After(l.now) && (at.IsZero() || deadline.Before(at)) {
		at = deadline
	}
	// Whatever rule waits: the end of a wait that stands for what no router tells changes what may be done.
	if ends := l.routes.graceEnds; st.Phase == v1beta1.PhaseProgressing && ends.After(l.now) && (at.IsZero() || ends.Before(at)) {
		at = ends
	}
	making := l.load.missing() > 0 || len(l.others) > 0
	if soon := l.now.Add(podLook); l.Workload.InPlace && st.Phase == v1beta1.PhaseProgressing && making && (at.IsZero() || soon.Before(at)) {
		at = soon
	}
	if at.IsZero() {
		return 0
	}
	return max(at.Sub(l.now), time.Millisecond)
}
