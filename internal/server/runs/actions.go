// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// lookFor is how long a request waits for the controller to take an action up.
	lookFor = 5 * time.Second
	// room is how much of the application's name the name of an action has; the server adds to it, and a label has 63 characters.
	room = 40
)

// ActOnRun asks something of a release, as a ReleaseAction of the person's own. It is refused at once where the person plainly
// saw an older state; what is decided in the end is the controller's.
func (r *Runs) ActOnRun(ctx context.Context, req api.ActOnRunRequestObject) (api.ActOnRunResponseObject, error) {
	body := req.Body
	kind := v1alpha1.Action(body.Action)
	switch kind {
	case v1alpha1.ActionResume, v1alpha1.ActionSuspend, v1alpha1.ActionRollback, v1alpha1.ActionTerminate, v1alpha1.ActionRestart:
	default:
		return nil, problem.Invalid(problem.Field("/action", api.FieldErrorCodeNotAllowed,
			"%q is no action; write resume, suspend, rollback, terminate or restart", body.Action))
	}
	if err := r.cluster.Must(ctx, access.Check{Verb: string(kind), Group: v1alpha1.Group, Resource: "releaseactions", Namespace: req.Ns}); err != nil {
		return nil, err
	}
	app := &v1beta1.Application{}
	if err := r.cluster.Get(ctx, client.ObjectKey{Namespace: req.Ns, Name: req.App}, app); err != nil {
		return nil, err
	}
	if err := current(app, req.Run, *body); err != nil {
		return nil, err
	}
	as, err := r.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	action := &v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{
		Namespace: req.Ns, GenerateName: nameOf(req.App, kind), Labels: map[string]string{v1alpha1.LabelApplication: req.App},
	}}
	action.Spec = v1alpha1.ReleaseActionSpec{
		Application: req.App, Action: kind, Run: req.Run, Step: body.Step, StepID: body.StepId, Reason: body.Reason,
	}
	if err := as.Create(ctx, action); err != nil {
		return nil, err
	}
	taken, err := r.taken(ctx, action)
	if err != nil {
		return nil, err
	}
	if taken.Status.Phase == v1alpha1.ActionRefused {
		return nil, refused(ctx, as, *body, taken)
	}
	return api.ActOnRun202JSONResponse(present.Action(taken)), nil
}

// current says that a person saw the state that there is: the run, and for a resume the step that waits.
func current(app *v1beta1.Application, run string, asked api.ActionRequest) error {
	w := app.Status.Workflow
	if w == nil && asked.Action == api.ActionKindRollback {
		return nil
	}
	if w == nil || w.AppRevision != run {
		e := problem.State(api.ProblemCodeStale, "run %s is not the current one; look at the application again", run)
		if w != nil {
			e = e.With("run", w.AppRevision)
		}
		return e
	}
	if asked.Action != api.ActionKindResume {
		return nil
	}
	if asked.StepId == "" && w.SuspendState == "" {
		return problem.Invalid(problem.Field("/stepId", api.FieldErrorCodeRequired, "is missing; send the id of the step that waits, so that no other is approved"))
	}
	return stillWaits(w, asked.StepId)
}

// stillWaits says that the step of that id waits; otherwise who was quicker.
func stillWaits(w *v1beta1.WorkflowStatus, id string) error {
	if id == "" {
		return nil
	}
	for _, s := range w.Steps {
		for _, one := range append([]v1beta1.StepStatusBase{s.StepStatusBase}, s.SubSteps...) {
			if one.ID != id {
				continue
			}
			if one.Phase == v1beta1.StepSuspending {
				return nil
			}
			return passed(w.AppRevision, one)
		}
	}
	return problem.State(api.ProblemCodeStale, "run %s has no such step; look at it again", w.AppRevision).With("run", w.AppRevision)
}

func passed(run string, step v1beta1.StepStatusBase) error {
	who := ""
	if step.By != "" {
		who = " (approved by " + step.By + ")"
	}
	e := problem.State(api.ProblemCodeStale, "step %s does not wait any more%s; look at the run again", step.Name, who).
		With("run", run).With("step", step.Name).With("by", step.By)
	if step.LastExecuteTime != nil {
		e = e.With("at", step.LastExecuteTime.UTC().Format(time.RFC3339))
	}
	return e
}

// nameOf is the beginning of an action's name.
func nameOf(app string, kind v1alpha1.Action) string {
	if len(app) > room {
		app = strings.TrimRight(app[:room], "-.")
	}
	return app + "-" + string(kind) + "-"
}

// taken waits until the controller has said something about an action; after a while it is returned as it is.
func (r *Runs) taken(ctx context.Context, action *v1alpha1.ReleaseAction) (*v1alpha1.ReleaseAction, error) {
	changed, stop := r.watch(func(o client.Object) bool {
		_, is := o.(*v1alpha1.ReleaseAction)
		return is && client.ObjectKeyFromObject(o) == client.ObjectKeyFromObject(action)
	})
	defer stop()
	late := r.clock.After(lookFor)
	for last := action; ; {
		now := &v1alpha1.ReleaseAction{}
		err := r.cluster.Get(ctx, client.ObjectKeyFromObject(action), now)
		switch {
		case err == nil && now.Status.Phase != "":
			return now, nil
		case err == nil:
			last = now
		case !apierrors.IsNotFound(err): // the informers may not have it yet
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return last, nil
		case <-changed:
		}
	}
}

// refused tells why the controller said no: somebody else was quicker, or something else. What the informers know of the Application may be
// older than the refusal, so it is read from the API server.
func refused(ctx context.Context, as client.Reader, asked api.ActionRequest, action *v1alpha1.ReleaseAction) error {
	app := &v1beta1.Application{}
	if err := as.Get(ctx, client.ObjectKey{Namespace: action.Namespace, Name: action.Spec.Application}, app); err != nil {
		return err
	}
	if err := current(app, action.Spec.Run, asked); err != nil {
		return err
	}
	return problem.Refused(action.Status.Message)
}

// GetAction tells what became of an action on this very application.
func (r *Runs) GetAction(ctx context.Context, req api.GetActionRequestObject) (api.GetActionResponseObject, error) {
	action := &v1alpha1.ReleaseAction{}
	err := r.cluster.Get(ctx, client.ObjectKey{Namespace: req.Ns, Name: req.Action}, action)
	if apierrors.IsNotFound(err) || err == nil && action.Spec.Application != req.App {
		return nil, problem.NotFound("action", req.Action)
	}
	if err != nil {
		return nil, err
	}
	return api.GetAction200JSONResponse(present.Action(action)), nil
}
