// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/test/play"
)

// TestWhatPeopleDeleteByHandCostsNoRequest removes the canary route and pods in the middle of a release.
func TestWhatPeopleDeleteByHandCostsNoRequest(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	firstVersion(t, p)
	canaryAt20(t, p)
	scene(t, "the canary route is deleted at 20 % and comes back with its weight", func(t *testing.T) {
		deleteCanaryRoute(t, p, "20")
		share(t, p, "V2", 20)
	})
	scene(t, "the only pod of the new version is deleted: its share comes back with it", func(t *testing.T) {
		deletePods(t, p, "wangyikewyk/canarydemo:v2")
		share(t, p, "V2", 20)
	})
	must(t, p.Resume(ctx))
	must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
	scene(t, "and at 50 %", func(t *testing.T) {
		deleteCanaryRoute(t, p, "50")
		share(t, p, "V2", 50)
	})
	scene(t, "the pods of the new version are deleted: its share comes back with them", func(t *testing.T) {
		deletePods(t, p, "wangyikewyk/canarydemo:v2")
		share(t, p, "V2", 50)
	})
	scene(t, "the release ends as any other", func(t *testing.T) {
		must(t, p.Resume(ctx))
		must(t, p.Running(ctx, "v2"))
		must(t, p.HelpersGone(ctx))
		share(t, p, "V2", 100)
	})
	noneFailed(t, p)
}

// deletePods deletes the pods of an image and waits until the release is at its step again.
func deletePods(t *testing.T, p *play.Page, image string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	pods, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for i := range pods.Items {
		if pods.Items[i].Spec.Containers[0].Image != image {
			continue
		}
		must(t, client.CoreV1().Pods("default").Delete(t.Context(), pods.Items[i].Name, metav1.DeleteOptions{}))
		must(t, p.WaitGone(t.Context(), schema.GroupVersionResource{Version: "v1", Resource: "pods"}, "default", pods.Items[i].Name))
	}
	kind := schema.GroupVersionResource{Group: "rollouts.kruise.io", Version: "v1beta1", Resource: "rollouts"}
	must(t, p.WaitObject(t.Context(), kind, "default", play.App, func(o *unstructured.Unstructured) bool {
		state, _, _ := unstructured.NestedString(o.Object, "status", "currentStepState")
		served, _, _ := unstructured.NestedInt64(o.Object, "status", "canaryStatus", "servedWeight")
		asked, _, _ := unstructured.NestedInt64(o.Object, "status", "canaryStatus", "desiredWeight")
		return state == "StepPaused" && served == asked
	}))
}

// deleteCanaryRoute deletes it and waits until there is another with that weight.
func deleteCanaryRoute(t *testing.T, p *play.Page, weight string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	const namespace, name = "default", "canary-demo-canary"
	was, err := client.NetworkingV1().Ingresses(namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	must(t, client.NetworkingV1().Ingresses(namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	kind := schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}
	must(t, p.WaitObject(t.Context(), kind, namespace, name, func(o *unstructured.Unstructured) bool {
		return o.GetUID() != was.UID && o.GetAnnotations()["nginx.ingress.kubernetes.io/canary-weight"] == weight
	}))
}
