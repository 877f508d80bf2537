// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// A rollback goes at once, unless a person asked for one in batches (rollouts.kruise.io/rollback-in-batch, kruise-rollouts.md
// 3.9). Then the version that is taken back stays the one that steps are about: each takes its share of what there was of pods
// and traffic, and waits as on the way up.

// batched gives the version that is taken back in steps; false where none is. What replaces its pods in place goes back at once from
// an update that its native controller has completed.
func (l look) batched() (ReplicaSet, bool) {
	cs := l.stored()
	if !l.RollbackInBatch || !l.Workload.Held || l.Workload.InPlace && l.Workload.Current != "" || l.closing || l.Workload.Template != l.stable ||
		l.Status.Phase != v1beta1.PhaseProgressing || cs.RollbackFromStepIndex < 0 || cs.CanaryRevision == l.stable || l.steps() == 0 {
		return ReplicaSet{}, false
	}
	for _, s := range l.Sets {
		if s.Hash != l.stable && s.Hash != cs.CanaryRevision && (s.Replicas > 0 || s.Pods > 0) {
			return ReplicaSet{}, false // there is more to take back than one version
		}
	}
	s, there := l.set(cs.CanaryRevision)
	return s, there && s.Replicas > 0
}

// turnBack makes a version the one that the steps are about, or, without one, what goes at once.
func (l *look) turnBack(version *ReplicaSet) {
	if version != nil {
		l.version, l.canarySet, l.hasCanary, l.others = version.Hash, *version, true, nil
		return
	}
	if l.canarySet.Replicas > 0 || l.canarySet.Pods > 0 {
		l.others = append(l.others, l.canarySet)
	}
	l.version, l.canarySet, l.hasCanary, l.all = l.Workload.Template, ReplicaSet{}, false, false
}

// returning says that a version is taken back in steps.
func (l look) returning() bool { return l.version != l.Workload.Template }

// from is the step that the way back began at; one more than there are for the whole.
func (l look) from() int32 {
	cs := l.stored()
	switch {
	case cs.RollbackFromStepIndex > 0:
		return cs.RollbackFromStepIndex
	case cs.CurrentStepState == v1beta1.StepCompleted:
		return int32(l.steps()) + 1
	}
	return max(cs.CurrentStepIndex, 1)
}

// wayBack gives what is left of the version that is taken back after the step: of the pods and the traffic that the step had
// given it at which the way back began, less the share of this one.
func (l look) wayBack(steps []v1beta1.Step) goal {
	n := l.Workload.Replicas
	had, takes := everything(n, l.splits), l.resolve(steps[l.step-1])
	if from := l.from(); int(from) <= len(steps) {
		had = l.tie(l.resolve(steps[from-1]), len(steps[from-1].Matches) > 0)
	}
	if n <= 0 {
		return goal{}
	}
	g := goal{canary: had.canary - (had.canary*takes.canary+n-1)/n}
	if l.splits {
		g.weight = had.weight - (had.weight*takes.weight+99)/100
	}
	g.weight = min(g.weight, l.Routes.Weight)
	if g.weight > 0 {
		g.canary = max(g.canary, 1)
	}
	// It gets no pods back, but for what a workload that was scaled up meanwhile sends it.
	keeps := l.canarySet.Replicas
	if l.splits {
		keeps = max(keeps, carries(n, g.weight))
	}
	g.canary = min(g.canary, keeps)
	g.stable = max(n-g.canary, carries(n, 100-g.weight))
	if l.extra() {
		g.stable = n
	}
	return l.tie(g, false)
}
