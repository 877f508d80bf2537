// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

func TestANameThatIsTakenIsNotOurs(t *testing.T) {
	for name, owned := range map[string]bool{"by an older version with the same hash": true, "by somebody else": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, demo()...)
			b.settle()
			b.ask("demo-v2", "20%")
			b.settle()
			d := &appsv1.Deployment{}
			b.find("default/demo", d)
			d.Spec.Template.Spec.Containers[0].Image = "v2"
			other := workload.NewReplicaSet(d, nil, workload.Hash(d.Spec.Template, nil), 0)
			other.Spec.Template.Spec.Containers[0].Image = "else"
			if !owned {
				other.OwnerReferences = nil
			}
			b.must(b.api.Create(t.Context(), other))
			b.apply("demo-v2", "v2")
			b.settle()
			sizes := map[string]int32{}
			for _, s := range b.sets() {
				sizes[s.Spec.Template.Spec.Containers[0].Image] = *s.Spec.Replicas
			}
			if diff := cmp.Diff(map[string]int32{"v1": 4, "v2": 1, "else": 0}, sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARolloutWithoutFinalizerGetsOne(t *testing.T) {
	objects := demo()
	objects[len(objects)-1].SetFinalizers(nil)
	b := newBench(t, objects...)
	b.settle()
	if got := b.rollout().Finalizers; len(got) != 1 || got[0] != v1beta1.Finalizer {
		t.Errorf("finalizers %v", got)
	}
}

func TestADeletedRolloutGivesEverythingBackAndGoes(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.must(b.api.Delete(t.Context(), b.rollout()))
	b.settle()
	if b.find("default/demo", &v1beta1.Rollout{}) {
		t.Fatalf("the Rollout is still there: %s", b.state())
	}
	if b.find("default/demo-canary", &networkingv1.Ingress{}) {
		t.Error("the canary Ingress is left behind")
	}
	d := &appsv1.Deployment{}
	if b.find("default/demo", d); d.Spec.Paused || len(d.Annotations) > 0 {
		t.Errorf("the Deployment is not given back: paused %v, %v", d.Spec.Paused, d.Annotations)
	}
}
