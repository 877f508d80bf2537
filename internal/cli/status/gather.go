// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/view"
)

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
		seen.Canaries, seen.Plans, err = served(ctx, c, view.Seen{App: app, Rollouts: seen.Rollouts})
		return err
	})
	return seen, group.Wait()
}

// served asks the edge about the routes of the releases that are at work: about one Ingress, or for all that it serves when there
// are several, or routes of another kind.
func served(ctx context.Context, c *cluster.Cluster, seen view.Seen) ([]networkingv1.Ingress, []plan.Plan, error) {
	ingresses, others := view.Routes(seen)
	if len(ingresses)+len(others) == 0 || c.HTTP == nil {
		return nil, nil, nil
	}
	if len(ingresses) > 0 {
		var err error
		seen.Canaries, err = cluster.List[networkingv1.Ingress](ctx, c, cluster.Ingresses(), seen.App.Namespace,
			metav1.ListOptions{LabelSelector: rolloutsv1beta1.LabelRolloutName})
		if ifAllowed(err) != nil {
			return nil, nil, err
		}
		ingresses, others = view.Routes(seen)
	}
	one := ""
	if len(ingresses) == 1 && len(others) == 0 {
		one = ingresses[0]
	}
	p, err := c.Plan(ctx, one)
	if err != nil {
		return seen.Canaries, nil, nil //nolint:nilerr // the share is not known then, and told so
	}
	return seen.Canaries, []plan.Plan{p}, nil
}

func ifAllowed(err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
