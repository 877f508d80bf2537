// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// jump is what a person writes to go to a step.
func jump(to int32) func(*world) {
	return func(w *world) {
		if w.status.BlueGreenStatus != nil {
			w.status.BlueGreenStatus.NextStepIndex = to
			return
		}
		w.status.CanaryStatus.NextStepIndex = to
	}
}

// judge is an analysis that looks at the step that the status says waits for it.
func (w *world) judge() Analysis {
	cs := w.status.Release()
	if w.verdict == nil || cs == nil {
		return Analysis{}
	}
	a := Analysis{Configured: true}
	if cs.CurrentStepState == v1beta1.StepMetricsAnalysis || w.judged == cs.CurrentStepIndex {
		w.judged = cs.CurrentStepIndex
		a.Step, a.Revision = cs.CurrentStepIndex, cs.CanaryRevision
		a.Result, a.Why = w.verdict(cs.CurrentStepIndex)
	}
	return a
}

func passes(int32) (AnalysisResult, string) { return AnalysisPass, "" }

// jumpScenarios are releases in which a person chooses a step, and such in which an analysis has a say.
func jumpScenarios() map[string]scenario {
	begin := beat{"releases v2", healthyAt("app-v1"), comes("v2")}
	steps := func(w *world) { w.plan(20, 40, 60, 80) }
	to := func(from, step int32) beat {
		return beat{fmt.Sprintf("jumps to step %d", step), atStep(from), jump(step)}
	}
	measured := func(verdict func(int32) (AnalysisResult, string)) func(*world) {
		return func(w *world) { w.plan(20, 100); w.verdict = verdict }
	}
	return map[string]scenario{
		"jump-forwards":         {replicas: 5, set: steps, beats: []beat{begin, to(1, 4), {"approves the last step", atStep(4), approve}}, ends: onlyHas("v2")},
		"jump-backwards":        {replicas: 5, set: steps, beats: []beat{begin, to(1, 3), to(3, 2), to(2, 1)}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})},
		"jump-to-the-same-step": {replicas: 5, set: steps, beats: []beat{begin, to(1, 1), {"approves", atStep(1), approve}}, ends: stays(40, map[string]int32{"v1": 3, "v2": 2})},
		"jump-while-pods-start": {replicas: 5, set: steps, beats: []beat{begin, {"jumps to step 3", all(sized("v2", 1), func(w *world) bool {
			return w.status.Release().CanaryRevision == "v2" && w.status.CurrentStepIndex == 1
		}), jump(3)}}, ends: stays(60, map[string]int32{"v1": 2, "v2": 3})},
		"jump-beyond-the-plan":       {replicas: 5, set: steps, beats: []beat{begin, to(1, 9)}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})},
		"jump-back-without-routes":   {replicas: 5, set: func(w *world) { steps(w); unrouted(w) }, beats: []beat{begin, to(1, 4), to(4, 1)}, ends: stays(-1, map[string]int32{"v1": 4, "v2": 1})},
		"jump-back-from-the-last":    {replicas: 5, set: func(w *world) { extraPlan(w) }, beats: []beat{begin, to(1, 3), {"jumps back while the old pods are kept", keeping, jump(1)}}, ends: stays(20, map[string]int32{"v1": 5, "v2": 5})},
		"jump-back-extra-keeps-pods": {replicas: 5, set: func(w *world) { extraPlan(w) }, beats: []beat{begin, {"approves", atStep(1), approve}, to(2, 1), {"rolls back", atStep(1), back}}, ends: onlyHas("v1")},
		"jump-blue-green": {replicas: 5, set: green("50%", "0%", "100%", "50%", "100%", "100%"), beats: []beat{begin, to(1, 3), to(3, 1)},
			ends: stays(0, map[string]int32{"v1": 5, "v2": 5})},
		"jump-waits-while-paused": {replicas: 5, set: steps, beats: []beat{begin,
			{"pauses, and jumps to step 3", atStep(1), func(w *world) { w.spec.Strategy.Paused = true; w.generation++; jump(3)(w) }},
			{"goes on", func(w *world) bool { return strings.Contains(w.status.Message, "paused") && w.canary.weight == 20 }, func(w *world) { w.spec.Strategy.Paused = false; w.generation++ }},
		}, ends: stays(60, map[string]int32{"v1": 2, "v2": 3})},
		"jump-in-a-plan-of-another-release": {replicas: 5, set: steps, beats: []beat{begin, to(1, 3), {"releases v3", atStep(3), comes("v3")}}, ends: stays(20, map[string]int32{"v1": 4, "v3": 1})},

		"analysis-passes": {replicas: 5, set: measured(passes), beats: []beat{begin, {"approves", atStep(1), approve}}, ends: onlyHas("v2")},
		"analysis-unknown": {replicas: 5, set: measured(func(int32) (AnalysisResult, string) { return AnalysisUnknown, "the source of metrics does not answer" }), beats: []beat{begin}, ends: func(w *world) error {
			if w.status.CurrentStepState != v1beta1.StepMetricsAnalysis || !strings.Contains(w.status.Message, "does not answer") {
				return fmt.Errorf("it does not wait for the analysis: %s, %s", w.status.CurrentStepState, w.status.Message)
			}
			return stays(20, map[string]int32{"v1": 4, "v2": 1})(w)
		}},
		"analysis-fails": {replicas: 5, set: measured(func(int32) (AnalysisResult, string) { return AnalysisFail, "12 % of the requests fail" }), beats: []beat{begin}, ends: given},
		"analysis-fails-at-100": {replicas: 5, set: measured(func(step int32) (AnalysisResult, string) {
			if step == 1 {
				return AnalysisPass, ""
			}
			return AnalysisFail, "12 % of the requests fail"
		}), beats: []beat{begin, {"approves", atStep(1), approve}}, ends: given},
	}
}

// extraPlan is 20, 50 and 100 % with pods on top.
func extraPlan(w *world) { onTop(w); w.plan(20, 50, 100) }
