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
func side(seen gather.Seen, s api.DiffSide, at string) (spec v1beta1.ApplicationSpec, title string, err error) {
	title = string(s.Kind)
	switch s.Kind {
	case api.DiffSideKindStored:
	case api.DiffSideKindDraft:
		if s.Spec == nil {
			return spec, title, problem.Invalid(problem.Field(at+"/spec", api.FieldErrorCodeRequired, "is missing; send the draft"))
		}
		return *s.Spec, title, nil
	case api.DiffSideKindDeployed:
		title = "nothing"
		if latest := seen.App.Status.LatestRevision; latest != nil {
			title = latest.Name
		}
	case api.DiffSideKindRevision:
		title = s.Revision
	default:
		return spec, title, problem.Invalid(problem.Field(at+"/kind", api.FieldErrorCodeNotAllowed, "%q is no side; write deployed, stored, revision or draft", s.Kind))
	}
	name := title
	if s.Kind == api.DiffSideKindDeployed {
		name = view.Deployed
	}
	spec, err = seen.SpecOf(name)
	return spec, title, err
}

func text(title string, spec v1beta1.ApplicationSpec) (api.DiffText, error) {
	raw, err := yaml.Marshal(spec)
	if err != nil {
		return api.DiffText{}, fmt.Errorf("writing the specification of %s: %w", title, err)
	}
	return api.DiffText{Title: title, Yaml: string(raw)}, nil
}
