// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apps_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

func stored(namespace, name, image string) client.Object {
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"},
	}}
	app.Spec = uxstage.Application(name, image)
	return app
}

func namespace(name string) client.Object {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func names(list api.AppList) string {
	var all []string
	for _, a := range list.Items {
		all = append(all, a.Namespace+"/"+a.Name)
	}
	return strings.Join(all, " ")
}

func TestAListHasWhatThePersonMaySee(t *testing.T) {
	stage := uxstage.New(t, namespace("prod"), namespace("test"), stored("default", "a", "web:1"), stored("prod", "b", "web:2"), stored("test", "c", "db:1"))
	stage.Grant("dev@test", access.Developer)
	dev, viewer, stranger := stage.SignIn("dev"), stage.SignIn("v", access.Viewer), stage.SignIn("s")
	cases := map[string]struct {
		who  *uxstage.Browser
		path string
		want string
	}{
		"all of them":                   {viewer, "/apps", "default/a prod/b test/c"},
		"one namespace":                 {viewer, "/apps?ns=prod", "prod/b"},
		"by an image":                   {viewer, "/apps?q=WEB", "default/a prod/b"},
		"by a state":                    {viewer, "/apps?status=Failed", ""},
		"only the namespace of a role":  {dev, "/apps", "test/c"},
		"nothing without a role":        {stranger, "/apps", ""},
		"the first page":                {viewer, "/apps?limit=2", "default/a prod/b"},
		"after the first page":          {viewer, "/apps?limit=2&cursor=cHJvZC9i", "test/c"},
		"a page that begins at its end": {viewer, "/apps?cursor=dGVzdC9j", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var list api.AppList
			tc.who.Do(http.MethodGet, tc.path, nil).Want(http.StatusOK, &list)
			if got := names(list); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	var list api.AppList
	viewer.Do(http.MethodGet, "/apps?limit=2", nil).Want(http.StatusOK, &list)
	if list.Next != "cHJvZC9i" {
		t.Errorf("the next page is at %q", list.Next)
	}
	viewer.Do(http.MethodGet, "/apps?cursor=%25", nil).WantProblem(http.StatusBadRequest, api.ProblemCodeBadRequest)
	var envs api.EnvironmentList
	dev.Do(http.MethodGet, "/environments", nil).Want(http.StatusOK, &envs)
	if len(envs.Items) != 1 || envs.Items[0].Namespace != "test" || !envs.Items[0].CanCreate || envs.Items[0].Applications != 1 {
		t.Errorf("environments %+v", envs.Items)
	}
}

// TestDefect10…: in VelaUX a query parameter decided in whose project one was let in.
func TestDefect10TheNamespaceThatCountsIsThatOfTheObject(t *testing.T) {
	stage := uxstage.New(t, namespace("prod"), namespace("test"), stored("prod", "b", "web:2"), stored("test", "c", "db:1"))
	stage.Grant("dev@test", access.Developer, access.Operator)
	dev := stage.SignIn("dev")
	spec := uxstage.Application("b", "web:3")
	asked := []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "/apps/prod/b?ns=test", nil},
		{http.MethodGet, "/apps/prod/b/overview?namespace=test&project=test", nil},
		{http.MethodGet, "/apps?ns=prod", nil},
		{http.MethodPut, "/apps/prod/b?ns=test", api.AppUpdate{ResourceVersion: "1", Spec: spec}},
		{http.MethodDelete, "/apps/prod/b?ns=test", nil},
		{http.MethodPost, "/apps/prod/b/deployments?ns=test", api.Deployment{Workflow: "default", Spec: &spec}},
		{http.MethodPost, "/apps/prod/b/runs/v1/actions?ns=test", api.ActionRequest{Action: "rollback"}},
		{http.MethodPost, "/apps?ns=test", api.AppCreate{Namespace: "prod", Name: "new", Spec: spec}},
	}
	for _, a := range asked {
		t.Run(a.method+" "+a.path, func(t *testing.T) {
			p := dev.Do(a.method, a.path, a.body).WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
			if p.Params["namespace"] != "prod" || p.Params["verb"] == "" || p.Params["resource"] == "" {
				t.Errorf("it does not say what is missing: %+v", p.Params)
			}
		})
	}
	dev.Do(http.MethodGet, "/apps/test/c", nil).Want(http.StatusOK, nil)
}

func TestMistakesInAnApplicationNameTheirField(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	const head = "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: demo}\nspec:\n"
	cases := map[string]struct {
		yaml string
		path string
		code api.FieldErrorCode
	}{
		"no image":          {"components: [{name: a, type: webservice, properties: {}}]", "/spec/components/0/properties/image", api.FieldErrorCodeRequired},
		"an unknown field":  {"components: [{name: a, type: webservice, properties: {image: i, imagee: j}}]", "/spec/components/0/properties/imagee", api.FieldErrorCodeUnknownField},
		"an unknown type":   {"components: [{name: a, type: webservce, properties: {image: i}}]", "/spec/components/0/type", api.FieldErrorCodeUnknownType},
		"a wrong type":      {"components: [{name: a, type: webservice, properties: {image: 7}}]", "/spec/components/0/properties/image", api.FieldErrorCodeWrongType},
		"a field too many":  {"component: []", "/spec/component", api.FieldErrorCodeUnknownField},
		"too few replicas":  {"components: [{name: a, type: webservice, properties: {image: i}, traits: [{type: scaler, properties: {replicas: -1}}]}]", "/spec/components/0/traits/0/properties/replicas", api.FieldErrorCodeTooSmall},
		"a weight over 100": {"components: [{name: a, type: webservice, properties: {image: i}}]\nworkflow: {steps: [{name: s, type: canary-deploy, properties: {weight: 101}}]}", "/spec/workflow/steps/0/properties/weight", api.FieldErrorCodeTooLarge},
	}
	for name, tc := range cases {
		for form, text := range map[string]string{"a specification": tc.yaml, "a whole application": head + "  " + strings.ReplaceAll(tc.yaml, "\n", "\n  ")} {
			t.Run(name+" in "+form, func(t *testing.T) {
				var v api.Validation
				admin.Do(http.MethodPost, "/apps/default/demo/validate", api.SpecInput{Yaml: text}).Want(http.StatusOK, &v)
				found := slices.ContainsFunc(v.FieldErrors, func(f api.FieldError) bool { return f.Path == tc.path && f.Code == tc.code && f.Message != "" })
				if v.Valid || !found {
					t.Errorf("%s of %s is not among %+v", tc.code, tc.path, v.FieldErrors)
				}
			})
		}
	}
	for name, in := range map[string]api.SpecInput{"nothing": {}, "no YAML": {Yaml: "a: [b"}, "another application's": {Yaml: strings.Replace(head, "demo", "other", 1) + "  components: []\n"}} {
		t.Run(name, func(t *testing.T) {
			var v api.Validation
			admin.Do(http.MethodPost, "/apps/default/demo/validate", in).Want(http.StatusOK, &v)
			if v.Valid || len(v.FieldErrors) == 0 {
				t.Errorf("it is taken: %+v", v)
			}
		})
	}
}

// TestWhatIsMisspeltIsNotDropped: the types that a body is read into know nothing of a field that is none.
func TestWhatIsMisspeltIsNotDropped(t *testing.T) {
	stage := uxstage.New(t, stored("default", "demo", "demo:v1"))
	admin := stage.SignIn("ann", access.Admin)
	cases := map[string]struct{ method, path, body, field string }{
		"in a new application": {http.MethodPost, "/apps", `{"namespace":"default","name":"n","spec":{"components":[{"name":"a","typ":"webservice"}]}}`, "/spec/components/0/typ"},
		"in a deployment":      {http.MethodPost, "/apps/default/demo/deployments", `{"workflow":"default","spec":{"componets":[]}}`, "/spec/componets"},
		"in a draft":           {http.MethodPost, "/apps/default/demo/diff", `{"left":{"kind":"stored"},"right":{"kind":"draft","spec":{"polices":[]}}}`, "/right/spec/polices"},
		"in a step":            {http.MethodPost, "/apps/default/demo/workflows", `{"name":"w","steps":[{"name":"s","type":"suspend","timout":"1h"}]}`, "/steps/0/timout"},
		"of another type":      {http.MethodPut, "/apps/default/demo", `{"resourceVersion":"1","spec":{"components":{}}}`, "/spec/components"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := admin.Do(tc.method, tc.path, json.RawMessage(tc.body)).WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeInvalid)
			if len(p.FieldErrors) != 1 || p.FieldErrors[0].Path != tc.field {
				t.Errorf("%s is not named: %+v", tc.field, p.FieldErrors)
			}
		})
	}
}

