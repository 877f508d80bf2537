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

func (absent) GetAccessMatrix(context.Context, api.GetAccessMatrixRequestObject) (api.GetAccessMatrixResponseObject, error) {
	return nil, problem.NotImplemented("getAccessMatrix")
}

func (absent) ReviewAccess(context.Context, api.ReviewAccessRequestObject) (api.ReviewAccessResponseObject, error) {
	return nil, problem.NotImplemented("reviewAccess")
}

func (absent) ListActivity(context.Context, api.ListActivityRequestObject) (api.ListActivityResponseObject, error) {
	return nil, problem.NotImplemented("listActivity")
}

func (absent) ListApps(context.Context, api.ListAppsRequestObject) (api.ListAppsResponseObject, error) {
	return nil, problem.NotImplemented("listApps")
}

func (absent) CreateApp(context.Context, api.CreateAppRequestObject) (api.CreateAppResponseObject, error) {
	return nil, problem.NotImplemented("createApp")
}

func (absent) DeleteApp(context.Context, api.DeleteAppRequestObject) (api.DeleteAppResponseObject, error) {
	return nil, problem.NotImplemented("deleteApp")
}

func (absent) GetApp(context.Context, api.GetAppRequestObject) (api.GetAppResponseObject, error) {
	return nil, problem.NotImplemented("getApp")
}

func (absent) UpdateApp(context.Context, api.UpdateAppRequestObject) (api.UpdateAppResponseObject, error) {
	return nil, problem.NotImplemented("updateApp")
}

func (absent) GetAction(context.Context, api.GetActionRequestObject) (api.GetActionResponseObject, error) {
	return nil, problem.NotImplemented("getAction")
}

func (absent) DeployApp(context.Context, api.DeployAppRequestObject) (api.DeployAppResponseObject, error) {
	return nil, problem.NotImplemented("deployApp")
}

func (absent) DiffApp(context.Context, api.DiffAppRequestObject) (api.DiffAppResponseObject, error) {
	return nil, problem.NotImplemented("diffApp")
}

func (absent) DryRunApp(context.Context, api.DryRunAppRequestObject) (api.DryRunAppResponseObject, error) {
	return nil, problem.NotImplemented("dryRunApp")
}

func (absent) ListEndpoints(context.Context, api.ListEndpointsRequestObject) (api.ListEndpointsResponseObject, error) {
	return nil, problem.NotImplemented("listEndpoints")
}

func (absent) GenerateCanary(context.Context, api.GenerateCanaryRequestObject) (api.GenerateCanaryResponseObject, error) {
	return nil, problem.NotImplemented("generateCanary")
}

func (absent) StreamLogs(context.Context, api.StreamLogsRequestObject) (api.StreamLogsResponseObject, error) {
	return nil, problem.NotImplemented("streamLogs")
}

func (absent) GetOverview(context.Context, api.GetOverviewRequestObject) (api.GetOverviewResponseObject, error) {
	return nil, problem.NotImplemented("getOverview")
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

func (absent) ListRevisions(context.Context, api.ListRevisionsRequestObject) (api.ListRevisionsResponseObject, error) {
	return nil, problem.NotImplemented("listRevisions")
}

func (absent) GetRevision(context.Context, api.GetRevisionRequestObject) (api.GetRevisionResponseObject, error) {
	return nil, problem.NotImplemented("getRevision")
}

func (absent) RollbackToRevision(context.Context, api.RollbackToRevisionRequestObject) (api.RollbackToRevisionResponseObject, error) {
	return nil, problem.NotImplemented("rollbackToRevision")
}

func (absent) ListRuns(context.Context, api.ListRunsRequestObject) (api.ListRunsResponseObject, error) {
	return nil, problem.NotImplemented("listRuns")
}

func (absent) GetRun(context.Context, api.GetRunRequestObject) (api.GetRunResponseObject, error) {
	return nil, problem.NotImplemented("getRun")
}

func (absent) ActOnRun(context.Context, api.ActOnRunRequestObject) (api.ActOnRunResponseObject, error) {
	return nil, problem.NotImplemented("actOnRun")
}

func (absent) GetTopology(context.Context, api.GetTopologyRequestObject) (api.GetTopologyResponseObject, error) {
	return nil, problem.NotImplemented("getTopology")
}

func (absent) ValidateApp(context.Context, api.ValidateAppRequestObject) (api.ValidateAppResponseObject, error) {
	return nil, problem.NotImplemented("validateApp")
}

func (absent) ListWorkflows(context.Context, api.ListWorkflowsRequestObject) (api.ListWorkflowsResponseObject, error) {
	return nil, problem.NotImplemented("listWorkflows")
}

func (absent) CreateWorkflow(context.Context, api.CreateWorkflowRequestObject) (api.CreateWorkflowResponseObject, error) {
	return nil, problem.NotImplemented("createWorkflow")
}

func (absent) DeleteWorkflow(context.Context, api.DeleteWorkflowRequestObject) (api.DeleteWorkflowResponseObject, error) {
	return nil, problem.NotImplemented("deleteWorkflow")
}

func (absent) GetWorkflow(context.Context, api.GetWorkflowRequestObject) (api.GetWorkflowResponseObject, error) {
	return nil, problem.NotImplemented("getWorkflow")
}

func (absent) UpdateWorkflow(context.Context, api.UpdateWorkflowRequestObject) (api.UpdateWorkflowResponseObject, error) {
	return nil, problem.NotImplemented("updateWorkflow")
}

func (absent) ListDefinitions(context.Context, api.ListDefinitionsRequestObject) (api.ListDefinitionsResponseObject, error) {
	return nil, problem.NotImplemented("listDefinitions")
}

func (absent) GetDefinition(context.Context, api.GetDefinitionRequestObject) (api.GetDefinitionResponseObject, error) {
	return nil, problem.NotImplemented("getDefinition")
}

func (absent) ListEnvironments(context.Context, api.ListEnvironmentsRequestObject) (api.ListEnvironmentsResponseObject, error) {
	return nil, problem.NotImplemented("listEnvironments")
}

func (absent) OpenExec(context.Context, api.OpenExecRequestObject) (api.OpenExecResponseObject, error) {
	return nil, problem.NotImplemented("openExec")
}

func (absent) GetHome(context.Context, api.GetHomeRequestObject) (api.GetHomeResponseObject, error) {
	return nil, problem.NotImplemented("getHome")
}

func (absent) OpenStream(context.Context, api.OpenStreamRequestObject) (api.OpenStreamResponseObject, error) {
	return nil, problem.NotImplemented("openStream")
}

func (absent) ChangeTopics(context.Context, api.ChangeTopicsRequestObject) (api.ChangeTopicsResponseObject, error) {
	return nil, problem.NotImplemented("changeTopics")
}

func (absent) GetSystem(context.Context, api.GetSystemRequestObject) (api.GetSystemResponseObject, error) {
	return nil, problem.NotImplemented("getSystem")
}
