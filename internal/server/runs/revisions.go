// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"context"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// ListRevisions lists revisions, the newest first.
func (r *Runs) ListRevisions(ctx context.Context, req api.ListRevisionsRequestObject) (api.ListRevisionsResponseObject, error) {
	seen, err := r.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	return api.ListRevisions200JSONResponse{Items: present.Revisions(seen)}, nil
}

// GetRevision is one revision of this very application, with its specification.
func (r *Runs) GetRevision(ctx context.Context, req api.GetRevisionRequestObject) (api.GetRevisionResponseObject, error) {
	seen, spec, err := r.revision(ctx, req.Ns, req.App, req.Revision)
	if err != nil {
		return nil, err
	}
	raw, err := yaml.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("writing revision %s: %w", req.Revision, err)
	}
	for _, rev := range present.Revisions(seen) {
		if rev.Name == req.Revision {
			rev.Spec, rev.Yaml = &spec, string(raw)
			return api.GetRevision200JSONResponse(rev), nil
		}
	}
	return nil, problem.NotFound("revision", req.Revision)
}

// revision is an application, and the specification of one of its revisions.
func (r *Runs) revision(ctx context.Context, namespace, app, name string) (gather.Seen, v1beta1.ApplicationSpec, error) {
	seen, err := r.gather.App(ctx, namespace, app)
	if err != nil {
		return seen, v1beta1.ApplicationSpec{}, err
	}
	spec, err := seen.SpecOf(name)
	return seen, spec, err
}

// RollbackToRevision releases what an older revision was, as a new version.
func (r *Runs) RollbackToRevision(ctx context.Context, req api.RollbackToRevisionRequestObject) (api.RollbackToRevisionResponseObject, error) {
	_, spec, err := r.revision(ctx, req.Ns, req.App, req.Revision)
	if err != nil {
		return nil, err
	}
	run, err := r.deploy(ctx, req.Ns, req.App, "", deployment{
		Spec: &spec, Workflow: cmp.Or(req.Body.Workflow, choice.Default), Supersede: req.Body.Supersede,
		Note: cmp.Or(req.Body.Note, "back to "+req.Revision),
	})
	if err != nil {
		return nil, err
	}
	return api.RollbackToRevision201JSONResponse(run), nil
}