func TestADryRunRendersAndStoresNothing(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	spec := uxstage.Application("demo", "demo:v1")
	var d api.DryRun
	admin.Do(http.MethodPost, "/apps/default/demo/dry-run", api.SpecInput{Spec: &spec}).Want(http.StatusOK, &d)
	var kinds []string
	for _, o := range d.Objects {
		kinds = append(kinds, o.Kind)
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, " "); got != "Deployment Ingress Service" || !strings.Contains(d.Yaml, "image: demo:v1") {
		t.Errorf("rendered %s", got)
	}
	admin.Do(http.MethodGet, "/apps/default/demo", nil).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
	broken := uxstage.Application("demo", "")
	admin.Do(http.MethodPost, "/apps/default/demo/dry-run", api.SpecInput{Spec: &broken}).WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeInvalid)
}

func TestStoringDoesNotRelease(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Spec: uxstage.Application("demo", "demo:v1")}).Want(http.StatusCreated, nil)
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Spec: uxstage.Application("demo", "demo:v1")}).
		WantProblem(http.StatusConflict, api.ProblemCodeAlreadyExists)
	admin.Do(http.MethodPost, "/apps/default/demo/deployments", api.Deployment{Workflow: "default"}).Want(http.StatusCreated, nil)
	stage.Released("demo", "")
	var app api.App
	admin.Do(http.MethodGet, "/apps/default/demo", nil).Want(http.StatusOK, &app)
	if app.Undeployed || app.DeployedSpec == nil {
		t.Fatalf("after a deployment: %+v", app)
	}
	update := api.AppUpdate{ResourceVersion: "0", Spec: uxstage.Application("demo", "demo:v2")}
	admin.Do(http.MethodPut, "/apps/default/demo", update).WantProblem(http.StatusConflict, api.ProblemCodeConflict)
	update.ResourceVersion = app.ResourceVersion
	admin.Do(http.MethodPut, "/apps/default/demo", update).Want(http.StatusOK, &app)
	if !app.Undeployed || app.PublishVersion != "v1" {
		t.Errorf("after storing another image: %+v", app)
	}
	var d api.Diff
	admin.Do(http.MethodPost, "/apps/default/demo/diff", api.DiffRequest{
		Left: api.DiffSide{Kind: api.DiffSideKindDeployed}, Right: api.DiffSide{Kind: api.DiffSideKindStored},
	}).Want(http.StatusOK, &d)
	if len(d.Changes) != 1 || d.Changes[0].Kind != api.ChangeKindImage || d.Left.Title != "demo-v1" {
		t.Errorf("the difference is %+v", d)
	}
}

