// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func TestPlainApplicationRuns(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	s.running(t, v1beta1.PhaseRunning)
	app := s.app()
	if got := app.Status.Services; len(got) != 1 || !got[0].Healthy || got[0].Message != "Ready:5/5" {
		t.Errorf("services: %+v", got)
	}
	if app.Status.Workflow.Mode != "DAG-DAG" || app.Status.LatestRevision.Name != "canary-demo-v1" {
		t.Errorf("workflow %s of %s", app.Status.Workflow.Mode, app.Status.LatestRevision.Name)
	}
	if diff := cmp.Diff([]string{"canary-demo-v1:true"}, s.revisions()); diff != "" {
		t.Error(diff)
	}
	if s.writes > 10 {
		t.Errorf("%d writes from creation to running; 10 leave room for the event: %s", s.writes, strings.Join(s.log, "\n"))
	}
	before := s.writes
	s.restart()
	s.settle()
	if s.writes != before {
		t.Errorf("a controller that was just started writes nothing when all is well: %v", s.log[before:])
	}
}

func TestCanaryFromTwentyToAll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	start := s.writes
	s.release(canary("v2"))
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if got := len(s.app().Status.Workflow.Steps); got != 2 {
		t.Errorf("only steps that were reached are listed, got %d", got)
	}
	for _, weight := range []string{"50%", "100%"} {
		name := s.carryOut(v1alpha1.ActionResume)
		if a := s.action(name); a.Status.Phase != v1alpha1.ActionSucceeded {
			t.Fatalf("resume: %s %s", a.Status.Phase, a.Status.Message)
		}
		ro := &rolloutsv1beta1.Rollout{}
		s.must(s.client.Get(t.Context(), s.key, ro))
		if got := *ro.Spec.Strategy.Canary.Steps[0].Traffic; got != weight {
			t.Errorf("the Rollout asks for %s, want %s", got, weight)
		}
	}
	s.running(t, v1beta1.PhaseRunning)
	if s.image() != "demo:v2" {
		t.Errorf("image is %s", s.image())
	}
	if diff := cmp.Diff([]string{"canary-demo-v1:true", "canary-demo-v2:true"}, s.revisions()); diff != "" {
		t.Error(diff)
	}
	if n := s.writes - start; n > 18 {
		t.Errorf("%d writes for one canary, want at most 18: %s", n, strings.Join(s.log[start:], "\n"))
	}
	t.Logf("%d writes:\n%s", s.writes-start, strings.Join(s.log[start:], "\n"))
	s.release(strings.ReplaceAll(strings.ReplaceAll(v1, "v1}", "v3}"), "demo:v1", "demo:v3"))
	s.running(t, v1beta1.PhaseRunning)
	if s.image() != "demo:v3" {
		t.Errorf("a plain release after a canary: image is %s", s.image())
	}
	l := &rolloutsv1beta1.RolloutList{}
	s.must(s.client.List(t.Context(), l))
	if len(l.Items) != 0 {
		t.Error("a plain release leaves no Rollout behind")
	}
}

func TestPlainReleaseDuringACanary(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.release(strings.ReplaceAll(strings.ReplaceAll(v1, "v1}", "v3}"), "demo:v1", "demo:v3"))
	s.running(t, v1beta1.PhaseRunning)
	if s.image() != "demo:v3" || s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
		t.Errorf("image %s, held: %q", s.image(), s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress])
	}
	if diff := cmp.Diff([]string{"canary-demo-v1:true", "canary-demo-v2:false", "canary-demo-v3:true"}, s.revisions()); diff != "" {
		t.Error(diff)
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	stories := map[string]struct {
		reason string
		until  func(s *stage)
	}{
		"at twenty percent": {"the page's case", func(s *stage) { s.up(canary("v2")); s.settle() }},
		"at fifty percent": {"the page's case", func(s *stage) {
			s.release(canary("v2"))
			s.carryOut(v1alpha1.ActionResume)
		}},
		"with an image that never starts": {"the step never suspends, rollback must work all the same", func(s *stage) {
			s.broken["demo:v2"] = true
			s.release(canary("v2"))
			s.running(s.t, v1beta1.PhaseRunningWorkflow)
		}},
		"before anything of the new version is applied": {"the hold is asked for, nothing else", func(s *stage) {
			s.up(canary("v2"))
			s.killAt, s.after = s.writes+4, true
			s.settle()
			s.killAt = 0
			s.restart()
		}},
		"from the third version, the second failed": {"the target is the last one that succeeded", func(s *stage) {
			s.release(canary("v2"))
			s.release(canary("v3"))
			s.running(s.t, v1beta1.PhaseWorkflowSuspending)
		}},
		"after terminate": {"terminate undoes nothing, rollback does", func(s *stage) {
			s.release(canary("v2"))
			s.carryOut(v1alpha1.ActionTerminate)
			s.running(s.t, v1beta1.PhaseWorkflowTerminated)
		}},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.release(v1)
			story.until(s)
			action := s.carryOut(v1alpha1.ActionRollback)
			rolledBack(t, s, action, story.reason)
			s.release(canary("v4"))
			s.running(t, v1beta1.PhaseWorkflowSuspending)
			if got := s.app().Status.LatestRevision.Name; got != "canary-demo-v2" {
				t.Errorf("the name that the rollback set free is used again, got %s", got)
			}
		})
	}
}

