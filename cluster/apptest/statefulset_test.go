// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const setRollout = `
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {name: db, namespace: default}
spec:
  workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}
  strategy: {canary: {steps: [{replicas: 20%}, {replicas: 100%}]}}
`

// toZero scales a StatefulSet to no pod in the middle of a release, so that its native controller takes the update for complete, and
// back again.
func (p *plane) toZero(t *testing.T) {
	labels := map[string]string{v1beta1.LabelAppComponent: "db"}
	five := int32(5)
	p.create(t, &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "db"}, Spec: appsv1.StatefulSetSpec{
		Replicas: &five, ServiceName: "db", Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: "db:v1"}}}},
	}})
	p.pods(t, "default", "db", "map[db:v1:5]")
	p.create(t, fromText(t, setRollout))
	p.set(t, "it is held", func(s *appsv1.StatefulSet) bool { return *s.Spec.UpdateStrategy.RollingUpdate.Partition == 32767 })
	patch := func(text string) {
		t.Helper()
		s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "db"}}
		if err := p.client.Patch(t.Context(), s, client.RawPatch(types.StrategicMergePatchType, []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	patch(`{"spec":{"template":{"spec":{"containers":[{"name":"db","image":"db:v2"}]}}}}`)
	p.pods(t, "default", "db", "map[db:v1:4 db:v2:1]")
	patch(`{"spec":{"replicas":0}}`)
	p.set(t, "the native controller takes no pods for an update that is complete", func(s *appsv1.StatefulSet) bool {
		return s.Status.Replicas == 0 && s.Status.CurrentRevision == s.Status.UpdateRevision && s.Status.ObservedGeneration == s.Generation
	})
	patch(`{"spec":{"replicas":5}}`)
	p.pods(t, "default", "db", "map[db:v1:4 db:v2:1]")
	until(t, "the step is reached again", func(ctx context.Context) error {
		ro := &rollouts.Rollout{}
		if err := p.client.Get(ctx, types.NamespacedName{Namespace: "default", Name: "db"}, ro); err != nil {
			return err
		}
		if st := ro.Status; st.CurrentStepState != rollouts.StepPaused || st.CanaryStatus.StableReadyReplicas != 4 || st.CanaryStatus.CanaryReadyReplicas != 1 {
			return fmt.Errorf("it is %s: %s", st.CurrentStepState, st.Message)
		}
		return nil
	})
	patch(`{"spec":{"template":{"spec":{"containers":[{"name":"db","image":"db:v1"}]}}}}`)
	p.pods(t, "default", "db", "map[db:v1:5]")
}

func (p *plane) set(t *testing.T, what string, is func(*appsv1.StatefulSet) bool) {
	t.Helper()
	until(t, what, func(ctx context.Context) error {
		s := &appsv1.StatefulSet{}
		if err := p.client.Get(ctx, types.NamespacedName{Namespace: "default", Name: "db"}, s); err != nil {
			return err
		}
		if !is(s) {
			return fmt.Errorf("it has %+v, status %+v", s.Spec.UpdateStrategy, s.Status)
		}
		return nil
	})
}
