// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apps

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/server/timeline"
)

const (
	pageSize, largestPage = 100, 500
	resource              = "applications"
)

// Apps answers the operations of this package.
type Apps struct {
	cluster     *access.Cluster
	gather      *gather.Gatherer
	definitions *definition.Registry
	check       func(*v1beta1.Application) []error
}

// New returns Apps; check finds what admission would refuse.
func New(cluster *access.Cluster, gatherer *gather.Gatherer, definitions *definition.Registry, check func(*v1beta1.Application) []error) *Apps {
	return &Apps{cluster: cluster, gather: gatherer, definitions: definitions, check: check}
}

// seen reads the applications of one namespace, or of all that the person may list.
func (a *Apps) seen(ctx context.Context, namespace string) ([]gather.Seen, error) {
	namespaces := []string{namespace}
	if namespace == "" {
		var err error
		if namespaces, err = a.cluster.Namespaces(ctx, "list", v1beta1.Group, resource); err != nil {
			return nil, err
		}
	}
	return a.gather.Apps(ctx, namespaces)
}

// ListApps lists applications by namespace and name.
func (a *Apps) ListApps(ctx context.Context, req api.ListAppsRequestObject) (api.ListAppsResponseObject, error) {
	all, err := a.seen(ctx, req.Params.Ns)
	if err != nil {
		return nil, err
	}
	after, err := position(req.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := req.Params.Limit
	if limit <= 0 {
		limit = pageSize
	}
	out := api.ListApps200JSONResponse{Items: []api.AppSummary{}}
	for _, seen := range all {
		key := seen.App.Namespace + "/" + seen.App.Name
		if key <= after {
			continue
		}
		s := present.Summary(seen)
		if !wanted(s, req.Params) {
			continue
		}
		if len(out.Items) == min(limit, largestPage) {
			last := out.Items[len(out.Items)-1]
			out.Next = base64.RawURLEncoding.EncodeToString([]byte(last.Namespace + "/" + last.Name))
			break
		}
		out.Items = append(out.Items, s)
	}
	return out, nil
}

// position is the key after which a page begins.
func position(cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", problem.BadRequest("parameter cursor is none of this list; leave it out to begin anew").With("parameter", "cursor")
	}
	return string(raw), nil
}

func wanted(s api.AppSummary, p api.ListAppsParams) bool {
	if p.Status != "" && s.Status.Word != p.Status {
		return false
	}
	q := strings.ToLower(p.Q)
	return strings.Contains(strings.ToLower(s.Name+" "+s.Alias), q) ||
		slices.ContainsFunc(s.Components, func(c api.ComponentSummary) bool { return strings.Contains(strings.ToLower(c.Image), q) })
}

// ListEnvironments lists the namespaces in which the person may list applications.
func (a *Apps) ListEnvironments(ctx context.Context, _ api.ListEnvironmentsRequestObject) (api.ListEnvironmentsResponseObject, error) {
	namespaces, err := a.cluster.Namespaces(ctx, "list", v1beta1.Group, resource)
	if err != nil {
		return nil, err
	}
	all, err := a.gather.Apps(ctx, namespaces)
	if err != nil {
		return nil, err
	}
	out := api.ListEnvironments200JSONResponse{Items: []api.Environment{}}
	for _, namespace := range namespaces {
		may, err := a.cluster.May(ctx, access.Check{Verb: "create", Group: v1beta1.Group, Resource: resource, Namespace: namespace})
		if err != nil {
			return nil, err
		}
		env := api.Environment{Name: present.Environment(namespace), Namespace: namespace, Project: present.Project, CanCreate: may.Allowed}
		for _, seen := range all {
			if seen.App.Namespace == namespace {
				env.Applications++
			}
		}
		out.Items = append(out.Items, env)
	}
	slices.SortStableFunc(out.Items, func(x, y api.Environment) int { // Default before all others
		switch {
		case x.Namespace == "default":
			return -1
		case y.Namespace == "default":
			return 1
		}
		return 0
	})
	return out, nil
}

// GetHome sorts the applications by what they ask of the person.
func (a *Apps) GetHome(ctx context.Context, _ api.GetHomeRequestObject) (api.GetHomeResponseObject, error) {
	all, err := a.seen(ctx, "")
	if err != nil {
		return nil, err
	}
	home := api.GetHome200JSONResponse{
		Attention: []api.AppSummary{}, Approvals: []api.AppSummary{}, Running: []api.AppSummary{}, Counts: map[string]int{},
	}
	for _, seen := range all {
		s := present.Summary(seen)
		home.Counts[string(s.Status.Word)]++
		switch s.Status.Word {
		case api.StatusWordFailed, api.StatusWordUnhealthy, api.StatusWordTerminated:
			home.Attention = append(home.Attention, s)
		case api.StatusWordWaiting, api.StatusWordPaused:
			if err := a.mine(ctx, &home, s); err != nil {
				return nil, err
			}
		case api.StatusWordRollingOut, api.StatusWordRollingBack:
			home.Running = append(home.Running, s)
		case api.StatusWordNotDeployed, api.StatusWordStable, api.StatusWordRolledBack, api.StatusWordDeleting, api.StatusWordUnknown:
		}
	}
	home.Recent = timeline.Of(all, nil)
	home.Recent = home.Recent[:min(len(home.Recent), 20)]
	return home, nil
}

// mine puts what waits where it belongs: with the approvals of those who may give them, else with what runs.
func (a *Apps) mine(ctx context.Context, home *api.GetHome200JSONResponse, s api.AppSummary) error {
	may, err := a.cluster.May(ctx, access.Check{Verb: "resume", Group: "release.oam.dev", Resource: "releaseactions", Namespace: s.Namespace})
	if err != nil {
		return err
	}
	if may.Allowed {
		home.Approvals = append(home.Approvals, s)
		return nil
	}
	home.Running = append(home.Running, s)
	return nil
}

// GetApp reads one application.
func (a *Apps) GetApp(ctx context.Context, req api.GetAppRequestObject) (api.GetAppResponseObject, error) {
	seen, err := a.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	return api.GetApp200JSONResponse(present.App(seen)), nil
}

// GetOverview reads all that the page of an application shows.
func (a *Apps) GetOverview(ctx context.Context, req api.GetOverviewRequestObject) (api.GetOverviewResponseObject, error) {
	seen, err := a.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	return api.GetOverview200JSONResponse(present.Overview(seen)), nil
}
