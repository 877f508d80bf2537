// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apps

import (
	"context"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
)

// DiffApp compares two specifications of an application.
func (a *Apps) DiffApp(ctx context.Context, req api.DiffAppRequestObject) (api.DiffAppResponseObject, error) {
	seen, err := a.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	left, leftTitle, err := side(seen, req.Body.Left, "/left")
	if err != nil {
		return nil, err
	}
	right, rightTitle, err := side(seen, req.Body.Right, "/right")
	if err != nil {
		return nil, err
	}
	out := api.DiffApp200JSONResponse{WorkflowDiffers: view.Released(left, right)}
	if !req.Body.Workflow {
		left.Workflow, right.Workflow = nil, nil
	}
	out.Changes = present.Changes(view.Changes(left, right))
	if out.Left, err = text(leftTitle, left); err != nil {
		return nil, err
	}
	if out.Right, err = text(rightTitle, right); err != nil {
		return nil, err
	}
	out.Equal = out.Left.Yaml == out.Right.Yaml
	return out, nil
}

// side is one of the two.
func side(seen gather.Seen, s api.DiffSide, at string) (v1beta1.ApplicationSpec, string, error) {
	switch s.Kind {
	case api.DiffSideKindStored:
		return seen.App.Spec, "stored", nil
	case api.DiffSideKindDraft:
		if s.Spec == nil {
			return v1beta1.ApplicationSpec{}, "", problem.Invalid(problem.Field(at+"/spec", api.FieldErrorCodeRequired, "is missing; send the draft"))
		}
		return *s.Spec, "draft", nil
	case api.DiffSideKindDeployed:
		if seen.App.Status.LatestRevision == nil {
			return v1beta1.ApplicationSpec{}, "nothing", nil
		}
		return ofRevision(seen, seen.App.Status.LatestRevision.Name)
	case api.DiffSideKindRevision:
		return ofRevision(seen, s.Revision)
	}
	return v1beta1.ApplicationSpec{}, "", problem.Invalid(problem.Field(at+"/kind", api.FieldErrorCodeNotAllowed, "%q is no side; write deployed, stored, revision or draft", s.Kind))
}

func ofRevision(seen gather.Seen, name string) (v1beta1.ApplicationSpec, string, error) {
	for _, rev := range view.Revisions(seen.Seen) {
		if rev.Name == name {
			return rev.Spec.Application.Spec, name, nil
		}
	}
	return v1beta1.ApplicationSpec{}, "", problem.NotFound("revision", name)
}

func text(title string, spec v1beta1.ApplicationSpec) (api.DiffText, error) {
	raw, err := yaml.Marshal(spec)
	if err != nil {
		return api.DiffText{}, fmt.Errorf("writing the specification of %s: %w", title, err)
	}
	return api.DiffText{Title: title, Yaml: string(raw)}, nil
}
