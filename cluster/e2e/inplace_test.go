// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

var (
	statefulSetKind = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	daemonSetKind   = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}
)

// TestAStatefulSetIsReleasedPodByPod plays examples/statefulset under load: a broken version that is taken back, then one that
// goes to a third, two thirds and all of the requests. A pod that no step has come to stays the same, and with it its data.
func TestAStatefulSetIsReleasedPodByPod(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExample(t, client, "statefulset/workload.yaml")
	until(t, p, statefulSetKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "availableReplicas") == 3 })
	must(t, p.WaitServed(ctx))
	applyExample(t, client, "statefulset/rollout.yaml")
	until(t, p, rolloutKind, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	until(t, p, statefulSetKind, play.App, "it is held", held)
	before := pods(t, p)
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))
	_, err = client.Resource(statefulSetKind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, []byte(`{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}`), metav1.PatchOptions{})
	refused(t, err, "a Rollout holds this StatefulSet")

	scene(t, "a broken version takes one pod and no request", func(t *testing.T) {
		setImageOf(t, client, statefulSetKind, "broken")
		until(t, p, statefulSetKind, play.App, "one pod of it is made", func(o *unstructured.Unstructured) bool {
			return number(o, "status", "updatedReplicas") == 1 && number(o, "status", "readyReplicas") == 2
		})
		share(t, p, "V1", 100)
	})
	scene(t, "it is taken back, though the native controller leaves a broken pod", func(t *testing.T) {
		setImageOf(t, client, statefulSetKind, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
		until(t, p, statefulSetKind, play.App, "all pods are ready", func(o *unstructured.Unstructured) bool { return number(o, "status", "availableReplicas") == 3 })
		must(t, p.HelpersGone(ctx))
		untouched(t, before, pods(t, p), 0, 1)
		share(t, p, "V1", 100)
	})
	before = pods(t, p)
	scene(t, "version 2 on one pod of three", func(t *testing.T) {
		setImageOf(t, client, statefulSetKind, "v2")
		atStep(t, p, 1)
		untouched(t, before, pods(t, p), 0, 1)
		share(t, p, "V2", 33)
	})
	scene(t, "on two", func(t *testing.T) {
		approve(t, client)
		atStep(t, p, 2)
		untouched(t, before, pods(t, p), 0)
		share(t, p, "V2", 66)
	})
	scene(t, "back to version 1 from two pods of three", func(t *testing.T) {
		setImageOf(t, client, statefulSetKind, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
		must(t, p.HelpersGone(ctx))
		untouched(t, before, pods(t, p), 0)
		until(t, p, statefulSetKind, play.App, "all pods are ready", func(o *unstructured.Unstructured) bool { return number(o, "status", "availableReplicas") == 3 })
		share(t, p, "V1", 100)
	})
	scene(t, "version 2 again, to the end", func(t *testing.T) {
		setImageOf(t, client, statefulSetKind, "v2")
		atStep(t, p, 1)
		approve(t, client)
		atStep(t, p, 2)
		approve(t, client)
		until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 3
		})
		must(t, p.HelpersGone(ctx))
		until(t, p, statefulSetKind, play.App, "it is held for the next version", held)
		share(t, p, "V2", 100)
	})
	noneFailed(t, p)
	scene(t, "without its Rollout the StatefulSet is as it was", func(t *testing.T) {
		must(t, client.Resource(rolloutKind).Namespace("default").Delete(ctx, play.App, metav1.DeleteOptions{}))
		until(t, p, statefulSetKind, play.App, "it is given back", func(o *unstructured.Unstructured) bool {
			return number(o, "spec", "updateStrategy", "rollingUpdate", "partition") == 0 && len(o.GetAnnotations()) == 0
		})
	})
}

