// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// longestReason is how much of a runtime's own words is shown, in characters.
const longestReason = 120

// problems are why pods do not start, one sentence for each kind of trouble with the number of pods that have it, in order.
func problems(pods []corev1.Pod) []string {
	troubles := map[string]int{}
	for _, pod := range pods {
		if t := podTrouble(pod); t != "" {
			troubles[t]++
		}
	}
	var all []string
	for t, n := range troubles {
		noun := "pods"
		if n == 1 {
			noun = "pod"
		}
		all = append(all, fmt.Sprintf("%d %s: %s", n, noun, t))
	}
	slices.Sort(all)
	return all
}

// podTrouble is why a pod does not start, empty while there is no reason to worry. It names no pod, so that pods with
// the same trouble count together.
func podTrouble(pod corev1.Pod) string {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if t := containerTrouble(c); t != "" {
			return t
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return fmt.Sprintf("%s: %s", c.Reason, c.Message)
		}
	}
	return ""
}

// containerTrouble is why a container does not start, or does not go on.
func containerTrouble(c corev1.ContainerStatus) string {
	w := c.State.Waiting
	if last := failure(c); last != nil {
		reason := last.Reason
		if w != nil {
			reason = w.Reason
		}
		if last.Reason == "OOMKilled" {
			return fmt.Sprintf("%s, container %s ended for lack of memory (OOMKilled)", reason, c.Name)
		}
		return fmt.Sprintf("%s, container %s ended with exit code %d", reason, c.Name, last.ExitCode)
	}
	if w == nil || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" || w.Reason == "" {
		return ""
	}
	text := fmt.Sprintf("%s, container %s, image %s", w.Reason, c.Name, c.Image)
	if strings.HasPrefix(w.Reason, "Create") || strings.HasPrefix(w.Reason, "Run") {
		// What is wrong is in the runtime's words only; those about an image repeat its name.
		text += ": " + shorten(w.Message)
	}
	return text
}

// failure is how a container ended that is not well since: between two attempts it is waiting, running or terminated.
func failure(c corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	w, last := c.State.Waiting, c.LastTerminationState.Terminated
	if c.State.Terminated != nil {
		last = c.State.Terminated
	}
	looping := w != nil && w.Reason == "CrashLoopBackOff"
	if last == nil || c.Ready || w != nil && !looping || last.ExitCode == 0 && !looping {
		return nil
	}
	return last
}

// crashed says that a container of a pod has failed, so that there is something to read in its log.
func crashed(pods []corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp == nil && slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses),
			func(c corev1.ContainerStatus) bool { return failure(c) != nil })
	})
}

// shorten gives the first line, cut where it is too long.
func shorten(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if runes := []rune(line); len(runes) > longestReason {
		return string(runes[:longestReason]) + "…"
	}
	return line
}
