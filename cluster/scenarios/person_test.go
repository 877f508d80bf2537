// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func TestRollbackWhileAStepRuns(t *testing.T) {
	s := begin(t, 7, "Rollback while a step runs and pods are starting")
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	slow := "{httpGet: {path: /healthz, port: 8090}, initialDelaySeconds: 60, periodSeconds: 1}"
	s.up(application{version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}, probe: slow})
	s.stepRuns("v2", "rollout-50")
	s.until("a pod of version 2 is starting", func() (bool, string) { return len(s.pods(subject, "v2")) > 0, "there is none" })
	back := s.ask("rollback")
	s.until("no pod of version 2 is left", func() (bool, string) {
		n := len(s.pods(subject, "v2"))
		return n == 0, fmt.Sprintf("there are %d", n)
	})
	s.effect("rollback → no pod of version 2", back)
	s.running(subject, "v1")
	s.share("V1", 100)
	s.neverSent("V2")
	s.gone(subject)
}

func TestRollbackWhilePaused(t *testing.T) {
	s := begin(t, 8, "Rollback at a gate of the workflow, and of a Rollout that somebody paused")
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	s.up(application{version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}})
	s.suspended(subject, "v2", 50)
	s.share("V2", 50)
	ro := s.rollout(subject)
	s.must(s.objects.Patch(s.ctx, ro, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"strategy":{"paused":true}}}`))))
	back := s.ask("rollback")
	s.takenBack("rollback → last request to V2", "V2", back)
	s.running(subject, "v1")
	s.gone(subject)
}

func TestCommandsThatAreKilled(t *testing.T) {
	s := begin(t, 9, "The command line is killed in the middle of a rollback, a resume, the last resume")
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	carried, kills := 0, 0
	for i, after := range []time.Duration{15, 40, 80, 150} {
		publish := fmt.Sprintf("v2-%d", i)
		s.up(application{version: "v2", publish: publish, replicas: 4, weights: []int{50, 100}})
		s.suspended(subject, publish, 50)
		kills++
		if s.killed("rollback", after*time.Millisecond, func(a *v1beta1.Application) bool { return !suspendedAt(a, publish, 50) }) {
			carried++
		} else {
			s.ask("rollback")
		}
		s.running(subject, "v1")
		s.share("V1", 100)
	}
	for i, after := range []time.Duration{30, 80} {
		publish := fmt.Sprintf("v2-up-%d", i)
		s.up(application{version: "v2", publish: publish, replicas: 4, weights: []int{25, 50, 100}})
		for _, at := range []int{25, 50} {
			s.suspended(subject, publish, at)
			kills++
			if s.killed("resume", after*time.Millisecond, func(a *v1beta1.Application) bool { return !suspendedAt(a, publish, at) }) {
				carried++
			} else {
				s.ask("resume")
			}
		}
		s.running(subject, publish)
		s.share("V2", 100)
		// The next round begins with version 1 once more, in one step.
		s.up(application{version: "v1", publish: fmt.Sprintf("v1-again-%d", i), replicas: 4, weights: []int{100}})
		s.running(subject, fmt.Sprintf("v1-again-%d", i))
		s.share("V1", 100)
	}
	s.note("The command was killed %d times, 15 to 150 ms after its start: %d times what it asked for was carried out all the same, %d times nothing had been asked yet and the release stood where it was.", kills, carried, kills-carried)
}

// killed runs a command, kills it after a while, and says whether the release moved: within a time in which it would have.
func (s *story) killed(action string, after time.Duration, moved func(*v1beta1.Application) bool) bool {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, after)
	defer cancel()
	if r, err := s.Vela(ctx, "", "-n", s.ns, "workflow", action, subject); err == nil && r.Code == 0 {
		s.Logf("%s was done before it was killed", action)
	}
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(lookEvery) {
		a := &v1beta1.Application{}
		s.get(a, subject)
		if moved(a) {
			return true
		}
	}
	return false
}

func TestAPlanThatIsEditedWhileItRuns(t *testing.T) {
	s := begin(t, 26, "The plan is edited while it runs: steps before and at the current one are removed")
	s.deploy(workload{replicas: 5, steps: []string{"20%", "40%", "60%", "100%"}})
	s.startLoad()
	s.release("v2")
	for step := int32(1); step < 3; step++ {
		s.atStep(step)
		s.approve()
	}
	s.atStep(3)
	s.share("V2", 60)
	edit := func(shares ...string) {
		s.again(func() error {
			ro := s.rollout(subject)
			ro.Spec.Strategy.Canary.Steps = steps(shares...)
			return s.objects.Update(s.ctx, ro)
		})
	}
	edited := time.Now()
	edit("20%", "60%", "100%")
	waits := func(step int32) {
		s.until(fmt.Sprintf("it waits at step %d of the new plan", step), func() (bool, string) {
			ro := s.rollout(subject)
			return ro.Status.CurrentStepState == rollouts.StepPaused && ro.Status.CurrentStepIndex == step && ro.Status.ObservedGeneration == ro.Generation, told(ro)
		})
	}
	waits(2)
	s.effect("edited → it waits where it was", edited)
	s.noMoreThan(60, 2*time.Second)
	s.share("V2", 60)
	edit("40%", "100%")
	waits(1)
	s.noMoreThan(60, 2*time.Second)
	s.share("V2", 40)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
	s.note("An edit is no approval: where the edited plan leaves only a step for everybody, the release waits at the step before it.")
}

// noMoreThan checks for d that nobody is given more of the new version than was approved.
func (s *story) noMoreThan(weight int, d time.Duration) {
	s.Helper()
	s.always(d, fmt.Sprintf("at most %d %% are asked for", weight), func() (bool, string) {
		route := &networkingv1.Ingress{}
		if !s.get(route, canaryRoute) {
			return false, "the canary route is gone"
		}
		var got int
		_, err := fmt.Sscan(route.Annotations["nginx.ingress.kubernetes.io/canary-weight"], &got)
		return err == nil && got <= weight, fmt.Sprintf("%d %% are", got)
	})
}
