// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// onTop makes the pods of the new version come on top.
func onTop(w *world) { w.spec.Strategy.Canary.EnableExtraWorkloadForCanary = true }

// green makes it blue and green, with one step for each pair of pods and traffic.
func green(pairs ...string) func(*world) {
	return func(w *world) {
		w.spec.Strategy.BlueGreen, w.spec.Strategy.Canary = &v1beta1.BlueGreenStrategy{TrafficRoutings: w.spec.Strategy.Plan().TrafficRoutings}, nil
		w.steps(pairsOf(pairs...)...)
	}
}

// pairsOf gives one step for each pair of pods and traffic.
func pairsOf(pairs ...string) []v1beta1.Step {
	var steps []v1beta1.Step
	for p := range slices.Chunk(pairs, 2) {
		replicas := intstr.Parse(p[0])
		steps = append(steps, v1beta1.Step{Replicas: &replicas, Traffic: &p[1]})
	}
	return steps
}

// comes releases a version by the plan as it is.
func comes(name string) func(*world) {
	return func(w *world) {
		w.spec.ReleaseID, w.app = "app-"+name, application{"app-" + name, name}
		w.generation++
	}
}

// atStep says that a step, counted from 1, is reported as done.
func atStep(n int32) func(*world) bool {
	return func(w *world) bool {
		cs := w.status.Release()
		return w.status.CurrentStepState == v1beta1.StepPaused && cs.RolloutHash == PlanHash(w.follow()) && cs.CurrentStepIndex == n &&
			cs.CanaryRevision == w.dep.template && (cs.NextStepIndex == n+1 || cs.NextStepIndex == -1)
	}
}

func (w *world) resize(n int32) {
	w.dep.replicas, w.dep.surge, w.dep.unavailable, w.dep.generation = n, ceil(n, 25), n*25/100, w.dep.generation+1
}

func resize(n int32) func(*world) { return func(w *world) { w.resize(n) } }

func all(conditions ...func(*world) bool) func(*world) bool {
	return func(w *world) bool {
		return !slices.ContainsFunc(conditions, func(c func(*world) bool) bool { return !c(w) })
	}
}

// keeping says that the release is through but for the pods of the stable version.
func keeping(w *world) bool {
	cs := w.status.Release()
	return cs != nil && cs.IdleSince != nil && w.canary != nil && w.canary.weight == 100
}

// dressing puts a label onto the pods of the new version.
func dressing(w *world) {
	w.plan(20, 50, 100)
	w.spec.Strategy.Canary.PatchPodTemplateMetadata = &v1beta1.PatchPodTemplateMetadata{Labels: map[string]string{"lane": "gray"}}
}

