// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package present

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/view"
)

// Overview is all that the page of an application shows.
func Overview(seen gather.Seen) api.Overview {
	tree := view.Of(seen.Seen)
	o := api.Overview{
		App: Summary(seen), Status: Status(tree.State), Releases: []api.Release{}, Services: []api.Service{}, Notices: []string{},
		Trouble: tree.Trouble, Edge: seen.Edge, ObservedAt: seen.Now.UTC(), Rollback: Rollback(seen), Next: next(view.ApprovalOf(seen.Seen)),
	}
	if tree.Notice != "" {
		o.Notices = append(o.Notices, tree.Notice)
	}
	for _, r := range tree.Releases {
		o.Releases = append(o.Releases, release(seen, r))
	}
	for _, s := range tree.Services {
		o.Services = append(o.Services, service(seen, s))
	}
	if run, ok := Current(seen); ok {
		o.Run = &run
	}
	return o
}

func next(a *view.Approval) *api.NextStep {
	if a == nil {
		return nil
	}
	return &api.NextStep{
		Run: a.Run, StepId: a.StepID, Step: a.Step, Target: a.Target, Weight: number(a.Weight), Pods: a.Pods, Replicas: a.Replicas, Last: a.Last,
	}
}

// Split is how the requests of a component between two versions are shared out.
func Split(r view.Release) api.Split {
	s := api.Split{Routed: r.Routed, Asked: number(r.Asked), Served: number(r.Served)}
	if m := r.Measured; m != nil && m.All > 0 {
		percent, all, since := m.Percent(), int64(m.All), m.Since.UTC() //nolint:gosec // a count of requests
		s.Measured, s.MeasuredRequests, s.MeasuredSince = &percent, &all, &since
	}
	return s
}

func release(seen gather.Seen, r view.Release) api.Release {
	return api.Release{
		Component: r.Component, Step: r.Step, Index: r.Index, Steps: r.Steps, Split: Split(r), Message: r.Message,
		Stable: lane(seen, r.Component, r.Old, r.From), Canary: lane(seen, r.Component, r.New, r.To),
	}
}

func lane(seen gather.Seen, component string, v view.Version, revision string) api.Lane {
	l := api.Lane{
		Revision: revision, Image: v.Image, Pods: int(v.Pods), Ready: int(v.Ready), Problems: texts(v.Problems), Items: []api.PodSummary{},
	}
	for i := range seen.Revisions {
		if r := &seen.Revisions[i]; r.Name == revision {
			at := r.CreationTimestamp.UTC()
			l.PublishVersion, l.CreatedAt = application.PublishVersion(r), &at
			if images := componentImage(r.Spec.Application.Spec, component); l.Image == "" {
				l.Image = images
			}
		}
	}
	if v.Hash == "" {
		return l
	}
	for _, pod := range seen.Pods {
		if pod.Labels[v1beta1.LabelAppComponent] != component || view.VersionOf(pod) != v.Hash {
			continue
		}
		l.Items = append(l.Items, Pod(pod, seen.Now))
		if l.Digest == "" && len(pod.Status.ContainerStatuses) > 0 {
			l.Digest = digest(pod.Status.ContainerStatuses[0].ImageID)
		}
	}
	return l
}

func componentImage(spec v1beta1.ApplicationSpec, name string) string {
	for _, c := range spec.Components {
		if c.Name == name {
			return imageOf(c)
		}
	}
	return ""
}

// digest is the sha256:… in the id that a runtime gives an image; empty where it has none.
func digest(imageID string) string {
	if at := strings.LastIndex(imageID, "sha256:"); at >= 0 {
		return imageID[at:]
	}
	return ""
}

// Pod in one line.
func Pod(pod corev1.Pod, now time.Time) api.PodSummary {
	state, reason := view.PodStateOf(pod, now)
	at := pod.CreationTimestamp.UTC()
	return api.PodSummary{Name: pod.Name, State: api.PodState(state), Reason: reason, Restarts: view.Restarts(pod), CreatedAt: &at}
}

func service(seen gather.Seen, s view.Service) api.Service {
	one := api.Service{
		Name: s.Name, Type: s.Type, Cluster: s.Cluster, Namespace: s.Namespace, Healthy: s.Healthy, Message: s.Message,
		Traits: []api.TraitHealth{}, Problems: texts(s.Problems), Items: []api.PodSummary{}, Image: componentImage(seen.App.Spec, s.Name),
	}
	for _, t := range s.Traits {
		one.Traits = append(one.Traits, api.TraitHealth{Type: t.Type, Healthy: t.Healthy, Message: t.Message})
	}
	for _, pod := range seen.Pods {
		if pod.Labels[v1beta1.LabelAppComponent] != s.Name {
			continue
		}
		item := Pod(pod, seen.Now)
		one.Items = append(one.Items, item)
		if item.State != api.PodStateTerminating {
			one.Pods++
		}
		if item.State == api.PodStateReady {
			one.Ready++
		}
	}
	return one
}

// Rollback is where the action rollback would go now, and what it finds there.
func Rollback(seen gather.Seen) api.RollbackPreview {
	plan, why := application.PlanRollback(seen.App, seen.Revisions)
	if plan == nil {
		return api.RollbackPreview{Why: why}
	}
	p := api.RollbackPreview{
		Possible: true, Revision: plan.Target.Name, PublishVersion: application.PublishVersion(plan.Target),
		Changes: Changes(view.Changes(inForce(seen), plan.Target.Spec.Application.Spec)),
	}
	if images := Images(plan.Target.Spec.Application.Spec); len(images) > 0 {
		p.Image = images[0]
	}
	if needed := view.Replicas(plan.Target.Spec.Application.Spec.Components); needed != nil {
		p.NeededPods = *needed
	}
	releases := view.Of(seen.Seen).Releases
	for _, r := range releases {
		p.ReadyPods += int(r.Old.Ready)
	}
	if len(releases) == 0 {
		p.ReadyPods = len(slices.DeleteFunc(slices.Clone(seen.Pods), func(pod corev1.Pod) bool {
			state, _ := view.PodStateOf(pod, seen.Now)
			return state != view.PodReady || view.RevisionOf(seen.Seen, pod) != plan.Target.Name
		}))
	}
	return p
}

// inForce is the specification of the latest revision, else the application's own.
func inForce(seen gather.Seen) v1beta1.ApplicationSpec {
	if latest := seen.App.Status.LatestRevision; latest != nil {
		for i := range seen.Revisions {
			if seen.Revisions[i].Name == latest.Name {
				return seen.Revisions[i].Spec.Application.Spec
			}
		}
	}
	return seen.App.Spec
}

func texts(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}
