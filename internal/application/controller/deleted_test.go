// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// deleteRollout is what somebody does with kubectl.
func (s *stage) deleteRollout() {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	ro := &rolloutsv1beta1.Rollout{}
	s.must(s.client.Get(s.t.Context(), s.key, ro))
	s.must(s.client.Delete(s.t.Context(), ro))
}

// deleteDeployment is what somebody does with kubectl.
func (s *stage) deleteDeployment() {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	s.must(s.client.Delete(s.t.Context(), s.deployment()))
}

// deleteNamed is what somebody does with kubectl to an object that has the component's name.
func (s *stage) deleteNamed(o client.Object) {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	s.must(s.client.Get(s.t.Context(), s.key, o))
	s.must(s.client.Delete(s.t.Context(), o))
}

// edit is what somebody does with kubectl to an object that has the component's name.
func (s *stage) edit(o client.Object, change func()) {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	s.must(s.client.Get(s.t.Context(), s.key, o))
	change()
	s.must(s.client.Update(s.t.Context(), o, client.FieldOwner("kubectl-edit")))
}

// turn is one pass of the controller, without the players.
func (s *stage) turn() {
	s.t.Helper()
	_, err := s.r.Reconcile(s.t.Context(), reconcile.Request{NamespacedName: s.key})
	s.must(err)
}

// step is a step as the status has it.
func (s *stage) step(name string) v1beta1.StepStatusBase {
	s.t.Helper()
	for _, st := range s.app().Status.Workflow.Steps {
		if st.Name == name {
			return st.StepStatusBase
		}
	}
	s.t.Fatalf("step %s was not reached", name)
	return v1beta1.StepStatusBase{}
}

const deletedByHand = "Rollout canary-demo was deleted by somebody: all of canary-demo goes to canary-demo-v2 at once"

func TestARolloutDeletedAtAGateIsToldAndTheNextStepsAreNotCountedSilently(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	s.deleteRollout()
	s.settle()
	if got := s.app().Status.Services[0].Message; !strings.Contains(got, deletedByHand) {
		t.Errorf("at the gate the component says %q, want %q in it", got, deletedByHand)
	}
	for _, name := range []string{"rollout-50", "rollout-100"} {
		s.carryOut(v1alpha1.ActionResume)
		if got := s.step(name); got.Phase != v1beta1.StepSucceeded || !strings.Contains(got.Message, "nothing left to release in steps") {
			t.Errorf("%s is %s and says %q: it must say why it did nothing", name, got.Phase, got.Message)
		}
	}
	s.running(t, v1beta1.PhaseRunning)
	if got := s.app().Status.Services[0].Message; strings.Contains(got, "deleted") {
		t.Errorf("the release is over, but the component still says %q", got)
	}
	if s.image() != "demo:v2" {
		t.Errorf("image is %s", s.image())
	}
}

func TestARolloutDeletedDuringAStepIsToldByTheStep(t *testing.T) {
	t.Parallel()
	s := inFirstStep(t)
	s.deleteRollout()
	s.turn()
	if got := s.step("rollout-20"); got.Phase == v1beta1.StepSucceeded || got.Message != deletedByHand {
		t.Errorf("while its Rollout goes the step is %s and says %q, want %q", got.Phase, got.Message, deletedByHand)
	}
	s.broken["demo:v2"] = false
	s.settle()
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if got := s.step("rollout-20"); !strings.Contains(got.Message, "nothing left to release in steps") {
		t.Errorf("when all pods are new the step says %q", got.Message)
	}
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after its Rollout was deleted")
}

func TestADeploymentDeletedInAReleaseComesBackAsTheLastGoodVersionAndIsReleasedInStepsOnceMore(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.deleteDeployment()
	s.turn()
	if s.image() != "demo:v1" {
		t.Errorf("it comes back with %s, which only a part of the requests was approved for", s.image())
	}
	s.settle()
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if d := s.deployment(); s.image() != "demo:v2" || d.Annotations[rolloutsv1beta1.AnnotationInProgress] == "" {
		t.Errorf("at the gate its template has %s, held: %q", s.image(), d.Annotations[rolloutsv1beta1.AnnotationInProgress])
	}
	s.carryOut(v1alpha1.ActionResume)
	s.deleteDeployment()
	s.settle()
	s.carryOut(v1alpha1.ActionResume)
	s.running(t, v1beta1.PhaseRunning)
	s.deleteDeployment()
	s.turn()
	if s.image() != "demo:v2" {
		t.Errorf("the release is over, and it comes back with %s", s.image())
	}
}

func TestADeploymentDeletedDuringAStepComesBackAsTheLastGoodVersion(t *testing.T) {
	t.Parallel()
	s := inFirstStep(t)
	s.deleteDeployment()
	s.turn()
	if got := s.step("rollout-20").Message; s.image() != "demo:v1" || !strings.Contains(got, "was deleted by somebody") {
		t.Errorf("it comes back with %s, and the step says %q", s.image(), got)
	}
	s.broken["demo:v2"] = false
	s.settle()
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after its Deployment was deleted")
}

func TestARolloutWhoseLabelsAreTakenOffIsStillTheApplications(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.playing = true
	ro := &rolloutsv1beta1.Rollout{}
	s.must(s.client.Get(t.Context(), s.key, ro))
	ro.Labels = nil
	s.must(s.client.Update(t.Context(), ro))
	s.playing = false
	s.settle()
	s.must(s.client.Get(t.Context(), s.key, ro))
	if ro.Labels[v1beta1.LabelAppName] != "canary-demo" {
		t.Errorf("its labels are %v", ro.Labels)
	}
	if got := s.app().Status.Services[0].Message; strings.Contains(got, "deleted") {
		t.Errorf("the component says %q", got)
	}
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after its Rollout's labels were taken off")
}

