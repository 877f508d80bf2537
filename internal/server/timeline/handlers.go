// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const pageSize, largestPage = 100, 500

// Timeline answers the operation of this package.
type Timeline struct {
	Cluster *access.Cluster
	Gather  *gather.Gatherer
}

// Read is what happened in the namespaces, or to one application of the only one of them.
func Read(ctx context.Context, g *gather.Gatherer, reader client.Reader, namespaces []string, app string) ([]api.Activity, error) {
	var apps []gather.Seen
	var err error
	if app != "" {
		var one gather.Seen
		one, err = g.App(ctx, namespaces[0], app)
		apps = []gather.Seen{one}
	} else {
		apps, err = g.Apps(ctx, namespaces)
	}
	if err != nil {
		return nil, err
	}
	var events []corev1.Event
	for _, namespace := range namespaces {
		list := &corev1.EventList{}
		if err := gather.IfAllowed(reader.List(ctx, list, client.InNamespace(namespace))); err != nil {
			return nil, err
		}
		events = append(events, list.Items...)
	}
	return Of(apps, events), nil
}

// ListActivity lists what happened in the namespaces that the person may list.
func (t *Timeline) ListActivity(ctx context.Context, r api.ListActivityRequestObject) (api.ListActivityResponseObject, error) {
	p := r.Params
	if p.App != "" && p.Ns == "" {
		return nil, problem.BadRequest("parameter app needs ns, the namespace of the application").With("parameter", "ns")
	}
	namespaces := []string{p.Ns}
	if p.Ns == "" {
		var err error
		if namespaces, err = t.Cluster.Namespaces(ctx, "list", v1beta1.Group, "applications"); err != nil {
			return nil, err
		}
	}
	all, err := Read(ctx, t.Gather, t.Cluster, namespaces, p.App)
	if err != nil {
		return nil, err
	}
	if p.Kind != "" {
		all = slices.DeleteFunc(all, func(a api.Activity) bool { return a.Kind != p.Kind })
	}
	limit := p.Limit
	if limit <= 0 {
		limit = pageSize
	}
	list, err := Page(all, min(limit, largestPage), p.Cursor)
	return api.ListActivity200JSONResponse(list), err
}

// FirstPage is what the stream shows.
func FirstPage(all []api.Activity) api.ActivityList {
	list, _ := Page(all, pageSize, "") // only a cursor can be wrong
	return list
}

// Page is at most limit of all, those after cursor.
func Page(all []api.Activity, limit int, cursor string) (api.ActivityList, error) {
	list := api.ActivityList{Items: []api.Activity{}}
	if cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		stamp, id, ok := strings.Cut(string(raw), " ")
		at, wrong := time.Parse(time.RFC3339Nano, stamp)
		if err != nil || !ok || wrong != nil {
			return list, problem.BadRequest("parameter cursor is none of this list; leave it out to begin anew").With("parameter", "cursor")
		}
		all = slices.DeleteFunc(all, func(a api.Activity) bool { return a.At.After(at) || a.At.Equal(at) && a.Id <= id })
	}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		list.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s", last.At.Format(time.RFC3339Nano), last.Id))
	}
	list.Items = append(list.Items, all...)
	return list, nil
}
