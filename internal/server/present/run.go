// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package present

import (
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/view"
)

// Runs are all that are known of, the newest first. A version that was published a moment ago, and of which the controller has
// made no revision yet, is the first.
func Runs(seen gather.Seen) []api.Run {
	all := []api.Run{}
	if pending, ok := view.Pending(seen.Seen); ok {
		all = append(all, Run(view.RunOf(seen.Seen, pending)))
	}
	for _, rev := range view.Revisions(seen.Seen) {
		all = append(all, Run(view.RunOf(seen.Seen, rev)))
	}
	return all
}

// Current is the run that the application is at; false when it was never deployed.
func Current(seen gather.Seen) (api.Run, bool) {
	for _, run := range Runs(seen) {
		if run.Current {
			return run, true
		}
	}
	return api.Run{}, false
}

// Run is one release.
func Run(run view.Run) api.Run {
	r := api.Run{
		Id: run.ID, Revision: run.Revision.Name, PublishVersion: application.PublishVersion(run.Revision), State: api.RunState(run.State),
		Current: run.Current, Message: run.Message, Rollout: api.RolloutKindRegular, Mode: run.Mode, StartedAt: run.Started, EndedAt: run.Ended,
		RolledBackTo: run.RolledBackTo, Images: Images(run.Revision.Spec.Application.Spec), Steps: steps(run.Steps), Actions: []api.ActionRecord{},
		Workflow: run.Revision.Annotations[v1beta1.AnnotationWorkflowName], Note: run.Revision.Annotations[v1beta1.AnnotationNote],
		By: run.Revision.Annotations[v1beta1.AnnotationPublishedBy],
	}
	if run.Canary {
		r.Rollout = api.RolloutKindCanary
	}
	for i := range run.Actions {
		r.Actions = append(r.Actions, Action(&run.Actions[i]))
	}
	return r
}

func steps(all []view.RunStep) []api.RunStep {
	out := make([]api.RunStep, 0, len(all))
	for _, s := range all {
		one := api.RunStep{
			Id: s.ID, Name: s.Name, Alias: s.Alias, Type: s.Type, State: api.StepState(s.State), Weight: s.Weight, Pods: s.Pods, Replicas: s.Replicas,
			StartedAt: s.Started, EndedAt: s.Ended, ResumeAt: s.ResumeAt, Message: s.Message, By: s.By, Reason: s.Reason,
		}
		if len(s.Sub) > 0 {
			one.SubSteps = steps(s.Sub)
		}
		out = append(out, one)
	}
	return out
}

// Action is what somebody asked, and what became of it.
func Action(a *v1alpha1.ReleaseAction) api.ActionRecord {
	r := api.ActionRecord{
		Name: a.Name, Action: api.ActionKind(a.Spec.Action), Run: a.Spec.Run, Step: a.Spec.Step, StepId: a.Spec.StepID, Phase: api.ActionPhaseAsked,
		Message: a.Status.Message, Report: a.Status.Report, Target: a.Status.Target, By: a.Spec.RequestedBy.Username, Reason: a.Spec.Reason,
		At: a.CreationTimestamp.UTC(),
	}
	if a.Status.Phase != "" {
		r.Phase = api.ActionPhase(a.Status.Phase)
	}
	if f := a.Status.FinishedAt; f != nil {
		at := f.UTC()
		r.FinishedAt = &at
	}
	return r
}

// Revisions are all that are known of, the newest first.
func Revisions(seen gather.Seen) []api.Revision {
	all := view.Revisions(seen.Seen)
	target := application.RollbackTarget(seen.App.Name, seen.Revisions)
	out := make([]api.Revision, 0, len(all))
	for i, rev := range all {
		run := view.RunOf(seen.Seen, rev)
		r := api.Revision{
			Name: rev.Name, Number: application.RevisionNumber(seen.App.Name, rev.Name), PublishVersion: application.PublishVersion(rev),
			Run: run.ID, State: revisionState(run), Current: run.Current, RollbackTarget: target != nil && rev.LeftBy == nil && target.Name == rev.Name,
			CanRollback: !run.Current || run.State != view.RunSucceeded, Hash: application.RevisionHash(rev.ApplicationRevision),
			CreatedAt: rev.CreationTimestamp.UTC(), By: rev.Annotations[v1beta1.AnnotationPublishedBy], Note: rev.Annotations[v1beta1.AnnotationNote],
			Workflow: rev.Annotations[v1beta1.AnnotationWorkflowName], Images: Images(rev.Spec.Application.Spec), Changes: []api.Change{},
		}
		if i+1 < len(all) {
			r.Changes = Changes(view.Changes(all[i+1].Spec.Application.Spec, rev.Spec.Application.Spec))
		}
		out = append(out, r)
	}
	return out
}

func revisionState(run view.Run) api.RevisionState {
	switch run.State {
	case view.RunStarting, view.RunRunning, view.RunRollingBack:
		return api.RevisionStateRunning
	case view.RunWaiting, view.RunPaused:
		return api.RevisionStateWaiting
	case view.RunSucceeded:
		return api.RevisionStateSucceeded
	case view.RunRolledBack:
		return api.RevisionStateRolledBack
	case view.RunTerminated:
		return api.RevisionStateTerminated
	case view.RunFailed:
		return api.RevisionStateFailed
	case view.RunSuperseded:
		return api.RevisionStateSuperseded
	}
	return api.RevisionStateRunning
}
