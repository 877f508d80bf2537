// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runs_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

const demo = "/apps/default/demo"

// story is a person with all rights in front of an application of which v1 runs.
func story(t *testing.T) (*uxstage.Stage, *uxstage.Browser) {
	t.Helper()
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Spec: uxstage.Application("demo", "demo:v1")}).Want(http.StatusCreated, nil)
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Workflow: "default"}).Want(http.StatusCreated, nil)
	stage.Released("demo", "")
	return stage, admin
}

// canary saves the workflow of three batches and deploys v2 with it, which then waits after its first batch.
func canary(t *testing.T) (*uxstage.Stage, *uxstage.Browser) {
	t.Helper()
	stage, admin := story(t)
	three := 3
	var generated api.Canary
	admin.Do(http.MethodPost, demo+"/generate-canary", api.CanaryRequest{Batches: &three}).Want(http.StatusOK, &generated)
	admin.Do(http.MethodPost, demo+"/workflows", api.WorkflowInput{Name: generated.Name, Alias: generated.Alias, Mode: generated.Mode, Steps: generated.Steps}).
		Want(http.StatusCreated, nil)
	v2 := uxstage.Application("demo", "demo:v2")
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Spec: &v2, Workflow: generated.Name, Note: "faster"}).Want(http.StatusCreated, nil)
	stage.Released("demo", "approve-1")
	return stage, admin
}

func TestTheFirstDeploymentOfAnApplication(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	var app api.App
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Alias: "Demo", Spec: uxstage.Application("demo", "demo:v1")}).
		Want(http.StatusCreated, &app)
	if !app.Held || app.Status.Word != api.StatusWordNotDeployed || stage.Live("demo").Labels[v1beta1.LabelPause] != "true" {
		t.Fatalf("it is not held: %+v", app)
	}
	var run api.Run
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Workflow: "default", ResourceVersion: app.ResourceVersion}).Want(http.StatusCreated, &run)
	if run.Id != "v1" || run.State != api.RunStateStarting || !run.Current || run.Revision != "demo-v1" || run.Rollout != api.RolloutKindRegular || len(run.Steps) != 1 {
		t.Errorf("the run is %+v", run)
	}
	live := stage.Live("demo")
	if live.Labels[v1beta1.LabelPause] != "" || live.Annotations[v1beta1.AnnotationPublishVersion] != "v1" || live.Spec.Workflow != nil {
		t.Errorf("stored as %+v with workflow %v", live.ObjectMeta, live.Spec.Workflow)
	}
	admin.Do(http.MethodGet, demo+"/runs/v1", nil).Want(http.StatusOK, &run)
	stage.Released("demo", "")
	admin.Do(http.MethodGet, demo+"/runs/v1", nil).Want(http.StatusOK, &run)
	if run.State != api.RunStateSucceeded || run.Steps[0].State != api.StepStateSucceeded {
		t.Errorf("afterwards the run is %+v", run)
	}
}

func TestACanaryWorkflowIsMadeSavedAndChosen(t *testing.T) {
	stage, admin := story(t)
	three := 3
	var generated api.Canary
	admin.Do(http.MethodPost, demo+"/generate-canary", api.CanaryRequest{Batches: &three}).Want(http.StatusOK, &generated)
	if generated.Alias != "Default Canary Workflow" || len(generated.Steps) != 5 || len(generated.Simulation) != 3 || len(generated.Warnings) != 0 {
		t.Fatalf("generated %+v", generated)
	}
	for i, want := range []struct{ weight, pods int }{{33, 1}, {66, 2}, {100, 3}} {
		if b := generated.Simulation[i]; b.Weight != want.weight || *b.Pods != want.pods {
			t.Errorf("batch %d is %d %%, %d pods; want %+v", i+1, b.Weight, *b.Pods, want)
		}
	}
	var before, after api.WorkflowList
	admin.Do(http.MethodGet, demo+"/workflows", nil).Want(http.StatusOK, &before)
	if len(before.Items) != 1 || before.Items[0].Name != "default" || !before.Items[0].LastUsed {
		t.Errorf("generating has saved something: %+v", before.Items)
	}
	var saved api.Workflow
	input := api.WorkflowInput{Name: generated.Name, Alias: generated.Alias, Mode: generated.Mode, Steps: generated.Steps}
	admin.Do(http.MethodPost, demo+"/workflows", input).Want(http.StatusCreated, &saved)
	admin.Do(http.MethodPost, demo+"/workflows", input).WantProblem(http.StatusConflict, api.ProblemCodeAlreadyExists)
	admin.Do(http.MethodGet, demo+"/workflows", nil).Want(http.StatusOK, &after)
	if len(after.Items) != 2 || after.Items[1].Rollout != api.RolloutKindCanary || after.Items[1].Alias != "Default Canary Workflow" {
		t.Errorf("the choice is %+v", after.Items)
	}
	v2 := uxstage.Application("demo", "demo:v2")
	var run api.Run
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Spec: &v2, Workflow: saved.Name, Note: "faster"}).Want(http.StatusCreated, &run)
	live := stage.Live("demo")
	if run.Id != "v2" || run.Note != "faster" || run.Workflow != saved.Name || run.Rollout != api.RolloutKindCanary || len(live.Spec.Workflow.Steps) != 5 {
		t.Errorf("run %+v of %+v", run, live.Spec.Workflow)
	}
	admin.Do(http.MethodGet, demo+"/workflows", nil).Want(http.StatusOK, &after)
	if len(after.Items) != 2 || !after.Items[1].LastUsed {
		t.Errorf("the application's own steps are told apart from those that were chosen: %+v", after.Items)
	}
}

