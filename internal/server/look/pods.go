// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/view"
)

// Pods of an application, by component and then by name.
func Pods(seen Seen) api.PodList {
	v := versionsOf(seen)
	list := api.PodList{Items: []api.Pod{}}
	for _, p := range seen.Pods {
		list.Items = append(list.Items, pod(seen, v, p))
	}
	slices.SortFunc(list.Items, func(a, b api.Pod) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func pod(seen Seen, v versions, p corev1.Pod) api.Pod {
	state, reason := view.PodStateOf(p, seen.Now)
	out := api.Pod{
		Name: p.Name, Namespace: p.Namespace, Component: p.Labels[v1beta1.LabelAppComponent], State: api.PodState(state), Reason: reason,
		Message: p.Status.Message, Node: p.Spec.NodeName, Ip: p.Status.PodIP, Restarts: view.Restarts(p), CreatedAt: p.CreationTimestamp.UTC(),
		ReadyAt: readyAt(p), Containers: []api.Container{},
	}
	out.Revision, out.PublishVersion, out.Role = v.pod(seen, p)
	for _, c := range p.Spec.InitContainers {
		out.Containers = append(out.Containers, container(c, p.Status.InitContainerStatuses, true))
	}
	for _, c := range p.Spec.Containers {
		out.Containers = append(out.Containers, container(c, p.Status.ContainerStatuses, false))
	}
	return out
}

func readyAt(p corev1.Pod) *time.Time {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			at := c.LastTransitionTime.UTC()
			return &at
		}
	}
	return nil
}

func container(c corev1.Container, all []corev1.ContainerStatus, init bool) api.Container {
	out := api.Container{
		Name: c.Name, Image: c.Image, Init: init, State: api.ContainerStateWaiting,
		Requests: quantities(c.Resources.Requests), Limits: quantities(c.Resources.Limits),
	}
	at := slices.IndexFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == c.Name })
	if at < 0 {
		return out
	}
	s := all[at]
	out.Ready, out.Restarts = s.Ready, int(s.RestartCount)
	if i := strings.LastIndex(s.ImageID, "sha256:"); i >= 0 {
		out.Digest = s.ImageID[i:]
	}
	ended := s.LastTerminationState.Terminated
	switch {
	case s.State.Running != nil:
		out.State = api.ContainerStateRunning
	case s.State.Terminated != nil:
		out.State, ended = api.ContainerStateTerminated, s.State.Terminated
	case s.State.Waiting != nil:
		out.Reason, out.Message = s.State.Waiting.Reason, s.State.Waiting.Message
	}
	if ended != nil {
		code := int(ended.ExitCode)
		out.ExitCode, out.Reason, out.Message = &code, cmp.Or(out.Reason, ended.Reason), cmp.Or(out.Message, ended.Message)
	}
	return out
}

func quantities(all corev1.ResourceList) map[string]string {
	if len(all) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, q := range all {
		out[string(name)] = q.String()
	}
	return out
}
