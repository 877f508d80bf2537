// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/timeline"
)

// Look answers the operations of this package.
type Look struct {
	Cluster *access.Cluster
	Gather  *gather.Gatherer
}

// GetTopology is the graph of an application.
func (l *Look) GetTopology(ctx context.Context, r api.GetTopologyRequestObject) (api.GetTopologyResponseObject, error) {
	seen, err := Read(ctx, l.Gather, l.Cluster, r.Ns, r.App)
	if err != nil {
		return nil, err
	}
	return api.GetTopology200JSONResponse(Topology(seen)), nil
}

// ListEndpoints are the addresses of an application.
func (l *Look) ListEndpoints(ctx context.Context, r api.ListEndpointsRequestObject) (api.ListEndpointsResponseObject, error) {
	seen, err := Read(ctx, l.Gather, l.Cluster, r.Ns, r.App)
	if err != nil {
		return nil, err
	}
	return api.ListEndpoints200JSONResponse(Endpoints(seen)), nil
}

// ListPods are the pods of an application.
func (l *Look) ListPods(ctx context.Context, r api.ListPodsRequestObject) (api.ListPodsResponseObject, error) {
	seen, err := l.Gather.App(ctx, r.Ns, r.App)
	if err != nil {
		return nil, err
	}
	return api.ListPods200JSONResponse(Pods(Seen{Seen: seen})), nil
}

// GetPod is one pod of an application; a pod that is not the application's is not found.
func (l *Look) GetPod(ctx context.Context, r api.GetPodRequestObject) (api.GetPodResponseObject, error) {
	base, err := l.Gather.App(ctx, r.Ns, r.App)
	if err != nil {
		return nil, err
	}
	seen := Seen{Seen: base}
	p := Find(seen, r.Pod)
	if p == nil {
		return nil, noPod(r.App, r.Pod)
	}
	out := api.GetPod200JSONResponse{Pod: pod(seen, versionsOf(seen), *p)}
	if out.Yaml, err = podYAML(p); err != nil {
		return nil, err
	}
	as, err := l.Cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	out.Pod.Cpu, out.Pod.Memory = usage(ctx, as, r.Ns, r.Pod)
	events := &corev1.EventList{}
	if err := gather.IfAllowed(l.Cluster.List(ctx, events, client.InNamespace(r.Ns))); err != nil {
		return nil, err
	}
	out.Events = timeline.OfObject(events.Items, r.App, "Pod", p.Name)
	return out, nil
}

// Find is the pod of an application with a name; nil: it has none.
func Find(seen Seen, name string) *corev1.Pod {
	at := slices.IndexFunc(seen.Pods, func(p corev1.Pod) bool { return p.Name == name })
	if at < 0 {
		return nil
	}
	return &seen.Pods[at]
}

// Lane is the revision of a pod and the part that its version plays.
type Lane struct {
	Revision string
	Role     api.VersionRole
}

// Lanes are those of the pods of an application, by name.
func Lanes(seen Seen) map[string]Lane {
	v, all := versionsOf(seen), map[string]Lane{}
	for _, p := range seen.Pods {
		revision, _, role := v.pod(seen, p)
		all[p.Name] = Lane{revision, role}
	}
	return all
}

// Component is the one that a pod belongs to.
func Component(p *corev1.Pod) string { return p.Labels[v1beta1.LabelAppComponent] }
