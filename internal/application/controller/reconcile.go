// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
)

// conflictDelay is how long to wait when somebody wrote between our look and our write; their event usually comes first.
const conflictDelay = 20 * time.Millisecond

// Reconciler makes Applications be as their authors say.
type Reconciler struct {
	client      client.Client
	direct      client.Reader // past the cache
	applier     *apply.Applier
	definitions *definition.Registry
	evaluator   *expression.Evaluator
	clock       clock.PassiveClock
	events      events.EventRecorder
	newID       func() string
	pace        *pace
}

// Reconcile makes one pass over one Application.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	w, err := r.gather(ctx, req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	recheck, err := r.pass(ctx, w)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return reconcile.Result{RequeueAfter: conflictDelay}, nil
	}
	if ctx.Err() != nil {
		return reconcile.Result{}, nil // the process is going; the next one goes on
	}
	return reconcile.Result{RequeueAfter: recheck}, err
}

// pass does everything that can be done now, and says when time alone will change something; 0 is never.
func (r *Reconciler) pass(ctx context.Context, w *world) (time.Duration, error) {
	if w.app == nil {
		r.pace.forget(w.key)
		return 0, r.refuseAll(ctx, w)
	}
	if err := r.takeActions(ctx, w); err != nil {
		return 0, err
	}
	decision, err := application.Plan(w.seen())
	if err != nil {
		return 0, err
	}
	if decision.Delete {
		return 0, r.remove(ctx, w)
	}
	if decision.Paused {
		return 0, r.finish(ctx, w, nil, application.Release{Revision: current(w)})
	}
	recheck, failure := r.release(ctx, w, decision.Release)
	if isTransient(failure) {
		return 0, failure
	}
	if err := r.finish(ctx, w, failure, decision.Release); err != nil {
		return 0, err
	}
	due := r.pace.due(w.key, r.clock.Now())
	if due > 0 && (recheck == 0 || due < recheck) {
		recheck = due
	}
	var refused *apply.RefusedError
	if errors.As(failure, &refused) {
		return recheck, nil // said in the status; trying again does not help before something changes
	}
	return recheck, failure
}

// isTransient says that somebody wrote in between, or that this process is going: nothing to report.
func isTransient(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || errors.Is(err, context.Canceled)
}

// release puts the revision in force and lets its workflow go as far as it can.
func (r *Reconciler) release(ctx context.Context, w *world, release application.Release) (time.Duration, error) {
	w.app.Status.UnpublishedChange = release.Unpublished
	rev := release.Revision
	if rev == nil {
		return 0, nil
	}
	spec, err := workflow.Generate(rev.Spec.Application.Spec, nil)
	if err != nil {
		return 0, &renderFailure{fmt.Errorf("working out the steps of %s: %w", rev.Name, err)}
	}
	if release.Create {
		if err := r.client.Create(ctx, rev, client.FieldOwner(apply.FieldManager)); err != nil {
			return 0, fmt.Errorf("recording revision %s: %w", rev.Name, err)
		}
		w.revisions = append(w.revisions, *rev)
	}
	if release.Restart {
		if err := r.supersede(ctx, w, release.Superseded); err != nil {
			return 0, err
		}
		r.start(w, rev, spec)
	}
	result := workflow.Advance(spec, *w.app.Status.Workflow, r.workflowEnv(ctx, w, rev))
	if w.transient != nil {
		return 0, w.transient
	}
	w.app.Status.Workflow = &result.Status
	if err := r.pause(ctx, w); err != nil {
		return 0, err
	}
	return result.RecheckAfter, r.keep(ctx, w, rev)
}

// start begins the workflow of rev anew.
func (r *Reconciler) start(w *world, rev *v1beta1.ApplicationRevision, spec workflow.Spec) {
	status := workflow.Start(spec, application.RunName(rev), r.clock.Now())
	w.app.Status.Workflow = &status
	w.app.Status.LatestRevision = application.NameOf(w.app.Name, rev)
	w.app.Status.Services = nil
	w.app.Status.AppliedResources = nil
}

// supersede keeps a record of how far the run of former came.
func (r *Reconciler) supersede(ctx context.Context, w *world, former *v1beta1.ApplicationRevision) error {
	if former == nil {
		return nil
	}
	record := former.DeepCopy()
	record.Status.Workflow = w.app.Status.Workflow.DeepCopy()
	if !record.Status.Workflow.Finished {
		now := stamp(r.clock.Now())
		record.Status.Workflow.Terminated, record.Status.Workflow.Finished, record.Status.Workflow.Suspend = true, true, false
		record.Status.Workflow.Phase, record.Status.Workflow.EndTime = v1beta1.WorkflowTerminated, &now
	}
	return r.updateRevisionStatus(ctx, w, record)
}

func (r *Reconciler) updateRevisionStatus(ctx context.Context, w *world, rev *v1beta1.ApplicationRevision) error {
	if err := r.client.Status().Update(ctx, rev, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("recording the outcome of revision %s: %w", rev.Name, err)
	}
	for i := range w.revisions {
		if w.revisions[i].Name == rev.Name {
			w.revisions[i] = *rev
		}
	}
	return nil
}

// renderFailure marks an error that the author of the Application has to mend.
type renderFailure struct{ error }

func (e *renderFailure) Unwrap() error { return e.error }
