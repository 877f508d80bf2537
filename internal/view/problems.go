// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// longestReason is how much of a runtime's own words is shown, in characters.
const longestReason = 120

// problems are why pods do not serve, one sentence for each kind of trouble with the number of pods that have it, in order.
func problems(pods []corev1.Pod, now time.Time) []string {
	troubles := map[string]int{}
	for _, pod := range pods {
		if t := podTrouble(pod, now); t != "" {
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

// podTrouble is why a pod does not serve, empty while there is no reason to worry. It names no pod, so that pods with
// the same trouble count together.
func podTrouble(pod corev1.Pod, now time.Time) string {
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
	return probeTrouble(pod, now)
}

// probeTrouble names a container that runs and whose readiness probe has not passed for longer than the probe itself allows
// before it counts as failed. Times are those of the API, in whole seconds.
func probeTrouble(pod corev1.Pod, now time.Time) string {
	if pod.DeletionTimestamp != nil || now.IsZero() {
		return ""
	}
	for _, c := range pod.Status.ContainerStatuses {
		i := slices.IndexFunc(pod.Spec.Containers, func(spec corev1.Container) bool { return spec.Name == c.Name })
		if i < 0 || c.Ready || c.State.Running == nil || pod.Spec.Containers[i].ReadinessProbe == nil {
			continue
		}
		p := pod.Spec.Containers[i].ReadinessProbe
		allowed := p.InitialDelaySeconds + max(p.PeriodSeconds, 1)*max(p.FailureThreshold, 1)
		if now.Sub(c.State.Running.StartedAt.Time) > time.Duration(allowed)*time.Second {
			return fmt.Sprintf("container %s runs, but its readiness probe%s does not pass", c.Name, probed(p.ProbeHandler))
		}
	}
	return ""
}

// probed tells what a probe asks.
func probed(h corev1.ProbeHandler) string {
	switch {
	case h.HTTPGet != nil:
		return fmt.Sprintf(" (HTTP GET %s on port %s)", cmp.Or(h.HTTPGet.Path, "/"), h.HTTPGet.Port.String())
	case h.TCPSocket != nil:
		return fmt.Sprintf(" (TCP port %s)", h.TCPSocket.Port.String())
	case h.GRPC != nil:
		return fmt.Sprintf(" (gRPC on port %d)", h.GRPC.Port)
	case h.Exec != nil:
		return " (exec " + shorten(strings.Join(h.Exec.Command, " ")) + ")"
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