func TestAWorkflowIsChangedAndDeleted(t *testing.T) {
	_, admin := canary(t)
	var w api.Workflow
	admin.Do(http.MethodGet, demo+"/workflows/default-canary", nil).Want(http.StatusOK, &w)
	input := api.WorkflowInput{Name: w.Name, Steps: w.Steps[2:], ResourceVersion: "0"}
	admin.Do(http.MethodPut, demo+"/workflows/default-canary", input).WantProblem(http.StatusConflict, api.ProblemCodeConflict)
	input.ResourceVersion = w.ResourceVersion
	admin.Do(http.MethodPut, demo+"/workflows/default-canary", input).Want(http.StatusOK, &w)
	if len(w.Steps) != 3 || w.Alias != "Default Canary Workflow" {
		t.Errorf("changed to %+v", w)
	}
	falling := input
	falling.ResourceVersion = w.ResourceVersion
	falling.Steps = []v1beta1.WorkflowStep{w.Steps[2], w.Steps[0]}
	p := admin.Do(http.MethodPut, demo+"/workflows/default-canary", falling).WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeInvalid)
	if len(p.FieldErrors) == 0 || !strings.HasPrefix(p.FieldErrors[0].Path, "/steps/1/properties/weight") {
		t.Errorf("the field is not named: %+v", p.FieldErrors)
	}
	admin.Do(http.MethodPut, demo+"/workflows/default", api.WorkflowInput{Name: "default", Steps: w.Steps}).
		WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeBuiltIn)
	admin.Do(http.MethodDelete, demo+"/workflows/default-canary", nil).Want(http.StatusNoContent, nil)
	admin.Do(http.MethodGet, demo+"/workflows/default-canary", nil).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
	var run api.Run
	admin.Do(http.MethodGet, demo+"/runs/v2", nil).Want(http.StatusOK, &run)
	if len(run.Steps) != 5 {
		t.Errorf("the run that began with it lost steps: %+v", run.Steps)
	}
}

// TestDefect07…: VelaUX wrote the default for sub-steps over the mode of the steps.
func TestDefect07AnEmptyModeForSubStepsLeavesTheModeOfStepsAsItIs(t *testing.T) {
	_, admin := canary(t)
	steps := []v1beta1.WorkflowStep{{StepBase: v1beta1.StepBase{Name: "wait", Type: "suspend"}}}
	for _, mode := range []v1beta1.StepMode{v1beta1.StepModeStepByStep, v1beta1.StepModeDAG} {
		t.Run(string(mode), func(t *testing.T) {
			var w api.Workflow
			input := api.WorkflowInput{Name: "w-" + strings.ToLower(string(mode)), Mode: &v1beta1.WorkflowMode{Steps: mode}, Steps: steps}
			admin.Do(http.MethodPost, demo+"/workflows", input).Want(http.StatusCreated, &w)
			input.ResourceVersion = w.ResourceVersion
			admin.Do(http.MethodPut, demo+"/workflows/"+input.Name, input).Want(http.StatusOK, nil)
			admin.Do(http.MethodGet, demo+"/workflows/"+input.Name, nil).Want(http.StatusOK, &w)
			if w.Mode == nil || w.Mode.Steps != mode || w.Mode.SubSteps != "" {
				t.Errorf("the mode was changed to %+v", w.Mode)
			}
		})
	}
}

