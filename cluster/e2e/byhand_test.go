// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

const (
	stableService = "canary-demo-stable"
	canaryService = "canary-demo-canary"
	canaryRoute   = "canary-demo-canary"
)

var (
	serviceKind    = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	endpointsKind  = schema.GroupVersionResource{Version: "v1", Resource: "endpoints"}
	ingressKind    = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}
	replicaSetKind = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	deploymentKind = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	rolloutKind    = schema.GroupVersionResource{Group: "rollouts.kruise.io", Version: "v1beta1", Resource: "rollouts"}
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
	scene(t, "what would give everybody the new version at once is refused", func(t *testing.T) {
		client, err := dynamic.NewForConfig(p.REST())
		must(t, err)
		err = client.Resource(rolloutKind).Namespace("default").Delete(ctx, play.App, metav1.DeleteOptions{})
		refused(t, err, "vela workflow rollback canary-demo")
		_, err = client.Resource(deploymentKind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, []byte(`{"spec":{"paused":false}}`), metav1.PatchOptions{})
		refused(t, err, "a Rollout holds this Deployment")
		share(t, p, "V2", 20)
	})
	scene(t, "the versions' Services are deleted at 20 %, one after the other, both, and with the canary route", func(t *testing.T) {
		deleteServices(t, p, stableService)
		deleteServices(t, p, canaryService)
		deleteServices(t, p, stableService, canaryService)
		deleteServicesAndRoute(t, p)
		share(t, p, "V2", 20)
	})
	scene(t, "the user's own Service is deleted at 20 %", func(t *testing.T) {
		deleteServices(t, p, play.App)
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
	scene(t, "the versions' Services and the canary route are deleted at 50 %", func(t *testing.T) {
		deleteServicesAndRoute(t, p)
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

// refused checks that the API server refuses, and says what to do.
func refused(t *testing.T, err error, say string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), say) {
		t.Errorf("it answers %v, want a refusal that says %q", err, say)
	}
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
	atItsStep(t, p)
}

// atItsStep waits until the release says that it is at its step and serves what it asks for.
func atItsStep(t *testing.T, p *play.Page) {
	t.Helper()
	until(t, p, rolloutKind, play.App, "it is at its step", func(o *unstructured.Unstructured) bool {
		state, _, _ := unstructured.NestedString(o.Object, "status", "currentStepState")
		served, _, _ := unstructured.NestedInt64(o.Object, "status", "canaryStatus", "servedWeight")
		asked, _, _ := unstructured.NestedInt64(o.Object, "status", "canaryStatus", "desiredWeight")
		return state == "StepPaused" && served == asked
	})
}

// deleteServices deletes Services at once and waits until others are in their place, with endpoints, the versions' in one
// piece, and the release is at its step.
func deleteServices(t *testing.T, p *play.Page, names ...string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	services := client.CoreV1().Services("default")
	was := map[string]types.UID{}
	for _, name := range names {
		until(t, p, serviceKind, name, "it is there", func(o *unstructured.Unstructured) bool { was[name] = o.GetUID(); return true })
	}
	for _, name := range names {
		if err := services.Delete(t.Context(), name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) { // the garbage collector may be faster
			must(t, err)
		}
	}
	for _, name := range names {
		until(t, p, serviceKind, name, "it is back", func(o *unstructured.Unstructured) bool { return o.GetUID() != was[name] })
	}
	stable, err := services.Get(t.Context(), stableService, metav1.GetOptions{})
	must(t, err)
	until(t, p, serviceKind, canaryService, "it goes with the stable version's", func(o *unstructured.Unstructured) bool {
		return len(o.GetOwnerReferences()) == 1 && o.GetOwnerReferences()[0].UID == stable.UID
	})
	for _, name := range []string{play.App, stableService, canaryService} {
		until(t, p, endpointsKind, name, "it has endpoints", func(o *unstructured.Unstructured) bool {
			subsets, _, err := unstructured.NestedSlice(o.Object, "subsets")
			return err == nil && len(subsets) > 0
		})
	}
	atItsStep(t, p)
}

// until waits until an object is as wanted.
func until(t *testing.T, p *play.Page, kind schema.GroupVersionResource, name, what string, cond func(*unstructured.Unstructured) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.WaitObject(ctx, kind, "default", name, cond); err != nil {
		t.Fatalf("waiting for %s %s until %s: %v", kind.Resource, name, what, err)
	}
}

// deleteServicesAndRoute deletes all that the release made beside pods.
func deleteServicesAndRoute(t *testing.T, p *play.Page) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	was, err := client.NetworkingV1().Ingresses("default").Get(t.Context(), canaryRoute, metav1.GetOptions{})
	must(t, err)
	must(t, client.NetworkingV1().Ingresses("default").Delete(t.Context(), canaryRoute, metav1.DeleteOptions{}))
	deleteServices(t, p, stableService, canaryService)
	until(t, p, ingressKind, canaryRoute, "it is back", func(o *unstructured.Unstructured) bool { return o.GetUID() != was.UID })
	atItsStep(t, p)
}

// deleteCanaryRoute deletes it and waits until there is another with that weight.
func deleteCanaryRoute(t *testing.T, p *play.Page, weight string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	const namespace, name = "default", canaryRoute
	was, err := client.NetworkingV1().Ingresses(namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	must(t, client.NetworkingV1().Ingresses(namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	until(t, p, ingressKind, name, "it is back with weight "+weight, func(o *unstructured.Unstructured) bool {
		return o.GetUID() != was.UID && o.GetAnnotations()["nginx.ingress.kubernetes.io/canary-weight"] == weight
	})
}

// TestADeletedDeploymentComesBackAsTheLastGoodVersion deletes all pods of an application in the middle of its release: what
// comes back is no more of the new version than was approved.
func TestADeletedDeploymentComesBackAsTheLastGoodVersion(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	firstVersion(t, p)
	canaryAt20(t, p)
	p.StopLoad() // without a pod no request has an answer
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	scene(t, "the Deployment is deleted at 20 %: both versions come back, in their shares", func(t *testing.T) {
		was, err := client.AppsV1().Deployments("default").Get(ctx, play.App, metav1.GetOptions{})
		must(t, err)
		must(t, client.AppsV1().Deployments("default").Delete(ctx, play.App, metav1.DeleteOptions{}))
		until(t, p, deploymentKind, play.App, "it is back with its pods", func(o *unstructured.Unstructured) bool {
			ready, _, _ := unstructured.NestedInt64(o.Object, "status", "readyReplicas")
			return o.GetUID() != was.UID && ready == 5
		})
		atItsStep(t, p)
		must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))
		share(t, p, "V2", 20)
	})
	p.StopLoad()
	scene(t, "the ReplicaSets of both versions are deleted: they come back too", func(t *testing.T) {
		sets := client.AppsV1().ReplicaSets("default")
		list, err := sets.List(ctx, metav1.ListOptions{})
		must(t, err)
		if len(list.Items) != 2 {
			t.Fatalf("there are %d ReplicaSets, want those of two versions", len(list.Items))
		}
		policy := metav1.DeletePropagationForeground
		for i := range list.Items {
			must(t, sets.Delete(ctx, list.Items[i].Name, metav1.DeleteOptions{PropagationPolicy: &policy}))
		}
		for i := range list.Items {
			was := list.Items[i].UID
			until(t, p, replicaSetKind, list.Items[i].Name, "it is back", func(o *unstructured.Unstructured) bool { return o.GetUID() != was })
		}
		until(t, p, deploymentKind, play.App, "it has its pods", func(o *unstructured.Unstructured) bool {
			return number(o, "status", "readyReplicas") == 5 && number(o, "status", "replicas") == 5
		})
		atItsStep(t, p)
	})
	scene(t, "the port of the user's Service is edited: it is put right", func(t *testing.T) {
		_, err := client.CoreV1().Services("default").Patch(ctx, play.App, types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/ports/0/port","value":9999}]`), metav1.PatchOptions{})
		must(t, err)
		for _, name := range []string{play.App, stableService, canaryService} {
			until(t, p, serviceKind, name, "it has its port", func(o *unstructured.Unstructured) bool {
				ports, _, err := unstructured.NestedSlice(o.Object, "spec", "ports")
				if err != nil || len(ports) != 1 {
					return false
				}
				port, is := ports[0].(map[string]any)
				return is && port["port"] == int64(8090)
			})
		}
	})
	scene(t, "all labels and annotations are taken off: both versions stay in their shares", func(t *testing.T) {
		objects, err := dynamic.NewForConfig(p.REST())
		must(t, err)
		for kind, patch := range map[schema.GroupVersionResource]string{
			rolloutKind: `{"metadata":{"labels":null}}`, deploymentKind: `{"metadata":{"labels":null,"annotations":null}}`,
		} {
			_, err := objects.Resource(kind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
			must(t, err)
		}
		for _, kind := range []schema.GroupVersionResource{rolloutKind, deploymentKind} {
			until(t, p, kind, play.App, "it has its labels", func(o *unstructured.Unstructured) bool { return o.GetLabels()["app.oam.dev/name"] == play.App })
		}
		until(t, p, deploymentKind, play.App, "it is held", func(o *unstructured.Unstructured) bool {
			return o.GetAnnotations()["rollouts.kruise.io/in-progressing"] != "" && o.GetLabels()["app.oam.dev/appRevision"] == "canary-demo-v2"
		})
		err = objects.Resource(rolloutKind).Namespace("default").Delete(ctx, play.App, metav1.DeleteOptions{})
		refused(t, err, "vela workflow rollback canary-demo")
		atItsStep(t, p)
		must(t, p.WaitServed(ctx))
		must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))
		share(t, p, "V2", 20)
	})
	scene(t, "and a rollback goes back from there", func(t *testing.T) { back(t, p) })
	noneFailed(t, p)
}
