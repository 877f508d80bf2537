// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// aborting makes the plan give v2 up, which never starts, after the workload's ten minutes.
func aborting(w *world) {
	w.broken["v2"] = true
	if b := w.spec.Strategy.BlueGreen; b != nil {
		b.ProgressDeadlineAbort = true
		return
	}
	w.spec.Strategy.Canary.ProgressDeadlineAbort = true
}

// late says that the deadline is over.
func late(w *world) bool {
	c := meta.FindStatusCondition(w.status.Conditions, v1beta1.ConditionProgressing)
	return c != nil && c.Reason == v1beta1.ReasonDeadlineExceeded
}

// gaveUp says that a version was given up and that all pods and all traffic are on the stable one.
func gaveUp(w *world) bool {
	cs := w.status.Release()
	succeeded := meta.FindStatusCondition(w.status.Conditions, v1beta1.ConditionSucceeded)
	return cs != nil && cs.Abort != nil && cs.CanaryReplicas == 0 && cs.StableReplicas == w.dep.replicas &&
		succeeded != nil && succeeded.Reason == v1beta1.ReasonAborted && (cs.DesiredWeight == nil || *cs.DesiredWeight == 0)
}

// given is the end of a version that was given up: the template stays, and nothing of it runs.
func given(w *world) error {
	if !gaveUp(w) || w.dep.template != "v2" || !w.dep.held {
		return fmt.Errorf("v2 is not given up: template %s, held %v, %s, %s", w.dep.template, w.dep.held, w.state(), w.status.Message)
	}
	weight := int32(-1)
	if w.routed() {
		weight = 0
	}
	return stays(weight, map[string]int32{"v1": w.dep.replicas, "v2": 0})(w)
}

// abortScenarios are releases that are given up.
func abortScenarios() map[string]scenario {
	begin := beat{"releases v2, which never starts", healthyAt("app-v1"), comes("v2")}
	fixed := func(w *world) { delete(w.broken, "v2"); w.retry = "1" }
	giving := func(w *world) bool { cs := w.status.Release(); return cs != nil && cs.Abort != nil }
	blueGreen := func(w *world) { green("50%", "0%", "100%", "100%")(w); aborting(w) }
	return map[string]scenario{
		"given-up":                    {replicas: 5, set: aborting, beats: []beat{begin}, ends: given},
		"given-up-then-v3":            {replicas: 5, set: aborting, beats: []beat{begin, {"releases v3", gaveUp, releases("v3", 100)}}, ends: onlyHas("v3")},
		"given-up-then-rolled-back":   {replicas: 5, set: aborting, beats: []beat{begin, {"rolls back", gaveUp, back}}, ends: onlyHas("v1")},
		"given-up-then-tried-again":   {replicas: 5, set: aborting, beats: []beat{begin, {"mends the cause and tries again", gaveUp, fixed}, {"goes to 100%", pausedAt(20), weigh(100)}}, ends: onlyHas("v2")},
		"given-up-twice":              {replicas: 5, set: aborting, beats: []beat{begin, {"tries again", gaveUp, func(w *world) { w.retry = "1" }}}, ends: given},
		"given-up-then-deleted":       {replicas: 5, set: aborting, beats: []beat{begin, {"mends the cause and deletes the Rollout", gaveUp, func(w *world) { fixed(w); w.deleting = true }}}, ends: onlyHas("v2")},
		"given-up-without-routes":     {replicas: 5, set: func(w *world) { unrouted(w); aborting(w) }, beats: []beat{begin}, ends: given},
		"given-up-and-scaled":         {replicas: 5, set: aborting, beats: []beat{begin, {"is scaled to 12", giving, resize(12)}, {"is scaled to 3", gaveUp, resize(3)}}, ends: given},
		"given-up-at-50":              {replicas: 5, set: func(w *world) { aborting(w); w.broken, w.emergent = map[string]bool{}, true }, beats: []beat{begin, {"goes to 50%", pausedAt(20), func(w *world) { w.broken["v2"] = true; weigh(50)(w) }}}, ends: given},
		"given-up-blue-green":         {replicas: 5, set: blueGreen, beats: []beat{begin}, ends: given},
		"given-up-where-nobody-tells": {replicas: 5, set: func(w *world) { aborting(w); w.noEdge = true }, beats: []beat{begin}, ends: given},
		"given-up-statefulset":        {replicas: 5, set: func(w *world) { becomes(statefulSet)(w); aborting(w) }, beats: []beat{begin}, ends: given},
		"not-given-up-daemonset":      {replicas: 5, set: func(w *world) { becomes(daemonSet)(w); aborting(w) }, beats: []beat{begin, {"rolls back", late, back}}, ends: onlyHas("v1")},
		"given-up-while-all-change-is-a-release": {replicas: 5, set: func(w *world) { aborting(w); w.spec.ReleaseID = ""; w.plan(20, 100) }, beats: []beat{
			{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, func(w *world) { w.dep.template = "v2"; w.dep.generation++ }},
			{"is sure that it is over", gaveUp, func(*world) {}},
		}, ends: given},
	}
}