func TestDeploymentsThatAreRefused(t *testing.T) {
	v3 := uxstage.Application("demo", "demo:v3")
	broken := uxstage.Application("demo", "")
	cases := map[string]struct {
		begin  func(t *testing.T) (*uxstage.Stage, *uxstage.Browser)
		ask    api.Deployment
		status int
		code   api.ProblemCode
		params map[string]string
		field  string
	}{
		"what runs already":                {story, api.Deployment{Workflow: "default"}, 409, api.ProblemCodeNothingToDeploy, nil, ""},
		"while a run waits":                {canary, api.Deployment{Spec: &v3, Workflow: "default"}, 409, api.ProblemCodeReleaseInProgress, map[string]string{"run": "v2"}, ""},
		"a version that was used":          {story, api.Deployment{Spec: &v3, Workflow: "default", PublishVersion: "v1"}, 409, api.ProblemCodeVersionUsed, map[string]string{"revision": "demo-v1"}, ""},
		"a workflow that is not there":     {story, api.Deployment{Spec: &v3, Workflow: "nightly"}, 404, api.ProblemCodeNotFound, map[string]string{"name": "nightly"}, ""},
		"no workflow":                      {story, api.Deployment{Spec: &v3}, 422, api.ProblemCodeInvalid, nil, "/workflow"},
		"what somebody changed in between": {story, api.Deployment{Spec: &v3, Workflow: "default", ResourceVersion: "0"}, 409, api.ProblemCodeConflict, nil, ""},
		"without an image":                 {story, api.Deployment{Spec: &broken, Workflow: "default"}, 422, api.ProblemCodeInvalid, nil, "/spec/components/0/properties/image"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			stage, admin := tc.begin(t)
			before := stage.Live("demo").ResourceVersion
			p := admin.Do(http.MethodPost, demo+"/deployments", tc.ask).WantProblem(tc.status, tc.code)
			for k, v := range tc.params {
				if p.Params[k] != v {
					t.Errorf("parameter %s is %q, want %q", k, p.Params[k], v)
				}
			}
			if tc.field != "" && !slices.ContainsFunc(p.FieldErrors, func(f api.FieldError) bool { return f.Path == tc.field }) {
				t.Errorf("%s is not named: %+v", tc.field, p.FieldErrors)
			}
			if stage.Live("demo").ResourceVersion != before {
				t.Error("something was stored all the same")
			}
		})
	}
}

func TestACanaryNeedsAVersionThatRuns(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	spec := uxstage.Application("demo", "demo:v1")
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Spec: spec}).Want(http.StatusCreated, nil)
	two := 2
	var generated api.Canary
	admin.Do(http.MethodPost, demo+"/generate-canary", api.CanaryRequest{Batches: &two}).Want(http.StatusOK, &generated)
	spec.Workflow = &v1beta1.Workflow{Steps: generated.Steps}
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Spec: &spec, Workflow: "application"}).
		WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeCanaryNeedsRunningVersion)
}

func TestAnotherVersionTakesTheRunsPlaceWhenAskedTo(t *testing.T) {
	stage, admin := canary(t)
	v3 := uxstage.Application("demo", "demo:v3")
	var run api.Run
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Spec: &v3, Workflow: "default", Supersede: true}).Want(http.StatusCreated, &run)
	if run.Id != "v3" {
		t.Errorf("the run is %+v", run)
	}
	stage.Released("demo", "")
	var all api.RunList
	admin.Do(http.MethodGet, demo+"/runs", nil).Want(http.StatusOK, &all)
	var told []string
	for _, r := range all.Items {
		told = append(told, r.Id+" "+string(r.State))
	}
	if got := strings.Join(told, ", "); got != "v3 Succeeded, v2 Superseded, v1 Succeeded" {
		t.Errorf("the runs are %s", got)
	}
}

