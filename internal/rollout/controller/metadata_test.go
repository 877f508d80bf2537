// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// dressed is the demo with labels and annotations for the pods of the new version; one of them the template has already.
func dressed(t *testing.T) *bench {
	t.Helper()
	objects := demo()
	d, ok := objects[0].(*appsv1.Deployment)
	set, is := objects[1].(*appsv1.ReplicaSet)
	if !ok || !is {
		t.Fatal("the demo is a Deployment and its ReplicaSet")
	}
	d.Spec.Template.Annotations = map[string]string{"team": "blue"}
	set.Spec.Template.Annotations = map[string]string{"team": "blue"}
	b := newBench(t, objects...)
	b.wear(map[string]string{"lane": "gray"})
	b.settle()
	return b
}

// wear edits the metadata in the plan.
func (b *bench) wear(labels map[string]string) {
	b.t.Helper()
	ro := b.rollout()
	ro.Spec.Strategy.Canary.PatchPodTemplateMetadata = &v1beta1.PatchPodTemplateMetadata{Labels: labels, Annotations: map[string]string{"team": "green"}}
	ro.Generation++
	b.must(b.api.Update(b.t.Context(), ro))
}

// version is the ReplicaSet of an image.
func (b *bench) version(image string) appsv1.ReplicaSet {
	b.t.Helper()
	for _, s := range b.sets() {
		if s.Spec.Template.Spec.Containers[0].Image == image {
			return s
		}
	}
	b.t.Fatalf("there is no ReplicaSet of %s", image)
	return appsv1.ReplicaSet{}
}

// runs makes the pods of a ReplicaSet that the native controller would have made by now.
func (b *bench) runs(image string) {
	b.t.Helper()
	s := b.version(image)
	for _, name := range []string{"one", "two", "three"} {
		pod := &corev1.Pod{ObjectMeta: *s.Spec.Template.ObjectMeta.DeepCopy()}
		pod.Namespace, pod.Name = s.Namespace, s.Name+"-"+name
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&s, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
		if !b.find(s.Namespace+"/"+pod.Name, &corev1.Pod{}) {
			b.must(b.api.Create(b.t.Context(), pod))
		}
	}
}

// worn is what pods have of the metadata.
func (b *bench) worn() []string {
	b.t.Helper()
	list := &corev1.PodList{}
	b.must(b.api.List(b.t.Context(), list))
	var out []string
	for _, p := range list.Items {
		out = append(out, p.Labels["lane"]+" "+p.Annotations["team"])
	}
	return out
}

func (b *bench) dressedRelease() {
	b.t.Helper()
	b.ask("demo-v2", "50%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.runs("v2")
	b.wear(map[string]string{"lane": "pink"})
	b.settle()
}

func TestPatchedMetadataIsOnThePodsOfTheNewVersionWhileTheReleaseLasts(t *testing.T) {
	calm := dressed(t)
	from := len(calm.writes)
	calm.dressedRelease()
	if diff := cmp.Diff([]string{"pink green", "pink green", "pink green"}, calm.worn()); diff != "" {
		t.Fatalf("in the release (-want +got):\n%s", diff)
	}
	if s := calm.version("v1"); s.Spec.Template.Labels["lane"] != "" {
		t.Error("the stable version has it too")
	}
	calm.ask("demo-v2", "100%")
	calm.settle()
	for k := from; k <= len(calm.writes); k++ { // k of from is no kill at all
		b := dressed(t)
		if k > from {
			b.killAt = k
		}
		b.dressedRelease()
		b.ask("demo-v2", "100%")
		b.settle()
		if diff := cmp.Diff([]string{" blue", " blue", " blue"}, b.worn()); diff != "" {
			t.Fatalf("killed after write %d the pods keep it (-want +got):\n%s", k, diff)
		}
		// As the native controller compares (equal but for pod-template-hash): else it would make a second ReplicaSet of v2.
		d, s := &appsv1.Deployment{}, b.version("v2")
		b.find("default/demo", d)
		delete(s.Spec.Template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		if diff := cmp.Diff(d.Spec.Template, s.Spec.Template); diff != "" || len(b.sets()) != 2 || s.Annotations[v1beta1.AnnotationPatchedMetadata] != "" || d.Spec.Paused {
			t.Fatalf("killed after write %d: %d ReplicaSets, %v (-Deployment's +ReplicaSet's):\n%s", k, len(b.sets()), s.Annotations, diff)
		}
	}
}

func TestPatchedMetadataMayNotChangeWhosePodsTheyAre(t *testing.T) {
	b := dressed(t)
	b.wear(map[string]string{"app": "other"})
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.clock.Step(2 * lasting)
	b.settle()
	if says := b.rollout().Status.Message; len(b.sets()) != 1 || !strings.Contains(says, "the workload selects its pods by app") {
		t.Errorf("%d ReplicaSets; it says %q", len(b.sets()), says)
	}
	b.wear(map[string]string{"lane": "gray"})
	b.settle()
	if s := b.version("v2"); s.Spec.Template.Labels["lane"] != "gray" || s.Labels["lane"] != "" {
		t.Errorf("once it is mended: %v, the ReplicaSet itself %v", s.Spec.Template.Labels, s.Labels)
	}
}
