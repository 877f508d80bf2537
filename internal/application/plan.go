// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// Seen is what Plan decides from: one Application and all that belongs to it.
type Seen struct {
	App *v1beta1.Application
	// Revisions of the Application, in any order.
	Revisions []v1beta1.ApplicationRevision
	// Actions that are not final yet, in any order.
	Actions []v1alpha1.ReleaseAction
}

// Decision is what to do about one Application. Actions come before anything that can fail, deletion before all.
type Decision struct {
	// Delete says that the Application is going away and everything of it with it.
	Delete bool
	// Paused says that a label asks to leave the Application alone; actions are still carried out.
	Paused bool
	// Actions to carry out first, oldest first. When one of them is a rollback its effect changes everything below, so
	// that the controller plans again after it.
	Actions []ActionPlan
	// Release is what is to be in force.
	Release Release
}

// Release is the revision in force and what has to happen for it.
type Release struct {
	// Revision in force; its spec counts, not the Application's.
	Revision *v1beta1.ApplicationRevision
	// Create says that Revision has still to be recorded.
	Create bool
	// Restart says that the workflow starts from the beginning for Revision.
	Restart bool
	// Superseded is the revision whose run ends because Revision starts; nil when there is none to keep a record of.
	Superseded *v1beta1.ApplicationRevision
	// Unpublished is a sentence for a spec that differs from Revision's although its version is the same.
	Unpublished string
	// Refused is a sentence for a spec that can't be published; Revision stays what it was, nil if there was none.
	Refused string
}

// Plan is the whole policy for one Application: what was seen in, what to do out.
func Plan(seen Seen) (Decision, error) {
	plan := Decision{
		Delete: seen.App.DeletionTimestamp != nil,
		Paused: seen.App.Labels[v1beta1.LabelPause] == "true",
	}
	plan.Actions = planActions(seen)
	if plan.Delete {
		return plan, nil
	}
	release, err := planRelease(seen)
	if err != nil {
		return Decision{}, fmt.Errorf("planning the release of Application %s/%s: %w", seen.App.Namespace, seen.App.Name, err)
	}
	plan.Release = release
	return plan, nil
}

// planRelease says which revision is in force. The rules, first match wins: nothing released yet → the first revision;
// same publishVersion → what it was recorded with, whatever the spec says now; a publishVersion that an older revision
// has → refused; another publishVersion, or another spec where none is used → a new revision.
func planRelease(seen Seen) (Release, error) {
	app := seen.App
	hash, err := SpecHash(app.Spec)
	if err != nil {
		return Release{}, err
	}
	version := PublishVersion(app)
	var current *v1beta1.ApplicationRevision
	if app.Status.LatestRevision != nil {
		current = find(seen.Revisions, app.Status.LatestRevision.Name)
	}
	if current != nil && version == PublishVersion(current) {
		if hash == RevisionHash(current) {
			return inForce(app, current), nil
		}
		if version != "" {
			r := inForce(app, current)
			r.Unpublished = unpublishedChange(app.Name, current, version)
			return r, nil
		}
	}
	if adopted := recordedBefore(seen, hash, version); adopted != nil {
		return begin(app, adopted, current, false), nil
	}
	if older := published(seen.Revisions, version); older != nil {
		r := inForce(app, current)
		r.Refused = usedBefore(app.Name, version, older.Name)
		return r, nil
	}
	return begin(app, newRevision(app, nextNumber(seen), hash), current, true), nil
}

// inForce keeps current; its workflow starts only when the status knows of no run for it (a restart was asked for, or
// the first status write was lost).
func inForce(app *v1beta1.Application, current *v1beta1.ApplicationRevision) Release {
	if current == nil {
		return Release{}
	}
	restart := app.Status.Workflow == nil || app.Status.Workflow.AppRevision != RunName(current)
	return Release{Revision: current, Restart: restart}
}

// begin starts revision in place of former.
func begin(app *v1beta1.Application, revision, former *v1beta1.ApplicationRevision, create bool) Release {
	r := Release{Revision: revision, Create: create, Restart: true}
	if former != nil && app.Status.Workflow != nil && former.Status.Workflow == nil {
		r.Superseded = former
	}
	return r
}

// recordedBefore finds the revision that an earlier pass recorded for this version, or for this spec where no versions are
// used, before it was killed.
func recordedBefore(seen Seen, hash, version string) *v1beta1.ApplicationRevision {
	var latest int64
	if seen.App.Status.LatestRevision != nil {
		latest = seen.App.Status.LatestRevision.Revision
	}
	for i := range seen.Revisions {
		r := &seen.Revisions[i]
		if RevisionNumber(seen.App.Name, r.Name) <= latest || PublishVersion(r) != version {
			continue
		}
		if version != "" || RevisionHash(r) == hash {
			return r
		}
	}
	return nil
}

// published finds the revision that was published as version.
func published(revisions []v1beta1.ApplicationRevision, version string) *v1beta1.ApplicationRevision {
	if version == "" {
		return nil
	}
	for i := range revisions {
		if PublishVersion(&revisions[i]) == version {
			return &revisions[i]
		}
	}
	return nil
}

// nextNumber is one more than the latest; a name that a rollback set free is used again.
func nextNumber(seen Seen) int64 {
	var highest int64
	if seen.App.Status.LatestRevision != nil {
		highest = seen.App.Status.LatestRevision.Revision
	}
	for i := range seen.Revisions {
		highest = max(highest, RevisionNumber(seen.App.Name, seen.Revisions[i].Name))
	}
	return highest + 1
}

// CheckPublish is what admission asks before an Application is stored: refused is a sentence for a version that may not
// be used, unpublished one for a change that will not be released under the version it carries; both are empty when all
// is well.
func CheckPublish(app *v1beta1.Application, revisions []v1beta1.ApplicationRevision) (refused, unpublished string, err error) {
	release, err := planRelease(Seen{App: app, Revisions: revisions})
	if err != nil {
		return "", "", err
	}
	return release.Refused, release.Unpublished, nil
}

func unpublishedChange(app string, current *v1beta1.ApplicationRevision, version string) string {
	return fmt.Sprintf("the spec differs from revision %s, but app.oam.dev/publishVersion is still %q, so %s stays released: "+
		"publish the change with a new version (vela up %s -v NEW-VERSION, or change the annotation in your file)",
		current.Name, version, current.Name, app)
}

func usedBefore(app, version, revision string) string {
	return fmt.Sprintf("metadata.annotations[app.oam.dev/publishVersion]: %q was already used by revision %s: choose a new version, "+
		"or release that revision again with vela up %s -r %s -v NEW-VERSION", version, revision, app, revision)
}