func TestWhatWaitsIsToldBeforeItIsApproved(t *testing.T) {
	_, admin := canary(t)
	var o api.Overview
	admin.Do(http.MethodGet, demo+"/overview", nil).Want(http.StatusOK, &o)
	if o.Status.Word != api.StatusWordWaiting || o.Status.Step != "approve-1" || o.Status.Since == nil {
		t.Errorf("the status is %+v", o.Status)
	}
	n := o.Next
	if n == nil || n.Run != "v2" || n.Step != "approve-1" || n.Target != "batch-2" || *n.Weight != 66 || *n.Pods != 2 || *n.Replicas != 3 || n.Last {
		t.Errorf("next is %+v", n)
	}
	r := o.Rollback
	if !r.Possible || r.Revision != "demo-v1" || r.NeededPods != 3 || len(r.Changes) != 1 || r.Changes[0].Kind != api.ChangeKindImage || r.Changes[0].To != "demo:v1" {
		t.Errorf("a rollback is %+v", r)
	}
	if len(o.Releases) != 1 || *o.Releases[0].Split.Asked != 33 || *o.Releases[0].Split.Served != 33 || o.Releases[0].Split.Measured != nil || o.Edge != api.EdgeStateNone {
		t.Errorf("the split is %+v, edge %s", o.Releases, o.Edge)
	}
	if l := o.Releases[0]; l.Canary.Pods != 1 || l.Stable.Ready != 2 || l.Canary.Revision != "demo-v2" || l.Stable.Revision != "demo-v1" || l.Stable.Image != "demo:v1" {
		t.Errorf("the lanes are %+v and %+v", l.Stable, l.Canary)
	}
	if len(o.Run.Steps) != 5 || o.Run.Steps[4].State != api.StepStatePending || *o.Run.Steps[4].Weight != 100 {
		t.Errorf("the rail is %+v", o.Run.Steps)
	}
}

// taker plays the controller: the first resume of a step wins, others are refused.
func taker(stage *uxstage.Stage) func(*v1alpha1.ReleaseAction) {
	var mu sync.Mutex
	return func(a *v1alpha1.ReleaseAction) {
		mu.Lock()
		defer mu.Unlock()
		app := stage.Live("demo")
		for i := range app.Status.Workflow.Steps {
			s := &app.Status.Workflow.Steps[i]
			if s.ID != a.Spec.StepID {
				continue
			}
			if s.Phase != v1beta1.StepSuspending {
				a.Status.Phase, a.Status.Message = v1alpha1.ActionRefused, "step "+s.Name+" does not wait"
				return
			}
			now := metav1.NewTime(stage.Clock.Now())
			s.Phase, s.By, s.LastExecuteTime = v1beta1.StepSucceeded, a.Spec.RequestedBy.Username, &now
		}
		app.Status.Workflow.Phase, app.Status.Phase = v1beta1.WorkflowExecuting, v1beta1.PhaseRunningWorkflow
		if err := stage.Client.Status().Update(stage.T.Context(), app); err != nil {
			stage.T.Error(err)
		}
		a.Status.Phase = v1alpha1.ActionSucceeded
	}
}

func stepID(t *testing.T, b *uxstage.Browser) string {
	t.Helper()
	var o api.Overview
	b.Do(http.MethodGet, demo+"/overview", nil).Want(http.StatusOK, &o)
	return o.Next.StepId
}

func TestAStepIsApprovedOnce(t *testing.T) {
	stage, admin := canary(t)
	bob := stage.SignIn("bob", access.Approver)
	id := stepID(t, admin)
	stage.Answers(taker(stage))
	ask := api.ActionRequest{Action: api.ActionKindResume, StepId: id, Reason: "looks good"}
	answers := make([]uxstage.Answer, 2)
	var both sync.WaitGroup
	for i, person := range []*uxstage.Browser{admin, bob} {
		both.Go(func() { answers[i] = person.Do(http.MethodPost, demo+"/runs/v2/actions", ask) })
	}
	both.Wait()
	slices.SortFunc(answers, func(a, b uxstage.Answer) int { return a.Status - b.Status })
	var won api.ActionRecord
	answers[0].Want(http.StatusAccepted, &won)
	p := answers[1].WantProblem(http.StatusConflict, api.ProblemCodeStale)
	if p.Params["by"] != won.By || p.Params["step"] != "approve-1" || p.Params["at"] == "" {
		t.Errorf("%s was first, the other is told %+v", won.By, p.Params)
	}
	var run api.Run
	admin.Do(http.MethodGet, demo+"/runs/v2", nil).Want(http.StatusOK, &run)
	if run.Steps[1].By != won.By || run.Steps[1].Reason != "looks good" {
		t.Errorf("who and why do not stand at the step: %+v", run.Steps[1])
	}
	p = admin.Do(http.MethodPost, demo+"/runs/v2/actions", ask).WantProblem(http.StatusConflict, api.ProblemCodeStale)
	if p.Params["by"] != won.By {
		t.Errorf("a page that was left open is told %+v", p.Params)
	}
}

