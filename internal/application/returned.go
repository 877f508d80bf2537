// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Leaving says what is waited for while Rollouts that are on their way out give pods and routes back; empty when none is.
func Leaving(rollouts []rolloutsv1beta1.Rollout) string {
	say := ""
	for i := range rollouts {
		if rollouts[i].DeletionTimestamp == nil {
			continue
		}
		if cs := rollouts[i].Status.CanaryStatus; cs != nil && cs.DrainingSince != nil {
			return "new requests go to the good version, open connections of the other one get half a minute to end"
		}
		say = "its Rollout is giving pods and routes back"
	}
	return say
}

// Returned says whether a workload that was given the template of revision, its former one, has only pods of it, all ready, and
// otherwise in a few words how far it is. Its native rolling update takes pods back when a release was over already. Two
// are not waited for, and the message says so: one that makes no progress any more (progressDeadlineSeconds), for its
// template is the former one; and one that a newer release was applied to since. A hold alone is no newer release: it may
// be that of the release that was rolled back, seen late.
func Returned(d *appsv1.Deployment, revision string) (done bool, message string) {
	if d == nil || d.DeletionTimestamp != nil {
		return true, ""
	}
	if next := d.Labels[v1beta1.LabelAppRevision]; next != "" && next != revision {
		return true, fmt.Sprintf("Deployment %s was given %s since", d.Name, next)
	}
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	st := d.Status
	if st.ObservedGeneration >= d.Generation {
		only := st.UpdatedReplicas >= want && st.Replicas <= st.UpdatedReplicas
		if only && st.AvailableReplicas >= want {
			return true, ""
		}
		if d.Spec.Paused && heldFor(d) == "" {
			return false, fmt.Sprintf("Deployment %s is paused by somebody, so its pods stay as they are until spec.paused is false: kubectl rollout resume deployment/%s", d.Name, d.Name)
		}
		for _, c := range st.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded" {
				return true, fmt.Sprintf("Deployment %s makes no progress with it: %d of %d pods are back", d.Name, st.UpdatedReplicas, want)
			}
		}
		if only {
			return false, fmt.Sprintf("Deployment %s has only its former pods, and %d of %d are ready", d.Name, st.AvailableReplicas, want)
		}
		return false, fmt.Sprintf("Deployment %s has %d of %d pods back and %d to go", d.Name, st.UpdatedReplicas, want, max(st.Replicas-st.UpdatedReplicas, 0))
	}
	return false, fmt.Sprintf("Deployment %s is about to take its pods back", d.Name)
}
