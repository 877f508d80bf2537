// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"time"
)

// wayBackScenarios are rollbacks in batches: the version that is taken back goes step by step.
func wayBackScenarios() map[string]scenario {
	begin := beat{"releases v2", healthyAt("app-v1"), comes("v2")}
	set := func(more ...func(*world)) func(*world) {
		return func(w *world) {
			w.batches = true
			w.plan(20, 50, 80)
			for _, m := range more {
				m(w)
			}
		}
	}
	up := func(step int32) beat { return beat{"approves", atStep(step), approve} }
	rolls := beat{"rolls back in batches", atStep(3), back}
	// returned says that a step of the way back is done.
	returned := func(step int32) func(*world) bool {
		return func(w *world) bool {
			cs := w.status.Release()
			return w.dep.template == "v1" && cs.CanaryRevision == "v2" && cs.RollbackFromStepIndex == 3 && cs.CurrentStepState == "StepPaused" && cs.CurrentStepIndex == step
		}
	}
	down := func(step int32) beat { return beat{"approves on the way back", returned(step), approve} }
	out := map[string]scenario{
		// 80 % of ten pods are eight: less a fifth of them (rounded up) six, less half four, less four fifths one; then none.
		"way-back":                {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, down(1), down(2), down(3)}, ends: onlyHas("v1")},
		"way-back-waits":          {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, down(1)}, ends: stays(40, map[string]int32{"v1": 6, "v2": 4})},
		"way-back-without-routes": {replicas: 10, set: set(unrouted), beats: []beat{begin, up(1), up(2), rolls, down(1), down(2), down(3)}, ends: onlyHas("v1")},
		"way-back-extra":          {replicas: 10, set: set(onTop), beats: []beat{begin, up(1), up(2), rolls, down(1), down(2), down(3)}, ends: onlyHas("v1")},
		"way-back-of-a-broken-version": {replicas: 10, set: set(func(w *world) { w.emergent = true }), beats: []beat{begin, up(1), up(2),
			{"loses all pods of v2 and rolls back in batches", atStep(3), func(w *world) { w.broken["v2"] = true; killPods("v2")(w); back(w) }}, down(1), down(2), down(3)}, ends: onlyHas("v1")},
		"way-back-and-scaled": {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, {"is scaled to 20", returned(1), resize(20)}, {"is scaled to 6", sized("v1", 8), resize(6)},
			{"approves on the way back", all(returned(1), sized("v2", 3)), approve}, down(2), down(3)}, ends: onlyHas("v1")},
		"way-back-and-forth":        {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, down(1), {"applies v2 again", returned(2), comesBack}}, ends: stays(50, map[string]int32{"v1": 5, "v2": 5})},
		"way-back-then-v3":          {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, {"releases v3", returned(1), comes("v3")}}, ends: stays(20, map[string]int32{"v1": 8, "v2": 0, "v3": 2})},
		"way-back-deleted":          {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, {"deletes the Rollout", returned(1), func(w *world) { w.deleting = true }}}, ends: onlyHas("v1")},
		"way-back-then-all-at-once": {replicas: 10, set: set(), beats: []beat{begin, up(1), up(2), rolls, {"wants the rest at once", returned(1), func(w *world) { w.batches = false }}}, ends: onlyHas("v1")},
	}
	for kind, is := range map[string]func(*world){"statefulset": becomes(statefulSet), "daemonset": becomes(daemonSet), "cloneset": becomes(cloneSet)} {
		waits := stays(40, map[string]int32{"v1": 6, "v2": 4})
		for name, s := range map[string]scenario{
			"way-back":                {replicas: 10, set: set(is), beats: []beat{begin, up(1), up(2), rolls, down(1), down(2), down(3)}, ends: onlyHas("v1")},
			"way-back-waits":          {replicas: 10, set: set(is), beats: []beat{begin, up(1), up(2), rolls, down(1)}, ends: waits},
			"way-back-without-routes": {replicas: 10, set: set(is, unrouted), beats: []beat{begin, up(1), up(2), rolls, down(1), down(2), down(3)}, ends: onlyHas("v1")},
			"way-back-of-a-broken-version": {replicas: 10, set: set(is, func(w *world) { w.emergent = true }), beats: []beat{begin, up(1), up(2),
				{"has only broken pods of v2 and rolls back in batches", atStep(3), func(w *world) { breakPods("v2")(w); back(w) }}, down(1), down(2), down(3)}, ends: onlyHas("v1")},
			"way-back-then-v3":          {replicas: 10, set: set(is), beats: []beat{begin, up(1), up(2), rolls, {"releases v3", returned(1), comes("v3")}}, ends: held("v3")},
			"way-back-and-forth":        {replicas: 10, set: set(is), beats: []beat{begin, up(1), up(2), rolls, down(1), {"applies v2 again", returned(2), comesBack}}, ends: stays(50, map[string]int32{"v1": 5, "v2": 5})},
			"way-back-then-all-at-once": {replicas: 10, set: set(is), beats: []beat{begin, up(1), up(2), rolls, {"wants the rest at once", returned(1), func(w *world) { w.batches = false }}}, ends: onlyHas("v1")},
		} {
			out[kind+"-"+name] = s
		}
	}
	return out
}

// breakPods leaves the pods of a version, and none of them ever ready again.
func breakPods(hash string) func(*world) {
	return func(w *world) {
		w.broken[hash] = true
		for _, p := range w.pods {
			if p.hash == hash {
				p.ready, p.readyAt = false, w.now.Add(24*365*time.Hour)
			}
		}
	}
}

// held says that a step of a version waits for approval.
func held(hash string) func(*world) error {
	return func(w *world) error {
		if cs := w.status.Release(); w.status.CurrentStepState != "StepPaused" || cs.CanaryRevision != hash {
			return fmt.Errorf("want %s to wait at a step: %s", hash, w.status.Message)
		}
		return nil
	}
}

// comesBack applies v2 once more.
func comesBack(w *world) {
	w.dep.template, w.dep.label = "v2", "app-v2"
	w.dep.generation++
	w.spec.ReleaseID = "app-v2"
	w.generation++
}
