// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// canarySuffix is what the canary Ingress and Service of a release add to the names of the user's own.
const canarySuffix = "-canary"

// releases are the components whose Rollout is at work, in the order of the components.
func releases(seen Seen) []Release {
	var all []Release
	for _, c := range seen.App.Spec.Components {
		for i := range seen.Rollouts {
			r := &seen.Rollouts[i]
			if r.Name == c.Name && underWay(seen.App, r) {
				all = append(all, release(seen, r))
			}
		}
	}
	return all
}

// underWay says that there is something to tell of a Rollout: it moves pods, or its workflow is not done with it.
func underWay(app *corev1beta1.Application, r *rolloutsv1beta1.Rollout) bool {
	switch r.Status.Phase {
	case rolloutsv1beta1.PhaseProgressing, rolloutsv1beta1.PhaseTerminating, rolloutsv1beta1.PhaseDisabling:
		return true
	default:
		w := app.Status.Workflow
		return w != nil && w.Phase != corev1beta1.WorkflowSucceeded
	}
}

func release(seen Seen, r *rolloutsv1beta1.Rollout) Release {
	v := Release{Component: r.Name, From: goodRevision(seen)}
	if seen.App.Status.LatestRevision != nil {
		v.To = seen.App.Status.LatestRevision.Name
	}
	v.Step, v.Index, v.Steps = canaryStep(seen)
	plan := r.Spec.Strategy.Plan()
	v.Routed = plan != nil && len(plan.TrafficRoutings) > 0
	if s := r.Status.Release(); s != nil {
		v.New = version(seen, r.Name, cmp.Or(s.PodTemplateHash, s.CanaryRevision), s.CanaryReplicas, s.CanaryReadyReplicas)
		v.Old = version(seen, r.Name, s.StableRevision, s.StableReplicas, s.StableReadyReplicas)
		v.Served = s.ServedWeight
		if seenPlan(r) {
			v.Asked = s.DesiredWeight
		}
	}
	if seenPlan(r) {
		v.Message = r.Status.Message
	}
	if v.Asked == nil {
		v.Asked = stated(r)
	}
	v.Measured = measured(seen.Plans, r)
	return v
}

// seenPlan says that what the status asks and says is about the present plan.
func seenPlan(r *rolloutsv1beta1.Rollout) bool { return r.Status.ObservedGeneration >= r.Generation }

// stated is the weight in the Rollout's plan, for the time before the controller has taken it up.
func stated(r *rolloutsv1beta1.Rollout) *int32 {
	p := r.Spec.Strategy.Plan()
	if p == nil || len(p.Steps) == 0 {
		return nil
	}
	steps := p.Steps
	at := min(max(int(r.Status.CurrentStepIndex), 1), len(steps)) - 1
	if steps[at].Traffic == nil {
		return nil
	}
	percent, err := strconv.ParseInt(strings.TrimSuffix(*steps[at].Traffic, "%"), 10, 32)
	if err != nil {
		return nil
	}
	weight := int32(percent)
	return &weight
}

// measured adds up what the replicas of the edge counted on the routes of a release. It is nil when a replica that answered
// does not serve one of them: then the share is not known.
func measured(plans []plan.Plan, r *rolloutsv1beta1.Rollout) *Share {
	c := r.Spec.Strategy.Plan()
	if c == nil || len(c.TrafficRoutings) == 0 || len(plans) == 0 {
		return nil
	}
	share := Share{}
	for _, p := range plans {
		for _, routing := range c.TrafficRoutings {
			if routing.Ingress != nil && !share.addIngress(p, r.Namespace+"/"+routing.Ingress.Name+canarySuffix) {
				return nil
			}
			if g := routing.Gateway; g != nil {
				for kind, name := range map[string]*string{"HTTPRoute": g.HTTPRouteName, "GRPCRoute": g.GRPCRouteName} {
					if name != nil && !share.addRoute(p, plan.RouteKey(kind, r.Namespace, *name), r.Namespace+"/"+routing.Service) {
						return nil
					}
				}
			}
		}
	}
	return &share
}

// addIngress adds what was counted on a canary Ingress; false where it is not served.
func (s *Share) addIngress(p plan.Plan, key string) bool {
	route, ok := p.Ingresses[key]
	if !ok || !route.Canary || !route.Accepted {
		return false
	}
	s.add(route.CanaryRequests, route.CanaryRequests+route.StableRequests, route.Since)
	return true
}

// addRoute adds what the rules of a route counted for a Service and for those of its versions; false where it is not served, or
// leads to the new version by no rule.
func (s *Share) addRoute(p plan.Plan, key, service string) bool {
	route, ok := p.Routes[key]
	if !ok || !route.Accepted {
		return false
	}
	led := false
	for _, rule := range route.Rules {
		for _, b := range rule.Backends {
			switch b.Service {
			case service + "-canary":
				led = true
				s.add(b.Requests, b.Requests, route.Since)
			case service, service + "-stable":
				s.add(0, b.Requests, route.Since)
			}
		}
	}
	return led
}

func (s *Share) add(fresh, all uint64, since time.Time) {
	s.New, s.All = s.New+fresh, s.All+all
	if since.After(s.Since) {
		s.Since = since
	}
}

// RevisionOf names the revision that a pod is of: while its component is released by the two versions of the Rollout,
// otherwise the one in force. It is empty when that is not known.
func RevisionOf(seen Seen, pod corev1.Pod) string {
	if named := pod.Labels[corev1beta1.LabelAppRevision]; named != "" {
		return named
	}
	latest := ""
	if seen.App.Status.LatestRevision != nil {
		latest = seen.App.Status.LatestRevision.Name
	}
	hash := versionOf(pod)
	for i := range seen.Rollouts {
		r := &seen.Rollouts[i]
		s := r.Status.Release()
		if r.Name != pod.Labels[corev1beta1.LabelAppComponent] || s == nil || !underWay(seen.App, r) {
			continue
		}
		switch hash {
		case cmp.Or(s.PodTemplateHash, s.CanaryRevision):
			return latest
		case s.StableRevision:
			return goodRevision(seen)
		default:
			return ""
		}
	}
	return latest
}

// versionOf is the version that the native controller of its workload labels a pod with.
func versionOf(pod corev1.Pod) string {
	return cmp.Or(pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], pod.Labels[appsv1.ControllerRevisionHashLabelKey])
}

// version counts what the Rollout says and adds what the pods themselves say.
func version(seen Seen, component, hash string, count, ready int32) Version {
	v := Version{Hash: hash, Pods: count, Ready: ready}
	if hash == "" {
		return v
	}
	mine := slices.DeleteFunc(slices.Clone(seen.Pods), func(pod corev1.Pod) bool {
		return pod.Labels[corev1beta1.LabelAppComponent] != component || versionOf(pod) != hash
	})
	for _, pod := range mine {
		if v.Image == "" && len(pod.Spec.Containers) > 0 {
			v.Image = pod.Spec.Containers[0].Image
		}
	}
	v.Problems = problems(mine, seen.Now)
	return v
}
