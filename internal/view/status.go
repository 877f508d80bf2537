// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// Word is one word for the state of an application.
type Word string

// The words.
const (
	// NotDeployed: it was created and never released.
	NotDeployed Word = "NotDeployed"
	// Stable: one version runs and is well.
	Stable Word = "Stable"
	// RollingOut: a release gets on by itself.
	RollingOut Word = "RollingOut"
	// WaitingForApproval: a release is at a step that somebody has to approve, or that waits for a time.
	WaitingForApproval Word = "Waiting"
	// Paused: somebody holds the release, or its steps ended before it was complete.
	Paused Word = "Paused"
	// RollingBack: a rollback is under way.
	RollingBack Word = "RollingBack"
	// RolledBack: at rest, and a rollback was the last thing that was asked.
	RolledBack Word = "RolledBack"
	// Terminated: somebody ended the release; versions are as they were then.
	Terminated Word = "Terminated"
	// Failed: a step of the release failed for good.
	Failed Word = "Failed"
	// Unhealthy: at rest, and a component is not well.
	Unhealthy Word = "Unhealthy"
	// Deleting: everything of it goes.
	Deleting Word = "Deleting"
	// Unknown: nothing was observed yet.
	Unknown Word = "Unknown"
)

// Status is the state of an application in one word, and what belongs to the word.
type Status struct {
	Word Word `json:"word"`
	// Weight is the share of the new version in percent: of requests, or of pods where nothing is routed. nil: there is no new
	// version, or it is not known.
	Weight *int32 `json:"weight,omitempty"`
	// Since is when the state began, Until when it ends by itself; nil is unknown or never.
	Since *time.Time `json:"since,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	// Step is the one that the release is at.
	Step string `json:"step,omitempty"`
	// Message is why, in a sentence.
	Message string `json:"message,omitempty"`
}

// StatusOf names the state of an application.
func StatusOf(seen Seen) Status {
	s := word(seen)
	if s.Word == RollingOut || s.Word == WaitingForApproval || s.Word == Paused || s.Word == Failed || s.Word == Terminated {
		s.Weight = weightNow(releases(seen))
	}
	if s.Message == "" && (s.Word == RollingOut || s.Word == Unknown) {
		s.Message = trouble(seen.App)
	}
	return s
}

// word goes by rules, of which the first that applies wins.
func word(seen Seen) Status {
	app, w := seen.App, seen.App.Status.Workflow
	if app.DeletionTimestamp != nil {
		return Status{Word: Deleting, Since: timeOf(app.DeletionTimestamp)}
	}
	if back := lastRollback(seen.Actions); back != nil && back.Status.Phase != v1alpha1.ActionSucceeded && back.Status.Phase != v1alpha1.ActionRefused {
		return Status{Word: RollingBack, Since: timeOf(&back.CreationTimestamp), Message: back.Status.Message}
	}
	if w == nil {
		return notBegun(app)
	}
	switch app.Status.Phase {
	case corev1beta1.PhaseWorkflowSuspending:
		return waiting(w)
	case corev1beta1.PhaseWorkflowFailed:
		step, message := lastWithMessage(w)
		return Status{Word: Failed, Since: maybe(w.EndTime), Step: step, Message: first(message, w.Message)}
	case corev1beta1.PhaseWorkflowTerminated:
		return Status{Word: Terminated, Since: maybe(w.EndTime), Message: w.Message}
	case corev1beta1.PhaseUnhealthy:
		return Status{Word: Unhealthy, Message: unwell(app)}
	case corev1beta1.PhaseRunning:
		return atRest(seen)
	case corev1beta1.PhaseStarting, corev1beta1.PhaseRendering, corev1beta1.PhaseGeneratingPolicy, corev1beta1.PhaseRunningWorkflow:
		step, message := lastWithMessage(w)
		return Status{Word: RollingOut, Since: maybe(w.StartTime), Step: step, Message: message}
	default:
		return notBegun(app)
	}
}

// notBegun is for an application without a run.
func notBegun(app *corev1beta1.Application) Status {
	if app.Status.LatestRevision == nil && app.Labels[corev1beta1.LabelPause] == "true" {
		return Status{Word: NotDeployed, Since: timeOf(&app.CreationTimestamp)}
	}
	if app.Status.Phase == "" {
		return Status{Word: Unknown}
	}
	return Status{Word: RollingOut}
}

func waiting(w *corev1beta1.WorkflowStatus) Status {
	s := Status{Word: WaitingForApproval, Message: w.Message}
	if w.SuspendState != "" {
		s.Word = Paused
	}
	for _, one := range leaves(w) {
		if one.Phase == corev1beta1.StepSuspending {
			s.Step, s.Since, s.Until = one.Name, maybe(one.FirstExecuteTime), maybe(one.ResumeAt)
			if s.Message == "" {
				s.Message = one.Message
			}
		}
	}
	return s
}

func atRest(seen Seen) Status {
	w := seen.App.Status.Workflow
	if len(releases(seen)) > 0 {
		return Status{Word: Paused, Since: maybe(w.EndTime), Message: "the steps of the workflow ended before all pods are of the new version"}
	}
	back, latest := lastRollback(seen.Actions), seen.App.Status.LatestRevision
	if back != nil && back.Status.Phase == v1alpha1.ActionSucceeded && latest != nil && back.Status.Target == latest.Name &&
		(w.EndTime == nil || !w.EndTime.After(back.CreationTimestamp.Time)) {
		return Status{Word: RolledBack, Since: maybe(back.Status.FinishedAt), Message: back.Spec.Reason}
	}
	return Status{Word: Stable, Since: maybe(w.EndTime)}
}

// lastRollback is the last rollback that was not refused, nil when there is none.
func lastRollback(actions []v1alpha1.ReleaseAction) *v1alpha1.ReleaseAction {
	var last *v1alpha1.ReleaseAction
	for i := range actions {
		a := &actions[i]
		if a.Spec.Action == v1alpha1.ActionRollback && a.Status.Phase != v1alpha1.ActionRefused &&
			(last == nil || !a.CreationTimestamp.Before(&last.CreationTimestamp)) {
			last = a
		}
	}
	return last
}

// leaves are the steps of a run that do something: sub steps in the place of their group.
func leaves(w *corev1beta1.WorkflowStatus) []corev1beta1.StepStatusBase {
	var all []corev1beta1.StepStatusBase
	for _, s := range w.Steps {
		if len(s.SubSteps) > 0 {
			all = append(all, s.SubSteps...)
			continue
		}
		all = append(all, s.StepStatusBase)
	}
	return all
}

// lastWithMessage is the step that a run is at or ended at, and what it says.
func lastWithMessage(w *corev1beta1.WorkflowStatus) (step, message string) {
	for _, s := range slices.Backward(leaves(w)) {
		if s.Phase == corev1beta1.StepRunning || s.Phase == corev1beta1.StepFailed {
			return s.Name, s.Message
		}
		if step == "" {
			step = s.Name
		}
	}
	return step, ""
}

// unwell is what the first component that is not well says.
func unwell(app *corev1beta1.Application) string {
	for _, s := range app.Status.Services {
		if !s.Healthy {
			return s.Name + ": " + first(s.Message, "is not healthy")
		}
	}
	return ""
}

// weightNow is the least weight of the components on their way, so that nothing is told too early.
func weightNow(all []Release) *int32 {
	var least *int32
	for _, r := range all {
		weight := r.Asked
		if !r.Routed {
			weight = podShare(r)
		}
		if weight != nil && (least == nil || *weight < *least) {
			least = weight
		}
	}
	return least
}

func podShare(r Release) *int32 {
	total := r.New.Pods + r.Old.Pods
	if total == 0 {
		return nil
	}
	share := 100 * r.New.Pods / total
	return &share
}

func maybe(t *metav1.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return timeOf(t)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
