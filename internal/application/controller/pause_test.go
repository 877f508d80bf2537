// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"slices"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func (s *stage) paused() bool {
	s.t.Helper()
	ro := &rolloutsv1beta1.Rollout{}
	s.must(s.client.Get(s.t.Context(), s.key, ro))
	return ro.Spec.Strategy.Paused
}

// underWay is a canary step whose pods do not get ready.
func underWay(t *testing.T) *stage {
	t.Helper()
	s := inFirstStep(t)
	return s
}

// TestSuspendKilledAtEachWrite kills the controller before and after every single write of a suspension, and of the resume
// that follows: the Rollout stands still, and goes on.
func TestSuspendKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			s := underWay(t)
			killed := false
			for _, action := range []v1alpha1.Action{v1alpha1.ActionSuspend, v1alpha1.ActionResume} {
				name := s.ask(action)
				s.killAt, s.after = s.writes+n, after
				killed = s.rest() || killed
				s.killAt = 0
				if a := s.action(name); a.Status.Phase != v1alpha1.ActionSucceeded {
					t.Fatalf("killed at write %d: %s is %q: %s", n, action, a.Status.Phase, a.Status.Message)
				}
				if want := action == v1alpha1.ActionSuspend; s.paused() != want {
					t.Fatalf("killed at write %d, after %s: the Rollout is paused: %v", n, action, s.paused())
				}
			}
			if !killed {
				break
			}
		}
	}
}

func TestARollbackOfAStepThatStandsStill(t *testing.T) {
	t.Parallel()
	for _, stop := range []v1alpha1.Action{v1alpha1.ActionSuspend, v1alpha1.ActionTerminate} {
		s := underWay(t)
		s.carryOut(stop)
		if !s.paused() {
			t.Fatalf("%s did not stop the Rollout", stop)
		}
		action := s.carryOut(v1alpha1.ActionRollback)
		rolledBack(t, s, action, "after "+string(stop))
	}
}

func TestANewVersionDoesNotInheritTheStop(t *testing.T) {
	t.Parallel()
	s := underWay(t)
	s.carryOut(v1alpha1.ActionSuspend)
	if !s.paused() {
		t.Fatal("suspend did not stop the Rollout of v2")
	}
	s.release(canary("v3"))
	if s.running(t, v1beta1.PhaseWorkflowSuspending); s.paused() {
		t.Error("v3 is released by a Rollout that still stands still for v2")
	}
}

func TestAGateAfterAReachedStepWritesNoPause(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.carryOut(v1alpha1.ActionSuspend)
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if s.paused() || slices.ContainsFunc(s.log, func(w string) bool { return strings.HasPrefix(w, "patch v1beta1.Rollout") }) {
		t.Errorf("the Rollout rests at its step, a pause is a write for nothing: %v", s.log)
	}
}