func TestARestartAfterARollbackDoesNotBlameSomebodyForTheRollout(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	for range 2 {
		s.carryOut(v1alpha1.ActionResume)
	}
	s.running(t, v1beta1.PhaseRunning)
	s.release(canary("v3"))
	s.carryOut(v1alpha1.ActionRollback) // to v2; it deletes the Rollout
	s.carryOut(v1alpha1.ActionRestart)
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	said := s.step("rollout-20").Message + s.app().Status.Services[0].Message
	if strings.Contains(said, "deleted") || !strings.Contains(said, "the same pods as before") {
		t.Errorf("step and component say %q", said)
	}
}

func TestACanaryStepOfAFirstVersionSaysThatThereWasNothingBeside(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(canary("v2"))
	if got := s.step("rollout-20"); !strings.Contains(got.Message, "no earlier version") {
		t.Errorf("the step says %q", got.Message)
	}
}

func TestARollbackOfAFinishedRolloutWaitsForTheWorkloadsOwnUpdate(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	s.release(canary("v2") + "    - {name: suspend-3rd, type: suspend}\n")
	for range 2 {
		s.carryOut(v1alpha1.ActionResume)
	}
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	pods := func(all, updated int32) {
		s.playing = true
		defer func() { s.playing = false }()
		d := s.deployment()
		d.Status.Replicas, d.Status.UpdatedReplicas = all, updated
		s.must(s.client.Status().Update(t.Context(), d))
	}
	action := s.ask(v1alpha1.ActionRollback)
	s.turn() // the template is v1's again, the Rollout is on its way out
	s.deleted()
	for _, at := range []struct{ all, updated int32 }{{6, 0}, {6, 3}, {6, 5}} {
		pods(at.all, at.updated)
		s.turn()
		before := s.writes
		s.turn()
		if a := s.action(action); a.Status.Phase != v1alpha1.ActionExecuting || !strings.Contains(a.Status.Message, "of 5 pods back") {
			t.Errorf("%d of %d pods are back, and the rollback is %s: %s", at.updated, at.all, a.Status.Phase, a.Status.Message)
		}
		if s.writes != before {
			t.Errorf("nothing changed, but it wrote %v", s.log[before:])
		}
	}
	pods(5, 5)
	s.settle()
	rolledBack(t, s, action, "after its pods are back")
}

// deleted lets the Rollouts that are on their way out go.
func (s *stage) deleted() {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	l := &rolloutsv1beta1.RolloutList{}
	s.must(s.client.List(s.t.Context(), l))
	for i := range l.Items {
		s.playRollout(&l.Items[i])
	}
}

// givenBack is a release of version 2 that waits at a gate while its workload is at version 1, held by nobody: somebody
// deleted its Rollout and its Deployment.
func givenBack(t *testing.T, former, next string) *stage {
	t.Helper()
	s := newStage(t)
	s.release(former)
	s.release(next)
	s.deleteDeployment()
	s.turn() // it comes back as version 1
	s.deleteRollout()
	s.deleted()
	s.turn()
	if s.image() != "demo:v1" {
		t.Fatalf("the story needs a workload of version 1; image is %s", s.image())
	}
	return s
}

func TestWhatIsMissingComesBackAsTheLastGoodVersionHasItWhenTheWorkloadIsNotHandedOver(t *testing.T) {
	t.Parallel()
	s := givenBack(t, v1, strings.ReplaceAll(canary("v2"), "canary-demo.com", "new.com"))
	s.deleteNamed(&corev1.Service{})
	s.turn()
	s.must(s.client.Get(t.Context(), s.key, &corev1.Service{}))
	s.deleteNamed(&networkingv1.Ingress{})
	s.turn()
	back := &networkingv1.Ingress{}
	s.must(s.client.Get(t.Context(), s.key, back))
	if back.Spec.Rules[0].Host != "canary-demo.com" {
		t.Errorf("the Ingress comes back for %s, want it as the last good version has it", back.Spec.Rules[0].Host)
	}
	if s.image() != "demo:v1" {
		t.Errorf("the workload was changed: image is %s", s.image())
	}
	replicas, d := int32(3), &appsv1.Deployment{}
	s.edit(d, func() { d.Spec.Replicas = &replicas })
	s.edit(back, func() { back.Spec.Rules[0].Host = "edited.com" })
	s.turn()
	s.must(s.client.Get(t.Context(), s.key, back))
	if *s.deployment().Spec.Replicas != 3 || back.Spec.Rules[0].Host != "edited.com" {
		t.Errorf("what is there is left alone, but there are %d replicas and the host is %s", *s.deployment().Spec.Replicas, back.Spec.Rules[0].Host)
	}
}

func TestWhatIsMissingAndNewComesBackAsItsOwnVersionHasIt(t *testing.T) {
	t.Parallel()
	gateway := `    - {type: gateway, properties: {domain: canary-demo.com, http: {"/version": 8090}}}` + "\n"
	s := givenBack(t, strings.ReplaceAll(v1, gateway, ""), canary("v2"))
	s.deleteNamed(&networkingv1.Ingress{})
	s.turn()
	s.must(s.client.Get(t.Context(), s.key, &networkingv1.Ingress{}))
}
