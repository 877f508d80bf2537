// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package fakenode_test

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/vela-rollouts/vela/internal/test/fakenode"
)

func TestABoundPodRunsAfterOneWrite(t *testing.T) {
	client := fake.NewClientset()
	nodes, err := fakenode.Start(t.Context(), client, fakenode.Config{
		Nodes: 2, Range: netip.MustParsePrefix("198.18.0.0/16"),
		Now: func() time.Time { return time.Unix(1, 0) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := client.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Stop()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", UID: "1"},
		Spec:       corev1.PodSpec{NodeName: "fake-1", Containers: []corev1.Container{{Name: "demo", Image: "localhost:5000/demo:v1"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
	if _, err := client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	running := next(t, seen, func(e watch.Event) bool { return e.Object.(*corev1.Pod).Status.Phase == corev1.PodRunning })
	if running.Status.PodIP != "198.18.0.1" {
		t.Errorf("the first pod should have the first address of the range, not %q", running.Status.PodIP)
	}
	if got := nodes.Version(running.Status.PodIP); got != "V1" {
		t.Errorf("the pod should answer with its tag V1, not %q", got)
	}
	if got := nodes.Version("198.18.0.2"); got != "" {
		t.Errorf("an address without a pod should have no version, not %q", got)
	}
}

func TestADeletedPodGoesAway(t *testing.T) {
	now := metav1.Now()
	client := fake.NewClientset(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", UID: "1", DeletionTimestamp: &now, Finalizers: []string{"test/kept"}},
		Spec:       corev1.PodSpec{NodeName: "fake-0", Containers: []corev1.Container{{Name: "demo", Image: "demo:v1"}}},
	})
	seen, err := client.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Stop()
	if _, err := fakenode.Start(t.Context(), client, fakenode.Config{
		Nodes: 1, Range: netip.MustParsePrefix("198.18.0.0/16"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}); err != nil {
		t.Fatal(err)
	}
	next(t, seen, func(e watch.Event) bool { return e.Type == watch.Deleted })
}

// next waits for the first event that fits.
func next(t *testing.T, seen watch.Interface, fits func(watch.Event) bool) *corev1.Pod {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case e := <-seen.ResultChan():
			if fits(e) {
				return e.Object.(*corev1.Pod)
			}
		case <-deadline:
			t.Fatal("the pod did not change within ten seconds")
		}
	}
}
