// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// GenerateCanary makes the steps of a canary release, and says what they mean in pods; nothing is saved.
func (r *Runs) GenerateCanary(ctx context.Context, req api.GenerateCanaryRequestObject) (api.GenerateCanaryResponseObject, error) {
	seen, err := r.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	base := cmp.Or(req.Body.Base, workflowDefault)
	all, err := r.workflows(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(w api.Workflow) bool { return w.Name == base })
	if i < 0 {
		return nil, problem.NotFound("workflow", base)
	}
	steps, err := canary.Generate(request(*req.Body, all[i].Steps))
	if err != nil {
		var fault *canary.Fault
		if errors.As(err, &fault) {
			return nil, problem.Invalid(field(fault))
		}
		return nil, err
	}
	replicas := req.Body.Replicas
	if replicas == nil {
		replicas = view.Replicas(seen.App.Spec.Components)
	}
	out := api.GenerateCanary200JSONResponse{
		Name: base + "-canary", Alias: alias(all[i].Alias), Steps: steps, Replicas: replicas, Simulation: []api.CanaryBatch{},
		Mode:     &v1beta1.WorkflowMode{Steps: v1beta1.StepModeStepByStep},
		Warnings: warnings(seen.App.Spec, steps, replicas),
	}
	for _, b := range canary.Simulate(steps, atLeastZero(replicas)) {
		batch := api.CanaryBatch{Step: b.Step, Weight: b.Weight}
		if replicas != nil {
			batch.Pods, batch.StablePods = &b.Pods, &b.Stable
		}
		out.Simulation = append(out.Simulation, batch)
	}
	return out, nil
}

func atLeastZero(n *int) int {
	if n == nil || *n < 0 {
		return 0
	}
	return *n
}

// alias of the canary form of a workflow: Default Workflow becomes Default Canary Workflow.
func alias(of string) string {
	const workflow = " Workflow"
	if rest, ok := strings.CutSuffix(of, workflow); ok {
		return rest + " Canary" + workflow
	}
	return of + " Canary"
}

func request(in api.CanaryRequest, base []v1beta1.WorkflowStep) canary.Request {
	out := canary.Request{
		Weights: in.Weights, Approvals: canary.Approval(in.Approvals), Wait: time.Duration(in.WaitSeconds) * time.Second, Prepare: in.Prepare, Base: base,
	}
	if in.Batches != nil {
		out.Batches = *in.Batches
		if out.Batches == 0 {
			out.Batches = -1 // written, and wrong
		}
	}
	return out
}

func field(f *canary.Fault) api.FieldError {
	path := "/" + f.Field
	if f.Field == "wait" {
		path = "/waitSeconds"
	}
	if f.At >= 0 {
		path += fmt.Sprintf("/%d", f.At)
	}
	codes := map[string]api.FieldErrorCode{
		"missing": api.FieldErrorCodeRequired, "range": api.FieldErrorCodeTooLarge, "falling": api.FieldErrorCodeFallingWeight,
		"last": api.FieldErrorCodeNotAllowed, "choice": api.FieldErrorCodeNotAllowed,
	}
	code, ok := codes[f.Kind]
	if !ok {
		code = api.FieldErrorCodeInvalid
	}
	return problem.Field(path, code, "%s", f.Sentence)
}

// warnings are what a person should know before saving.
func warnings(spec v1beta1.ApplicationSpec, steps []v1beta1.WorkflowStep, replicas *int) []api.CanaryWarning {
	all := []api.CanaryWarning{}
	if replicas != nil {
		batches := canary.Simulate(steps, *replicas)
		for i, b := range batches {
			if b.Same {
				all = append(all, api.CanaryWarning{
					Code: api.CanaryWarningCodeSamePods, Step: b.Step,
					Message: fmt.Sprintf("batch %s has as many pods (%d of %d) as the one before it; only traffic changes", b.Step, b.Pods, *replicas),
				})
			}
			if i == 0 && b.Pods == *replicas && len(batches) > 1 {
				all = append(all, api.CanaryWarning{
					Code: api.CanaryWarningCodeMoreBatchesThanPods, Step: b.Step,
					Message: fmt.Sprintf("the first batch replaces all %d pods; give the application more replicas for a release in steps", *replicas),
				})
			}
		}
	}
	if !routed(spec) {
		all = append(all, api.CanaryWarning{
			Code:    api.CanaryWarningCodeNoGateway,
			Message: "no component has a gateway or http-route trait: requests are shared as pods are, not by weight",
		})
	}
	if len(spec.Components) > 1 {
		all = append(all, api.CanaryWarning{
			Code: api.CanaryWarningCodeSeveralComponents, Message: "all components are released in the same batches; pods are counted over all of them",
		})
	}
	return all
}

func routed(spec v1beta1.ApplicationSpec) bool {
	return slices.ContainsFunc(spec.Components, func(c v1beta1.Component) bool {
		return slices.ContainsFunc(c.Traits, func(t v1beta1.Trait) bool {
			return t.Type == "gateway" || t.Type == "http-route" || t.Type == "https-route"
		})
	})
}
