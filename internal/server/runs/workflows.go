// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
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
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// objectName is how a saved workflow of an application is called in Kubernetes, where all applications of a namespace share the names.
func objectName(app, workflow string) string { return app + "." + workflow }

// shortName is the opposite.
func shortName(app string, w *corev1alpha1.Workflow) string {
	return strings.TrimPrefix(w.Name, app+".")
}

// ListWorkflows lists what there is to choose from.
func (r *Runs) ListWorkflows(ctx context.Context, req api.ListWorkflowsRequestObject) (api.ListWorkflowsResponseObject, error) {
	all, err := r.workflows(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	return api.ListWorkflows200JSONResponse{Items: all}, nil
}

// GetWorkflow is one of them.
func (r *Runs) GetWorkflow(ctx context.Context, req api.GetWorkflowRequestObject) (api.GetWorkflowResponseObject, error) {
	all, err := r.workflows(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.Name == req.Workflow {
			return api.GetWorkflow200JSONResponse(w), nil
		}
	}
	return nil, problem.NotFound("workflow", req.Workflow)
}

// workflows are the default one, the application's own where it is none of the others, and those that were saved, by name.
func (r *Runs) workflows(ctx context.Context, namespace, name string) ([]api.Workflow, error) {
	app := &v1beta1.Application{}
	if err := r.cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, app); err != nil {
		return nil, err
	}
	saved, err := r.saved(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(saved, func(a, b corev1alpha1.Workflow) int { return cmp.Compare(a.Name, b.Name) })
	used := app.Annotations[v1beta1.AnnotationWorkflowName]
	all := []api.Workflow{generated(app)}
	if own := app.Spec.Workflow; own != nil && len(own.Steps) > 0 && !known(saved, own, name, used) {
		all = append(all, api.Workflow{
			Name: workflowApplication, Alias: "As in the application", Kind: api.WorkflowKindApplication, Rollout: kindOf(own.Steps), Mode: own.Mode,
			Steps: own.Steps, LastUsed: used == "" || used == workflowApplication,
		})
	}
	for i := range saved {
		w := saidOf(name, &saved[i])
		w.LastUsed = used == w.Name
		all = append(all, w)
	}
	return all, nil
}

// generated is the default workflow with the steps that it comes to.
func generated(app *v1beta1.Application) api.Workflow {
	spec := app.Spec
	spec.Workflow = nil
	w := api.Workflow{
		Name: workflowDefault, Alias: "Default Workflow", Kind: api.WorkflowKindGenerated, Rollout: api.RolloutKindRegular, Steps: []v1beta1.WorkflowStep{},
		LastUsed: app.Annotations[v1beta1.AnnotationWorkflowName] == workflowDefault,
	}
	if steps, err := workflow.Generate(spec, nil); err == nil && steps.Steps != nil { // a policy that cannot be read is told elsewhere
		w.Steps, w.Mode = steps.Steps, &steps.Mode
	}
	return w
}

// known says that the application's steps are those of the saved workflow that it was deployed with.
func known(saved []corev1alpha1.Workflow, own *v1beta1.Workflow, app, used string) bool {
	return slices.ContainsFunc(saved, func(w corev1alpha1.Workflow) bool {
		return shortName(app, &w) == used && stepsText(w.Steps) == stepsText(own.Steps)
	})
}

func stepsText(steps []v1beta1.WorkflowStep) string {
	raw, err := json.Marshal(steps)
	if err != nil {
		return ""
	}
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return string(raw)
	}
	sorted, _ := json.Marshal(tree) // what was read can be written
	return string(sorted)
}

func kindOf(steps []v1beta1.WorkflowStep) api.RolloutKind {
	if canary.Has(steps) {
		return api.RolloutKindCanary
	}
	return api.RolloutKindRegular
}

func saidOf(app string, w *corev1alpha1.Workflow) api.Workflow {
	out := api.Workflow{
		Name: shortName(app, w), Alias: cmp.Or(w.Annotations[v1beta1.AnnotationAlias], shortName(app, w)), Kind: api.WorkflowKindSaved,
		Rollout: kindOf(w.Steps), Mode: w.Mode, Steps: w.Steps, ResourceVersion: w.ResourceVersion,
	}
	if out.Steps == nil {
		out.Steps = []v1beta1.WorkflowStep{}
	}
	at := w.CreationTimestamp.UTC()
	for _, f := range w.ManagedFields {
		if f.Time != nil && f.Time.After(at) {
			at = f.Time.UTC()
		}
	}
	out.UpdatedAt = &at
	return out
}

// CreateWorkflow saves a workflow.
func (r *Runs) CreateWorkflow(ctx context.Context, req api.CreateWorkflowRequestObject) (api.CreateWorkflowResponseObject, error) {
	app, w, err := r.prepared(ctx, req.Ns, req.App, *req.Body)
	if err != nil {
		return nil, err
	}
	yes := true
	w.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1beta1.GroupVersion().String(), Kind: "Application", Name: app.Name, UID: app.UID, Controller: &yes,
	}}
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
	if builtIn(in.Name) {
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
	w := &corev1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: objectName(name, in.Name), Labels: map[string]string{v1beta1.LabelAppName: name}, Annotations: map[string]string{},
		},
		Mode: in.Mode, Steps: in.Steps,
	}
	if in.Alias != "" {
		w.Annotations[v1beta1.AnnotationAlias] = in.Alias
	}
	return app, w, nil
}

func builtIn(name string) bool { return name == workflowDefault || name == workflowApplication }

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
	live.Mode, live.Steps = next.Mode, next.Steps
	if live.Annotations == nil {
		live.Annotations = map[string]string{}
	}
	if in.Alias != "" {
		live.Annotations[v1beta1.AnnotationAlias] = in.Alias
	}
	if err := as.Update(ctx, live); err != nil {
		return nil, workflowError(err, req.Workflow)
	}
	return api.UpdateWorkflow200JSONResponse(saidOf(req.App, live)), nil
}

// DeleteWorkflow deletes a saved workflow.
func (r *Runs) DeleteWorkflow(ctx context.Context, req api.DeleteWorkflowRequestObject) (api.DeleteWorkflowResponseObject, error) {
	if builtIn(req.Workflow) {
		return nil, problem.Unprocessable(api.ProblemCodeBuiltIn, "%s is a workflow that is always there", req.Workflow).With("name", req.Workflow)
	}
	as, err := r.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	w := &corev1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: req.Ns, Name: objectName(req.App, req.Workflow)}}
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
