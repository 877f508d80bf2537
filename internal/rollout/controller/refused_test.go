// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// quota refuses new objects of a type, as an exhausted quota or a policy of the cluster does.
func quota[T client.Object](what string, o client.Object) error {
	if _, is := o.(T); !is || what != "create" {
		return nil
	}
	return apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, o.GetName(), errors.New("exceeded quota: small"))
}

func TestAWriteThatIsRefusedIsToldAndMadeAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		refuse func(string, client.Object) error
		says   string
		state  v1beta1.StepState
	}{
		"the versions' Services":            {quota[*corev1.Service], `create Service demo-stable: things "demo-stable" is forbidden: exceeded quota: small`, v1beta1.StepBefore},
		"the ReplicaSet of the new version": {quota[*appsv1.ReplicaSet], `creating the ReplicaSet of the new version: things "demo-`, v1beta1.StepUpgrade},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, demo()...)
			b.settle()
			b.ask("demo-v2", "20%")
			b.settle()
			b.refuse = tc.refuse
			b.apply("demo-v2", "v2")
			b.settle()
			st := b.rollout().Status
			if st.Phase != v1beta1.PhaseProgressing || st.CurrentStepState != tc.state || !strings.Contains(st.Message, "the API server refuses that: ") || !strings.Contains(st.Message, tc.says) {
				t.Errorf("nobody is told: %s %s, %s", st.Phase, st.CurrentStepState, st.Message)
			}
			if diff := cmp.Diff(map[string]int32{"v1": 5}, b.sizes()); diff != "" {
				t.Errorf("pods moved (-want +got):\n%s", diff)
			}
			if n := strings.Count(strings.Join(b.events, " "), "Refused"); n != 1 {
				t.Errorf("it is told %d times: %v", n, b.events)
			}
			b.refuse = nil
			b.settle()
			if diff := cmp.Diff(map[string]int32{"v1": 4, "v2": 1}, b.sizes()); diff != "" || b.rollout().Status.CurrentStepState != v1beta1.StepPaused {
				t.Errorf("it does not go on once it is mended (-want +got):\n%s%s", diff, b.state())
			}
		})
	}
}

func TestTheDeadlineCountsWhileWritesAreRefused(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	ro := b.rollout()
	minute := int32(60)
	ro.Spec.Strategy.Canary.ProgressDeadlineSeconds, ro.Spec.Strategy.Canary.ProgressDeadlineAbort = &minute, true
	ro.Generation++
	b.must(b.api.Update(t.Context(), ro))
	b.ask("demo-v2", "20%")
	b.settle()
	b.refuse = quota[*appsv1.ReplicaSet]
	b.apply("demo-v2", "v2")
	b.settle()
	b.clock.Step(61 * time.Second)
	b.settle()
	if st := b.rollout().Status; st.CanaryStatus.Abort == nil {
		t.Errorf("the version is not given up: %s", b.state())
	}
}

func TestWhatIsReachedIsNotToldOfWhatWasRefused(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	before := b.rollout()
	before.Status.CurrentStepState = v1beta1.StepUpgrade
	b.must(b.api.Status().Update(t.Context(), before))
	w := &world{rollout: b.rollout()}
	d := b.decide(w)
	d.Status.CurrentStepState, d.Why = v1beta1.StepPaused, "it is reached"
	if _, err := b.r.tell(t.Context(), w, d, errors.New("no")); err != nil {
		t.Fatal(err)
	}
	if st := b.rollout().Status; st.CurrentStepState != v1beta1.StepUpgrade || st.Message != "it is reached; the API server refuses that: no" {
		t.Errorf("%s, %s", st.CurrentStepState, st.Message)
	}
}
