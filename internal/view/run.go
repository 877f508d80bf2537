// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// RunState is one word for a release of one revision.
type RunState string

// The states of a run.
const (
	RunStarting    RunState = "Starting"
	RunRunning     RunState = "Running"
	RunWaiting     RunState = "Waiting"
	RunPaused      RunState = "Paused"
	RunRollingBack RunState = "RollingBack"
	RunSucceeded   RunState = "Succeeded"
	RunRolledBack  RunState = "RolledBack"
	RunTerminated  RunState = "Terminated"
	RunFailed      RunState = "Failed"
	// RunSuperseded is a run that had not ended when another one began.
	RunSuperseded RunState = "Superseded"
)

// StepState is one word for a step of a run.
type StepState string

// The states of a step.
const (
	StepPending    StepState = "Pending"
	StepRunning    StepState = "Running"
	StepWaiting    StepState = "Waiting"
	StepSucceeded  StepState = "Succeeded"
	StepFailed     StepState = "Failed"
	StepSkipped    StepState = "Skipped"
	StepTerminated StepState = "Terminated"
)

// Run is the release of one revision.
type Run struct {
	// ID is the publishVersion, or the revision's name where there is none.
	ID       string
	Revision *corev1beta1.ApplicationRevision
	State    RunState
	// Current says that the application is at it.
	Current      bool
	Message      string
	Mode         string
	Canary       bool
	Started      *time.Time
	Ended        *time.Time
	RolledBackTo string
	// Steps are all of the workflow, those that are not reached too.
	Steps []RunStep
	// Actions that people asked of it, oldest first.
	Actions []v1alpha1.ReleaseAction
}

// RunStep is one step of a run.
type RunStep struct {
	// ID is empty until the step is reached.
	ID, Name, Alias, Type string
	State                 StepState
	// Weight that a canary step asks for, in percent, and the pods that it makes of Replicas; nil is unknown.
	Weight, Pods, Replicas *int
	Started, Ended         *time.Time
	ResumeAt               *time.Time
	Message                string
	// By is who approved or ended it, Reason what they said.
	By, Reason string
	Sub        []RunStep
}

// Revision is one that was released, with what became of it.
type Revision struct {
	*corev1beta1.ApplicationRevision
	// LeftBy is the rollback that left it behind; the object itself is gone then.
	LeftBy *v1alpha1.ReleaseAction
	// Pending says that the controller has not made it yet.
	Pending bool
}

// Revisions are all that are known of, the newest first: those that are there, and those that rollbacks left behind.
func Revisions(seen Seen) []Revision {
	var all []Revision
	for i := range seen.Revisions {
		all = append(all, Revision{ApplicationRevision: &seen.Revisions[i]})
	}
	for i := range seen.Actions {
		a := &seen.Actions[i]
		for _, raw := range a.Status.Left {
			rev := &corev1beta1.ApplicationRevision{}
			if json.Unmarshal(raw.Raw, rev) != nil {
				continue
			}
			// Between the record and the deletion it is in both places.
			there := slices.ContainsFunc(all, func(r Revision) bool { return r.LeftBy == nil && r.Name == rev.Name && r.UID == rev.UID })
			if !there {
				all = append(all, Revision{ApplicationRevision: rev, LeftBy: a})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Revision) int {
		if c := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); c != 0 {
			return c
		}
		return cmp.Compare(application.RevisionNumber(seen.App.Name, b.Name), application.RevisionNumber(seen.App.Name, a.Name))
	})
	return all
}

