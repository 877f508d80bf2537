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

func (absent) StreamLogs(context.Context, api.StreamLogsRequestObject) (api.StreamLogsResponseObject, error) {
	return nil, problem.NotImplemented("streamLogs")
}

func (absent) CreateExecTicket(context.Context, api.CreateExecTicketRequestObject) (api.CreateExecTicketResponseObject, error) {
	return nil, problem.NotImplemented("createExecTicket")
}

func (absent) OpenExec(context.Context, api.OpenExecRequestObject) (api.OpenExecResponseObject, error) {
	return nil, problem.NotImplemented("openExec")
}
