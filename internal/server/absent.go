// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// absent says 501 to the operations of the contract that no package answers yet. Whoever answers one takes it out of here.
type absent struct{}

func (absent) ListActivity(context.Context, api.ListActivityRequestObject) (api.ListActivityResponseObject, error) {
	return nil, problem.NotImplemented("listActivity")
}

func (absent) ListEndpoints(context.Context, api.ListEndpointsRequestObject) (api.ListEndpointsResponseObject, error) {
	return nil, problem.NotImplemented("listEndpoints")
}

func (absent) StreamLogs(context.Context, api.StreamLogsRequestObject) (api.StreamLogsResponseObject, error) {
	return nil, problem.NotImplemented("streamLogs")
}

func (absent) ListPods(context.Context, api.ListPodsRequestObject) (api.ListPodsResponseObject, error) {
	return nil, problem.NotImplemented("listPods")
}

func (absent) GetPod(context.Context, api.GetPodRequestObject) (api.GetPodResponseObject, error) {
	return nil, problem.NotImplemented("getPod")
}

func (absent) CreateExecTicket(context.Context, api.CreateExecTicketRequestObject) (api.CreateExecTicketResponseObject, error) {
	return nil, problem.NotImplemented("createExecTicket")
}

func (absent) GetTopology(context.Context, api.GetTopologyRequestObject) (api.GetTopologyResponseObject, error) {
	return nil, problem.NotImplemented("getTopology")
}

func (absent) OpenExec(context.Context, api.OpenExecRequestObject) (api.OpenExecResponseObject, error) {
	return nil, problem.NotImplemented("openExec")
}

func (absent) GetSystem(context.Context, api.GetSystemRequestObject) (api.GetSystemResponseObject, error) {
	return nil, problem.NotImplemented("getSystem")
}
