// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/view"
)

// graph is a topology in the making.
type graph struct {
	seen     Seen
	versions versions
	out      api.Topology
	// byUID are the nodes of Kubernetes objects.
	byUID map[types.UID]string
}

// Topology is the graph of an application: application, target, components, workloads, ReplicaSets that have pods, pods;
// Services and routes below their components, with the shares of requests on the edges.
func Topology(seen Seen) api.Topology {
	g := &graph{seen: seen, versions: versionsOf(seen), byUID: map[types.UID]string{}}
	g.out = api.Topology{Nodes: []api.TopologyNode{}, Edges: []api.TopologyEdge{}, Summary: api.TopologySummary{Revisions: []api.RevisionPods{}}}
	app := seen.App
	g.node("", &app.ObjectMeta, api.TopologyNode{
		Id: "Application/" + app.Namespace + "/" + app.Name, Kind: "Application", ApiVersion: v1beta1.GroupVersion().String(), Health: applicationHealth(seen),
		Message: view.StatusOf(seen.Seen.Seen).Message, PublishVersion: application.PublishVersion(app),
	})
	root := g.out.Nodes[0].Id
	target := g.add(root, api.TopologyNode{Id: "Target/local/" + app.Namespace, Kind: "Target", Name: "local/" + app.Namespace, Namespace: app.Namespace, Health: api.HealthHealthy})
	for _, c := range app.Spec.Components {
		g.component(target, c.Name)
	}
	for _, s := range app.Status.Services { // still there, though the specification has it no more
		if !slices.ContainsFunc(app.Spec.Components, func(c v1beta1.Component) bool { return c.Name == s.Name }) {
			g.component(target, s.Name)
		}
	}
	g.traffic()
	return g.out
}

func componentID(name string) string { return "Component/" + name }

// add puts a node below another one.
func (g *graph) add(owner string, n api.TopologyNode) string {
	g.out.Nodes = append(g.out.Nodes, n)
	if owner != "" {
		g.out.Edges = append(g.out.Edges, api.TopologyEdge{From: owner, To: n.Id, Kind: api.TopologyEdgeKindOwns})
	}
	return n.Id
}

// node puts the node of an object below another one.
func (g *graph) node(owner string, o *metav1.ObjectMeta, n api.TopologyNode) string {
	n.Name, n.Namespace = o.Name, o.Namespace
	if n.Id == "" {
		n.Id = n.Kind + "/" + cmp.Or(string(o.UID), o.Namespace+"/"+o.Name)
	}
	n.Component = cmp.Or(n.Component, o.Labels[v1beta1.LabelAppComponent])
	n.Trait = o.Labels[v1beta1.LabelTraitType]
	if !o.CreationTimestamp.IsZero() {
		at := o.CreationTimestamp.UTC()
		n.CreatedAt = &at
	}
	if o.UID != "" {
		g.byUID[o.UID] = n.Id
	}
	return g.add(owner, n)
}

func (g *graph) component(target, name string) {
	n := api.TopologyNode{Id: componentID(name), Kind: "Component", Name: name, Namespace: g.seen.App.Namespace, Component: name, Health: api.HealthUnknown}
	for _, s := range g.seen.App.Status.Services {
		if s.Name == name {
			n.Health, n.Message = api.HealthProgressing, s.Message
			if s.Healthy {
				n.Health = api.HealthHealthy
			}
		}
	}
	if slices.ContainsFunc(g.seen.Pods, func(p corev1.Pod) bool {
		return g.of(name, &p.ObjectMeta) && podHealth(p, g.seen.Now) == api.HealthUnhealthy
	}) {
		n.Health = api.HealthUnhealthy
	}
	id := g.add(target, n)
	for i := range g.seen.Deployments {
		d := &g.seen.Deployments[i]
		if g.of(name, &d.ObjectMeta) {
			g.workload(id, "Deployment", &d.ObjectMeta, d.Spec.Replicas, d.Spec.Template)
		}
	}
	for i := range g.seen.StatefulSets {
		s := &g.seen.StatefulSets[i]
		if g.of(name, &s.ObjectMeta) {
			g.workload(id, "StatefulSet", &s.ObjectMeta, s.Spec.Replicas, s.Spec.Template)
		}
	}
	for i := range g.seen.DaemonSets {
		d := &g.seen.DaemonSets[i]
		if g.of(name, &d.ObjectMeta) {
			g.workload(id, "DaemonSet", &d.ObjectMeta, &d.Status.DesiredNumberScheduled, d.Spec.Template)
		}
	}
	for _, p := range sorted(g.seen.Pods) {
		if _, drawn := g.byUID[p.UID]; g.of(name, &p.ObjectMeta) && !drawn { // of a workload that is not one of these
			g.pod(id, p)
		}
	}
}

