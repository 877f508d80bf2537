// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

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
func Returned(live *unstructured.Unstructured, revision string) (done bool, message string, err error) {
	if live == nil || live.GetDeletionTimestamp() != nil {
		return true, "", nil
	}
	if next := live.GetLabels()[v1beta1.LabelAppRevision]; next != "" && next != revision {
		return true, fmt.Sprintf("%s %s was given %s since", live.GetKind(), live.GetName(), next), nil
	}
	into := func(o any) bool {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, o)
		return err == nil
	}
	switch live.GetKind() {
	case "StatefulSet":
		if s := (&appsv1.StatefulSet{}); into(s) {
			st, want := s.Status, replicasOf(s.Spec.Replicas)
			done, message = returnedInPlace(live, st.ObservedGeneration, st.UpdatedReplicas, st.AvailableReplicas, want)
		}
	case "DaemonSet":
		if s := (&appsv1.DaemonSet{}); into(s) {
			st := s.Status
			done, message = returnedInPlace(live, st.ObservedGeneration, st.UpdatedNumberScheduled, st.NumberAvailable, st.DesiredNumberScheduled)
		}
	default:
		if d := (&appsv1.Deployment{}); into(d) {
			done, message = returnedDeployment(d)
		}
	}
	if err != nil {
		return false, "", fmt.Errorf("reading %s %s: %w", live.GetKind(), live.GetName(), err)
	}
	return done, message, nil
}

func replicasOf(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// returnedInPlace is Returned of what replaces its pods in place. Such a workload has no condition of its progress: who takes it
// back sees how far it is.
func returnedInPlace(live *unstructured.Unstructured, observed int64, updated, available, want int32) (done bool, message string) {
	switch {
	case observed < live.GetGeneration():
		return false, fmt.Sprintf("%s %s is about to take its pods back", live.GetKind(), live.GetName())
	case updated < want:
		return false, fmt.Sprintf("%s %s has %d of %d pods back", live.GetKind(), live.GetName(), updated, want)
	case available < want:
		return false, fmt.Sprintf("%s %s has only its former pods, and %d of %d are ready", live.GetKind(), live.GetName(), available, want)
	}
	return true, ""
}

func returnedDeployment(d *appsv1.Deployment) (done bool, message string) {
	want := replicasOf(d.Spec.Replicas)
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
