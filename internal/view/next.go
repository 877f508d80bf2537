// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/json"
	"fmt"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

// next are the commands that make sense in the present state, the likeliest first.
func next(seen Seen) []Command {
	app := seen.App
	if app.DeletionTimestamp != nil {
		return nil
	}
	var all []Command
	add := func(why, format string, args ...any) *Command {
		all = append(all, Command{Line: fmt.Sprintf(format, args...) + in(app.Namespace), Why: why})
		return &all[len(all)-1]
	}
	back := func() {
		if plan, _ := application.PlanRollback(app, seen.Revisions); plan != nil {
			add(WhyRollback, "vela workflow rollback %s", app.Name).Target = plan.Target.Name
		}
	}
	if app.Status.UnpublishedChange != "" {
		add(WhyPublish, "vela up %s -v %s", app.Name, NextVersion(seen))
	}
	switch app.Status.Phase {
	case corev1beta1.PhaseWorkflowSuspending:
		resume := add(WhyResume, "vela workflow resume %s", app.Name)
		resume.Target, resume.Weight = following(seen)
		back()
	case corev1beta1.PhaseWorkflowFailed, corev1beta1.PhaseWorkflowTerminated:
		back()
		add(WhyRestart, "vela workflow restart %s", app.Name)
		add(WhyFix, "vela up -f FILE")
	case corev1beta1.PhaseRunningWorkflow, corev1beta1.PhaseRendering, corev1beta1.PhaseStarting, corev1beta1.PhaseGeneratingPolicy:
		add(WhyWatch, "vela status %s --watch", app.Name)
		back()
		if crashed(seen.Pods) {
			add(WhyLogs, "vela logs %s", app.Name)
		}
	case corev1beta1.PhaseUnhealthy:
		add(WhyLogs, "vela logs %s", app.Name)
		add(WhyRevision, "vela revision list %s", app.Name)
	case corev1beta1.PhaseRunning:
		if len(releases(seen)) > 0 { // its steps ended before 100 percent
			back()
		}
	default: // deleting: nothing can be done
	}
	return all
}

// in adds a namespace to a command line where it is not the usual one.
func in(namespace string) string {
	if namespace == "" || namespace == "default" {
		return ""
	}
	return " -n " + namespace
}

// goodRevision is the revision that a rollback goes to; empty when none succeeded.
func goodRevision(seen Seen) string {
	if target := application.RollbackTarget(seen.App.Name, seen.Revisions); target != nil {
		return target.Name
	}
	return ""
}

// specInForce is the specification of the revision being released. The application's own may be ahead of it.
func specInForce(seen Seen) *corev1beta1.ApplicationSpec {
	if latest := seen.App.Status.LatestRevision; latest != nil {
		for i := range seen.Revisions {
			if seen.Revisions[i].Name == latest.Name {
				return &seen.Revisions[i].Spec.Application.Spec
			}
		}
	}
	return &seen.App.Spec
}

// steps are the steps of the revision being released, sub steps in the place of their group.
func steps(seen Seen) []corev1beta1.StepBase {
	spec := specInForce(seen)
	if spec.Workflow == nil {
		return nil
	}
	var all []corev1beta1.StepBase
	for _, s := range spec.Workflow.Steps {
		if len(s.SubSteps) > 0 {
			all = append(all, s.SubSteps...)
			continue
		}
		all = append(all, s.StepBase)
	}
	return all
}

// reached gives the phase of each step that has one, by name.
func reached(app *corev1beta1.Application) map[string]corev1beta1.StepPhase {
	phases := map[string]corev1beta1.StepPhase{}
	if app.Status.Workflow == nil {
		return phases
	}
	for _, s := range app.Status.Workflow.Steps {
		phases[s.Name] = s.Phase
		for _, sub := range s.SubSteps {
			phases[sub.Name] = sub.Phase
		}
	}
	return phases
}

// canaryStep is the last canary step that was reached, as the index-th of all of them.
func canaryStep(seen Seen) (name string, index, all int) {
	phases := reached(seen.App)
	for _, s := range steps(seen) {
		if s.Type != corev1beta1.StepTypeCanaryDeploy {
			continue
		}
		all++
		if _, ok := phases[s.Name]; ok {
			name, index = s.Name, all
		}
	}
	return name, index, all
}

// following is the canary step that a resume leads to, and its weight; that is nil where the earlier steps have left nothing
// to release in steps.
func following(seen Seen) (string, *int32) {
	phases, waiting := reached(seen.App), false
	_, passed, _ := canaryStep(seen)
	through := passed > 0 && len(releases(seen)) == 0
	for _, s := range steps(seen) {
		if phases[s.Name] == corev1beta1.StepSuspending {
			waiting = true
			continue
		}
		if waiting && s.Type == corev1beta1.StepTypeCanaryDeploy {
			if through {
				return s.Name, nil
			}
			return s.Name, weightOf(s)
		}
	}
	return "", nil
}

func weightOf(s corev1beta1.StepBase) *int32 {
	var properties struct {
		Weight *int32 `json:"weight"`
	}
	if s.Properties == nil || json.Unmarshal(s.Properties.Raw, &properties) != nil {
		return nil
	}
	return properties.Weight
}
