// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"flag"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

var (
	update = flag.Bool("update", false, "write the golden stories anew")
	orders = flag.Int("orders", 400, "seeded orders of the two main stories; the others get a tenth")
)

// scenario is a whole release with the people in it.
type scenario struct {
	replicas int32
	set      func(*world)
	beats    []beat
	// ends checks the end state; it holds in every order and after every crash.
	ends func(*world) error
}

func releases(name string, percent int) func(*world) {
	return func(w *world) {
		w.spec.ReleaseID, w.app = "app-"+name, application{"app-" + name, name}
		w.plan(percent)
	}
}

func weigh(percent int) func(*world) { return func(w *world) { w.plan(percent) } }

// back is what a rollback does: the stable template is applied again, under the name of its release.
func back(w *world) {
	w.app = application{}
	w.dep.template, w.dep.label = "v1", "app-v1"
	w.dep.generation++
	w.spec.ReleaseID = "app-v1"
	w.generation++
}

func healthyAt(release string) func(*world) bool {
	return func(w *world) bool {
		return w.status.Phase == v1beta1.PhaseHealthy && w.status.Release() != nil && w.status.Release().ObservedReleaseID == release
	}
}

// pausedAt says that a step is reported as done, for the plan as it is now.
func pausedAt(weight int32) func(*world) bool {
	return func(w *world) bool {
		cs := w.status.Release()
		return w.status.CurrentStepState == v1beta1.StepPaused && cs.RolloutHash == PlanHash(w.follow()) &&
			(cs.DesiredWeight == nil || *cs.DesiredWeight == weight)
	}
}

func sized(hash string, n int32) func(*world) bool {
	return func(w *world) bool { return w.sets[hash] != nil && w.sets[hash].spec == n }
}

// onlyHas is the end of every release: one version, all routes given back, nothing held.
func onlyHas(hash string) func(*world) error {
	return func(w *world) error {
		for _, s := range w.sorted() {
			want := int32(0)
			if s.hash == hash {
				want = w.dep.replicas
			}
			if s.dress != "" {
				return fmt.Errorf("%s still has the metadata of the release: %s", s.hash, s.dress)
			}
			if s.spec != want {
				return fmt.Errorf("%s has %d replicas, want %d", s.hash, s.spec, want)
			}
		}
		if w.backend != "svc" || w.canary != nil || w.dep.held {
			return fmt.Errorf("not given back: route %s, canary %v, held %v", w.backend, w.canary, w.dep.held)
		}
		if w.gone {
			return nil
		}
		cs := w.status.Release()
		if w.status.Phase != v1beta1.PhaseHealthy || w.status.CurrentStepState != v1beta1.StepCompleted || cs.ObservedReleaseID != w.spec.ReleaseID {
			return fmt.Errorf("the status says %s %s for %s: %s", w.status.Phase, w.status.CurrentStepState, cs.ObservedReleaseID, w.status.Message)
		}
		return nil
	}
}

func stays(weight int32, sizes map[string]int32) func(*world) error {
	return func(w *world) error {
		for hash, n := range sizes {
			if w.sets[hash] == nil || w.sets[hash].spec != n {
				return fmt.Errorf("want %d of %s: %s", n, hash, w.state())
			}
		}
		if weight >= 0 && (w.canary == nil || w.canary.weight != weight) {
			return fmt.Errorf("want weight %d: %s", weight, w.state())
		}
		return nil
	}
}

func unrouted(w *world) { w.spec.Strategy.Canary.TrafficRoutings = nil }

