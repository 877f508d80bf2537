// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// actionsKept is how many finished actions of an Application stay for the record.
const actionsKept = 50

// takeActions carries out what people asked for, oldest first, before anything that can fail. The effect of an action and
// the record that it was taken are one write of the Application's status; its own outcome is written after that, by
// confirm. An action that was taken in an earlier pass is only confirmed.
func (r *Reconciler) takeActions(ctx context.Context, w *world) error {
	taken := map[types.UID]bool{}
	for range len(w.actions) {
		decision, err := application.Plan(w.seen())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(decision.Actions, func(p application.ActionPlan) bool { return !taken[p.Action.UID] })
		if i < 0 {
			return nil
		}
		taken[decision.Actions[i].Action.UID] = true
		if err := r.takeAction(ctx, w, decision.Actions[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) takeAction(ctx context.Context, w *world, plan application.ActionPlan) error {
	switch {
	case plan.Handled != nil:
		return r.confirm(ctx, w, plan.Action, *plan.Handled)
	case plan.Refuse != "":
		return r.conclude(ctx, w, plan.Action, v1alpha1.ActionRefused, plan.Refuse, nil)
	case plan.Rollback != nil:
		return r.told(ctx, w, plan.Action, r.rollback(ctx, w, plan))
	default:
		return r.operate(ctx, w, plan)
	}
}

// told returns err, and writes into the action what a person has to mend before it can be carried out; it is tried again
// until then. Other errors pass by themselves.
func (r *Reconciler) told(ctx context.Context, w *world, action *v1alpha1.ReleaseAction, err error) error {
	message := ""
	var refused *apply.RefusedError
	switch {
	case errors.As(err, &refused):
		message = refused.Sentence
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err):
		message = err.Error()
	default:
		return err
	}
	if failed := r.conclude(ctx, w, action, v1alpha1.ActionExecuting, message, nil); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// operate lets the workflow engine carry out an action on the run.
func (r *Reconciler) operate(ctx context.Context, w *world, plan application.ActionPlan) error {
	action := plan.Action
	rev := current(w)
	if rev == nil {
		return r.conclude(ctx, w, action, v1alpha1.ActionRefused,
			fmt.Sprintf("the revision of run %s is gone: publish a new version with vela up", w.app.Status.Workflow.AppRevision), nil)
	}
	spec, err := workflow.Generate(rev.Spec.Application.Spec, nil)
	if err != nil {
		return fmt.Errorf("working out the steps of %s: %w", rev.Name, err)
	}
	do := map[v1alpha1.Action]func(workflow.Spec, v1beta1.WorkflowStatus, workflow.Request, time.Time) (v1beta1.WorkflowStatus, error){
		v1alpha1.ActionResume: workflow.Resume, v1alpha1.ActionSuspend: workflow.Suspend,
		v1alpha1.ActionTerminate: workflow.Terminate, v1alpha1.ActionRestart: workflow.Restart,
	}[action.Spec.Action]
	if do == nil {
		return r.conclude(ctx, w, action, v1alpha1.ActionRefused,
			fmt.Sprintf("spec.action: %q is not an action; use one of resume, suspend, rollback, terminate, restart", action.Spec.Action), nil)
	}
	status, err := do(spec, *w.app.Status.Workflow, workflow.Request{
		App: w.app.Name, Step: action.Spec.Step, StepID: action.Spec.StepID, By: action.Spec.RequestedBy.Username,
	}, r.clock.Now())
	var refusal *workflow.Refusal
	if errors.As(err, &refusal) {
		return r.conclude(ctx, w, action, v1alpha1.ActionRefused, refusal.Sentence, nil)
	}
	if err != nil {
		return fmt.Errorf("carrying out ReleaseAction %s: %w", action.Name, err)
	}
	w.app.Status.Workflow = &status
	r.handled(w, action, done(action, w.app.Name), "")
	return nil
}

// done is the sentence that a command prints for an action that was carried out.
func done(action *v1alpha1.ReleaseAction, app string) string {
	verb := string(action.Spec.Action)
	if action.Spec.Step == "" {
		return fmt.Sprintf("Successfully %s workflow: %s", verb, app)
	}
	return fmt.Sprintf("Successfully %s workflow %s from step %s", verb, app, action.Spec.Step)
}

func (r *Reconciler) handled(w *world, action *v1alpha1.ReleaseAction, message, target string) {
	w.app.Status.HandledActions = append(w.app.Status.HandledActions, v1beta1.HandledAction{
		Name: action.Name, UID: action.UID, Message: message, Target: target,
	})
}

// rollback goes back to the target: its workload first, which takes the traffic off the bad version at once (what its pods can't
// start without comes before, and is there as a rule), then the spec, then (by the status write that ends the pass) the status.
// What is left to do is in confirm.
func (r *Reconciler) rollback(ctx context.Context, w *world, plan application.ActionPlan) error {
	target := plan.Rollback.Target
	entries := application.Kept(w.app.Name, target, w.trackers)
	slices.SortStableFunc(entries, func(a, b application.Entry) int { return cmp.Compare(rank(a), rank(b)) })
	for _, e := range entries {
		w.deployed[e.Component] = true
		if err := r.restore(ctx, w, e); err != nil {
			return fmt.Errorf("rolling back to %s: %w", target.Name, err)
		}
	}
	if err := r.restoreSpec(ctx, w, target); err != nil {
		return err
	}
	if err := r.remember(ctx, w, plan.Action, target); err != nil {
		return err
	}
	st := &w.app.Status
	st.LatestRevision = application.NameOf(w.app.Name, target)
	st.Workflow = target.Status.Workflow.DeepCopy()
	st.Services, st.AppliedResources = nil, nil
	r.handled(w, plan.Action, fmt.Sprintf("Application %s is back on revision %s", w.app.Name, target.Name), target.Name)
	return nil
}

// rank puts workloads before everything else, but after what their pods can't start without.
func rank(e application.Entry) int {
	switch {
	case application.IsSupply(e.Kind):
		return 0
	case e.Trait == "":
		return 1
	}
	return 2
}

// restoreSpec makes the Application say what the target says, so that the next look at the file and at the cluster agree.
func (r *Reconciler) restoreSpec(ctx context.Context, w *world, target *v1beta1.ApplicationRevision) error {
	hash, err := application.SpecHash(w.app.Spec)
	if err != nil {
		return err
	}
	version := application.PublishVersion(target)
	if hash == application.RevisionHash(target) && version == application.PublishVersion(w.app) {
		return nil
	}
	next := w.app.DeepCopy()
	next.Spec = *target.Spec.Application.Spec.DeepCopy()
	if next.Annotations == nil {
		next.Annotations = map[string]string{}
	}
	// What belongs to a version comes and goes with it.
	for _, name := range []string{
		v1beta1.AnnotationPublishVersion, v1beta1.AnnotationWorkflowName, v1beta1.AnnotationNote, v1beta1.AnnotationPublishedBy,
	} {
		if next.Annotations[name] = target.Annotations[name]; next.Annotations[name] == "" {
			delete(next.Annotations, name)
		}
	}
	status := w.app.Status
	if err := r.client.Update(ctx, next, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("giving Application %s the spec of %s: %w", w.key, target.Name, err)
	}
	next.Status = status
	w.app = next
	return nil
}

// confirm finishes an action whose effect is stored: for a rollback, Rollouts and outdated revisions go, and the outcome
// is written when the Rollouts have given everything back.
func (r *Reconciler) confirm(ctx context.Context, w *world, action *v1alpha1.ReleaseAction, h v1beta1.HandledAction) error {
	if h.Target == "" {
		return r.conclude(ctx, w, action, v1alpha1.ActionSucceeded, h.Message, nil)
	}
	target := &v1beta1.ApplicationRevision{}
	target.Name = h.Target
	for i := range w.revisions {
		if w.revisions[i].Name == h.Target {
			target = w.revisions[i].DeepCopy() // clearing the release moves the list
		}
	}
	if len(action.Status.Report) == 0 { // the report begins when the release was cleared
		if err := r.clearRelease(ctx, w, target); err != nil {
			return err
		}
	}
	rollouts, err := r.rollouts(ctx, w.key)
	if err != nil {
		return err
	}
	if leaving := application.Leaving(rollouts); leaving != "" {
		return r.conclude(ctx, w, action, v1alpha1.ActionExecuting, h.Message+"; "+leaving, application.RollbackReport(target, true))
	}
	done, message, err := r.returned(ctx, w, target)
	if err != nil {
		return err
	}
	if message != "" {
		message = "; " + message
	}
	if !done {
		return r.conclude(ctx, w, action, v1alpha1.ActionExecuting, h.Message+message, application.RollbackReport(target, true))
	}
	return r.conclude(ctx, w, action, v1alpha1.ActionSucceeded, h.Message+message, application.RollbackReport(target, false))
}

// returned says whether the workloads of the target have only pods of its template, and otherwise how far they are.
func (r *Reconciler) returned(ctx context.Context, w *world, target *v1beta1.ApplicationRevision) (bool, string, error) {
	all, messages := true, []string(nil)
	for _, e := range application.Kept(w.app.Name, target, w.trackers) {
		if !application.Steppable(e.APIVersion, e.Kind) {
			continue
		}
		live, err := r.workload(ctx, e)
		if err != nil {
			return false, "", err
		}
		done, message, err := application.Returned(live, e.Revision)
		if err != nil {
			return false, "", err
		}
		all = all && done
		if message != "" {
			messages = append(messages, message)
		}
	}
	return all, strings.Join(messages, "; "), nil
}

// remember writes into a rollback which revisions it leaves behind, with how far their runs had come, before any of it is gone:
// that is the history of those releases.
func (r *Reconciler) remember(ctx context.Context, w *world, action *v1alpha1.ReleaseAction, target *v1beta1.ApplicationRevision) error {
	if len(action.Status.Left) > 0 {
		return nil
	}
	revisions := slices.Clone(w.revisions)
	for i := range revisions {
		if latest := w.app.Status.LatestRevision; latest != nil && latest.Name == revisions[i].Name && w.app.Status.Workflow != nil {
			revisions[i].Status.Workflow = w.app.Status.Workflow
		}
	}
	left, err := application.Left(w.app.Name, target, revisions)
	if err != nil || len(left) == 0 {
		return err
	}
	next := action.DeepCopy()
	next.Status.Phase, next.Status.Left, next.Status.Target = v1alpha1.ActionExecuting, left, target.Name
	if err := r.client.Status().Update(ctx, next, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("recording in ReleaseAction %s what it leaves: %w", action.Name, err)
	}
	for i := range w.actions {
		if w.actions[i].UID == next.UID {
			w.actions[i] = *next
		}
	}
	return nil
}

// clearRelease deletes the Application's Rollouts, whose finalizer brings pods and routes back, and the revisions that
// are newer than the target.
func (r *Reconciler) clearRelease(ctx context.Context, w *world, target *v1beta1.ApplicationRevision) error {
	rollouts, err := r.rollouts(ctx, w.key)
	if err != nil {
		return err
	}
	for i := range rollouts {
		if rollouts[i].DeletionTimestamp != nil {
			continue
		}
		if err := r.client.Delete(ctx, &rollouts[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting Rollout %s: %w", rollouts[i].Name, err)
		}
	}
	number := application.RevisionNumber(w.app.Name, target.Name)
	kept := w.revisions[:0]
	for _, rev := range w.revisions {
		if application.RevisionNumber(w.app.Name, rev.Name) <= number {
			kept = append(kept, rev)
			continue
		}
		if err := r.deleteRevision(ctx, w, rev.Name); err != nil {
			return err
		}
	}
	w.revisions = kept
	return nil
}

// conclude writes the outcome of an action, and drops it from the open ones when it is final.
func (r *Reconciler) conclude(
	ctx context.Context, w *world, action *v1alpha1.ReleaseAction, phase v1alpha1.ActionPhase, message string, report []string,
) error {
	next := action.DeepCopy()
	next.Status.Phase, next.Status.Message, next.Status.Report = phase, message, report
	final := phase != v1alpha1.ActionExecuting
	if final {
		now := stamp(r.clock.Now())
		next.Status.FinishedAt = &now
	}
	if action.Status.Phase == phase && action.Status.Message == message {
		return nil
	}
	if err := r.client.Status().Update(ctx, next, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the outcome of ReleaseAction %s: %w", action.Name, err)
	}
	if !final {
		for i := range w.actions {
			if w.actions[i].UID == action.UID {
				w.actions[i] = *next
			}
		}
		return nil
	}
	w.actions = slices.DeleteFunc(w.actions, func(a v1alpha1.ReleaseAction) bool { return a.UID == action.UID })
	return r.pruneActions(ctx, w, actionsKept)
}

// pruneActions deletes the oldest finished actions over the limit.
func (r *Reconciler) pruneActions(ctx context.Context, w *world, limit int) error {
	list := &v1alpha1.ReleaseActionList{}
	if err := r.client.List(ctx, list, client.MatchingFields{indexApplication: w.key.String()}, client.DisableReadYourWritesConsistency); err != nil {
		return fmt.Errorf("listing ReleaseActions: %w", err)
	}
	finished := slices.DeleteFunc(list.Items, func(a v1alpha1.ReleaseAction) bool { return !isFinal(&a) })
	slices.SortFunc(finished, func(a, b v1alpha1.ReleaseAction) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	for i := range max(0, len(finished)-limit) {
		if err := r.client.Delete(ctx, &finished[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting ReleaseAction %s: %w", finished[i].Name, err)
		}
	}
	return nil
}

// refuseAll answers actions for an Application that is not there.
func (r *Reconciler) refuseAll(ctx context.Context, w *world) error {
	for _, a := range slices.Clone(w.actions) {
		message := fmt.Sprintf("spec.application: there is no Application %q in namespace %q; vela ls -A lists all of them", w.key.Name, w.key.Namespace)
		if err := r.conclude(ctx, w, &a, v1alpha1.ActionRefused, message, nil); err != nil {
			return err
		}
	}
	return nil
}

func isFinal(a *v1alpha1.ReleaseAction) bool {
	return a.Status.Phase == v1alpha1.ActionSucceeded || a.Status.Phase == v1alpha1.ActionRefused
}

// current is the revision that the status says is in force.
func current(w *world) *v1beta1.ApplicationRevision {
	if w.app.Status.LatestRevision == nil {
		return nil
	}
	for i := range w.revisions {
		if w.revisions[i].Name == w.app.Status.LatestRevision.Name {
			return &w.revisions[i]
		}
	}
	return nil
}