func TestActionsThatAreRefusedAtOnce(t *testing.T) {
	stage, admin := canary(t)
	people := map[string]*uxstage.Browser{
		"admin": admin, "viewer": stage.SignIn("v", access.Viewer), "developer": stage.SignIn("d", access.Developer), "approver": stage.SignIn("a", access.Approver),
	}
	cases := map[string]struct {
		who    string
		run    string
		ask    api.ActionRequest
		status int
		code   api.ProblemCode
		params map[string]string
	}{
		"a run that is over":             {"admin", "v1", api.ActionRequest{Action: "resume", StepId: "x"}, 409, api.ProblemCodeStale, map[string]string{"run": "v2"}},
		"a step that is none":            {"admin", "v2", api.ActionRequest{Action: "resume", StepId: "x"}, 409, api.ProblemCodeStale, nil},
		"a resume of whatever":           {"admin", "v2", api.ActionRequest{Action: "resume"}, 422, api.ProblemCodeInvalid, nil},
		"an action that is none":         {"admin", "v2", api.ActionRequest{Action: "promote"}, 422, api.ProblemCodeInvalid, nil},
		"a viewer's":                     {"viewer", "v2", api.ActionRequest{Action: "resume", StepId: "x"}, 403, api.ProblemCodeForbidden, map[string]string{"verb": "create", "resource": "releaseactions"}},
		"a developer's approval":         {"developer", "v2", api.ActionRequest{Action: "resume", StepId: "x"}, 403, api.ProblemCodeForbidden, nil},
		"an approver's rollback":         {"approver", "v2", api.ActionRequest{Action: "rollback"}, 403, api.ProblemCodeForbidden, map[string]string{"verb": "rollback"}},
		"an approver's end of a release": {"approver", "v2", api.ActionRequest{Action: "terminate"}, 403, api.ProblemCodeForbidden, map[string]string{"verb": "terminate"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := people[tc.who].Do(http.MethodPost, demo+"/runs/"+tc.run+"/actions", tc.ask).WantProblem(tc.status, tc.code)
			for k, v := range tc.params {
				if p.Params[k] != v {
					t.Errorf("parameter %s is %q, want %q", k, p.Params[k], v)
				}
			}
			list := &v1alpha1.ReleaseActionList{}
			if err := stage.Client.List(t.Context(), list); err != nil || len(list.Items) > 0 {
				t.Errorf("%d actions were made all the same (%v)", len(list.Items), err)
			}
		})
	}
}

// TestDefect01… is the rollback that VelaUX refused, because the two versions had used different workflows.
func TestDefect01ARollbackGoesToTheVersionBeforeThatRanByAnotherWorkflow(t *testing.T) {
	stage, admin := canary(t)
	stage.Answers(func(a *v1alpha1.ReleaseAction) { stage.RolledBack(a, "demo", "demo-v1") })
	var record api.ActionRecord
	admin.Do(http.MethodPost, demo+"/runs/v2/actions", api.ActionRequest{Action: api.ActionKindRollback, Reason: "errors"}).Want(http.StatusAccepted, &record)
	if record.By != "ann" || record.Target != "demo-v1" {
		t.Errorf("the record is %+v", record)
	}
	var run api.Run
	admin.Do(http.MethodGet, demo+"/runs/v2", nil).Want(http.StatusOK, &run)
	if run.State != api.RunStateRolledBack || run.RolledBackTo != "demo-v1" || len(run.Actions) != 1 || run.Actions[0].Reason != "errors" {
		t.Errorf("the run that was left is %+v", run)
	}
	var revisions api.RevisionList
	admin.Do(http.MethodGet, demo+"/revisions", nil).Want(http.StatusOK, &revisions)
	if len(revisions.Items) != 2 || revisions.Items[0].State != api.RevisionStateRolledBack || revisions.Items[1].State != api.RevisionStateSucceeded || !revisions.Items[1].Current {
		t.Errorf("the revisions are %+v", revisions.Items)
	}
	var diff api.Diff
	admin.Do(http.MethodPost, demo+"/diff", api.DiffRequest{
		Left: api.DiffSide{Kind: api.DiffSideKindRevision, Revision: "demo-v1"}, Right: api.DiffSide{Kind: api.DiffSideKindRevision, Revision: "demo-v2"},
	}).Want(http.StatusOK, &diff)
	if len(diff.Changes) != 1 || diff.Changes[0].Kind != api.ChangeKindImage || !diff.WorkflowDiffers || diff.Equal {
		t.Errorf("the difference is %+v", diff.Changes)
	}
	v3 := uxstage.Application("demo", "demo:v3")
	admin.Do(http.MethodPost, demo+"/deployments", api.Deployment{Spec: &v3, Workflow: "default"}).Want(http.StatusCreated, &run)
	if run.Id != "v3" {
		t.Errorf("the next version is %s, and would be taken for the one that was rolled back", run.Id)
	}
}