func scenarios() map[string]scenario {
	begin := beat{"releases v2 at 20%", healthyAt("app-v1"), releases("v2", 20)}
	to50 := beat{"goes to 50%", pausedAt(20), weigh(50)}
	to100 := beat{"goes to 100%", pausedAt(50), weigh(100)}
	all := map[string]scenario{
		"20-50-100":                  {replicas: 5, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
		"rollback-at-20":             {replicas: 5, beats: []beat{begin, {"rolls back", pausedAt(20), back}}, ends: onlyHas("v1")},
		"rollback-at-50":             {replicas: 5, beats: []beat{begin, to50, {"rolls back", pausedAt(50), back}}, ends: onlyHas("v1")},
		"rollback-while-v2-starts":   {replicas: 5, beats: []beat{begin, {"rolls back", sized("v2", 1), back}}, ends: onlyHas("v1")},
		"rollback-on-the-way-to-100": {replicas: 5, beats: []beat{begin, to50, to100, {"rolls back", sized("v1", 0), back}}, ends: onlyHas("v1")},
		"rollback-while-giving-back": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin, to50, to100,
			{"rolls back", func(w *world) bool { return w.backend == "svc" && w.canary != nil && w.canary.weight == 100 }, back}}, ends: onlyHas("v1")},
		"v2-never-starts": {replicas: 5, set: func(w *world) { w.broken["v2"] = true }, beats: []beat{begin,
			{"rolls back after the deadline", deadlineExceeded, back}}, ends: onlyHas("v1")},
		"v3-during-v2": {replicas: 5, beats: []beat{begin, to50, {"releases v3 at 20%", pausedAt(50), releases("v3", 20)}, to50, to100}, ends: onlyHas("v3")},
		"v3-during-v2-then-rollback": {replicas: 5, beats: []beat{begin, {"releases v3 at 20%", pausedAt(20), releases("v3", 20)},
			{"rolls back", func(w *world) bool { return pausedAt(20)(w) && w.dep.template == "v3" }, back}}, ends: onlyHas("v1")},
		"scale-up-at-20": {replicas: 5, beats: []beat{begin,
			{"scales to 10", pausedAt(20), func(w *world) { w.dep.replicas, w.dep.surge, w.dep.generation = 10, 3, w.dep.generation+1 }},
			{"goes to 50%", func(w *world) bool { return pausedAt(20)(w) && sized("v2", 2)(w) && sized("v1", 8)(w) }, weigh(50)}, to100}, ends: onlyHas("v2")},
		"scale-down-at-50": {replicas: 10, beats: []beat{begin, to50,
			{"scales to 4", pausedAt(50), func(w *world) { w.dep.replicas, w.dep.surge, w.dep.generation = 4, 1, w.dep.generation+1 }},
			{"goes to 100%", func(w *world) bool { return sized("v2", 2)(w) && sized("v1", 2)(w) }, weigh(100)}}, ends: onlyHas("v2")},
		"falling-weights":        {replicas: 5, beats: []beat{begin, to50, {"goes back to 20%", pausedAt(50), weigh(20)}}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})},
		"one-replica":            {replicas: 1, set: func(w *world) { w.dep.unavailable = 0 }, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
		"one-replica-rollback":   {replicas: 1, set: func(w *world) { w.dep.unavailable = 0 }, beats: []beat{begin, {"rolls back", pausedAt(20), back}}, ends: onlyHas("v1")},
		"worker":                 {replicas: 5, set: unrouted, beats: []beat{begin, {"goes to 50%", pausedAt(20), weigh(50)}, to100}, ends: onlyHas("v2")},
		"worker-rollback":        {replicas: 5, set: unrouted, beats: []beat{begin, to50, {"rolls back", pausedAt(50), back}}, ends: onlyHas("v1")},
		"no-surge":               {replicas: 5, set: func(w *world) { w.dep.surge, w.dep.unavailable = 0, 1 }, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
		"surge-of-one":           {replicas: 5, set: func(w *world) { w.dep.surge = 1 }, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
		"two-hundred":            {replicas: 200, set: func(w *world) { w.dep.surge = 10 }, beats: []beat{begin, to50}, ends: stays(50, map[string]int32{"v1": 100, "v2": 100})},
		"deleted-at-50":          {replicas: 5, beats: []beat{begin, to50, {"deletes the Rollout", pausedAt(50), func(w *world) { w.deleting = true }}}, ends: onlyHas("v2")},
		"deleted-after-rollback": {replicas: 5, beats: []beat{begin, {"rolls back and deletes the Rollout", pausedAt(20), func(w *world) { back(w); w.deleting = true }}}, ends: onlyHas("v1")},
		"back-to-before-the-stable-version": {replicas: 5, beats: []beat{begin, {"applies v0, which was good before v1, and deletes the Rollout", pausedAt(20), func(w *world) {
			w.dep.template, w.dep.label, w.app.release = "v0", "app-v0", ""
			w.dep.generation++
			w.deleting = true
		}}}, ends: onlyHas("v0")},
		"canary-over-an-update-under-way": {replicas: 5, set: func(w *world) { w.began = w.dep.replicas }, beats: []beat{
			{"applies w2 without a Rollout's hold and releases v3 at once", healthyAt("app-v1"), func(w *world) {
				w.dep.template, w.dep.label = "w2", "app-w2"
				w.dep.generation++
				releases("v3", 20)(w)
			}},
			to50, to100,
		}, ends: onlyHas("v3")},
		"canary-route-deleted-by-hand": {replicas: 5, beats: []beat{begin,
			{"deletes the canary route", pausedAt(20), loseCanary}, {"goes to 50%", func(w *world) bool { return w.canary != nil && w.canary.weight == 20 }, weigh(50)},
			{"deletes the canary route again", pausedAt(50), loseCanary}, {"goes to 100%", func(w *world) bool { return w.canary != nil && w.canary.weight == 50 }, weigh(100)},
		}, ends: onlyHas("v2")},
		"workload-deleted": {replicas: 5, beats: []beat{begin, {"deletes the workload", pausedAt(20), loseWorkload}}, ends: func(w *world) error {
			if w.canary != nil || w.backend != "svc" || w.status.Phase != v1beta1.PhaseInitial {
				return fmt.Errorf("left behind: %s, phase %s", w.state(), w.status.Phase)
			}
			return nil
		}},
		"workload-deleted-and-back": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin,
			{"deletes the workload", pausedAt(20), loseWorkload},
			{"has the stable version again", func(w *world) bool { return len(w.pods) == 0 }, func(w *world) {
				w.dep = deployment{exists: true, template: "v1", label: "app-v1", replicas: 5, surge: 2, deadline: w.dep.deadline, generation: 1}
			}},
			{"goes to 50%", func(w *world) bool { return pausedAt(20)(w) && sized("v1", 4)(w) && sized("v2", 1)(w) }, weigh(50)}, to100,
		}, ends: onlyHas("v2")},
		"workload-replaced-unseen": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin,
			{"deletes the workload, which is back at once", pausedAt(20), func(w *world) {
				was := w.dep
				loseWorkload(w)
				w.dep = deployment{exists: true, template: "v1", label: "app-v1", replicas: 5, surge: 2, deadline: was.deadline, generation: 1}
			}},
			{"goes to 50%", func(w *world) bool { return pausedAt(20)(w) && sized("v1", 4)(w) && sized("v2", 1)(w) }, weigh(50)}, to100,
		}, ends: onlyHas("v2")},
		"stable-replicaset-deleted": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin,
			{"deletes the ReplicaSet of v1", pausedAt(20), loseSet("v1")},
			{"goes to 50%", func(w *world) bool {
				return pausedAt(20)(w) && sized("v1", 4)(w) && sized("v2", 1)(w) && w.readyOf("v1") == 4
			}, weigh(50)},
			{"deletes it again and rolls back at once", pausedAt(50), func(w *world) { loseSet("v1")(w); back(w) }},
		}, ends: onlyHas("v1")},
		"all-replicasets-deleted": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin,
			{"deletes all ReplicaSets", pausedAt(20), func(w *world) { loseSet("v1")(w); loseSet("v2")(w) }},
			{"goes to 50%", func(w *world) bool {
				return pausedAt(20)(w) && sized("v1", 4)(w) && sized("v2", 1)(w) && w.readyOf("v1") == 4 && w.readyOf("v2") == 1
			}, weigh(50)}, to100,
		}, ends: onlyHas("v2")},
		"stable-replicaset-deleted-between-releases": {replicas: 5, set: func(w *world) { w.emergent = true; w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"deletes the ReplicaSet", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, loseSet("v1")},
			{"applies v2", func(w *world) bool { return sized("v1", 5)(w) && w.readyOf("v1") == 5 }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
		}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})},
		"stable-replicaset-deleted-in-a-later-release": {replicas: 5, set: func(w *world) { w.emergent = true; w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
			{"approves", pausedAt(20), approve},
			{"applies v3", func(w *world) bool {
				return healthyAt("")(w) && w.status.CanaryStatus.StableRevision == "v2" && w.dep.kept == "v2"
			}, func(w *world) { w.dep.template = "v3"; w.dep.generation++ }},
			{"deletes the ReplicaSet of v2, the stable one now", pausedAt(20), loseSet("v2")},
		}, ends: stays(20, map[string]int32{"v1": 0, "v2": 4, "v3": 1})},
		"marks-taken-off": {replicas: 5, beats: []beat{begin,
			{"takes labels and annotations off the workload", pausedAt(20), func(w *world) {
				w.dep.held, w.dep.heldFor, w.dep.stable, w.dep.kept, w.dep.label = false, "", "", "", ""
				w.paused = true
			}},
			{"goes to 50%", func(w *world) bool { return pausedAt(20)(w) && w.dep.held && w.dep.label == "app-v2" }, weigh(50)}, to100,
		}, ends: onlyHas("v2")},
		"status-emptied": {replicas: 5, set: func(w *world) { w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
			{"empties the status", pausedAt(20), func(w *world) { w.status = v1beta1.RolloutStatus{} }},
		}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})},
		"status-emptied-without-routes": {replicas: 5, set: func(w *world) { unrouted(w); w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
			{"empties the status", func(w *world) bool { return w.status.CurrentStepState == v1beta1.StepPaused }, func(w *world) { w.status = v1beta1.RolloutStatus{} }},
		}, ends: stays(-1, map[string]int32{"v1": 4, "v2": 1})},
		"v2-lost-at-50": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{begin, to50,
			{"kills all pods of v2", pausedAt(50), killPods("v2")},
		}, ends: stays(50, map[string]int32{"v1": 2, "v2": 3})},
		"all-steps-in-one-plan": {replicas: 5, set: func(w *world) { w.plan(20, 50) }, beats: []beat{
			{"releases v2", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.plan(20, 50) }},
			{"approves", pausedAt(20), approve}, {"approves the last step", pausedAt(50), approve},
		}, ends: onlyHas("v2")},
		"every-change-is-a-release": {replicas: 5, set: func(w *world) { w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
			{"approves", pausedAt(20), approve},
			{"applies v3", func(w *world) bool { return healthyAt("")(w) && w.status.CanaryStatus.StableRevision == "v2" }, func(w *world) { w.dep.template = "v3"; w.dep.generation++ }},
			{"rolls back to v2", pausedAt(20), func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
		}, ends: func(w *world) error {
			if !w.dep.held || w.status.Phase != v1beta1.PhaseHealthy || w.backend != "svc" || w.canary != nil {
				return fmt.Errorf("want it held, healthy, without routes: %v %s %s", w.dep.held, w.status.Phase, w.state())
			}
			return stays(-1, map[string]int32{"v1": 0, "v2": 5, "v3": 0})(w)
		}},
		"matches-then-all": {replicas: 5, beats: []beat{
			{"releases v2 to those who ask for it", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.match(2) }},
			{"changes who that is", pausedAt(0), func(w *world) { w.match(2); w.spec.Strategy.Canary.Steps[0].Matches[0].Headers[0].Value = "all" }},
			{"goes to 50% of all", pausedAt(0), weigh(50)}, to100,
		}, ends: onlyHas("v2")},
		"matches-rolled-back": {replicas: 5, beats: []beat{
			{"releases v2 to those who ask for it", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.match(2) }},
			{"rolls back", pausedAt(0), back},
		}, ends: onlyHas("v1")},
		"matches-and-a-share": {replicas: 5, beats: []beat{
			{"releases v2 to those who ask for it and to 20% of the others", healthyAt("app-v1"), func(w *world) {
				releases("v2", 20)(w)
				w.match(1)
				w.spec.Strategy.Canary.Steps[0].Traffic = new("20%")
			}},
			{"goes back to those who ask for it", pausedAt(20), func(w *world) { w.match(1) }},
			{"rolls back", pausedAt(0), back},
		}, ends: onlyHas("v1")},
		"matches-where-no-router-tells": {replicas: 5, set: func(w *world) { w.noEdge = true }, beats: []beat{
			{"releases v2 to those who ask for it", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.match(2) }},
			{"rolls back", pausedAt(0), back},
		}, ends: onlyHas("v1")},
		"v2-lost-with-matches": {replicas: 5, set: func(w *world) { w.emergent = true }, beats: []beat{
			{"releases v2 to those who ask for it", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.match(2) }},
			{"kills all pods of v2", pausedAt(0), killPods("v2")},
		}, ends: func(w *world) error {
			if w.canary == nil || len(w.canary.matches) == 0 {
				return fmt.Errorf("want the matches back: %s", w.state())
			}
			return stays(0, map[string]int32{"v1": 5, "v2": 2})(w)
		}},
		"no-router-tells": {replicas: 5, set: func(w *world) { w.noEdge = true }, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
		"paused-by-a-person": {replicas: 5, beats: []beat{begin,
			{"pauses", sized("v2", 1), func(w *world) { w.spec.Strategy.Paused = true; w.generation++ }},
			{"rolls back", func(w *world) bool { return w.now.Sub(start) > time.Second }, back}}, ends: onlyHas("v1")},
	}
	maps.Copy(all, inPlaceScenarios())
	return all
}

