// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package topics says where each topic of the stream has its data: the same functions that the REST operations use, over the informers
// themselves.
package topics

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/server/system"
	"github.com/vela-rollouts/vela/internal/server/timeline"
)

// counted is how often what the gateway counted is looked at, and pods that are late.
const counted = 2 * time.Second

// looked is how often the installation is looked at.
const looked = 15 * time.Second

// all is where topics have their data.
type all struct {
	reader client.Reader
	gather *gather.Gatherer
}

// Feeds are those of all topics; reader is the informers. edge may be nil.
func Feeds(reader client.Reader, edge *gather.Edge, sys *system.System, now clock.PassiveClock) map[stream.Kind]stream.Feed {
	a := all{reader: reader, gather: &gather.Gatherer{Cluster: reader, Edge: edge, Clock: now}}
	release := []client.Object{&v1beta1.Application{}, &v1beta1.ApplicationRevision{}, &rolloutsv1beta1.Rollout{}, &v1alpha1.ReleaseAction{}}
	withPods := append(release[:len(release):len(release)], &corev1.Pod{})
	apps := get("list", v1beta1.Group, "applications")
	one := get("get", v1beta1.Group, "applications")
	revisions, actions := get("list", v1beta1.Group, "applicationrevisions"), get("list", v1alpha1.Group, "releaseactions")
	rollouts, pods, events := get("list", rolloutsv1beta1.Group, "rollouts"), get("list", "", "pods"), get("list", "", "events")
	look := look.Kinds()
	return map[stream.Kind]stream.Feed{
		stream.Apps: {Needs: needs(apps, revisions, rollouts, actions), Data: a.apps, Kinds: append(release[:len(release):len(release)], &corev1.Namespace{}), Touched: inNamespace},
		stream.App: {
			Needs: needs(one, revisions, rollouts, actions, pods), Data: a.app, Kinds: withPods, Touched: ofApplication, Every: counted, Unsteady: []string{"observedAt"},
		},
		stream.Run:      {Needs: needs(one, get("get", v1beta1.Group, "applicationrevisions"), revisions, rollouts, actions), Data: a.run, Kinds: release, Touched: ofApplication},
		stream.Topology: {Needs: needs(topology()...), Data: a.topology, Kinds: look, Touched: ofApplication, Every: counted},
		stream.Pods:     {Needs: needs(one, revisions, rollouts, pods), Data: a.pods, Kinds: withPods, Touched: ofApplication, Every: counted},
		stream.Activity: {
			Needs: needs(apps, revisions, actions, events), Data: a.activity, Kinds: append(release[:len(release):len(release)], &corev1.Event{}), Touched: inNamespace,
		},
		stream.System: {
			Needs:   needs(),
			Data:    func(ctx context.Context, _ stream.Topic, _ []string) (any, error) { return sys.Now(ctx), nil },
			Touched: func(stream.Topic, client.Object) bool { return false }, Every: looked,
		},
	}
}

func get(verb, group, resource string) access.Check {
	return access.Check{Verb: verb, Group: group, Resource: resource}
}

// topology reads many kinds.
func topology() []access.Check {
	checks := []access.Check{
		get("get", v1beta1.Group, "applications"), get("list", v1beta1.Group, "applicationrevisions"), get("list", rolloutsv1beta1.Group, "rollouts"),
		get("list", "", "pods"), get("list", "", "services"), get("list", "networking.k8s.io", "ingresses"),
	}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets", "replicasets"} {
		checks = append(checks, get("list", "apps", resource))
	}
	for _, resource := range []string{"httproutes", "grpcroutes"} {
		checks = append(checks, get("list", "gateway.networking.k8s.io", resource))
	}
	return checks
}

// needs are checks in the namespace of a topic.
func needs(checks ...access.Check) func(stream.Topic) []access.Check {
	return func(t stream.Topic) []access.Check {
		here := make([]access.Check, len(checks))
		for i, c := range checks {
			c.Namespace = t.Namespace
			here[i] = c
		}
		return here
	}
}

// inNamespace says that an object is in the namespace of a topic.
func inNamespace(t stream.Topic, o client.Object) bool {
	return t.Namespace == stream.Everywhere || t.Namespace == o.GetNamespace()
}

// ofApplication says that an object is the application of a topic, or is labelled as its own or as a release's.
func ofApplication(t stream.Topic, o client.Object) bool {
	return gather.Concerns(t.Namespace, t.App, o) || o.GetNamespace() == t.Namespace && o.GetLabels()[rolloutsv1beta1.LabelRolloutName] != ""
}

func (a all) apps(ctx context.Context, t stream.Topic, namespaces []string) (any, error) {
	switch {
	case t.Namespace != stream.Everywhere:
		namespaces = []string{t.Namespace}
	case namespaces == nil:
		list := &corev1.NamespaceList{}
		if err := a.reader.List(ctx, list); err != nil {
			return nil, err
		}
		for i := range list.Items {
			namespaces = append(namespaces, list.Items[i].Name)
		}
	}
	seen, err := a.gather.Apps(ctx, namespaces)
	if err != nil {
		return nil, err
	}
	out := api.AppList{Items: []api.AppSummary{}}
	for _, one := range seen {
		out.Items = append(out.Items, present.Summary(one))
	}
	return out, nil
}

func (a all) app(ctx context.Context, t stream.Topic, _ []string) (any, error) {
	seen, err := a.gather.App(ctx, t.Namespace, t.App)
	if err != nil {
		return nil, err
	}
	return present.Overview(seen), nil
}

func (a all) run(ctx context.Context, t stream.Topic, _ []string) (any, error) {
	seen, err := a.gather.App(ctx, t.Namespace, t.App)
	if err != nil {
		return nil, err
	}
	for _, run := range present.Runs(seen) {
		if run.Id == t.Run {
			return run, nil
		}
	}
	return nil, problem.NotFound("run", t.Run)
}

func (a all) topology(ctx context.Context, t stream.Topic, _ []string) (any, error) {
	seen, err := look.Read(ctx, a.gather, a.reader, t.Namespace, t.App)
	if err != nil {
		return nil, err
	}
	return look.Topology(seen), nil
}

func (a all) pods(ctx context.Context, t stream.Topic, _ []string) (any, error) {
	seen, err := a.gather.App(ctx, t.Namespace, t.App)
	if err != nil {
		return nil, err
	}
	return look.Pods(look.Seen{Seen: seen}), nil
}

func (a all) activity(ctx context.Context, t stream.Topic, _ []string) (any, error) {
	found, err := timeline.Read(ctx, a.gather, a.reader, []string{t.Namespace}, t.App)
	if err != nil {
		return nil, err
	}
	return timeline.FirstPage(found), nil
}
