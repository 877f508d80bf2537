// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package gather reads, in the name of whoever asks, what there is about applications. All handlers and the stream show what it
// reads, so that two pages never disagree.
package gather

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
)

// Gatherer reads.
type Gatherer struct {
	// Cluster is read with the rights of whoever asks; for the stream it is the informers themselves.
	Cluster client.Reader
	// Edge asks the replicas of the edge what they serve; nil where there is none that tells.
	Edge  *Edge
	Clock clock.PassiveClock
}

// Seen is what was read about one application.
type Seen struct {
	view.Seen
	// Edge says whether the edge answered; empty where nothing was asked of it.
	Edge api.EdgeState
}

// SpecOf is the specification with a name: stored, deployed, or a revision's. One that is not there is a problem 404.
func (s Seen) SpecOf(name string) (v1beta1.ApplicationSpec, error) {
	spec, ok := view.Spec(s.Seen, name)
	if !ok {
		return spec, problem.NotFound("revision", name)
	}
	return spec, nil
}

// App reads everything about one application. A missing one is a problem 404; what the person may not read beside it is left
// out.
func (g *Gatherer) App(ctx context.Context, namespace, name string) (Seen, error) {
	app := &v1beta1.Application{}
	if err := g.Cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, app); err != nil {
		return Seen{}, notFound(err, name)
	}
	seen := Seen{Seen: view.Seen{App: app, Now: g.Clock.Now()}}
	mine := []client.ListOption{client.InNamespace(namespace), client.MatchingLabels{v1beta1.LabelAppName: name}}
	revisions, rollouts, pods := &v1beta1.ApplicationRevisionList{}, &rolloutsv1beta1.RolloutList{}, &corev1.PodList{}
	for _, list := range []client.ObjectList{revisions, rollouts, pods} {
		if err := IfAllowed(g.Cluster.List(ctx, list, mine...)); err != nil {
			return Seen{}, err
		}
	}
	actions := &v1alpha1.ReleaseActionList{}
	asked := []client.ListOption{client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApplication: name}}
	if err := IfAllowed(g.Cluster.List(ctx, actions, asked...)); err != nil {
		return Seen{}, err
	}
	seen.Revisions, seen.Rollouts, seen.Pods, seen.Actions = revisions.Items, rollouts.Items, pods.Items, actions.Items
	slices.SortFunc(seen.Pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return seen, g.served(ctx, &seen)
}

// Concerns says that an object is an application, or is labelled as its own or as one that was asked of it.
func Concerns(namespace, app string, o client.Object) bool {
	labels := o.GetLabels()
	return o.GetNamespace() == namespace && (o.GetName() == app || labels[v1beta1.LabelAppName] == app || labels[v1alpha1.LabelApplication] == app)
}

// Watch has changes told of objects that match says yes to (stream.Hub.Watch).
type Watch func(match func(client.Object) bool) (changed <-chan struct{}, stop func())

// Apps reads all applications of the namespaces, without their pods and without asking the edge. The objects are those of the
// informers and are not to be changed.
func (g *Gatherer) Apps(ctx context.Context, namespaces []string) ([]Seen, error) {
	var all []Seen
	for _, namespace := range namespaces {
		some, err := g.namespace(ctx, namespace)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.App.Namespace, b.App.Namespace), cmp.Compare(a.App.Name, b.App.Name))
	})
	return all, nil
}

func (g *Gatherer) namespace(ctx context.Context, namespace string) ([]Seen, error) {
	apps, revisions := &v1beta1.ApplicationList{}, &v1beta1.ApplicationRevisionList{}
	rollouts, actions := &rolloutsv1beta1.RolloutList{}, &v1alpha1.ReleaseActionList{}
	for _, list := range []client.ObjectList{apps, revisions, rollouts, actions} {
		err := g.Cluster.List(ctx, list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)
		if list == apps && err != nil {
			return nil, err
		}
		if err := IfAllowed(err); err != nil {
			return nil, err
		}
	}
	byApp := map[string]*Seen{}
	all := make([]Seen, len(apps.Items))
	now := g.Clock.Now()
	for i := range apps.Items {
		all[i] = Seen{Seen: view.Seen{App: &apps.Items[i], Now: now}}
		byApp[apps.Items[i].Name] = &all[i]
	}
	for _, r := range revisions.Items {
		if s := byApp[r.Labels[v1beta1.LabelAppName]]; s != nil {
			s.Revisions = append(s.Revisions, r)
		}
	}
	for _, r := range rollouts.Items {
		if s := byApp[r.Labels[v1beta1.LabelAppName]]; s != nil {
			s.Rollouts = append(s.Rollouts, r)
		}
	}
	for _, a := range actions.Items {
		if s := byApp[a.Spec.Application]; s != nil {
			s.Actions = append(s.Actions, a)
		}
	}
	return all, nil
}

// served asks the edge while something is released through it.
func (g *Gatherer) served(ctx context.Context, seen *Seen) error {
	ingresses, others := view.Routes(seen.Seen)
	if len(ingresses)+len(others) == 0 {
		return nil
	}
	if seen.Edge = api.EdgeStateNone; g.Edge == nil {
		return nil
	}
	if len(ingresses) > 0 {
		canaries := &networkingv1.IngressList{}
		err := g.Cluster.List(ctx, canaries, client.InNamespace(seen.App.Namespace), client.HasLabels{rolloutsv1beta1.LabelRolloutName})
		if IfAllowed(err) != nil {
			return err
		}
		seen.Canaries = canaries.Items
	}
	plans, err := g.Edge.Plans(ctx)
	if err != nil {
		seen.Edge = api.EdgeStateSilent
		return nil
	}
	seen.Plans, seen.Edge = plans, api.EdgeStateOk
	return nil
}

// notFound is a problem with the name of the application, whatever the informers called it.
func notFound(err error, name string) error {
	if apierrors.IsNotFound(err) {
		return problem.NotFound("application", name)
	}
	if _, known := errors.AsType[*problem.Error](err); known {
		return err
	}
	return fmt.Errorf("reading application %s: %w", name, err)
}

// IfAllowed forgets the error for what the person may not read.
func IfAllowed(err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok && p.Status == http.StatusForbidden {
		return nil
	}
	return err
}