// match makes the plan one step for requests with a header, with that many pods.
func (w *world) match(replicas int32) {
	header := gatewayv1.HTTPHeaderMatch{Name: "x-beta", Value: "me"}
	size := intstr.FromInt32(replicas)
	w.steps(v1beta1.Step{Replicas: &size, Matches: []v1beta1.HTTPRouteMatch{{Headers: []gatewayv1.HTTPHeaderMatch{header}}}})
}

func killPods(hash string) func(*world) {
	return func(w *world) {
		for _, p := range w.pods {
			if p.hash == hash {
				p.terminating, p.goneAt = true, w.now.Add(podStop)
			}
		}
	}
}

// loseSet deletes a ReplicaSet, and with it its pods.
func loseSet(hash string) func(*world) {
	return func(w *world) {
		killPods(hash)(w)
		delete(w.sets, hash)
	}
}

// loseCanary takes the canary route away, or puts the HTTPRoute back as it was.
func loseCanary(w *world) {
	if w.real != nil {
		w.real.lose(w)
		return
	}
	w.canary = nil
}

// loseWorkload deletes the workload, and with it its ReplicaSets and pods.
func loseWorkload(w *world) {
	w.dep.exists, w.dep.held = false, false
	w.sets = map[string]*set{}
	for _, p := range w.pods {
		p.terminating, p.goneAt = true, w.now.Add(podStop)
	}
}

