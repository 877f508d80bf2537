// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// The points that kruise-rollouts.md marks DEFECT, by their number. Those of this engine have a test below; the others are
// looked at elsewhere, or can't happen:
//
//	0.12  Healthy before it began, a stale StepPaused       here; also internal/health and internal/application/dispatch_test.go
//	0.12  a Rollout that the webhook's cache does not have   no webhook arms a release: the Rollout holds the workload, and says so
//	0.13  weight 100 in partition style                      here, and cluster/e2e TestTheRolloutOfKubeVelasAddonRuns
//	0.16  #7170 StepPaused after a rollback                  here
//	1.1   trafficRoutingRef is never read                    internal/rollout/validate refuses it with a sentence
//	1.5   RolloutHistory without traffic panics              there is no RolloutHistory
//	2.3   rollout-id by label or by annotation               a release is known by its template or spec.releaseID, not by that id
//	2.5b  a rollback while paused                            here
//	2.7   the full step livelocks; retry without a delay     here; no Service is pinned, so that nothing has to be un-pinned
//	2.10  the reason changes half-way; #197                  here; what is left to do is read from the cluster and not stored
//	2.11  grace periods kept in memory                       here
//	2.13  a deleted workload leaves its routes               here
//	2.14  #174 no time limit                                 here
//	3.4   the default of maxSurge over maxUnavailable; #305  internal/rollout/workload TestDefect3_4...
//	3.8   no v3 during blue-green                            here
//	3.10  a hash of the controller's own library             internal/rollout/workload TestDefect3_10...
//	4.4   Ingress rules without http, edits not mirrored     internal/traffic/ingress; scripts of other dialects: there are none
//	4.5   HTTPRoute: kind, matches, weights not remembered   internal/traffic/gateway
//	5.2   an uncontrolled change with two ReplicaSets        here

