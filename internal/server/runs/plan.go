// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"maps"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// deployment is what a person asks for.
type deployment struct {
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
func deployed(live *v1beta1.Application, seen gather.Seen, c deployment) (*v1beta1.Application, error) {
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
	if view.Runs(seen.Seen, next.Spec) {
		return nil, problem.State(api.ProblemCodeNothingToDeploy, "application %s runs just this already; change something first", live.Name)
	}
	version := cmp.Or(c.Version, view.NextVersion(seen.Seen))
	if rev := view.UserOf(seen.Seen, version); rev != nil {
		return nil, problem.State(api.ProblemCodeVersionUsed, "version %s was already used by revision %s; choose a new one", version, rev.Name).
			With("version", version).With("revision", rev.Name)
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
	if view.StatusOf(seen.Seen).Word == view.Deleting {
		return problem.State(api.ProblemCodeRefused, "application %s is being deleted", seen.App.Name).With("message", "it is being deleted")
	}
	if run, busy := view.UnderWay(seen.Seen); busy && !supersede {
		return problem.State(api.ProblemCodeReleaseInProgress,
			"run %s of application %s has not ended; deploying now gives it up: its version goes back to no traffic first", run, seen.App.Name).With("run", run)
	}
	return nil
}

// workflowOf are the steps of the choice.
func workflowOf(app *v1beta1.Application, c deployment) (*v1beta1.Workflow, error) {
	switch c.Workflow {
	case choice.Application: // what was sent has steps, whether or not a saved workflow has the same
		if app.Spec.Workflow == nil || len(app.Spec.Workflow.Steps) == 0 {
			return nil, problem.NotFound("workflow", choice.Application)
		}
		return app.Spec.Workflow, nil
	case "":
		return nil, problem.Invalid(problem.Field("/workflow", api.FieldErrorCodeRequired, "is missing; choose a workflow, such as default"))
	}
	w, ok := choice.Find(choice.Of(app, c.Saved), c.Workflow)
	if !ok {
		return nil, problem.NotFound("workflow", c.Workflow)
	}
	return w.Stated(), nil
}