func approve(w *world) {
	w.status.CurrentStepState = v1beta1.StepReady
	if w.status.BlueGreenStatus != nil {
		w.status.BlueGreenStatus.CurrentStepState = v1beta1.StepReady
		return
	}
	w.status.CanaryStatus.CurrentStepState = v1beta1.StepReady
}

func (s scenario) play(t *testing.T, tune func(*world)) *world {
	t.Helper()
	w := newWorld(t, s.replicas)
	if s.set != nil {
		s.set(w)
	}
	w.beats = append(w.beats, s.beats...)
	if tune != nil {
		tune(w)
	}
	w.run()
	if len(w.beats) > 0 {
		w.fail("it never came to %q: %s, status %s", w.beats[0].name, w.state(), w.status.Message)
	}
	if err := s.ends(w); err != nil {
		w.fail("at the end: %v", err)
	}
	if d := Decide(w.observe(), w.now); !w.gone && (d.Writes() || !equality.Semantic.DeepEqual(d.Status, w.status)) {
		w.fail("at the end there is still something to write: %s: %s", d.Rule, d.Why)
	}
	return w
}

func TestStoriesOfWholeReleases(t *testing.T) {
	for name, s := range merged(scenarios(), styleScenarios(), abortScenarios(), jumpScenarios(), wayBackScenarios(), sharedScenarios()) {
		if strings.HasPrefix(name, "parallel-") {
			continue // as the ordered StatefulSet's, in the order that counts here
		}
		t.Run(name, func(t *testing.T) {
			w := s.play(t, nil)
			w.tell("%d writes, events: %s", w.writes, strings.Join(w.events, ", "))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(w.story.String()), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != w.story.String() {
				t.Errorf("the story changed; if it is better now, run the test with -update\nwant:\n%s\ngot:\n%s", want, w.story.String())
			}
		})
	}
}