func (g *graph) of(component string, o *metav1.ObjectMeta) bool {
	return o.Labels[v1beta1.LabelAppComponent] == component
}

// workload draws a workload, its ReplicaSets that have pods or are to have some, and its pods.
func (g *graph) workload(component, kind string, o *metav1.ObjectMeta, desired *int32, template corev1.PodTemplateSpec) {
	n := api.TopologyNode{Kind: kind, ApiVersion: appsv1.SchemeGroupVersion.String(), Image: imageOf(template.Spec)}
	name := o.Labels[v1beta1.LabelAppComponent]
	g.count(&n, desired, func(p corev1.Pod) bool { return p.Labels[v1beta1.LabelAppComponent] == name })
	id := g.node(component, o, n)
	sets := slices.Clone(g.seen.ReplicaSets)
	slices.SortFunc(sets, func(a, b appsv1.ReplicaSet) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := range sets {
		if rs := &sets[i]; owned(&rs.ObjectMeta, o) {
			g.replicaSet(id, rs)
		}
	}
	for _, p := range sorted(g.seen.Pods) {
		if owned(&p.ObjectMeta, o) {
			g.pod(id, p)
		}
	}
}

func (g *graph) replicaSet(workload string, rs *appsv1.ReplicaSet) {
	pods := slices.DeleteFunc(sorted(g.seen.Pods), func(p corev1.Pod) bool { return !owned(&p.ObjectMeta, &rs.ObjectMeta) })
	if len(pods) == 0 && (rs.Spec.Replicas == nil || *rs.Spec.Replicas == 0) {
		return // history
	}
	n := api.TopologyNode{Kind: "ReplicaSet", ApiVersion: appsv1.SchemeGroupVersion.String(), Image: imageOf(rs.Spec.Template.Spec)}
	g.versions.set(&n, rs.Labels[v1beta1.LabelAppComponent], rs.Labels[appsv1.DefaultDeploymentUniqueLabelKey])
	g.count(&n, rs.Spec.Replicas, func(p corev1.Pod) bool { return owned(&p.ObjectMeta, &rs.ObjectMeta) })
	id := g.node(workload, &rs.ObjectMeta, n)
	for _, p := range pods {
		g.pod(id, p)
	}
}

func (g *graph) pod(owner string, p corev1.Pod) {
	state, reason := view.PodStateOf(p, g.seen.Now)
	restarts := view.Restarts(p)
	n := api.TopologyNode{
		Kind: "Pod", ApiVersion: "v1", Health: podHealth(p, g.seen.Now), Message: reason, Image: imageOf(p.Spec), State: api.PodState(state), Restarts: &restarts,
	}
	n.Revision, n.PublishVersion, n.Role = g.versions.pod(g.seen, p)
	g.node(owner, &p.ObjectMeta, n)
	g.sum(n)
}

// sum counts a pod in the summary; one on its way out is not counted.
func (g *graph) sum(pod api.TopologyNode) {
	if pod.State == api.PodStateTerminating || pod.State == api.PodStateDone {
		return
	}
	s := &g.out.Summary
	at := slices.IndexFunc(s.Revisions, func(r api.RevisionPods) bool { return r.Revision == pod.Revision && r.Role == pod.Role })
	if at < 0 {
		at = len(s.Revisions)
		s.Revisions = append(s.Revisions, api.RevisionPods{Revision: pod.Revision, PublishVersion: pod.PublishVersion, Role: pod.Role})
	}
	s.Pods++
	s.Revisions[at].Pods++
	if pod.State == api.PodStateReady {
		s.ReadyPods++
		s.Revisions[at].ReadyPods++
	}
}

// count puts the number of pods and their health on a node.
func (g *graph) count(n *api.TopologyNode, desired *int32, mine func(corev1.Pod) bool) {
	pods, ready, bad := 0, 0, ""
	for _, p := range g.seen.Pods {
		if !mine(p) || p.DeletionTimestamp != nil {
			continue
		}
		pods++
		switch state, reason := view.PodStateOf(p, g.seen.Now); state {
		case view.PodReady:
			ready++
		case view.PodWarning:
			bad = reason
		case view.PodStarting, view.PodTerminating, view.PodDone:
		}
	}
	n.Pods, n.ReadyPods, n.Health = &pods, &ready, api.HealthProgressing
	switch {
	case bad != "":
		n.Health, n.Message = api.HealthUnhealthy, bad
	case ready == pods && (desired == nil || pods == int(*desired)):
		n.Health = api.HealthHealthy
	}
}

func podHealth(p corev1.Pod, now time.Time) api.Health {
	switch state, _ := view.PodStateOf(p, now); state {
	case view.PodReady, view.PodDone:
		return api.HealthHealthy
	case view.PodWarning:
		return api.HealthUnhealthy
	case view.PodStarting, view.PodTerminating:
		return api.HealthProgressing
	}
	return api.HealthUnknown
}

func applicationHealth(seen Seen) api.Health {
	switch view.StatusOf(seen.Seen.Seen).Word {
	case view.Stable, view.RolledBack:
		return api.HealthHealthy
	case view.Failed, view.Unhealthy, view.Terminated:
		return api.HealthUnhealthy
	case view.Unknown, view.NotDeployed:
		return api.HealthUnknown
	default:
		return api.HealthProgressing
	}
}

// sorted are pods by name.
func sorted(pods []corev1.Pod) []corev1.Pod {
	out := slices.Clone(pods)
	slices.SortFunc(out, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func owned(o, by *metav1.ObjectMeta) bool {
	c := metav1.GetControllerOf(o)
	return c != nil && c.UID == by.UID
}

func imageOf(spec corev1.PodSpec) string {
	if len(spec.Containers) == 0 {
		return ""
	}
	return spec.Containers[0].Image
}

// versions tell which revision an object of a component is of.
type versions struct {
	releases []view.Release
	// published are the publishVersions of revisions.
	published map[string]string
	latest    string
}

func versionsOf(seen Seen) versions {
	v := versions{releases: view.Of(seen.Seen.Seen).Releases, published: map[string]string{}}
	for i := range seen.Revisions {
		v.published[seen.Revisions[i].Name] = application.PublishVersion(&seen.Revisions[i])
	}
	if l := seen.App.Status.LatestRevision; l != nil {
		v.latest = l.Name
	}
	return v
}

// role is what part a version of a component plays, and its revision; empty where that is not known.
func (v versions) role(component, hash string) (api.VersionRole, string) {
	at := slices.IndexFunc(v.releases, func(r view.Release) bool { return r.Component == component })
	switch {
	case at < 0 || v.releases[at].New.Hash == v.releases[at].Old.Hash:
		return api.VersionRoleCurrent, v.latest
	case hash == "":
		return "", ""
	case hash == v.releases[at].New.Hash:
		return api.VersionRoleCanary, v.releases[at].To
	case hash == v.releases[at].Old.Hash:
		return api.VersionRoleStable, v.releases[at].From
	default:
		return "", ""
	}
}

func (v versions) set(n *api.TopologyNode, component, hash string) {
	n.Role, n.Revision = v.role(component, hash)
	n.PublishVersion = v.published[n.Revision]
}

// pod is the revision of a pod, its publishVersion, and its role.
func (v versions) pod(seen Seen, p corev1.Pod) (revision, published string, role api.VersionRole) {
	role, _ = v.role(p.Labels[v1beta1.LabelAppComponent], view.VersionOf(p))
	revision = view.RevisionOf(seen.Seen.Seen, p)
	return revision, v.published[revision], role
}

// release is that of the component that a Rollout's helper belongs to.
func (v versions) release(component string) *view.Release {
	for i := range v.releases {
		if v.releases[i].Component == component {
			return &v.releases[i]
		}
	}
	return nil
}

// componentOf is the component that an object belongs to: by its own label, or by the Rollout that made it, which is called like it.
func componentOf(o *metav1.ObjectMeta) string {
	return cmp.Or(o.Labels[v1beta1.LabelAppComponent], o.Labels[rolloutsv1beta1.LabelRolloutName])
}
