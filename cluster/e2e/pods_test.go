// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/test/play"
)

// podsSettle is how long pods that were told to go may take to be gone.
const podsSettle = 45 * time.Second

// podsAre waits until the application has exactly these ready pods, by image, and no others.
func podsAre(t *testing.T, p *play.Page, want map[string]int) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), podsSettle)
	defer cancel()
	pods := client.CoreV1().Pods(play.Namespace)
	selector := metav1.ListOptions{LabelSelector: "app.oam.dev/component=" + play.App}
	var got map[string]int
	for {
		list, err := pods.List(ctx, selector)
		if err != nil {
			t.Fatalf("listing pods: %v; last seen %v, want %v", err, got, want)
		}
		if got = byImage(list.Items); maps.Equal(got, want) {
			return
		}
		changed, err := pods.Watch(ctx, metav1.ListOptions{LabelSelector: selector.LabelSelector, ResourceVersion: list.ResourceVersion})
		if err != nil {
			t.Fatalf("watching pods: %v; last seen %v, want %v", err, got, want)
		}
		select {
		case <-changed.ResultChan():
		case <-ctx.Done():
			t.Fatalf("pods are %v, want %v", got, want)
		}
		changed.Stop()
	}
}

// byImage counts pods by image; one that is not ready, or is going, counts under its own key so that it is never taken for a good one.
func byImage(pods []corev1.Pod) map[string]int {
	n := map[string]int{}
	for _, pod := range pods {
		key := pod.Spec.Containers[0].Image
		if pod.DeletionTimestamp != nil {
			key = fmt.Sprintf("%s going", key)
		} else if !ready(pod) {
			key = fmt.Sprintf("%s not ready", key)
		}
		n[key]++
	}
	return n
}

func ready(pod corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
