// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// GenerateCanary makes the steps of a canary release, and says what they mean in pods; nothing is saved.
func (r *Runs) GenerateCanary(ctx context.Context, req api.GenerateCanaryRequestObject) (api.GenerateCanaryResponseObject, error) {
	seen, err := r.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	saved, err := r.saved(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	base, ok := choice.Find(choice.Of(seen.App, saved), cmp.Or(req.Body.Base, choice.Default))
	if !ok {
		return nil, problem.NotFound("workflow", req.Body.Base)
	}
	if n := req.Body.Batches; n != nil && *n == 0 {
		return nil, problem.Invalid(field(canary.WrongBatches(*n)))
	}
	steps, err := canary.Generate(request(*req.Body, base.Steps))
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
		Name: canary.Name(base.Name), Alias: canary.Alias(base.Alias), Mode: canary.Mode(), Steps: steps, Replicas: replicas,
		Simulation: []api.CanaryBatch{}, Warnings: []api.CanaryWarning{},
	}
	for _, w := range canary.Warnings(seen.App.Spec, steps, replicas) {
		out.Warnings = append(out.Warnings, api.CanaryWarning{Code: api.CanaryWarningCode(w.Code), Step: w.Step, Message: w.Message})
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

func request(in api.CanaryRequest, base []v1beta1.WorkflowStep) canary.Request {
	out := canary.Request{
		Weights: in.Weights, Approvals: canary.Approval(in.Approvals), Wait: time.Duration(in.WaitSeconds) * time.Second, Prepare: in.Prepare, Base: base,
	}
	if in.Batches != nil {
		out.Batches = *in.Batches
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
		"missing": api.FieldErrorCodeRequired, "range": api.FieldErrorCodeTooLarge, "many": api.FieldErrorCodeTooLarge, "falling": api.FieldErrorCodeFallingWeight,
		"last": api.FieldErrorCodeNotAllowed, "choice": api.FieldErrorCodeNotAllowed,
	}
	code, ok := codes[f.Kind]
	if !ok {
		code = api.FieldErrorCodeInvalid
	}
	return problem.Field(path, code, "%s", f.Sentence)
}
