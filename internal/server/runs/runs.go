// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"fmt"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/apps"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Runs answers the operations of this package.
type Runs struct {
	cluster *access.Cluster
	gather  *gather.Gatherer
	check   func(*v1beta1.Application) []error
	watch   gather.Watch
	clock   clock.Clock
}

// New returns Runs; check finds what admission would refuse, watch tells of what happens.
func New(cluster *access.Cluster, gatherer *gather.Gatherer, check func(*v1beta1.Application) []error, watch gather.Watch, clock clock.Clock) *Runs {
	return &Runs{cluster: cluster, gather: gatherer, check: check, watch: watch, clock: clock}
}

// ListRuns lists the releases of an application, the newest first.
func (r *Runs) ListRuns(ctx context.Context, req api.ListRunsRequestObject) (api.ListRunsResponseObject, error) {
	seen, err := r.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	return api.ListRuns200JSONResponse{Items: present.Runs(seen)}, nil
}

// GetRun is one release of this very application.
func (r *Runs) GetRun(ctx context.Context, req api.GetRunRequestObject) (api.GetRunResponseObject, error) {
	seen, err := r.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	run, err := find(seen, req.Run)
	if err != nil {
		return nil, err
	}
	return api.GetRun200JSONResponse(run), nil
}

func find(seen gather.Seen, id string) (api.Run, error) {
	for _, run := range present.Runs(seen) {
		if run.Id == id {
			return run, nil
		}
	}
	return api.Run{}, problem.NotFound("run", id)
}

// DeployApp publishes a version.
func (r *Runs) DeployApp(ctx context.Context, req api.DeployAppRequestObject) (api.DeployAppResponseObject, error) {
	b := req.Body
	run, err := r.deploy(ctx, req.Ns, req.App, b.ResourceVersion, deployment{
		Spec: b.Spec, Workflow: b.Workflow, Version: b.PublishVersion, Note: b.Note, Supersede: b.Supersede,
	})
	if err != nil {
		return nil, err
	}
	return api.DeployApp201JSONResponse(run), nil
}

// deploy stores the application as the choice has it, in the name of the person. The API server refuses it when somebody stored it in between.
func (r *Runs) deploy(ctx context.Context, namespace, name, version string, c deployment) (api.Run, error) {
	as, err := r.cluster.As(ctx)
	if err != nil {
		return api.Run{}, err
	}
	live := &v1beta1.Application{}
	if err := as.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, live); err != nil {
		return api.Run{}, err
	}
	if version != "" && version != live.ResourceVersion {
		return api.Run{}, problem.Conflict("application", name)
	}
	seen, err := r.gather.App(ctx, namespace, name)
	if err != nil {
		return api.Run{}, err
	}
	if c.Saved, err = r.saved(ctx, namespace, name); err != nil {
		return api.Run{}, err
	}
	next, err := deployed(live, seen, c)
	if err != nil {
		return api.Run{}, err
	}
	if faults := apps.Faults(r.check(next)); len(faults) > 0 {
		return api.Run{}, problem.Invalid(faults...)
	}
	if err := as.Update(ctx, next); err != nil {
		return api.Run{}, err
	}
	seen.App = next
	run, err := find(seen, application.PublishVersion(next))
	if err != nil {
		return api.Run{}, fmt.Errorf("finding the run of version %s: %w", application.PublishVersion(next), err)
	}
	return run, nil
}

// saved are the workflows that were saved for an application.
func (r *Runs) saved(ctx context.Context, namespace, app string) ([]corev1alpha1.Workflow, error) {
	list := &corev1alpha1.WorkflowList{}
	if err := r.cluster.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{v1beta1.LabelAppName: app}); err != nil {
		return nil, err
	}
	return list.Items, nil
}
