// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"regexp"
	"slices"
	"strconv"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

// UnderWay says that a release has not ended, which another one would give up, and names its run.
func UnderWay(seen Seen) (run string, yes bool) {
	yes = slices.Contains([]Word{RollingOut, WaitingForApproval, Paused, RollingBack}, StatusOf(seen).Word)
	if w := seen.App.Status.Workflow; w != nil {
		run = w.AppRevision
	}
	return run, yes
}

// Runs says that a specification is what runs already, at rest. Steps are left out: they say how, not what.
func Runs(seen Seen, spec corev1beta1.ApplicationSpec) bool {
	word := StatusOf(seen).Word
	if word != Stable && word != RolledBack {
		return false
	}
	is, ok := Spec(seen, Deployed)
	if !ok {
		return false
	}
	is.Workflow, spec.Workflow = nil, nil
	before, errBefore := application.SpecHash(is)
	after, errAfter := application.SpecHash(spec)
	return errBefore == nil && errAfter == nil && before == after
}

// UserOf is the revision that was published as a version, nil when none was. What a rollback left behind does not count.
func UserOf(seen Seen, version string) *Revision {
	for _, rev := range Revisions(seen) {
		if rev.LeftBy == nil && application.PublishVersion(rev) == version {
			return &rev
		}
	}
	return nil
}

// NextVersion is vN with the lowest N above every version and every revision that is known of, those that were rolled back too.
func NextVersion(seen Seen) string {
	number := regexp.MustCompile(`^v([0-9]{1,9})$`)
	highest := int64(0)
	add := func(version string) {
		if found := number.FindStringSubmatch(version); found != nil {
			n, _ := strconv.ParseInt(found[1], 10, 64) // nine digits
			highest = max(highest, n)
		}
	}
	add(application.PublishVersion(seen.App))
	for _, rev := range Revisions(seen) {
		add(application.PublishVersion(rev))
		highest = max(highest, application.RevisionNumber(seen.App.Name, rev.Name))
	}
	if seen.App.Labels[corev1beta1.LabelPause] == "true" && seen.App.Status.LatestRevision == nil && len(seen.Revisions) == 0 {
		highest = 0
	}
	return "v" + strconv.FormatInt(highest+1, 10)
}

// The names of specifications that are no revision's.
const (
	// Stored is what the Application says now.
	Stored = "stored"
	// Deployed is what was released last.
	Deployed = "deployed"
)

// Spec is the specification with a name: Stored, Deployed, or a revision's, those that rollbacks left behind too. An application
// that was never deployed is deployed as nothing.
func Spec(seen Seen, name string) (corev1beta1.ApplicationSpec, bool) {
	switch name {
	case Stored:
		return seen.App.Spec, true
	case Deployed:
		latest := seen.App.Status.LatestRevision
		if latest == nil {
			return corev1beta1.ApplicationSpec{}, true
		}
		name = latest.Name
	}
	for _, rev := range Revisions(seen) {
		if rev.Name == name {
			return rev.Spec.Application.Spec, true
		}
	}
	return corev1beta1.ApplicationSpec{}, false
}