// TestDefect02…: in VelaUX the version that one went back to ran through the canary workflow again, and waited for approvals.
func TestDefect02ARollbackEndsAtRestAndAsksForNoApproval(t *testing.T) {
	stage, admin := canary(t)
	stage.Answers(func(a *v1alpha1.ReleaseAction) { stage.RolledBack(a, "demo", "demo-v1") })
	admin.Do(http.MethodPost, demo+"/runs/v2/actions", api.ActionRequest{Action: api.ActionKindRollback}).Want(http.StatusAccepted, nil)
	var o api.Overview
	admin.Do(http.MethodGet, demo+"/overview", nil).Want(http.StatusOK, &o)
	if o.Status.Word != api.StatusWordRolledBack || o.Next != nil || o.Run.Id != "v1" {
		t.Errorf("it does not end at rest: %+v, next %+v", o.Status, o.Next)
	}
	var home api.Home
	admin.Do(http.MethodGet, "/home", nil).Want(http.StatusOK, &home)
	if len(home.Approvals) > 0 {
		t.Errorf("an approval is asked for: %+v", home.Approvals)
	}
	var run api.Run
	admin.Do(http.MethodGet, demo+"/runs/v2", nil).Want(http.StatusOK, &run)
	if run.Steps[1].State != api.StepStateTerminated || run.Steps[4].State != api.StepStateSkipped {
		t.Errorf("the steps of the run that was left look as if it went on: %+v", run.Steps)
	}
}

func TestAnOlderRevisionIsReleasedAgain(t *testing.T) {
	stage, admin := canary(t)
	admin.Do(http.MethodPost, demo+"/revisions/demo-v1/rollback", api.RevisionRollback{}).WantProblem(http.StatusConflict, api.ProblemCodeReleaseInProgress)
	var run api.Run
	admin.Do(http.MethodPost, demo+"/revisions/demo-v1/rollback", api.RevisionRollback{Supersede: true}).Want(http.StatusCreated, &run)
	live := stage.Live("demo")
	if run.Id != "v3" || run.Note != "back to demo-v1" || live.Spec.Workflow != nil || !strings.Contains(string(live.Spec.Components[0].Properties.Raw), "demo:v1") {
		t.Errorf("run %+v", run)
	}
	admin.Do(http.MethodPost, demo+"/revisions/demo-v9/rollback", api.RevisionRollback{}).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
}

// TestDefect08…: in VelaUX a record was found under any application.
func TestDefect08ARunOfAnotherApplicationIsNotFound(t *testing.T) {
	stage, admin := canary(t)
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "other", Spec: uxstage.Application("other", "o:1")}).Want(http.StatusCreated, nil)
	for _, path := range []string{"/runs/v2", "/revisions/demo-v2", "/workflows/default-canary"} {
		admin.Do(http.MethodGet, "/apps/default/other"+path, nil).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
	}
	action := &v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}}
	action.Spec = v1alpha1.ReleaseActionSpec{Application: "demo", Action: v1alpha1.ActionSuspend}
	if err := stage.Client.Create(t.Context(), action, &client.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	admin.Do(http.MethodGet, "/apps/default/demo/actions/a", nil).Want(http.StatusOK, nil)
	admin.Do(http.MethodGet, "/apps/default/other/actions/a", nil).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
}
