// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// sized waits until the release is at its step with the pods that the step asks for of that many.
func (s *story) sized(step, canary, stable int32) {
	s.Helper()
	s.until(fmt.Sprintf("there are %d and %d pods", canary, stable), func() (bool, string) {
		ro := s.rollout(subject)
		cs := ro.Status.CanaryStatus
		return cs != nil && ro.Status.CurrentStepState == rollouts.StepPaused && ro.Status.CurrentStepIndex == step &&
			cs.CanaryReadyReplicas == canary && cs.StableReadyReplicas == stable, told(ro)
	})
}

func TestScalingDuringARelease(t *testing.T) {
	s := begin(t, 17, "An autoscaler goes 3 → 8 → 3 pods in each step and during the rollback, then to zero and back")
	s.deploy(workload{replicas: 3, steps: []string{"25%", "50%", "100%"}})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	s.scale(8)
	s.sized(1, 2, 6)
	s.share("V2", 25)
	s.scale(3)
	s.sized(1, 1, 2)
	s.share("V2", 25)
	s.approve()
	s.scale(8)
	s.sized(2, 4, 4)
	s.share("V2", 50)
	s.scale(3)
	s.sized(2, 2, 1)
	s.share("V2", 50)
	s.scale(8)
	back := s.release("v1")
	s.takenBack("taken back while it grows → last request to V2", "V2", back)
	s.over("v1")
	s.share("V1", 100)
	s.release("v2")
	s.atStep(1)
	s.scale(3)
	back = s.release("v1")
	s.takenBack("taken back while it shrinks → last request to V2", "V2", back)
	s.over("v1")
	s.release("v2")
	s.atStep(1)
	s.approve()
	s.atStep(2)
	s.approve()
	s.scale(8)
	s.over("v2")
	s.share("V2", 100)
	s.scale(3)
	s.over("v2")

	s.release("v3")
	s.atStep(1)
	s.stop() // without a pod no request has an answer
	s.scale(0)
	s.until("no pod is left", func() (bool, string) {
		n := len(s.pods(subject, "v2")) + len(s.pods(subject, "v3"))
		return n == 0, fmt.Sprintf("there are %d", n)
	})
	up := time.Now()
	s.scale(4)
	s.sized(1, 1, 3)
	s.effect("0 → 4 pods at 25 %", up)
	s.startLoad()
	s.share("V3", 25)
	s.note("8 pods stand for the 30 of a larger machine. At zero pods the load stops: nobody could answer.")
}

func TestAQuotaThatRunsOut(t *testing.T) {
	s := begin(t, 19, "The namespace's quota of pods runs out at 80 %")
	s.deploy(workload{replicas: 5, steps: []string{"20%", "80%", "100%"}, deadline: 12})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	s.share("V2", 20)
	// Somebody else's pods take what is left: not one more than there are now is admitted.
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: "full"}, Spec: corev1.ResourceQuotaSpec{
		Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("5")},
	}}
	s.must(s.objects.Create(s.ctx, quota))
	s.until("the quota counts", func() (bool, string) {
		s.get(quota, "full")
		used := quota.Status.Used[corev1.ResourcePods]
		return used.Value() == 5, used.String()
	})
	approved := s.approve()
	s.deadlineFires()
	s.effect("approved → deadline of 12 s told", approved)
	s.noMoreThan(80, 2*time.Second)
	ro := s.rollout(subject)
	s.Logf("it says: %s", told(ro))
	if n := len(s.pods(subject, "v1")) + len(s.pods(subject, "v2")); n < 4 {
		s.Errorf("%d pods are left of 5 while none can be added", n)
	}
	quota.Spec.Hard[corev1.ResourcePods] = resource.MustParse("20")
	raised := time.Now()
	s.must(s.objects.Update(s.ctx, quota))
	s.atStep(2)
	s.effect("quota raised → 80 % served", raised)
	s.share("V2", 80)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
}
