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

// TestWhatPeopleDeleteByHandCostsNoRequest removes the canary route in the middle of a release, twice.
func TestWhatPeopleDeleteByHandCostsNoRequest(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	firstVersion(t, p)
	canaryAt20(t, p)
	scene(t, "the canary route is deleted at 20 % and comes back with its weight", func(t *testing.T) {
		deleteCanaryRoute(t, p, "20")
		share(t, p, "V2", 20)
	})
	must(t, p.Resume(ctx))
	must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
	scene(t, "and at 50 %", func(t *testing.T) {
		deleteCanaryRoute(t, p, "50")
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
