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
		w := c.State.Waiting
		if w == nil || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" || w.Reason == "" {
			continue
		}
		if last := c.LastTerminationState.Terminated; last != nil && w.Reason == "CrashLoopBackOff" {
			if last.Reason == "OOMKilled" {
				return fmt.Sprintf("%s, container %s ended for lack of memory (OOMKilled)", w.Reason, c.Name)
			}
			return fmt.Sprintf("%s, container %s ended with exit code %d", w.Reason, c.Name, last.ExitCode)
		}
		text := fmt.Sprintf("%s, container %s, image %s", w.Reason, c.Name, c.Image)
		if strings.HasPrefix(w.Reason, "Create") || strings.HasPrefix(w.Reason, "Run") {
			// What is wrong is in the runtime's words only; those about an image repeat its name.
			text += ": " + shorten(w.Message)
		}
		return text
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return fmt.Sprintf("%s: %s", c.Reason, c.Message)
		}
	}
	return ""
}

// shorten gives the first line, cut where it is too long.
func shorten(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if runes := []rune(line); len(runes) > longestReason {
		return string(runes[:longestReason]) + "…"
	}
	return line
}
