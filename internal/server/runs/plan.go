// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// Names of the workflows that are no objects.
const (
	workflowDefault     = "default"
	workflowApplication = "application"
)

// choice is what a person asks to deploy.
type choice struct {
	// Spec in place of the stored one; nil: the stored one.
	Spec *v1beta1.ApplicationSpec
	// Workflow is a name; Saved are those that are objects.
	Workflow string
	Saved    []corev1alpha1.Workflow
	// Version to publish as; empty: the next one.
	Version string
	Note    string
	// Supersede says that a run that has not ended may be left.
	Supersede bool
}

// deployed is the application as it is to be stored for a deployment. The error is a problem that says why not. live is what is
// stored now; seen may be a moment older.
func deployed(live *v1beta1.Application, seen gather.Seen, c choice) (*v1beta1.Application, error) {
	seen.App = live
	if err := free(seen, c.Supersede); err != nil {
		return nil, err
	}
	next := live.DeepCopy()
	if c.Spec != nil {
		next.Spec = *c.Spec.DeepCopy()
	}
	steps, err := workflowOf(next, c)
	if err != nil {
		return nil, err
	}
	next.Spec.Workflow = steps
	if steps != nil && canary.Has(steps.Steps) && application.RollbackTarget(live.Name, seen.Revisions) == nil {
		return nil, problem.Unprocessable(api.ProblemCodeCanaryNeedsRunningVersion,
			"a canary release needs a version that runs, and %s has none yet; deploy with the default workflow first", live.Name)
	}
	if same(seen, next) {
		return nil, problem.State(api.ProblemCodeNothingToDeploy, "application %s runs just this already; change something first", live.Name)
	}
	version := cmp.Or(c.Version, nextVersion(seen))
	for _, rev := range view.Revisions(seen.Seen) {
		if rev.LeftBy == nil && application.PublishVersion(rev) == version {
			return nil, problem.State(api.ProblemCodeVersionUsed, "version %s was already used by revision %s; choose a new one", version, rev.Name).
				With("version", version).With("revision", rev.Name)
		}
	}
	next.Annotations = maps.Clone(next.Annotations)
	if next.Annotations == nil {
		next.Annotations = map[string]string{}
	}
	next.Annotations[v1beta1.AnnotationPublishVersion] = version
	next.Annotations[v1beta1.AnnotationWorkflowName] = c.Workflow
	delete(next.Annotations, v1beta1.AnnotationNote)
	if c.Note != "" {
		next.Annotations[v1beta1.AnnotationNote] = c.Note
	}
	delete(next.Labels, v1beta1.LabelPause)
	return next, nil
}

// free says that no run is under way, or that it may be left.
func free(seen gather.Seen, supersede bool) error {
	word := view.StatusOf(seen.Seen).Word
	busy := slices.Contains([]view.Word{view.RollingOut, view.WaitingForApproval, view.Paused, view.RollingBack}, word)
	switch {
	case word == view.Deleting:
		return problem.State(api.ProblemCodeRefused, "application %s is being deleted", seen.App.Name).With("message", "it is being deleted")
	case busy && !supersede:
		run := ""
		if w := seen.App.Status.Workflow; w != nil {
			run = w.AppRevision
		}
		return problem.State(api.ProblemCodeReleaseInProgress,
			"run %s of application %s has not ended; deploying now gives it up: its version goes back to no traffic first", run, seen.App.Name).With("run", run)
	}
	return nil
}

// workflowOf are the steps of the choice.
func workflowOf(app *v1beta1.Application, c choice) (*v1beta1.Workflow, error) {
	switch c.Workflow {
	case workflowDefault:
		return nil, nil //nolint:nilnil // no steps is what the default workflow is
	case workflowApplication:
		if app.Spec.Workflow == nil || len(app.Spec.Workflow.Steps) == 0 {
			return nil, problem.NotFound("workflow", workflowApplication)
		}
		return app.Spec.Workflow, nil
	case "":
		return nil, problem.Invalid(problem.Field("/workflow", api.FieldErrorCodeRequired, "is missing; choose a workflow, such as default"))
	}
	i := slices.IndexFunc(c.Saved, func(w corev1alpha1.Workflow) bool { return w.Name == objectName(app.Name, c.Workflow) })
	if i < 0 {
		return nil, problem.NotFound("workflow", c.Workflow)
	}
	return &v1beta1.Workflow{Mode: c.Saved[i].Mode, Steps: c.Saved[i].Steps}, nil
}

// same says that what is to be deployed is what runs, at rest. Steps are left out: they say how, not what.
func same(seen gather.Seen, next *v1beta1.Application) bool {
	word := view.StatusOf(seen.Seen).Word
	if word != view.Stable && word != view.RolledBack {
		return false
	}
	for i := range seen.Revisions {
		rev := &seen.Revisions[i]
		if latest := seen.App.Status.LatestRevision; latest == nil || rev.Name != latest.Name {
			continue
		}
		was, will := rev.Spec.Application.Spec, next.Spec
		was.Workflow, will.Workflow = nil, nil
		before, errBefore := application.SpecHash(was)
		after, errAfter := application.SpecHash(will)
		return errBefore == nil && errAfter == nil && before == after
	}
	return false
}

// nextVersion is vN with the lowest N above every version and every revision that is known of, those that were rolled back too.
func nextVersion(seen gather.Seen) string {
	number := regexp.MustCompile(`^v([0-9]{1,9})$`)
	highest := int64(0)
	add := func(version string) {
		if found := number.FindStringSubmatch(version); found != nil {
			n, _ := strconv.ParseInt(found[1], 10, 64) // nine digits
			highest = max(highest, n)
		}
	}
	add(application.PublishVersion(seen.App))
	for _, rev := range view.Revisions(seen.Seen) {
		add(application.PublishVersion(rev))
		highest = max(highest, application.RevisionNumber(seen.App.Name, rev.Name))
	}
	if seen.App.Labels[v1beta1.LabelPause] == "true" && seen.App.Status.LatestRevision == nil && len(seen.Revisions) == 0 {
		highest = 0
	}
	return "v" + strconv.FormatInt(highest+1, 10)
}
