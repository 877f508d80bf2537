// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// TestAnyOrder does what people do in any order, with the controller killed at any write: the application always comes
// to rest, a version is never released past its Rollout, and a rollback always ends on the last version that succeeded.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	seeds := uint64(12)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test that can be repeated
			s := newStage(t)
			s.release(v1)
			var story []string
			defer func() {
				if t.Failed() {
					t.Logf("story: %s\nwrites: %s", strings.Join(story, ", "), strings.Join(s.log, "\n"))
				}
			}()
			for version := 2; version < 9; version++ {
				what := randomTurn(r, s, version)
				if r.IntN(3) == 0 {
					s.killAt, s.after = s.writes+1+r.IntN(6), r.IntN(2) == 0
					what += fmt.Sprintf(" (killed at write %d)", s.killAt-s.writes)
				}
				story = append(story, what)
				s.rest()
				s.killAt = 0
				neverPastItsRollout(t, s)
			}
			action := s.ask(v1alpha1.ActionRollback)
			s.rest()
			endsOnAGoodVersion(t, s, action)
		})
	}
}

func randomTurn(r *rand.Rand, s *stage, version int) string {
	name := fmt.Sprintf("v%d", version)
	switch r.IntN(10) {
	case 0, 1, 2:
		s.broken["demo:"+name] = r.IntN(3) == 0
		s.up(canary(name))
		return "canary " + name
	case 3:
		s.up(strings.ReplaceAll(strings.ReplaceAll(v1, "v1}", name+"}"), "demo:v1", "demo:"+name))
		return "plain " + name
	case 4:
		s.ask(v1alpha1.ActionTerminate)
		return "terminate"
	case 5:
		s.ask(v1alpha1.ActionRollback)
		return "rollback"
	case 6:
		s.ask(v1alpha1.ActionRestart)
		return "restart"
	case 7:
		s.ask(v1alpha1.ActionResume)
		s.ask(v1alpha1.ActionResume)
		return "resume twice"
	case 8:
		s.ask(v1alpha1.ActionSuspend)
		return "suspend"
	default:
		s.ask(v1alpha1.ActionResume)
		return "resume"
	}
}

// neverPastItsRollout checks that a version whose workflow has only got to a part is either held or not there.
func neverPastItsRollout(t *testing.T, s *stage) {
	t.Helper()
	app := s.app()
	d := s.deployment()
	if app.Status.Phase == v1beta1.PhaseDeleting || app.Status.LatestRevision == nil || app.Spec.Workflow == nil {
		return
	}
	partly := app.Status.Workflow.Phase != v1beta1.WorkflowSucceeded && len(app.Status.Workflow.Steps) < 5
	released := d.Labels[v1beta1.LabelAppRevision] == app.Status.LatestRevision.Name
	if partly && released && d.Annotations[rolloutsv1beta1.AnnotationInProgress] == "" && !succeededBefore(s, app.Status.LatestRevision.Name) {
		t.Errorf("%s is released in one go although its workflow is %s", app.Status.LatestRevision.Name, app.Status.Workflow.Phase)
	}
}

func succeededBefore(s *stage, name string) bool {
	for _, r := range s.revisions() {
		if r == name+":true" {
			return true
		}
	}
	return false
}

func endsOnAGoodVersion(t *testing.T, s *stage, action string) {
	t.Helper()
	a := s.action(action)
	if a.Status.Phase == v1alpha1.ActionRefused && strings.Contains(a.Status.Message, "there is nothing to roll back") {
		return // the last one succeeded
	}
	if a.Status.Phase != v1alpha1.ActionSucceeded {
		t.Errorf("the rollback is %q: %s", a.Status.Phase, a.Status.Message)
	}
	app := s.app()
	if !succeededBefore(s, app.Status.LatestRevision.Name) || s.deployment().Labels[v1beta1.LabelAppRevision] != app.Status.LatestRevision.Name {
		t.Errorf("in force is %s, running is %s; revisions %v", app.Status.LatestRevision.Name, s.deployment().Labels[v1beta1.LabelAppRevision], s.revisions())
	}
	if s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
		t.Error("the workload is still held")
	}
	if app.Status.Phase != v1beta1.PhaseRunning && app.Status.Phase != v1beta1.PhaseUnhealthy {
		t.Errorf("phase is %s", app.Status.Phase)
	}
}
