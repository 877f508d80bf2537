// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// ActionPlan is what becomes of one ReleaseAction. Exactly one of Refuse, Handled, Rollback, Workflow holds.
type ActionPlan struct {
	Action *v1alpha1.ReleaseAction
	// Refuse is the sentence to refuse it with; nothing is changed.
	Refuse string
	// Handled says that its effect is in the Application's status already; only its outcome is still to be written.
	Handled *v1beta1.HandledAction
	// Rollback is the revision to go back to.
	Rollback *Rollback
	// Workflow says that the workflow engine decides (resume, suspend, terminate, restart).
	Workflow bool
}

// Rollback is where to go back to and what is left behind.
type Rollback struct {
	Target *v1beta1.ApplicationRevision
	// Outdated revisions are newer than Target; none of them is in force afterwards.
	Outdated []v1beta1.ApplicationRevision
}

// planActions judges the open actions, oldest first.
func planActions(seen Seen) []ActionPlan {
	actions := slices.Clone(seen.Actions)
	slices.SortFunc(actions, func(a, b v1alpha1.ReleaseAction) int {
		if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
			return c
		}
		if c := cmp.Compare(len(a.ResourceVersion), len(b.ResourceVersion)); c != 0 { // times have whole seconds only
			return c
		}
		return cmp.Compare(a.ResourceVersion, b.ResourceVersion)
	})
	plans := make([]ActionPlan, 0, len(actions))
	for i := range actions {
		plans = append(plans, planAction(seen, &actions[i]))
	}
	return plans
}

func planAction(seen Seen, action *v1alpha1.ReleaseAction) ActionPlan {
	app := seen.App
	for i := range app.Status.HandledActions {
		if h := &app.Status.HandledActions[i]; h.UID == action.UID && h.Name == action.Name {
			return ActionPlan{Action: action, Handled: h}
		}
	}
	if refuse := refuseAction(app, action); refuse != "" {
		return ActionPlan{Action: action, Refuse: refuse}
	}
	if action.Spec.Action != v1alpha1.ActionRollback {
		return ActionPlan{Action: action, Workflow: true}
	}
	rollback, refuse := PlanRollback(app, seen.Revisions)
	return ActionPlan{Action: action, Rollback: rollback, Refuse: refuse}
}

// refuseAction holds what is wrong with an action whatever it asks for.
func refuseAction(app *v1beta1.Application, action *v1alpha1.ReleaseAction) string {
	if app.DeletionTimestamp != nil {
		return fmt.Sprintf("Application %s is being deleted: nothing can be asked of its release any more", app.Name)
	}
	if app.Status.Workflow == nil {
		if action.Spec.Action == v1alpha1.ActionRollback {
			return "" // a rollback needs revisions, no run
		}
		return fmt.Sprintf("the workflow in application %s is not start: wait until vela status %s shows its first step", app.Name, app.Name)
	}
	if run := action.Spec.Run; run != "" && run != app.Status.Workflow.AppRevision {
		return fmt.Sprintf("spec.run: %s was asked for run %s, but run %s is the current one: look at vela status %s and ask again",
			action.Spec.Action, run, app.Status.Workflow.AppRevision, app.Name)
	}
	return ""
}

// RollbackTarget is the revision a rollback goes to: the newest one that succeeded. Where publishVersions are in use,
// only revisions that have one count. It is nil when none ever succeeded.
func RollbackTarget(app string, revisions []v1beta1.ApplicationRevision) *v1beta1.ApplicationRevision {
	sorted := byNumber(app, revisions)
	versioned := slices.ContainsFunc(sorted, func(r v1beta1.ApplicationRevision) bool {
		return r.Status.Succeeded && PublishVersion(&r) != ""
	})
	for _, r := range slices.Backward(sorted) {
		if r.Status.Succeeded && (!versioned || PublishVersion(&r) != "") {
			return &r
		}
	}
	return nil
}

// PlanRollback says where a rollback of app goes, or refuses it in a sentence. The target may be the revision in force:
// when an edit of the spec was never published, or its workflow runs again, going back means undoing just that.
func PlanRollback(app *v1beta1.Application, revisions []v1beta1.ApplicationRevision) (*Rollback, string) {
	target := RollbackTarget(app.Name, revisions)
	if target == nil {
		return nil, fmt.Sprintf("failed to find previous succeeded revision for application %s/%s: "+
			"there is nothing to go back to until a version has been released completely", app.Namespace, app.Name)
	}
	if atRest(app, target) {
		return nil, fmt.Sprintf("revision %s is the last one that succeeded, and it is what runs: there is nothing to roll back; "+
			"for an older one see vela revision list %s, then vela up %s -r REVISION -v NEW-VERSION", target.Name, app.Name, app.Name)
	}
	rollback := &Rollback{Target: target}
	number := RevisionNumber(app.Name, target.Name)
	for _, r := range byNumber(app.Name, revisions) {
		if RevisionNumber(app.Name, r.Name) > number {
			rollback.Outdated = append(rollback.Outdated, r)
		}
	}
	return rollback, ""
}

// mostLeft is how many revisions a rollback keeps a record of; a run that was superseded again and again leaves more.
const mostLeft = 5

// Left are the revisions that a rollback to target leaves behind, the newest last, as they are kept on record.
func Left(app string, target *v1beta1.ApplicationRevision, revisions []v1beta1.ApplicationRevision) ([]runtime.RawExtension, error) {
	var left []runtime.RawExtension
	number := RevisionNumber(app, target.Name)
	for _, rev := range byNumber(app, revisions) {
		if RevisionNumber(app, rev.Name) <= number {
			continue
		}
		rev.ManagedFields, rev.OwnerReferences = nil, nil
		raw, err := json.Marshal(rev)
		if err != nil {
			return nil, fmt.Errorf("writing revision %s: %w", rev.Name, err)
		}
		left = append(left, runtime.RawExtension{Raw: raw})
	}
	return left[max(0, len(left)-mostLeft):], nil
}

// atRest says that target is in force, succeeded, and nothing else was asked for.
func atRest(app *v1beta1.Application, target *v1beta1.ApplicationRevision) bool {
	st := app.Status
	if st.LatestRevision == nil || st.LatestRevision.Name != target.Name {
		return false
	}
	if st.Workflow == nil || st.Workflow.Phase != v1beta1.WorkflowSucceeded {
		return false
	}
	hash, err := SpecHash(app.Spec)
	return err == nil && hash == RevisionHash(target) && PublishVersion(app) == PublishVersion(target)
}

// RollbackReport is what a rollback tells, a line each, in order. Wait leaves out what is not true before the Rollouts
// have given everything back.
func RollbackReport(target *v1beta1.ApplicationRevision, wait bool) []string {
	lines := []string{
		fmt.Sprintf("Find succeeded application revision %s (PublishVersion: %s) to rollback.", target.Name, PublishVersion(target)),
		"Application spec rollback successfully.",
		"Application status rollback successfully.",
	}
	if wait {
		return lines
	}
	return append(lines, "Successfully rollback rollout", "Application outdated revision cleaned up.")
}
