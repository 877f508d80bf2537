// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/condition"
)

// softDelay is how long a change that only people read (a count of ready pods, a message) may wait, so that a burst of
// them is one write. Phases, steps and revisions are written at once.
const softDelay = 2 * time.Second

func stamp(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

// order is the one in which the conditions of an Application are reached.
func order() []string {
	return []string{
		v1beta1.ConditionParsed, v1beta1.ConditionRevision, v1beta1.ConditionPolicy, v1beta1.ConditionRender,
		v1beta1.ConditionWorkflow, v1beta1.ConditionReady, conditionDeleting,
	}
}

// finish ends a pass: health, status, and then what follows from a stored status: the revision's outcome, garbage, and
// the outcomes of actions.
func (r *Reconciler) finish(ctx context.Context, w *world, failure error, release application.Release) error {
	rev := release.Revision
	if rev != nil {
		services, err := r.services(ctx, w, rev)
		if err != nil {
			return err
		}
		w.app.Status.Services = services
		w.app.Status.AppliedResources = applied(w, rev)
	}
	ended := w.stored.Workflow == nil || w.app.Status.Workflow == nil || w.stored.Workflow.Phase != w.app.Status.Workflow.Phase
	r.judge(w, failure, release)
	w.app.Status.ObservedGeneration = w.app.Generation
	if err := r.writeStatus(ctx, w); err != nil {
		return err
	}
	if ended {
		r.tell(w)
	}
	if rev != nil {
		if err := r.settle(ctx, w, rev); err != nil {
			return err
		}
	}
	return r.confirmAll(ctx, w)
}

// judge puts phase and conditions into words.
func (r *Reconciler) judge(w *world, failure error, release application.Release) {
	st := &w.app.Status
	st.Phase = phaseOf(st, release)
	set := func(kind string, err error) {
		c := metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: "Available", ObservedGeneration: w.app.Generation}
		if kind == v1beta1.ConditionReady {
			c.Reason = "ReconcileSuccess"
		}
		if err != nil {
			c.Status, c.Reason, c.Message = metav1.ConditionFalse, "ReconcileError", err.Error()
		}
		st.Conditions = condition.Set(st.Conditions, order(), c, r.clock.Now())
	}
	var refused error
	if release.Refused != "" {
		refused = errors.New(release.Refused)
	}
	var render *renderFailure
	if errors.As(failure, &render) {
		refused, failure = errors.Join(refused, render), nil
		st.Phase = v1beta1.PhaseRendering
	}
	set(v1beta1.ConditionParsed, nil)
	set(v1beta1.ConditionRevision, refused)
	if release.Revision == nil {
		set(v1beta1.ConditionReady, refused)
		return
	}
	set(v1beta1.ConditionPolicy, nil)
	set(v1beta1.ConditionRender, nil)
	set(v1beta1.ConditionWorkflow, workflowError(st.Workflow))
	set(v1beta1.ConditionReady, errors.Join(refused, failure))
}

func workflowError(run *v1beta1.WorkflowStatus) error {
	if run == nil || run.Phase != v1beta1.WorkflowFailed {
		return nil
	}
	if run.Message == "" {
		return errors.New("a step of the workflow failed")
	}
	return errors.New(run.Message)
}

// phaseOf is the one word for the state of an Application.
func phaseOf(st *v1beta1.ApplicationStatus, release application.Release) v1beta1.ApplicationPhase {
	if release.Revision == nil {
		return v1beta1.PhaseRendering
	}
	if st.Workflow == nil {
		return v1beta1.PhaseRendering
	}
	switch st.Workflow.Phase {
	case v1beta1.WorkflowSuspending:
		return v1beta1.PhaseWorkflowSuspending
	case v1beta1.WorkflowTerminated:
		return v1beta1.PhaseWorkflowTerminated
	case v1beta1.WorkflowFailed:
		return v1beta1.PhaseWorkflowFailed
	case v1beta1.WorkflowSucceeded, v1beta1.WorkflowSkipped:
		if slices.ContainsFunc(st.Services, func(s v1beta1.ServiceStatus) bool { return !s.Healthy }) {
			return v1beta1.PhaseUnhealthy
		}
		return v1beta1.PhaseRunning
	case v1beta1.WorkflowInitializing, v1beta1.WorkflowExecuting:
	}
	return v1beta1.PhaseRunningWorkflow
}

// applied lists what is in force.
func applied(w *world, rev *v1beta1.ApplicationRevision) []v1beta1.AppliedResource {
	var list []v1beta1.AppliedResource
	for _, e := range application.Kept(w.app.Name, rev, w.trackers) {
		list = append(list, v1beta1.AppliedResource{
			ObjectReference: corev1.ObjectReference{APIVersion: e.APIVersion, Kind: e.Kind, Namespace: e.Namespace, Name: e.Name},
			Creator:         "workflow",
		})
	}
	return list
}

