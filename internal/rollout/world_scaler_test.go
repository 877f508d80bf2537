// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"math/rand"
	"testing"
)

// scaler is an autoscaler that changes its mind at any time, as an HPA or KEDA would (peers.md 4.4, 17).
type scaler struct {
	least, most int32
	left        int // changes to come
}

// scales changes the replicas once in a while.
func (w *world) scales() bool {
	s := &w.scaler
	if s.left == 0 || w.now.Before(start) || !w.dep.exists || w.rand.Intn(10) > 0 {
		return false
	}
	s.left--
	to := s.least + w.rand.Int31n(s.most-s.least+1)
	if s.left == 0 || to == 1 && w.inPlace.kind != "" {
		to = 2 // the end of the story is about pods, and one pod can't be replaced in place without a gap
	}
	if w.inPlace.base = min(w.inPlace.base, w.dep.replicas, to); w.inPlace.base == 0 {
		w.inPlace.base = min(w.dep.replicas, to)
	}
	w.tell("   . the autoscaler scales from %d to %d", w.dep.replicas, to)
	w.dep.replicas, w.dep.generation = to, w.dep.generation+1
	if w.inPlace.kind == "" {
		w.dep.surge, w.dep.unavailable = ceil(to, 25), to*25/100
	}
	return true
}

// TestAnAutoscalerMayScaleInEachStepAndDuringARollback scales between 3 and 30 pods, and with KEDA to none and back, while a release
// goes to its end or is taken back. Of a Deployment every law holds all the time: no router sends requests where nobody
// answers, no share grows without its pods, no version goes before its traffic. What replaces its pods in place is scaled by its
// own controller, which takes the highest ordinals whoever uses them; there each story has to end as it should.
func TestAnAutoscalerMayScaleInEachStepAndDuringARollback(t *testing.T) {
	begin := beat{"releases v2 at 20%", healthyAt("app-v1"), releases("v2", 20)}
	paused := func(w *world) bool { return w.status.CurrentStepState == "StepPaused" }
	stories := map[string]scenario{
		"to the end":           {replicas: 5, beats: []beat{begin, {"goes to 50%", paused, weigh(50)}, {"goes to 100%", paused, weigh(100)}}, ends: onlyHas("v2")},
		"taken back at 50%":    {replicas: 5, beats: []beat{begin, {"goes to 50%", paused, weigh(50)}, {"rolls back", paused, back}}, ends: onlyHas("v1")},
		"taken back at once":   {replicas: 5, beats: []beat{begin, {"rolls back", func(w *world) bool { return w.readyOf("v2") > 0 }, back}}, ends: onlyHas("v1")},
		"a newer one half-way": {replicas: 5, beats: []beat{begin, {"releases v3 at 50%", paused, releases("v3", 50)}, {"goes to 100%", paused, weigh(100)}}, ends: onlyHas("v3")},
	}
	for kind, set := range map[string]func(*world){
		"Deployment":  func(*world) {},
		"StatefulSet": func(w *world) { becomes(statefulSet)(w); w.emergent = true },
		"CloneSet":    func(w *world) { becomes(cloneSet)(w); w.emergent = true },
		"DaemonSet":   func(w *world) { becomes(daemonSet)(w); w.emergent = true },
	} {
		for name, s := range stories {
			for _, zero := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, down to zero %v", kind, name, zero), func(t *testing.T) {
					t.Parallel()
					for seed := range *orders / 40 {
						s.set = set
						w := s.play(t, func(w *world) {
							w.rand = rand.New(rand.NewSource(int64(seed))) //nolint:gosec // the same order for the same seed
							w.crashes = 10 * (seed % 3)
							w.scaler = scaler{least: 3, most: 30, left: 6}
							if zero {
								w.scaler.least = 0
								w.emergent = true // nobody answers where there is nobody
							}
						})
						if w.failed {
							t.Fatalf("seed %d", seed)
						}
					}
				})
			}
		}
	}
}
