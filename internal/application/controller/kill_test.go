// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rest lets the controller come to rest, starting it anew when it was killed.
func (s *stage) rest() (killed bool) {
	s.t.Helper()
	killed = s.settle()
	if killed {
		s.killAt = 0
		s.restart()
		s.play()
		s.settle()
	}
	return killed
}

// TestACanaryKilledAtEachWrite kills the controller before and after every single write of a whole release: it ends the
// same.
func TestACanaryKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			s := newStage(t)
			s.release(v1)
			s.killAt, s.after = s.writes+n, after
			s.up(canary("v2"))
			killed := s.rest()
			for range 2 {
				s.running(t, v1beta1.PhaseWorkflowSuspending)
				action := s.ask(v1alpha1.ActionResume)
				killed = s.rest() || killed
				if a := s.action(action); a.Status.Phase != v1alpha1.ActionSucceeded {
					t.Fatalf("killed at write %d: the resume is %q: %s", n, a.Status.Phase, a.Status.Message)
				}
			}
			s.running(t, v1beta1.PhaseRunning)
			if diff := cmp.Diff([]string{"canary-demo-v1:true", "canary-demo-v2:true"}, s.revisions()); diff != "" {
				t.Errorf("killed at write %d: %s", n, diff)
			}
			trackers := &v1beta1.ResourceTrackerList{}
			s.must(s.client.List(t.Context(), trackers))
			if len(trackers.Items) != 1 || s.image() != "demo:v2" || s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
				t.Errorf("killed at write %d: %d inventories, image %s", n, len(trackers.Items), s.image())
			}
			if len(s.app().Status.HandledActions) > 1 {
				t.Errorf("killed at write %d: %d actions are still noted", n, len(s.app().Status.HandledActions))
			}
			if !killed {
				break
			}
		}
	}
}

// TestStory is every write of a release, a bad release and its rollback, in order.
func TestStory(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var story strings.Builder
	chapter := func(title string, do func()) {
		from := len(s.log)
		do()
		s.settle()
		story.WriteString("# " + title + "\n" + strings.Join(s.log[from:], "\n") + "\n\n")
	}
	chapter("vela up v1", func() { s.up(v1) })
	chapter("vela up v2, to 20 %", func() { s.up(canary("v2")) })
	chapter("vela workflow resume, to 50 %", func() { s.ask(v1alpha1.ActionResume) })
	chapter("vela workflow resume, to 100 %", func() { s.ask(v1alpha1.ActionResume) })
	chapter("vela up v3, to 20 %", func() { s.up(canary("v3")) })
	chapter("vela workflow rollback, to v2", func() { s.ask(v1alpha1.ActionRollback) })
	chapter("vela delete", func() {
		s.playing = true
		s.must(s.client.Delete(t.Context(), s.app()))
		s.playing = false
	})
	const file = "testdata/story.golden"
	if *update {
		s.must(os.MkdirAll("testdata", 0o755))
		s.must(os.WriteFile(file, []byte(story.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	s.must(err)
	if diff := cmp.Diff(string(want), story.String()); diff != "" {
		t.Errorf("the story changed (go test -run TestStory -update writes it anew): %s", diff)
	}
}

func TestTwoComponentsOneSelected(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(two("v1", ""))
	s.running(t, v1beta1.PhaseRunning)
	s.up(two("v2", `
  workflow:
    steps:
    - {type: canary-deploy, name: one, properties: {weight: 20, components: [canary-demo]}}
    - {type: suspend, name: look}
    - {type: deploy, name: all}
`))
	s.settle()
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if got := len(s.app().Status.Services); got != 2 {
		t.Errorf("both components are shown, got %d", got)
	}
	s.carryOut(v1alpha1.ActionResume)
	s.running(t, v1beta1.PhaseRunning)
	if s.image() != "demo:v2" || s.deployment().Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
		t.Errorf("deploy finishes what canary-deploy began: image %s", s.image())
	}
}

// two is an application of a web service and a worker that waits for it.
func two(version, workflow string) string {
	text := strings.ReplaceAll(strings.ReplaceAll(v1, "v1}", version+"}"), "demo:v1", "demo:"+version)
	return text + `
  - name: worker
    type: worker
    dependsOn: [canary-demo]
    properties: {image: "worker:` + version + `"}
` + workflow
}

func TestRollbackWithoutVersions(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	without := func(text string) string {
		return strings.NewReplacer("annotations: {app.oam.dev/publishVersion: v1}", "", "annotations: {app.oam.dev/publishVersion: v2}", "").Replace(text)
	}
	s.release(without(v1))
	s.running(t, v1beta1.PhaseRunning)
	s.release(without(canary("v2")))
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	action := s.carryOut(v1alpha1.ActionRollback)
	s.running(t, v1beta1.PhaseRunning)
	if a := s.action(action); a.Status.Phase != v1alpha1.ActionSucceeded || s.image() != "demo:v1" {
		t.Errorf("%s %s, image %s", a.Status.Phase, a.Status.Message, s.image())
	}
	if diff := cmp.Diff([]string{"canary-demo-v1:true"}, s.revisions()); diff != "" {
		t.Error(diff)
	}
}

func TestTerminatedBeforeTheHold(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(v1)
	s.up(canary("v2"))
	turn := func() {
		if _, err := s.r.Reconcile(t.Context(), reconcile.Request{NamespacedName: s.key}); err != nil {
			t.Fatal(err)
		}
	}
	turn() // the Rollout is written, the workload not held yet
	s.ask(v1alpha1.ActionTerminate)
	turn()
	turn()
	if s.image() != "demo:v1" {
		t.Errorf("the repair of drift must not release %s in one go", s.image())
	}
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after a release that never began")
}