func TestReleasesInAnyOrderWithCrashes(t *testing.T) {
	for name, s := range merged(scenarios(), styleScenarios(), abortScenarios(), jumpScenarios(), wayBackScenarios(), sharedScenarios()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seeds := *orders / 10
			if _, first := scenarios()[name]; !first {
				seeds = *orders / 25
			}
			switch {
			case s.replicas > 20:
				seeds = *orders / 100
			case strings.Contains(name, "set-"):
				seeds = *orders / 100
			case name == "20-50-100" || name == "rollback-at-50":
				seeds = *orders
			}
			for seed := range seeds {
				w := s.play(t, seeded(int64(seed)))
				if w.failed {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// seeded makes the order of everything, and when the controller dies, a matter of the seed.
func seeded(seed int64) func(*world) {
	return func(w *world) {
		w.rand = rand.New(rand.NewSource(seed)) //nolint:gosec // the same order for the same seed
		w.crashes = 30 * int(seed%4)
	}
}

func TestKillAfterEveryWrite(t *testing.T) {
	for name, s := range merged(scenarios(), styleScenarios(), abortScenarios(), jumpScenarios(), wayBackScenarios(), sharedScenarios()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			total := s.play(t, nil).writes
			if s.replicas > 20 {
				total = min(total, 20)
			}
			each := 1
			if strings.Contains(name, "set-") {
				each = 2 // the kinds share their stories, and so the writes between which it dies
			}
			for k := 1; k <= total; k += each {
				if w := s.play(t, func(w *world) { w.crashAt = k }); w.failed {
					t.Fatalf("killed after write %d", k)
				}
			}
		})
	}
}