// rolledBack checks that everything is as v1 left it.
func rolledBack(t *testing.T, s *stage, action, reason string) {
	t.Helper()
	a := s.action(action)
	if a.Status.Phase != v1alpha1.ActionSucceeded {
		t.Fatalf("%s: the rollback is %q: %s\n%s", reason, a.Status.Phase, a.Status.Message, strings.Join(s.log, "\n"))
	}
	want := []string{
		"Find succeeded application revision canary-demo-v1 (PublishVersion: v1) to rollback.",
		"Application spec rollback successfully.",
		"Application status rollback successfully.",
		"Successfully rollback rollout",
		"Application outdated revision cleaned up.",
	}
	if diff := cmp.Diff(want, a.Status.Report); diff != "" {
		t.Errorf("%s: report: %s", reason, diff)
	}
	s.running(t, v1beta1.PhaseRunning)
	app := s.app()
	if app.Annotations[v1beta1.AnnotationPublishVersion] != "v1" || app.Spec.Workflow != nil {
		t.Errorf("%s: the Application still says %s with workflow %v", reason, app.Annotations[v1beta1.AnnotationPublishVersion], app.Spec.Workflow)
	}
	if app.Status.Workflow.Mode != "DAG-DAG" || app.Status.LatestRevision.Name != "canary-demo-v1" {
		t.Errorf("%s: the status shows run %s of %s", reason, app.Status.Workflow.Mode, app.Status.LatestRevision.Name)
	}
	if diff := cmp.Diff([]string{"canary-demo-v1:true"}, s.revisions()); diff != "" {
		t.Errorf("%s: %s", reason, diff)
	}
	if len(a.Status.Left) == 0 {
		t.Fatalf("%s: nothing is on record of what was rolled back", reason)
	}
	left := &v1beta1.ApplicationRevision{}
	if err := json.Unmarshal(a.Status.Left[len(a.Status.Left)-1].Raw, left); err != nil {
		t.Fatalf("%s: %v", reason, err)
	}
	if left.Name == "canary-demo-v1" || left.Spec.Application.Spec.Workflow == nil || left.Status.Workflow == nil || left.Status.Workflow.Finished && left.Status.Succeeded {
		t.Errorf("%s: on record is %s with progress %v", reason, left.Name, left.Status.Workflow)
	}
	if s.image() != "demo:v1" || s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
		t.Errorf("%s: image %s, hold %q", reason, s.image(), s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress])
	}
	l, trackers := &rolloutsv1beta1.RolloutList{}, &v1beta1.ResourceTrackerList{}
	s.must(s.client.List(t.Context(), l))
	s.must(s.client.List(t.Context(), trackers))
	if len(l.Items) != 0 || len(trackers.Items) != 1 {
		t.Errorf("%s: %d Rollouts and %d inventories are left", reason, len(l.Items), len(trackers.Items))
	}
}

// TestKilledAtEachWrite kills the controller before and after every single write of a rollback, and of a resume.
func TestKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			s := atFirstGate(t)
			action := s.ask(v1alpha1.ActionRollback)
			s.killAt, s.after = s.writes+n, after
			killed := s.settle()
			s.killAt = 0
			s.restart()
			s.play()
			s.settle()
			rolledBack(t, s, action, "killed at write "+s.log[min(len(s.log)-1, s.writes-1)])
			if !killed {
				if n < 5 {
					t.Errorf("a rollback of %d writes can't be one", n)
				}
				break
			}
		}
	}
}

func TestResumeIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			s := atFirstGate(t)
			action := s.ask(v1alpha1.ActionResume)
			s.killAt, s.after = s.writes+n, after
			killed := s.settle()
			s.killAt = 0
			s.restart()
			s.play()
			s.settle()
			if a := s.action(action); a.Status.Phase != v1alpha1.ActionSucceeded {
				t.Errorf("resume, killed at write %d: %s %s", n, a.Status.Phase, a.Status.Message)
			}
			s.running(t, v1beta1.PhaseWorkflowSuspending)
			steps := s.app().Status.Workflow.Steps
			if got := steps[len(steps)-1].Name; got != "suspend-2nd" {
				t.Errorf("one approval reaches the next gate and no further, killed at write %d: at %s", n, got)
			}
			if !killed {
				break
			}
		}
	}
}

func TestSuspendAndTerminateStopAStepThatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, action := range []v1alpha1.Action{v1alpha1.ActionSuspend, v1alpha1.ActionTerminate} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.release(v1)
			s.broken["demo:v2"] = true
			s.release(canary("v2"))
			if s.paused() {
				t.Fatal("nobody asked for a pause yet")
			}
			name := s.carryOut(action)
			if a := s.action(name); a.Status.Phase != v1alpha1.ActionSucceeded || !s.paused() {
				t.Fatalf("%s: %s %s; its Rollout is paused: %v", action, a.Status.Phase, a.Status.Message, s.paused())
			}
			s.broken["demo:v2"] = false
			on := v1alpha1.ActionResume
			if action == v1alpha1.ActionTerminate {
				on = v1alpha1.ActionRestart
			}
			s.carryOut(on)
			if s.running(t, v1beta1.PhaseWorkflowSuspending); s.paused() {
				t.Errorf("after %s the step has to go on", on)
			}
		})
	}
}

func TestUnpublishedChange(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	s.release(strings.ReplaceAll(v1, "demo:v1", "demo:v9"))
	s.running(t, v1beta1.PhaseRunning)
	app := s.app()
	if s.image() != "demo:v1" || !strings.Contains(app.Status.UnpublishedChange, "vela up canary-demo -v NEW-VERSION") {
		t.Errorf("image %s; unpublished change: %q", s.image(), app.Status.UnpublishedChange)
	}
	s.release(v1)
	if got := s.app().Status.UnpublishedChange; got != "" {
		t.Errorf("the spec is back, but the status says %q", got)
	}
}

func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	d := s.deployment()
	d.Spec.Template.Spec.Containers[0].Image = "other:1"
	s.playing = true
	s.must(s.client.Update(t.Context(), d))
	s.playing = false
	s.settle()
	if s.image() != "demo:v1" {
		t.Errorf("somebody changed the image, and it stays %s", s.image())
	}
}

func TestDeletedDuringACanary(t *testing.T) {
	t.Parallel()
	s := atFirstGate(t)
	s.playing = true
	s.must(s.client.Delete(t.Context(), s.app()))
	s.playing = false
	s.settle()
	for _, l := range lists() {
		if _, revisions := l.(*v1beta1.ApplicationRevisionList); revisions {
			continue // the garbage collector's, by owner reference
		}
		s.must(s.client.List(t.Context(), l))
		if n := len(items(t, l)); n != 0 {
			t.Errorf("%d of %T are left", n, l)
		}
	}
}

func TestRefusedActions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		action v1alpha1.Action
		until  func(*stage)
		want   string
	}{
		"a resume with nothing suspended":       {v1alpha1.ActionResume, func(*stage) {}, "resume workflow not allowed because application canary-demo is running"},
		"a rollback of what succeeded":          {v1alpha1.ActionRollback, func(*stage) {}, "there is nothing to roll back"},
		"a rollback with nothing to go back to": {v1alpha1.ActionRollback, nil, "failed to find previous succeeded revision for application default/canary-demo"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.broken["demo:v1"] = c.until == nil
			s.release(v1)
			action := s.carryOut(c.action)
			a := s.action(action)
			if a.Status.Phase != v1alpha1.ActionRefused || !strings.Contains(a.Status.Message, c.want) {
				t.Errorf("got %s %q, want it refused with %q", a.Status.Phase, a.Status.Message, c.want)
			}
		})
	}
}

func TestAReleaseWhoseStepsEndBelowAHundredPercentHasNotSucceededAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	s.release(strings.Replace(canary("v2"), "{weight: 100}", "{weight: 90}", 1))
	for range 2 {
		s.carryOut(v1alpha1.ActionResume)
	}
	if run := s.app().Status.Workflow; run.Phase != v1beta1.WorkflowSucceeded {
		t.Fatalf("the workflow is %s", run.Phase)
	}
	if rev := s.revision("canary-demo-v2"); rev.Status.Succeeded {
		t.Error("a tenth is still of version 1, and the revision counts as succeeded")
	}
	before := s.writes
	s.turn()
	if s.writes != before {
		t.Errorf("nothing changed, but it wrote %v", s.log[before:])
	}
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after steps that ended at 90 %")
}