// RunOf tells the release of a revision.
func RunOf(seen Seen, rev Revision) Run {
	app := seen.App
	run := Run{ID: application.RunName(rev.ApplicationRevision), Revision: rev.ApplicationRevision}
	latest := app.Status.LatestRevision
	last := rev.LeftBy == nil && latest != nil && latest.Name == rev.Name
	_, another := Pending(seen)
	run.Current = rev.Pending || last && !another
	status := rev.Status.Workflow
	if last && !rev.Pending {
		status = app.Status.Workflow // the run itself is more recent than its record
	}
	run.Actions = actionsOf(seen.Actions, run.ID, rev)
	run.State = runState(seen, run, rev, status)
	if rev.LeftBy != nil {
		run.RolledBackTo = rev.LeftBy.Status.Target
		run.Ended = maybe(rev.LeftBy.Status.FinishedAt)
	}
	if status != nil {
		run.Mode, run.Message, run.Started = status.Mode, status.Message, maybe(status.StartTime)
		if run.Ended == nil {
			run.Ended = maybe(status.EndTime)
		}
	}
	over := rev.LeftBy != nil || run.State == RunSuperseded || status != nil && status.Finished
	run.Steps = runSteps(rev.Spec.Application.Spec, status, run.Actions, over)
	run.Canary = rev.Spec.Application.Spec.Workflow != nil && canary.Has(rev.Spec.Application.Spec.Workflow.Steps)
	return run
}

