// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// limit is how many seconds a step may be without progress; 0 is for ever.
func (l look) limit() int32 {
	if plan := l.Spec.Strategy.Plan(); plan != nil && plan.ProgressDeadlineSeconds != nil {
		return *plan.ProgressDeadlineSeconds
	}
	return l.Workload.ProgressDeadline
}

func (l look) noProgress(why string) string {
	of := " (progressDeadlineSeconds of the workload)"
	switch plan := l.Spec.Strategy.Plan(); {
	case plan != nil && plan.ProgressDeadlineSeconds != nil:
		of = " (progressDeadlineSeconds)"
	case l.Workload.InPlace:
		of = "" // it has no such field
	}
	return fmt.Sprintf("no progress for %d seconds%s: %s", l.limit(), of, why)
}

// aborted says that the version in the template was given up before, and that nobody asked for it again.
func (l look) aborted() bool {
	a := l.stored().Abort
	return a != nil && !l.back() && !l.closing && l.Workload.Held && a.Revision == l.Workload.Template && a.ReleaseID == l.Spec.ReleaseID && a.Retry == l.Retry
}

// late says that the stored state is without progress for too long, and that the plan gives a version up for that. Where every
// pod that is made anew is of the current template there is no way back but another template.
func (l look) late() bool {
	plan := l.Spec.Strategy.Plan()
	if plan == nil || !plan.ProgressDeadlineAbort || l.Workload.UpOnly || l.closing || l.back() || !l.Workload.Held || l.Status.Phase != v1beta1.PhaseProgressing {
		return false
	}
	if cs := l.stored(); cs.CanaryRevision != l.Workload.Template || l.beyond() {
		return false // that was about another version, or there is no way back any more
	}
	deadline, counts := l.deadline(&l.Status)
	return counts && !l.now.Before(deadline)
}

// failed says that the analysis found the version in the template bad.
func (l look) failed() bool {
	return l.analysis() == AnalysisFail && !l.closing && !l.back() && l.Workload.Held && !l.Workload.UpOnly && !l.beyond()
}

// giveUp makes the version in the template one of those that go away.
func (l *look) giveUp() {
	if !l.aborted() && !l.late() {
		l.judged = fmt.Sprintf("the analysis of step(%d/%d) failed: %s", l.step, l.steps(), l.Analysis.Why)
	}
	if l.hasCanary && (l.canarySet.Replicas > 0 || l.canarySet.Pods > 0) {
		l.others = append(l.others, l.canarySet)
	}
	l.givenUp, l.canarySet, l.hasCanary = true, ReplicaSet{}, false
	l.step, l.furthest, l.all, l.inherited = 1, 1, false, false
	l.goal, l.matches, l.modifier = goal{stable: l.Workload.Replicas}, nil, nil
	l.asked = l.goal
	l.load = l.measure()
}

// abort is what to remember of a version that was given up; nil where none was.
func (l look) abort() *v1beta1.Abort {
	if !l.givenUp {
		return nil
	}
	if l.aborted() {
		return l.stored().Abort
	}
	why := l.noProgress(l.stored().Message)
	if l.judged != "" {
		why = l.judged
	}
	return &v1beta1.Abort{Revision: l.Workload.Template, ReleaseID: l.Spec.ReleaseID, Retry: l.Retry, Since: *l.stamp(), Message: why}
}

// givenUp takes the version in the template back, and then waits for another one. The routes stay as they are between two steps:
// both versions in them, all of the traffic on the stable one.
func givenUp(l look) (verdict, bool) {
	if !l.givenUp {
		return verdict{}, false
	}
	v := l.takeBack()
	v.state = v1beta1.StepBefore
	why := l.abort().Message
	if !l.aborted() {
		// That it was given up has to be known before its pods go, and with them what shows that it was late.
		v.StatusFirst, v.firm = true, true
		v.Events = append(v.Events, Event{Warning: true, Reason: v1beta1.ReasonAborted, Message: sentence("version " + l.Workload.Template + " is given up: " + why)})
	}
	if v.Why != "" {
		v.Why = fmt.Sprintf("version %s is given up: %s", l.Workload.Template, v.Why)
		return v, true
	}
	v.firm = true
	v.Why = fmt.Sprintf("version %s was given up, and all pods and all traffic are on the stable one; apply another version, or give the Rollout the annotation %s "+
		"with a new value to try this one again (%s)", l.Workload.Template, v1beta1.AnnotationRetry, why)
	return v, true
}
