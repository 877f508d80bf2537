// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"net/url"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// edgePath leads through the API server's service proxy to the admin port of the edge.
const edgePath = "/api/v1/namespaces/vela-system/services/vela-edge:admin/proxy"

// edgePatience bounds how long a person waits for what the edge says; without an answer it is unknown.
const edgePatience = 2 * time.Second

// Plan asks the edge, through the API server, what it serves for one Ingress (namespace/name). A cluster without our
// edge, or an edge that does not answer, is an error: the measured share is unknown then.
func (c *Cluster) Plan(ctx context.Context, ingress string) (plan.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, edgePatience)
	defer cancel()
	base, err := url.JoinPath(c.Server, edgePath)
	if err != nil {
		return plan.Plan{}, err
	}
	return plan.Get(ctx, c.HTTP, base, ingress, "")
}
