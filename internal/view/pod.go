// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// PodState is one word for a pod.
type PodState string

// The states of a pod.
const (
	PodReady       PodState = "Ready"
	PodStarting    PodState = "Starting"
	PodWarning     PodState = "Warning"
	PodTerminating PodState = "Terminating"
	PodDone        PodState = "Done"
)

// PodStateOf names the state of a pod, and why it does not serve where there is a reason to worry.
func PodStateOf(pod corev1.Pod, now time.Time) (PodState, string) {
	if pod.DeletionTimestamp != nil {
		return PodTerminating, ""
	}
	if pod.Status.Phase == corev1.PodSucceeded {
		return PodDone, ""
	}
	ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	if ready {
		return PodReady, ""
	}
	if reason := podTrouble(pod, now); reason != "" {
		return PodWarning, reason
	}
	if pod.Status.Phase == corev1.PodFailed {
		return PodWarning, first(pod.Status.Message, pod.Status.Reason)
	}
	return PodStarting, ""
}

// VersionOf is the version of its workload that a pod is of, as the native controllers label it.
func VersionOf(pod corev1.Pod) string { return versionOf(pod) }

// Restarts adds up how often the containers of a pod were started again.
func Restarts(pod corev1.Pod) int {
	total := 0
	for _, c := range pod.Status.ContainerStatuses {
		total += int(c.RestartCount)
	}
	return total
}
