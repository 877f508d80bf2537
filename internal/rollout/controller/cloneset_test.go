// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// clonesOf is a CloneSet of three pods.
func clonesOf(o metav1.ObjectMeta, selector *metav1.LabelSelector, template corev1.PodTemplateSpec) *unstructured.Unstructured {
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     any               `json:"spec"`
	}{o, map[string]any{"replicas": 3, "selector": selector, "template": template, "updateStrategy": map[string]any{"type": "ReCreate", "maxUnavailable": 1}}})
	if err != nil {
		panic(err)
	}
	is := objectOf(workload.CloneSetKind())
	out["apiVersion"], out["kind"] = is.Object["apiVersion"], is.Object["kind"]
	is.Object = out
	return is
}

// cloneSet is what the controller of CloneSets does of it: pods are ready at once.
func (b *bench) cloneSet(c *unstructured.Unstructured) {
	var view struct {
		Spec struct {
			Replicas       int                    `json:"replicas"`
			Template       corev1.PodTemplateSpec `json:"template"`
			UpdateStrategy struct {
				Partition *intstr.IntOrString `json:"partition"`
			} `json:"updateStrategy"`
		} `json:"spec"`
		Status struct {
			CurrentRevision string `json:"currentRevision"`
		} `json:"status"`
	}
	b.must(runtime.DefaultUnstructuredConverter.FromUnstructured(c.Object, &view))
	update, n, keep := b.revision(c, workload.KindCloneSet, view.Spec.Template), view.Spec.Replicas, 0
	if view.Status.CurrentRevision == "" {
		view.Status.CurrentRevision = update
	}
	if p := view.Spec.UpdateStrategy.Partition; p != nil {
		var err error
		keep, err = intstr.GetScaledValueFromIntOrPercent(p, n, true)
		b.must(err)
	}
	for b.cloneOnce(c, update, view.Status.CurrentRevision, n, keep) {
	}
	st := map[string]any{"observedGeneration": c.GetGeneration(), "updateRevision": update, "currentRevision": view.Status.CurrentRevision}
	updated, ready := int64(0), int64(0)
	for _, p := range b.pods() {
		if p.Labels["controller-revision-hash"] == update {
			updated++
		}
		if p.Status.Conditions[0].Status == corev1.ConditionTrue {
			ready++
		}
	}
	if updated == int64(n) {
		st["currentRevision"] = update
	}
	st["replicas"], st["updatedReplicas"], st["readyReplicas"], st["availableReplicas"] = int64(len(b.pods())), updated, ready, ready
	c.Object["status"] = st
	b.must(b.api.Status().Update(b.t.Context(), c))
}

// cloneOnce makes what is missing, deletes what was asked to go, or replaces one pod beyond the partition where all are ready.
func (b *bench) cloneOnce(c *unstructured.Unstructured, update, current string, n, keep int) bool {
	pods, old, broken := b.pods(), 0, 0
	for _, p := range pods {
		if p.Labels["controller-revision-hash"] != update {
			old++
		}
		if p.Status.Conditions[0].Status != corev1.ConditionTrue {
			broken++
		}
	}
	if len(pods) < n {
		revision := update
		if old < keep {
			revision = current
		}
		b.makePod(c, workload.KindCloneSet, "demo-"+strings.Repeat("x", b.made), revision)
		return true
	}
	for i := len(pods) - 1; i >= 0; i-- {
		p := &pods[i]
		serves := p.Status.Conditions[0].Status == corev1.ConditionTrue
		beyond := old > keep && p.Labels["controller-revision-hash"] != update
		if (p.Labels["apps.kruise.io/specified-delete"] != "" || beyond) && (broken == 0 || !serves) {
			b.must(b.api.Delete(b.t.Context(), p))
			return true
		}
	}
	return false
}

func TestARolloutOfACloneSetWaitsForTheKindAndGoesOnByItself(t *testing.T) {
	b := newBench(t, demoOf(workload.KindCloneSet)...)
	late := newLateWorld(t)
	b.r.kinds = late.latecomers
	b.settle()
	st := b.rollout().Status
	if want := "spec.workloadRef: the cluster does not know the kind CloneSet of apps.kruise.io/v1alpha1; install OpenKruise, and the Rollout goes on by itself"; st.Message != want || st.Phase != v1beta1.PhaseInitial {
		t.Errorf("the status is %s: %s\nwant %s", st.Phase, st.Message, want)
	}
	late.serves.Add(workload.CloneSetKind(), meta.RESTScopeNamespace)
	late.define(workload.CloneSetKind())
	late.heard("the definition is installed", "watch CloneSet", "wake for CloneSet")
	releasedInPlace(b)
	if versions, _ := b.images(); versions != "v2 v2 v2" {
		t.Errorf("the pods are %s: %s", versions, b.rollout().Status.Message)
	}
}
