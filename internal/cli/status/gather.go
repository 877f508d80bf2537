// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/view"
)

// canarySuffix is what a release adds to the name of the user's Ingress for its own.
const canarySuffix = "-canary"

// gather reads, side by side, what there is about one application. What the person may not read, or what is not
// installed, is left out; so is the edge when it does not answer.
func gather(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application, now time.Time) (view.Seen, error) {
	seen := view.Seen{App: app, Now: now}
	mine := metav1.ListOptions{LabelSelector: v1beta1.LabelAppName + "=" + app.Name}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		var err error
		seen.Revisions, err = cluster.List[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), app.Namespace, mine)
		return ifAllowed(err)
	})
	group.Go(func() error {
		var err error
		seen.Actions, err = cluster.List[v1alpha1.ReleaseAction](ctx, c, cluster.Actions(), app.Namespace,
			metav1.ListOptions{LabelSelector: v1alpha1.LabelApplication + "=" + app.Name})
		return ifAllowed(err)
	})
	group.Go(func() error {
		var err error
		seen.Pods, err = cluster.List[corev1.Pod](ctx, c, cluster.Pods(), app.Namespace, mine)
		return ifAllowed(err)
	})
	group.Go(func() error {
		var err error
		seen.Rollouts, err = cluster.List[rolloutsv1beta1.Rollout](ctx, c, cluster.Rollouts(), app.Namespace, mine)
		if err != nil {
			return ifAllowed(err)
		}
		if route, ok := releasedRoute(seen.Rollouts); ok && c.HTTP != nil {
			if p, err := c.Plan(ctx, route); err == nil {
				seen.Plans = []plan.Plan{p}
			}
		}
		return nil
	})
	return seen, group.Wait()
}

// releasedRoute is the canary Ingress of a Rollout that is at work. The edge is asked for all it serves when there are
// several, or routes of another kind.
func releasedRoute(rollouts []rolloutsv1beta1.Rollout) (string, bool) {
	var routes []string
	for _, r := range rollouts {
		routed := r.Spec.Strategy.Plan()
		if routed == nil || r.Status.Phase == rolloutsv1beta1.PhaseHealthy {
			continue
		}
		for _, routing := range routed.TrafficRoutings {
			if routing.Gateway != nil {
				return "", true
			}
			if routing.Ingress != nil {
				routes = append(routes, r.Namespace+"/"+routing.Ingress.Name+canarySuffix)
			}
		}
	}
	switch len(routes) {
	case 0:
		return "", false
	case 1:
		return routes[0], true
	default:
		return "", true
	}
}

func ifAllowed(err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
