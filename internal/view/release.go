// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

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
	v.Measured = measured(seen, r)
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
