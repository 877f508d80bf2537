// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/apps"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// ListWorkflows lists what there is to choose from.
func (r *Runs) ListWorkflows(ctx context.Context, req api.ListWorkflowsRequestObject) (api.ListWorkflowsResponseObject, error) {
	all, err := r.choices(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	out := api.ListWorkflows200JSONResponse{Items: []api.Workflow{}}
	for _, w := range all {
		out.Items = append(out.Items, said(w))
	}
	return out, nil
}

// GetWorkflow is one of them.
func (r *Runs) GetWorkflow(ctx context.Context, req api.GetWorkflowRequestObject) (api.GetWorkflowResponseObject, error) {
	all, err := r.choices(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	w, ok := choice.Find(all, req.Workflow)
	if !ok {
		return nil, problem.NotFound("workflow", req.Workflow)
	}
	return api.GetWorkflow200JSONResponse(said(w)), nil
}

// choices are the workflows that an application can be deployed with.
func (r *Runs) choices(ctx context.Context, namespace, name string) ([]choice.Workflow, error) {
	app := &v1beta1.Application{}
	if err := r.cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, app); err != nil {
		return nil, err
	}
	saved, err := r.saved(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	return choice.Of(app, saved), nil
}

func kindOf(w choice.Workflow) api.WorkflowKind {
	switch w.Name {
	case choice.Default:
		return api.WorkflowKindGenerated
	case choice.Application:
		return api.WorkflowKindApplication
	}
	return api.WorkflowKindSaved
}

func said(w choice.Workflow) api.Workflow {
	out := api.Workflow{Name: w.Name, Alias: w.Alias, Kind: kindOf(w), Rollout: api.RolloutKindRegular, Mode: w.Mode, Steps: w.Steps, LastUsed: w.LastUsed}
	if canary.Has(w.Steps) {
		out.Rollout = api.RolloutKindCanary
	}
	if out.Steps == nil {
		out.Steps = []v1beta1.WorkflowStep{}
	}
	if o := w.Saved; o != nil {
		out.ResourceVersion = o.ResourceVersion
		at := o.CreationTimestamp.UTC()
		for _, f := range o.ManagedFields {
			if f.Time != nil && f.Time.After(at) {
				at = f.Time.UTC()
			}
		}
		out.UpdatedAt = &at
	}
	return out
}

// saidOf is a workflow that was just saved.
func saidOf(app string, w *corev1alpha1.Workflow) api.Workflow { return said(choice.OfObject(app, w)) }

// CreateWorkflow saves a workflow.
func (r *Runs) CreateWorkflow(ctx context.Context, req api.CreateWorkflowRequestObject) (api.CreateWorkflowResponseObject, error) {
	app, w, err := r.prepared(ctx, req.Ns, req.App, *req.Body)
	if err != nil {
		return nil, err
	}
	as, err := r.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	if err := as.Create(ctx, w); err != nil {
		if apierrors.IsAlreadyExists(err) {
			return nil, problem.AlreadyExists("workflow", req.Body.Name)
		}
		return nil, err
	}
	return api.CreateWorkflow201JSONResponse(saidOf(app.Name, w)), nil
}

// prepared is the object that an input makes, once it was found to be in order.
func (r *Runs) prepared(ctx context.Context, namespace, name string, in api.WorkflowInput) (*v1beta1.Application, *corev1alpha1.Workflow, error) {
	app := &v1beta1.Application{}
	if err := r.cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, app); err != nil {
		return nil, nil, err
	}
	if choice.BuiltIn(in.Name) {
		return nil, nil, problem.Unprocessable(api.ProblemCodeBuiltIn, "%s is a workflow that is always there; choose another name", in.Name).With("name", in.Name)
	}
	var fields []api.FieldError
	if len(validation.IsDNS1123Label(in.Name)) > 0 {
		fields = append(fields, problem.Field("/name", api.FieldErrorCodeFormat, "%q is no name; write at most 63 of a-z, 0-9 and dashes", in.Name))
	}
	if len(in.Steps) == 0 {
		fields = append(fields, problem.Field("/steps", api.FieldErrorCodeTooShort, "is empty; add at least one step"))
	}
	trial := app.DeepCopy()
	trial.Spec.Workflow = &v1beta1.Workflow{Mode: in.Mode, Steps: in.Steps}
	for _, f := range apps.Faults(r.check(trial)) {
		if path, of := strings.CutPrefix(f.Path, "/spec/workflow"); of {
			f.Path = path
			fields = append(fields, f)
		}
	}
	if len(fields) > 0 {
		return nil, nil, problem.Invalid(fields...)
	}
	return app, choice.Object(app, choice.Workflow{Name: in.Name, Alias: in.Alias, Mode: in.Mode, Steps: in.Steps}), nil
}

// UpdateWorkflow changes a saved workflow.
func (r *Runs) UpdateWorkflow(ctx context.Context, req api.UpdateWorkflowRequestObject) (api.UpdateWorkflowResponseObject, error) {
	in := *req.Body
	if in.Name != "" && in.Name != req.Workflow {
		return nil, problem.Invalid(problem.Field("/name", api.FieldErrorCodeNotAllowed, "%q is another workflow; write %s", in.Name, req.Workflow))
	}
	in.Name = req.Workflow
	_, next, err := r.prepared(ctx, req.Ns, req.App, in)
	if err != nil {
		return nil, err
	}
	as, err := r.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	live := &corev1alpha1.Workflow{}
	if err := as.Get(ctx, client.ObjectKeyFromObject(next), live); err != nil {
		return nil, workflowError(err, req.Workflow)
	}
	if in.ResourceVersion == "" {
		return nil, problem.Invalid(problem.Field("/resourceVersion", api.FieldErrorCodeRequired, "is missing; send the one of the workflow that was changed"))
	}
	if live.ResourceVersion != in.ResourceVersion {
		return nil, problem.Conflict("workflow", req.Workflow)
	}
	choice.Put(live, choice.Workflow{Alias: in.Alias, Mode: next.Mode, Steps: next.Steps})
	if err := as.Update(ctx, live); err != nil {
		return nil, workflowError(err, req.Workflow)
	}
	return api.UpdateWorkflow200JSONResponse(saidOf(req.App, live)), nil
}

// DeleteWorkflow deletes a saved workflow.
func (r *Runs) DeleteWorkflow(ctx context.Context, req api.DeleteWorkflowRequestObject) (api.DeleteWorkflowResponseObject, error) {
	if choice.BuiltIn(req.Workflow) {
		return nil, problem.Unprocessable(api.ProblemCodeBuiltIn, "%s is a workflow that is always there", req.Workflow).With("name", req.Workflow)
	}
	as, err := r.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	w := &corev1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: req.Ns, Name: choice.ObjectName(req.App, req.Workflow)}}
	if err := as.Delete(ctx, w); err != nil {
		return nil, workflowError(err, req.Workflow)
	}
	return api.DeleteWorkflow204Response{}, nil
}

// workflowError names the workflow as the person does.
func workflowError(err error, name string) error {
	switch {
	case apierrors.IsNotFound(err):
		return problem.NotFound("workflow", name)
	case apierrors.IsConflict(err):
		return problem.Conflict("workflow", name)
	}
	return err
}
