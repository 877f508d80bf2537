// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// late is a release of a version that never starts, one second after the minute that the plan gives it.
func late(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, demo()...)
	b.broken = "v2"
	b.settle()
	ro := b.rollout()
	minute := int32(60)
	ro.Spec.Strategy.Canary.ProgressDeadlineSeconds, ro.Spec.Strategy.Canary.ProgressDeadlineAbort = &minute, true
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro))
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.clock.Step(2 * lasting)
	b.settle()
	b.clock.Step(61 * time.Second)
	return b
}

func TestAVersionWithoutProgressIsGivenUpOnceAndTriedAgainWhenAsked(t *testing.T) {
	calm := late(t)
	from := len(calm.writes)
	calm.settle()
	for k := from; k <= len(calm.writes); k++ { // k of from is no kill at all
		b := late(t)
		if k > from {
			b.killAt = k
		}
		b.settle()
		st := b.rollout().Status
		if diff := cmp.Diff(map[string]int32{"v1": 5, "v2": 0}, b.sizes()); diff != "" || st.CanaryStatus.Abort == nil || !strings.Contains(st.Message, "no progress for 60 seconds (progressDeadlineSeconds)") {
			t.Fatalf("killed after write %d (-want +got):\n%s%s", k, diff, b.state())
		}
		b.broken, b.writes = "", nil
		b.clock.Step(time.Hour)
		b.cluster()
		if b.settle(); len(b.writes) > 0 {
			t.Fatalf("it comes back by itself: %s", strings.Join(b.writes, "; "))
		}
		ro := b.rollout()
		ro.Annotations = map[string]string{v1beta1.AnnotationRetry: "1"}
		b.must(b.api.Update(t.Context(), ro))
		b.settle()
		if diff := cmp.Diff(map[string]int32{"v1": 4, "v2": 1}, b.sizes()); diff != "" || b.rollout().Status.CurrentStepState != v1beta1.StepPaused {
			t.Fatalf("tried again (-want +got):\n%s%s", diff, b.state())
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(calm.events), func(e string) bool { return e != v1beta1.ReasonAborted })); n != 1 {
		t.Errorf("it is told %d times: %v", n, calm.events)
	}
}