func TestWhatHasNoVersionIsNotReleasedByAccident(t *testing.T) {
	app := stored("default", "demo", "demo:v1")
	app.SetAnnotations(nil)
	stage := uxstage.New(t, app)
	admin := stage.SignIn("ann", access.Admin)
	update := api.AppUpdate{ResourceVersion: stage.Live("demo").ResourceVersion, Spec: uxstage.Application("demo", "demo:v2")}
	admin.Do(http.MethodPut, "/apps/default/demo", update).WantProblem(http.StatusConflict, api.ProblemCodeReleasedAtOnce)
	update.ReleaseAtOnce = true
	admin.Do(http.MethodPut, "/apps/default/demo", update).Want(http.StatusOK, nil)
}

func TestAnAPIServerThatIsAwayIsSaidToBe(t *testing.T) {
	stage := uxstage.New(t, stored("default", "demo", "demo:v1"))
	viewer := stage.SignIn("v", access.Viewer)
	stage.Away(errors.New("dial tcp: connection refused"))
	p := viewer.Do(http.MethodGet, "/apps/default/demo", nil).WantProblem(http.StatusServiceUnavailable, api.ProblemCodeUnavailable)
	if p.Params["what"] == "" || strings.Contains(p.Detail, "dial tcp") {
		t.Errorf("it tells %+v", p)
	}
	stage.Away(nil)
	viewer.Do(http.MethodGet, "/apps/default/demo", nil).Want(http.StatusOK, nil)
}

// TestPermissionsThatAreTakenAwayEndWithinHalfAMinute, in the middle of a session.
func TestPermissionsThatAreTakenAwayEndWithinHalfAMinute(t *testing.T) {
	stage := uxstage.New(t, stored("default", "demo", "demo:v1"))
	stage.Grant("eve", access.Viewer)
	eve := stage.SignIn("eve")
	eve.Do(http.MethodGet, "/apps/default/demo", nil).Want(http.StatusOK, nil)
	stage.Grant("eve")
	stage.Clock.Step(31e9)
	eve.Do(http.MethodGet, "/apps/default/demo", nil).WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
}

func TestHomeShowsWhatAsksForThePerson(t *testing.T) {
	stage := uxstage.New(t)
	admin := stage.SignIn("ann", access.Admin)
	viewer := stage.SignIn("v", access.Viewer)
	spec := uxstage.Application("demo", "demo:v1")
	admin.Do(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "demo", Spec: spec, Deploy: true, Note: "first"}).Want(http.StatusCreated, nil)
	stage.Released("demo", "")
	two := 2
	var generated api.Canary
	admin.Do(http.MethodPost, "/apps/default/demo/generate-canary", api.CanaryRequest{Batches: &two}).Want(http.StatusOK, &generated)
	spec = uxstage.Application("demo", "demo:v2")
	spec.Workflow = &v1beta1.Workflow{Steps: generated.Steps}
	admin.Do(http.MethodPost, "/apps/default/demo/deployments", api.Deployment{Spec: &spec, Workflow: "application"}).Want(http.StatusCreated, nil)
	stage.Released("demo", "approve-1")
	var home api.Home
	admin.Do(http.MethodGet, "/home", nil).Want(http.StatusOK, &home)
	if len(home.Approvals) != 1 || len(home.Running) != 0 || home.Counts["Waiting"] != 1 || *home.Approvals[0].Split.Asked != 33 {
		t.Errorf("one who may approve sees %+v", home)
	}
	var theirs api.Home
	viewer.Do(http.MethodGet, "/home", nil).Want(http.StatusOK, &theirs)
	if len(theirs.Approvals) != 0 || len(theirs.Running) != 1 {
		t.Errorf("one who may not sees %+v", theirs)
	}
}