// styleScenarios are releases in which the pods of the new version come on top.
func styleScenarios() map[string]scenario {
	begin := beat{"releases v2", healthyAt("app-v1"), comes("v2")}
	at := func(step int32) beat { return beat{"approves", atStep(step), approve} }
	extra := func(w *world) { onTop(w); w.plan(20, 50, 100) }
	blueGreen := green("50%", "0%", "100%", "0%", "100%", "50%", "100%", "100%")
	// Five pods at 50 %, then six, seven, eight and four.
	var swings []beat
	for _, s := range []struct{ to, v2 int32 }{{6, 3}, {7, 4}, {8, 4}, {4, 2}} {
		swings = append(swings, beat{"is scaled", atStep(1), resize(s.to)},
			beat{"sees both versions follow", all(atStep(1), sized("v1", s.to), sized("v2", s.v2)), func(*world) {}})
	}
	return map[string]scenario{
		"extra-20-50-100":                            {replicas: 5, set: extra, beats: []beat{begin, at(1), at(2)}, ends: onlyHas("v2")},
		"extra-rollback-at-50":                       {replicas: 5, set: extra, beats: []beat{begin, at(1), {"rolls back", atStep(2), back}}, ends: onlyHas("v1")},
		"extra-rollback-while-the-old-pods-are-kept": {replicas: 5, set: extra, beats: []beat{begin, at(1), at(2), {"rolls back", keeping, back}}, ends: onlyHas("v1")},
		"extra-v3-during-v2":                         {replicas: 5, set: extra, beats: []beat{begin, at(1), {"releases v3", atStep(2), comes("v3")}, at(1), at(2)}, ends: onlyHas("v3")},
		"extra-scaled-on-the-way": {replicas: 5, set: extra, beats: []beat{begin,
			{"is scaled to 10", atStep(1), resize(10)}, {"approves", all(atStep(1), sized("v2", 2), sized("v1", 10)), approve},
			{"is scaled to 4", atStep(2), resize(4)}, {"approves", all(atStep(2), sized("v2", 2), sized("v1", 4)), approve},
			{"is scaled to 6", keeping, resize(6)}}, ends: onlyHas("v2")},
		"extra-worker": {replicas: 5, set: func(w *world) { extra(w); unrouted(w) }, beats: []beat{begin, at(1), at(2)}, ends: onlyHas("v2")},
		"extra-worker-rollback": {replicas: 5, set: func(w *world) { extra(w); unrouted(w) }, beats: []beat{begin, at(1),
			{"rolls back", atStep(2), back}}, ends: onlyHas("v1")},
		"extra-one-replica":     {replicas: 1, set: extra, beats: []beat{begin, at(1), at(2)}, ends: onlyHas("v2")},
		"extra-no-router-tells": {replicas: 5, set: func(w *world) { extra(w); w.noEdge = true }, beats: []beat{begin, at(1), at(2)}, ends: onlyHas("v2")},
		"extra-v2-lost-while-the-old-pods-are-kept": {replicas: 5, set: func(w *world) { extra(w); w.emergent = true }, beats: []beat{begin, at(1), at(2),
			{"kills all pods of v2", keeping, killPods("v2")}}, ends: onlyHas("v2")},
		"extra-deleted-at-50": {replicas: 5, set: extra, beats: []beat{begin, at(1), {"deletes the Rollout", atStep(2), func(w *world) { w.deleting = true }}}, ends: onlyHas("v2")},

		"dressed": {replicas: 5, set: dressing, beats: []beat{begin, at(1), at(2)}, ends: onlyHas("v2")},
		"dressed-otherwise-on-the-way": {replicas: 5, set: dressing, beats: []beat{begin, {"edits the labels", atStep(1), func(w *world) {
			w.spec.Strategy.Canary.PatchPodTemplateMetadata = &v1beta1.PatchPodTemplateMetadata{Labels: map[string]string{"lane": "pink"}}
			w.generation++
		}}, at(1), at(2)}, ends: onlyHas("v2")},
		"dressed-rollback":           {replicas: 5, set: dressing, beats: []beat{begin, at(1), {"rolls back", atStep(2), back}}, ends: onlyHas("v1")},
		"dressed-v3-during-v2":       {replicas: 5, set: dressing, beats: []beat{begin, at(1), {"releases v3", atStep(2), comes("v3")}, at(1), at(2)}, ends: onlyHas("v3")},
		"dressed-and-deleted":        {replicas: 5, set: dressing, beats: []beat{begin, at(1), {"deletes the Rollout", atStep(2), func(w *world) { w.deleting = true }}}, ends: onlyHas("v2")},
		"blue-green":                 {replicas: 5, set: blueGreen, beats: []beat{begin, at(1), at(2), at(3), at(4)}, ends: onlyHas("v2")},
		"blue-green-rollback-at-100": {replicas: 5, set: blueGreen, beats: []beat{begin, at(1), at(2), at(3), {"rolls back", atStep(4), back}}, ends: onlyHas("v1")},
		"blue-green-v3-during-v2":    {replicas: 5, set: blueGreen, beats: []beat{begin, at(1), at(2), {"releases v3", atStep(3), comes("v3")}, at(1), at(2), at(3), at(4)}, ends: onlyHas("v3")},
		"blue-green-scaled":          {replicas: 5, set: blueGreen, beats: append(append([]beat{begin}, swings...), at(1), at(2), at(3), at(4)), ends: onlyHas("v2")},
		"blue-green-scaled-to-0":     {replicas: 5, set: blueGreen, beats: []beat{begin, at(1), at(2), {"is scaled to 0", atStep(3), resize(0)}}, ends: stays(50, map[string]int32{"v1": 0, "v2": 0})},
		"blue-green-scaled-in-a-rollback": {replicas: 5, set: blueGreen, beats: []beat{begin, at(1), at(2), {"rolls back", atStep(3), back},
			{"is scaled to 12", func(w *world) bool { return w.canary != nil && w.canary.weight == 0 }, resize(12)}, {"is scaled to 3", sized("v1", 12), resize(3)}}, ends: onlyHas("v1")},
		"blue-green-paused-and-approved": {replicas: 5, set: blueGreen, beats: []beat{begin,
			{"pauses and approves", atStep(1), func(w *world) { w.spec.Strategy.Paused = true; w.generation++; approve(w) }},
			{"goes on", func(w *world) bool {
				return w.status.CurrentStepState == v1beta1.StepReady && w.status.CurrentStepIndex == 1 && strings.Contains(w.status.Message, "paused") && sized("v2", 3)(w)
			}, func(w *world) { w.spec.Strategy.Paused = false; w.generation++ }},
		}, ends: stays(0, map[string]int32{"v1": 5, "v2": 5})},
	}
}

func merged(some ...map[string]scenario) map[string]scenario {
	out := map[string]scenario{}
	for _, s := range some {
		maps.Copy(out, s)
	}
	return out
}
