// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// bluegreen is the demo with the strategy blueGreen: 100 % of the pods at 0 %, 50 % and 100 % of the traffic.
func bluegreen(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, demo()...)
	ro := b.rollout()
	everyPod := intstr.FromString("100%")
	own := &v1beta1.BlueGreenStrategy{TrafficRoutings: ro.Spec.Strategy.Canary.TrafficRoutings}
	for _, share := range []string{"0%", "50%", "100%"} {
		own.Steps = append(own.Steps, v1beta1.Step{Replicas: &everyPod, Traffic: &share})
	}
	ro.Spec.Strategy.BlueGreen, ro.Spec.Strategy.Canary = own, nil
	b.must(b.api.Update(t.Context(), ro))
	b.settle()
	ro = b.rollout()
	ro.Spec.ReleaseID = "demo-v2"
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro))
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	return b
}

// approve is what a user's tool writes.
func (b *bench) approve() {
	b.t.Helper()
	ro := b.rollout()
	if ro.Status.BlueGreenStatus == nil || ro.Status.CanaryStatus != nil || ro.Status.BlueGreenStatus.CurrentStepState != v1beta1.StepPaused {
		b.t.Fatalf("want a step to approve in blueGreenStatus: %+v", ro.Status)
	}
	ro.Status.BlueGreenStatus.CurrentStepState = v1beta1.StepReady
	b.must(b.api.Status().Update(b.t.Context(), ro))
	b.settle()
}

func (b *bench) sizes() map[string]int32 {
	sizes := map[string]int32{}
	for _, s := range b.sets() {
		sizes[s.Spec.Template.Spec.Containers[0].Image] = *s.Spec.Replicas
	}
	return sizes
}

func TestBlueGreenKeepsTheStablePodsUntilTheDelayIsOver(t *testing.T) {
	b := bluegreen(t)
	for _, weight := range []int32{0, 50, 100} {
		own := b.rollout().Status.BlueGreenStatus
		if diff := cmp.Diff(map[string]int32{"v1": 5, "v2": 5}, b.sizes()); diff != "" || own.CanaryReplicas != 5 || *own.DesiredWeight != weight {
			t.Fatalf("at %d%% (-want +got):\n%s%+v", weight, diff, own)
		}
		b.approve()
	}
	if diff := cmp.Diff(map[string]int32{"v1": 5, "v2": 5}, b.sizes()); diff != "" {
		t.Fatalf("the old pods go before the delay is over (-want +got):\n%s", diff)
	}
	b.start() // a controller that knows nothing finds the time in the status
	b.clock.Step(31 * time.Second)
	b.settle()
	if diff := cmp.Diff(map[string]int32{"v1": 0, "v2": 5}, b.sizes()); diff != "" || b.rollout().Status.Phase != v1beta1.PhaseHealthy {
		t.Fatalf("after the delay (-want +got):\n%s%s", diff, b.state())
	}
}

func TestWhileRolloutsAreSomebodyElsesNothingIsWritten(t *testing.T) {
	b := newBench(t, demo()...)
	off := true
	b.r.off = func() bool { return off }
	b.settle()
	if len(b.writes) > 0 {
		t.Errorf("it writes: %s", strings.Join(b.writes, "; "))
	}
	off = false
	b.settle()
	if b.rollout().Status.Phase != v1beta1.PhaseHealthy {
		t.Errorf("afterwards: %s", b.state())
	}
}

func TestBlueGreenGoesBackAtOnce(t *testing.T) {
	b := bluegreen(t)
	b.approve()
	b.writes = nil
	b.apply("demo-v1", "v1")
	b.settle()
	if diff := cmp.Diff(map[string]int32{"v1": 5, "v2": 0}, b.sizes()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	first := fmt.Sprint(b.writes[0])
	if !strings.Contains(first, "patch v1.Ingress demo-canary") {
		t.Errorf("the first write is %q, want the weight", first)
	}
}
