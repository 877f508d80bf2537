// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Wanted says which pods of which application are meant.
type Wanted struct {
	Namespace   string
	Application string
	// Component and Pod narrow it down; empty means any.
	Component string
	Pod       string
}

// Selector is the label selector for the pods.
func (w Wanted) Selector() string {
	s := v1beta1.LabelAppName + "=" + w.Application
	if w.Component != "" {
		s += "," + v1beta1.LabelAppComponent + "=" + w.Component
	}
	return s
}

// Matches says that a pod that was selected is meant.
func (w Wanted) Matches(pod *corev1.Pod) bool { return w.Pod == "" || w.Pod == pod.Name }

// List reads the pods. None at all is an error that says whether it is the application that is missing.
func List(ctx context.Context, c *cluster.Cluster, w Wanted, t text.Text) ([]corev1.Pod, error) {
	all, err := cluster.List[corev1.Pod](ctx, c, cluster.Pods(), w.Namespace, metav1.ListOptions{LabelSelector: w.Selector()})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p corev1.Pod) bool { return !w.Matches(&p) })
	if len(all) > 0 {
		return all, nil
	}
	if _, err := cluster.Get[v1beta1.Application](ctx, c, cluster.Applications(), w.Namespace, w.Application); err != nil {
		return nil, err
	}
	switch {
	case w.Pod != "":
		return nil, t.Error("pods.no-such", w.Application, w.Pod)
	case w.Component != "":
		return nil, t.Error("pods.none-of-component", w.Application, w.Component)
	default:
		return nil, t.Error("status.no-pods", w.Application)
	}
}

// Best is the pod to talk to when any will do: a ready one before others, the newest of those.
func Best(all []corev1.Pod) *corev1.Pod {
	if len(all) == 0 {
		return nil
	}
	best := slices.MaxFunc(all, func(a, b corev1.Pod) int {
		if Ready(&a) != Ready(&b) {
			if Ready(&a) {
				return 1
			}
			return -1
		}
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	})
	return &best
}

// Ready says that a pod takes requests and is not about to go.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Container is the container that is meant: the one asked for, else the one named like the component, else the first.
func Container(pod *corev1.Pod, asked string) string {
	if asked != "" {
		return asked
	}
	component := pod.Labels[v1beta1.LabelAppComponent]
	for _, c := range pod.Spec.Containers {
		if c.Name == component {
			return c.Name
		}
	}
	if len(pod.Spec.Containers) == 0 {
		return ""
	}
	return pod.Spec.Containers[0].Name
}