// playDefect runs a story in the order that counts, and in some others.
func playDefect(t *testing.T, s scenario) {
	t.Helper()
	s.play(t, nil)
	for seed := range int64(*orders / 20) {
		if s.play(t, seeded(seed)).failed {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestDefect0_12_AStepIsNeverDoneBeforeItBegan(t *testing.T) {
	o := atRest()
	o.Spec.ReleaseID, o.Generation = "app-v2", o.Generation+1
	if st := Decide(o, noon()).Status; st.Phase == v1beta1.PhaseHealthy || st.Release().ObservedReleaseID == "app-v2" {
		t.Errorf("the release of app-v2 has not begun, and the status says %s for %q", st.Phase, st.Release().ObservedReleaseID)
	}
	o = at20()
	share(&o, "50%")
	o.Generation++
	st := Decide(o, noon()).Status
	if st.CurrentStepState == v1beta1.StepPaused || st.ObservedGeneration != o.Generation || st.Release().RolloutHash != PlanHash(o.Spec) {
		t.Errorf("the new plan is seen in the same write that takes StepPaused of the old one back: %+v", st)
	}
}

func TestDefect0_12_HealthyIsToldWhenTheHoldIsThere(t *testing.T) {
	w := newWorld(t, 5)
	w.spec.ReleaseID = ""
	for range 5 {
		w.control()
		if w.status.Phase == v1beta1.PhaseHealthy && !w.dep.held {
			t.Fatal("it says Healthy, and a version that is applied now is not held")
		}
	}
	if w.status.Phase != v1beta1.PhaseHealthy {
		t.Errorf("it never says Healthy: %s", w.status.Message)
	}
}

func TestDefect0_16_AfterARollbackNothingIsLeftOfTheStep(t *testing.T) {
	s := scenarios()["rollback-at-20"]
	ends := s.ends
	s.ends = func(w *world) error {
		if cs := w.status.Release(); cs.CurrentStepState != v1beta1.StepCompleted || cs.CanaryReplicas != 0 {
			t.Errorf("the status says %s with %d pods", cs.CurrentStepState, cs.CanaryReplicas)
		}
		return ends(w)
	}
	playDefect(t, s)
}

func TestDefect2_5_ARollbackIsActedOnWhilePaused(t *testing.T) {
	pause := func(w *world) { w.spec.Strategy.Paused = true; w.generation++ }
	begin := beat{"releases v2", healthyAt("app-v1"), releases("v2", 20)}
	playDefect(t, scenario{replicas: 5, beats: []beat{begin, {"pauses", pausedAt(20), pause}, {"rolls back", func(w *world) bool { return strings.Contains(w.status.Message, "paused") }, back}}, ends: onlyHas("v1")})
}

func TestDefect2_5_ANewVersionTakesTheOldOneBackWhilePaused(t *testing.T) {
	pause := func(w *world) { w.spec.Strategy.Paused = true; w.generation++ }
	begin := beat{"releases v2", healthyAt("app-v1"), releases("v2", 20)}
	playDefect(t, scenario{replicas: 5, beats: []beat{begin, {"pauses", pausedAt(20), pause}, {"releases v3", func(w *world) bool { return strings.Contains(w.status.Message, "paused") }, comes("v3")}},
		ends: stays(0, map[string]int32{"v1": 5, "v2": 0})})
}

func TestDefect2_7_TheFullStepDoesNotLivelock(t *testing.T) {
	// The step of index 1 with all pods and all traffic: by percentage, by number, and edited up to it.
	whole := func(w *world) { w.plan(100) }
	number := func(w *world) {
		five, traffic := intstr.FromInt32(5), "100%"
		w.steps(v1beta1.Step{Replicas: &five, Traffic: &traffic})
	}
	for name, set := range map[string]func(*world){"100 %": whole, "a number of pods": number} {
		t.Run(name, func(t *testing.T) {
			playDefect(t, scenario{replicas: 5, set: set, beats: []beat{{"releases v2", healthyAt("app-v1"), comes("v2")}}, ends: onlyHas("v2")})
		})
	}
	t.Run("edited from 20 %", func(t *testing.T) {
		playDefect(t, scenario{replicas: 5, beats: []beat{{"releases v2", healthyAt("app-v1"), releases("v2", 20)}, {"goes to 100%", pausedAt(20), weigh(100)}}, ends: onlyHas("v2")})
	})
}

func TestDefect2_10_TheReasonMayChangeHalfWay(t *testing.T) {
	begin := beat{"releases v2", healthyAt("app-v1"), releases("v2", 20)}
	half := func(w *world) bool { return w.canary != nil && w.canary.weight == 0 && w.dep.template == "v3" }
	for name, s := range map[string]scenario{
		"v3, and a rollback while v2 is still taken back": {replicas: 5, beats: []beat{begin, {"releases v3", pausedAt(20), releases("v3", 20)}, {"rolls back", half, back}}, ends: onlyHas("v1")},
		"a rollback, and the Rollout deleted in it": {replicas: 5, beats: []beat{begin, {"rolls back", pausedAt(20), back},
			{"deletes the Rollout", func(w *world) bool { return w.canary != nil && w.canary.weight == 0 }, func(w *world) { w.deleting = true }}}, ends: onlyHas("v1")},
		"a rollback, and v2 again in it": {replicas: 5, beats: []beat{begin, {"rolls back", pausedAt(20), back},
			{"releases v2 again", func(w *world) bool { return w.canary != nil && w.canary.weight == 0 && w.dep.template == "v1" }, releases("v2", 100)}}, ends: onlyHas("v2")},
	} {
		t.Run(name, func(t *testing.T) { playDefect(t, s) })
	}
}

func TestDefect2_10_TheHoldIsTheLastThingThatGoes(t *testing.T) {
	for _, name := range []string{"20-50-100", "rollback-at-50", "blue-green"} {
		s := merged(scenarios(), styleScenarios())[name]
		s.play(t, func(w *world) {
			w.watch = func() {
				if released := w.dep.label != "app-v1" && !w.dep.held && w.status.Phase == v1beta1.PhaseProgressing; released && w.canary != nil {
					w.fail("%s: the workload is let go while routes are still there", name)
				}
			}
		})
	}
}

func TestDefect2_11_AWaitSurvivesARestart(t *testing.T) {
	o := at20()
	o.Routes.Ack, o.Routes.Weight = AckNone, 0
	d := Decide(o, noon())
	if d.Route == nil || d.Route.Weight != 20 || !d.StatusFirst || d.Status.Release().RouteSince == nil {
		t.Fatalf("the wait is stored before the write that it is about: %+v", d)
	}
	o.Status, o.Routes.Weight = d.Status, 20 // what a controller finds that knows nothing but the cluster
	if d := Decide(o, noon().Add(2*time.Second)); d.Status.CurrentStepState == v1beta1.StepPaused || d.RecheckAfter != time.Second {
		t.Errorf("two of three seconds are over, and it does not wait for the third: %s", d.Why)
	}
}

func TestDefect2_13_AWorkloadThatIsDeletedLeavesNoRoutes(t *testing.T) {
	playDefect(t, scenarios()["workload-deleted"])
}

func TestDefect2_14_AStepWithoutProgressHasAnEnd(t *testing.T) {
	playDefect(t, scenarios()["v2-never-starts"])
	playDefect(t, abortScenarios()["given-up"])
}

func TestDefect3_8_V3MayComeDuringBlueGreen(t *testing.T) {
	playDefect(t, styleScenarios()["blue-green-v3-during-v2"])
}

func TestDefect5_2_AChangeWithTwoReplicaSetsIsControlledAndTold(t *testing.T) {
	playDefect(t, scenarios()["canary-over-an-update-under-way"])
	o := atRest()
	o.Spec.ReleaseID = ""
	o.Sets = append(o.Sets, ReplicaSet{Hash: "v0", Replicas: 2, Pods: 2, Ready: 2})
	if d := Decide(o, noon()); d.Hold != nil || !strings.Contains(d.Status.Message, "update that was under way") {
		t.Errorf("it neither waits nor says for what: %s", d.Status.Message)
	}
}
