// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/apps"
	"github.com/vela-rollouts/vela/internal/server/catalog"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/lasting"
	"github.com/vela-rollouts/vela/internal/server/logs"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/server/matrix"
	"github.com/vela-rollouts/vela/internal/server/runs"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/server/shell"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/server/system"
	"github.com/vela-rollouts/vela/internal/server/timeline"
)

// handlers is the table of contents: each package answers the operations that its type has as methods.
type handlers struct {
	*session.Session
	*matrix.Matrix
	*apps.Apps
	*runs.Runs
	*catalog.Catalog
	*stream.Hub
	*look.Look
	*timeline.Timeline
	*logs.Logs
	*shell.Shell
	*system.System
	document
}

var _ api.StrictServerInterface = handlers{}

func newHandlers(deps Deps) (handlers, error) {
	spec, err := readDocument()
	if err != nil {
		return handlers{}, err
	}
	gatherer := &gather.Gatherer{Cluster: deps.Cluster, Edge: deps.Edge, Clock: deps.Clock}
	goesOn := lasting.Config{Cluster: deps.Cluster, Gather: gatherer, Again: deps.Session.Again, Clock: deps.Clock, Log: deps.Log}
	return handlers{
		Session:  deps.Session,
		Hub:      deps.Stream,
		Logs:     logs.New(logs.Config{Config: goesOn, Open: deps.OpenLog, Watch: deps.Stream.Watch}),
		Shell:    shell.New(shell.Config{Config: goesOn, Run: deps.Shell}),
		System:   deps.System,
		Look:     &look.Look{Cluster: deps.Cluster, Gather: gatherer},
		Timeline: &timeline.Timeline{Cluster: deps.Cluster, Gather: gatherer},
		Matrix:   matrix.New(deps.Cluster),
		Apps:     apps.New(deps.Cluster, gatherer, deps.Definitions, deps.Check),
		Runs:     runs.New(deps.Cluster, gatherer, deps.Check, deps.Stream.Watch, deps.Clock),
		Catalog:  catalog.New(deps.Definitions),
		document: spec,
	}, nil
}

// Logout also ends the streams of the session, or of all of the person's, at once.
func (h handlers) Logout(ctx context.Context, r api.LogoutRequestObject) (api.LogoutResponseObject, error) {
	answer, err := h.Session.Logout(ctx, r)
	if person, nobody := access.From(ctx); nobody == nil && err == nil {
		h.Recheck(person.User)
	}
	return answer, err
}

// document answers with the contract itself.
type document struct{ content map[string]any }

func readDocument() (document, error) {
	var d document
	raw, err := yaml.YAMLToJSON(contract)
	if err != nil {
		return d, fmt.Errorf("reading the contract: %w", err)
	}
	if err := json.Unmarshal(raw, &d.content); err != nil {
		return d, fmt.Errorf("reading the contract: %w", err)
	}
	return d, nil
}

// GetOpenAPI is the contract.
func (d document) GetOpenAPI(context.Context, api.GetOpenAPIRequestObject) (api.GetOpenAPIResponseObject, error) {
	return api.GetOpenAPI200JSONResponse(d.content), nil
}