// tell is the one event of a run: how it ended. Of a release in steps the Rollout told already that it is complete.
func (r *Reconciler) tell(w *world) {
	run := w.app.Status.Workflow
	if run == nil || !run.Finished || w.app.Status.LatestRevision == nil {
		return
	}
	name := w.app.Status.LatestRevision.Name
	for _, h := range w.app.Status.HandledActions {
		if h.Target == name {
			r.events.Eventf(w.app, nil, corev1.EventTypeNormal, "RolledBack", "Rollback", "Rolled back to revision %s", name)
			return
		}
	}
	stepped := slices.ContainsFunc(w.app.Status.AppliedResources, func(a v1beta1.AppliedResource) bool { return a.Kind == "Rollout" })
	switch {
	case run.Phase == v1beta1.WorkflowSucceeded && !stepped:
		r.events.Eventf(w.app, nil, corev1.EventTypeNormal, "Deployed", "Deploy", "Revision %s was deployed successfully", name)
	case run.Phase == v1beta1.WorkflowFailed:
		r.events.Eventf(w.app, nil, corev1.EventTypeWarning, "FailedWorkflow", "Deploy", "Workflow of %s failed: %s", name, run.Message)
	}
}

// settle marks a revision whose workflow succeeded, and then sweeps what only earlier versions needed.
func (r *Reconciler) settle(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision) error {
	run := w.app.Status.Workflow
	if run == nil || run.Phase != v1beta1.WorkflowSucceeded || run.AppRevision != application.RunName(rev) {
		return nil
	}
	if !rev.Status.Succeeded {
		rollouts, err := r.rollouts(ctx, w.key)
		if err != nil {
			return err
		}
		if application.Unfinished(rev.Name, rollouts) {
			return nil // the workflow ended, and a part of the pods is of an earlier version: nothing of that is given up
		}
	}
	if !rev.Status.Succeeded {
		record := rev.DeepCopy()
		record.Status.Succeeded = true
		record.Status.Workflow = run.DeepCopy()
		if err := r.updateRevisionStatus(ctx, w, record); err != nil {
			return err
		}
	}
	_, err := r.sweep(ctx, w, rev, true)
	return err
}

// confirmAll writes the outcomes of actions whose effect the status write of this pass has stored.
func (r *Reconciler) confirmAll(ctx context.Context, w *world) error {
	for _, h := range w.app.Status.HandledActions {
		i := slices.IndexFunc(w.actions, func(a v1alpha1.ReleaseAction) bool { return a.UID == h.UID })
		if i < 0 {
			continue
		}
		action := w.actions[i]
		if err := r.confirm(ctx, w, &action, h); err != nil {
			return err
		}
	}
	return nil
}

// writeStatus stores the status when it changed, whole, so that nothing stale stays; changes that only people read may
// wait a moment.
func (r *Reconciler) writeStatus(ctx context.Context, w *world) error {
	over := func(h v1beta1.HandledAction) bool {
		return !slices.ContainsFunc(w.actions, func(a v1alpha1.ReleaseAction) bool { return a.UID == h.UID })
	}
	next, stored := w.app.Status.DeepCopy(), w.stored.DeepCopy()
	next.HandledActions = slices.DeleteFunc(next.HandledActions, over)
	stored.HandledActions = slices.DeleteFunc(stored.HandledActions, over)
	now := r.clock.Now()
	if equality.Semantic.DeepEqual(next, stored) {
		r.pace.written(w.key, time.Time{})
		return nil
	}
	if equality.Semantic.DeepEqual(urgent(next), urgent(stored)) && !r.pace.mayWrite(w.key, now) {
		return nil
	}
	w.app.Status = *next
	if err := r.client.Status().Update(ctx, w.app, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("writing the status of Application %s: %w", w.key, err)
	}
	w.stored = *w.app.Status.DeepCopy()
	r.pace.written(w.key, now)
	return nil
}

// urgent is a status without what may wait.
func urgent(st *v1beta1.ApplicationStatus) *v1beta1.ApplicationStatus {
	u := st.DeepCopy()
	u.Services, u.AppliedResources = nil, nil
	for i := range u.Conditions {
		u.Conditions[i].Message, u.Conditions[i].ObservedGeneration = "", 0
	}
	if u.Workflow == nil {
		return u
	}
	for i := range u.Workflow.Steps {
		calm(&u.Workflow.Steps[i].StepStatusBase)
		for j := range u.Workflow.Steps[i].SubSteps {
			calm(&u.Workflow.Steps[i].SubSteps[j])
		}
	}
	return u
}

func calm(s *v1beta1.StepStatusBase) {
	s.Message, s.LastExecuteTime = "", nil
}

// pace remembers when the status of each Application was written last, and when a change that waits is due. It is only
// about how often to write: forgetting it costs a write.
type pace struct {
	mu   sync.Mutex
	last map[types.NamespacedName]time.Time
	wait map[types.NamespacedName]bool
}

func newPace() *pace {
	return &pace{last: map[types.NamespacedName]time.Time{}, wait: map[types.NamespacedName]bool{}}
}

// mayWrite says whether a change that may wait has waited long enough; if not, it is due later.
func (p *pace) mayWrite(key types.NamespacedName, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.last[key]
	if !known || now.Sub(last) >= softDelay {
		return true
	}
	p.wait[key] = true
	return false
}

// written records a write, or with a zero time that nothing waits any more.
func (p *pace) written(key types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.wait, key)
	if !now.IsZero() {
		p.last[key] = now
	}
}

// due is how long until a change that waits is to be written; 0 when none waits.
func (p *pace) due(key types.NamespacedName, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wait[key] {
		return 0
	}
	return max(time.Millisecond, p.last[key].Add(softDelay).Sub(now))
}

func (p *pace) forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.last, key)
	delete(p.wait, key)
}