// TestADaemonSetOfOneNodeSaysWhatItCant plays examples/daemonset on the one node that velad has: a step can't split one pod.
func TestADaemonSetOfOneNodeSaysWhatItCant(t *testing.T) {
	p := newPage(t)
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExample(t, client, "daemonset/workload.yaml")
	until(t, p, daemonSetKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "numberAvailable") == 1 })
	must(t, p.WaitServed(t.Context()))
	applyExample(t, client, "daemonset/rollout.yaml")
	until(t, p, daemonSetKind, play.App, "it is held", func(o *unstructured.Unstructured) bool {
		kind, _, err := unstructured.NestedString(o.Object, "spec", "updateStrategy", "type")
		return err == nil && kind == "OnDelete"
	})
	before := pods(t, p)
	must(t, p.StartLoad(context.WithoutCancel(t.Context()), load.DefaultMix()))
	setImageOf(t, client, daemonSetKind, "v2")
	atStep(t, p, 1)
	share(t, p, "V1", 100)
	if after := pods(t, p); len(after) != 1 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the pod is %v, and was %v", after, before)
	}
	approve(t, client)
	until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
		return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 1
	})
	share(t, p, "V2", 100)
	totals := p.StopLoad()
	fmt.Printf("progress: %s while the only pod was replaced\n", totals)
	if answered := totals.Sent() - totals.Failed(); answered == 0 {
		t.Error("no request was answered: nothing was measured")
	}
}

// held says that a partition keeps every pod of a StatefulSet from being updated.
func held(o *unstructured.Unstructured) bool {
	return number(o, "spec", "updateStrategy", "rollingUpdate", "partition") == 32767
}

func setImageOf(t *testing.T, client dynamic.Interface, kind schema.GroupVersionResource, version string) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"demo","image":"wangyikewyk/canarydemo:%s"}]}}}}`, version)
	_, err := client.Resource(kind).Namespace("default").Patch(t.Context(), play.App, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	must(t, err)
}

// pods gives the UID of each pod by name; a pod's emptyDir lives as long as that.
func pods(t *testing.T, p *play.Page) map[string]types.UID {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	list, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + play.App})
	must(t, err)
	out := map[string]types.UID{}
	for _, pod := range list.Items {
		out[pod.Name] = pod.UID
	}
	return out
}

// untouched checks that the pods of these ordinals are the ones of before.
func untouched(t *testing.T, before, after map[string]types.UID, ordinals ...int) {
	t.Helper()
	for _, i := range ordinals {
		name := fmt.Sprintf("%s-%d", play.App, i)
		if before[name] == "" || before[name] != after[name] {
			t.Errorf("pod %s was made anew: %q and %q", name, before[name], after[name])
		}
	}
}

// TestAnApplicationOfAStatefulSetTakesTheStepsOfThePage plays the page with a component of type statefulset.
func TestAnApplicationOfAStatefulSetTakesTheStepsOfThePage(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	send := func(t *testing.T, file string) {
		t.Helper()
		text, err := os.ReadFile(root("examples", "canary", file))
		must(t, err)
		must(t, p.Send(ctx, strings.ReplaceAll(string(text), "type: webservice", "type: statefulset")))
	}
	send(t, "v1.yaml")
	must(t, p.Running(ctx, "v1"))
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))
	scene(t, "version 2 at 20 %", func(t *testing.T) {
		send(t, "v2.yaml")
		must(t, p.SuspendedAt(ctx, "v2", "suspend-1st"))
		share(t, p, "V2", 20)
		podsAre(t, p, map[string]int{image("v1"): 4, image("v2"): 1})
	})
	scene(t, "at 50 %, and back", func(t *testing.T) {
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		share(t, p, "V2", 50)
		back(t, p)
		podsAre(t, p, map[string]int{image("v1"): 5})
	})
	scene(t, "again, to the end", func(t *testing.T) {
		send(t, "v2.yaml")
		must(t, p.SuspendedAt(ctx, "v2", "suspend-1st"))
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		must(t, p.Resume(ctx))
		must(t, p.Running(ctx, "v2"))
		share(t, p, "V2", 100)
		podsAre(t, p, map[string]int{image("v2"): 5})
	})
	noneFailed(t, p)
}

func image(version string) string { return "wangyikewyk/canarydemo:" + version }