// actionsOf are those that were asked of a run. A rollback counts for the run that it left.
func actionsOf(all []v1alpha1.ReleaseAction, id string, rev Revision) []v1alpha1.ReleaseAction {
	var mine []v1alpha1.ReleaseAction
	for _, a := range all {
		left := rev.LeftBy != nil && rev.LeftBy.UID == a.UID
		if !left && (a.Spec.Run != id || a.CreationTimestamp.Before(&rev.CreationTimestamp)) {
			continue
		}
		if ended := rev.LeftBy; ended != nil && !left && ended.CreationTimestamp.Before(&a.CreationTimestamp) {
			continue // of a later run of the same version
		}
		mine = append(mine, a)
	}
	slices.SortStableFunc(mine, func(a, b v1alpha1.ReleaseAction) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return mine
}

func runState(seen Seen, run Run, rev Revision, status *corev1beta1.WorkflowStatus) RunState {
	if rev.LeftBy != nil {
		if rev.LeftBy.Status.Phase == v1alpha1.ActionSucceeded {
			return RunRolledBack
		}
		return RunRollingBack
	}
	if run.Current && StatusOf(seen).Word == RollingBack && !rev.Status.Succeeded {
		return RunRollingBack
	}
	if status == nil {
		if run.Current {
			return RunStarting
		}
		return RunSuperseded
	}
	ended := map[corev1beta1.WorkflowPhase]RunState{
		corev1beta1.WorkflowSucceeded: RunSucceeded, corev1beta1.WorkflowSkipped: RunSucceeded,
		corev1beta1.WorkflowFailed: RunFailed, corev1beta1.WorkflowTerminated: RunTerminated,
	}
	if state, ok := ended[status.Phase]; ok {
		return state
	}
	if !run.Current {
		return RunSuperseded
	}
	if status.Phase == corev1beta1.WorkflowSuspending {
		if status.SuspendState != "" {
			return RunPaused
		}
		return RunWaiting
	}
	return RunRunning
}

// runSteps are the steps of a specification with what is known of their progress. over says that the run does not go on, so that
// what was under way has been ended and what was to come is left out.
func runSteps(spec corev1beta1.ApplicationSpec, status *corev1beta1.WorkflowStatus, actions []v1alpha1.ReleaseAction, ended bool) []RunStep {
	reached := map[string]corev1beta1.StepStatusBase{}
	if status != nil {
		for _, s := range status.Steps {
			reached[s.Name] = s.StepStatusBase
			for _, sub := range s.SubSteps {
				reached[s.Name+"\x00"+sub.Name] = sub
			}
		}
	}
	generated, err := workflow.Generate(spec, nil)
	if err != nil {
		generated = workflow.Spec{} // a reference: only what was reached is known
	}
	replicas := Replicas(spec.Components)
	var all []RunStep
	for _, s := range generated.Steps {
		one := runStep(s.StepBase, reached[s.Name], replicas, actions, ended)
		for _, sub := range s.SubSteps {
			one.Sub = append(one.Sub, runStep(sub, reached[s.Name+"\x00"+sub.Name], replicas, actions, ended))
		}
		all = append(all, one)
	}
	if len(generated.Steps) > 0 || status == nil {
		return all
	}
	for _, s := range status.Steps {
		one := runStep(corev1beta1.StepBase{Name: s.Name, Type: s.Type}, s.StepStatusBase, replicas, actions, ended)
		for _, sub := range s.SubSteps {
			one.Sub = append(one.Sub, runStep(corev1beta1.StepBase{Name: sub.Name, Type: sub.Type}, sub, replicas, actions, ended))
		}
		all = append(all, one)
	}
	return all
}

func runStep(spec corev1beta1.StepBase, is corev1beta1.StepStatusBase, replicas *int, actions []v1alpha1.ReleaseAction, ended bool) RunStep {
	s := RunStep{ID: is.ID, Name: spec.Name, Type: spec.Type, State: stepState(is), Message: is.Message, By: is.By, Started: maybe(is.FirstExecuteTime)}
	if spec.Meta != nil {
		s.Alias = spec.Meta.Alias
	}
	if weight, ok := canary.WeightOf(spec); ok {
		s.Weight = &weight
		if replicas != nil {
			pods := canary.Pods(*replicas, weight)
			s.Pods, s.Replicas = &pods, replicas
		}
	}
	switch {
	case ended && s.State == StepPending:
		s.State = StepSkipped
	case ended && (s.State == StepWaiting || s.State == StepRunning):
		s.State = StepTerminated
	case s.State == StepWaiting:
		s.ResumeAt = maybe(is.ResumeAt)
	case s.State == StepSucceeded, s.State == StepFailed, s.State == StepTerminated:
		s.Ended = maybe(is.LastExecuteTime)
	}
	for _, a := range actions {
		if is.ID != "" && (a.Spec.StepID == is.ID || a.Spec.Step == is.Name) && a.Status.Phase == v1alpha1.ActionSucceeded {
			s.Reason, s.By = cmp.Or(a.Spec.Reason, s.Reason), cmp.Or(s.By, a.Spec.RequestedBy.Username)
		}
	}
	return s
}

func stepState(is corev1beta1.StepStatusBase) StepState {
	switch is.Phase {
	case corev1beta1.StepSucceeded:
		return StepSucceeded
	case corev1beta1.StepFailed:
		if is.Reason == corev1beta1.ReasonTerminate {
			return StepTerminated
		}
		return StepFailed
	case corev1beta1.StepSkipped:
		return StepSkipped
	case corev1beta1.StepSuspending:
		return StepWaiting
	case corev1beta1.StepRunning:
		return StepRunning
	case corev1beta1.StepPending:
		return StepPending
	}
	return StepPending
}

// Pending is the version that was published a moment ago, as the revision that the controller is about to make of it; false
// when there is none.
func Pending(seen Seen) (Revision, bool) {
	app, version := seen.App, application.PublishVersion(seen.App)
	if version == "" || app.Labels[corev1beta1.LabelPause] == "true" || app.DeletionTimestamp != nil {
		return Revision{}, false
	}
	highest := int64(0)
	for i := range seen.Revisions {
		if application.PublishVersion(&seen.Revisions[i]) == version {
			return Revision{}, false
		}
		highest = max(highest, application.RevisionNumber(app.Name, seen.Revisions[i].Name))
	}
	if latest := app.Status.LatestRevision; latest != nil {
		highest = max(highest, latest.Revision)
	}
	rev := &corev1beta1.ApplicationRevision{}
	rev.Namespace, rev.Name = app.Namespace, application.RevisionName(app.Name, highest+1)
	rev.CreationTimestamp.Time = seen.Now
	rev.Annotations = app.Annotations
	rev.Spec.Application.Spec = app.Spec
	return Revision{ApplicationRevision: rev, Pending: true}, true
}
