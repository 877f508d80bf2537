// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// released is an application that was published as v1.
func released() client.Object {
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{
		Name: "demo", Namespace: "default", Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"},
	}}
	app.Spec.Components = []v1beta1.Component{{
		Name: "demo", Type: "webservice", Properties: &runtime.RawExtension{Raw: []byte(`{"image":"demo:v1","ports":[{"port":8090}]}`)},
	}}
	return app
}

func request(t *testing.T, method, url, body string, header map[string]string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return req
}

// TestDefect09… is the rule that a link, an image or a prefetch can never change anything. In VelaUX a GET continued, terminated and
// rolled back.
func TestDefect09NothingIsChangedByAGet(t *testing.T) {
	rules, err := access.ReadContract(server.Contract())
	if err != nil {
		t.Fatal(err)
	}
	writes := map[string]bool{"create": true, "update": true, "patch": true, "delete": true}
	for id, op := range rules {
		for _, need := range op.Needs {
			if writes[need.Verb] && op.Method == http.MethodGet {
				t.Errorf("%s needs %s on %s and is a GET", id, need.Verb, need.Resource)
			}
			if !writes[need.Verb] && op.Method == http.MethodDelete {
				t.Errorf("%s is a DELETE and needs only %s", id, need.Verb)
			}
		}
	}
	stage := uxstage.New(t, released())
	admin := stage.SignIn("root", access.Admin)
	before := &v1beta1.Application{}
	if err := stage.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "demo"}, before); err != nil {
		t.Fatal(err)
	}
	for id, op := range rules {
		if op.Method != http.MethodGet {
			continue
		}
		if id != "OpenStream" && id != "StreamLogs" {
			try(t, admin, stage.URL, op)
		}
	}
	after := &v1beta1.Application{}
	if err := stage.Client.Get(t.Context(), client.ObjectKeyFromObject(before), after); err != nil {
		t.Fatal(err)
	}
	if after.ResourceVersion != before.ResourceVersion {
		t.Errorf("some GET changed the application: resourceVersion %s, was %s", after.ResourceVersion, before.ResourceVersion)
	}
}

func TestRequestsThatAreNotThePagesOwnAreRefused(t *testing.T) {
	stage := uxstage.New(t)
	cases := map[string]struct {
		header map[string]string
		body   string
		status int
		code   api.ProblemCode
	}{
		"another site's":                {map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, `{}`, 403, api.ProblemCodeCrossOrigin},
		"another origin's, old browser": {map[string]string{"Content-Type": "application/json", "Origin": "https://evil.example"}, `{}`, 403, api.ProblemCodeCrossOrigin},
		"a form's":                      {map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, `a=b`, 415, api.ProblemCodeUnsupportedMedia},
		"without a type":                {nil, `{}`, 415, api.ProblemCodeUnsupportedMedia},
		"not JSON":                      {map[string]string{"Content-Type": "application/json"}, `{`, 400, api.ProblemCodeBadRequest},
		"a number where a text belongs": {map[string]string{"Content-Type": "application/json"}, `{"kind":7}`, 422, api.ProblemCodeInvalid},
		"larger than a mebibyte":        {map[string]string{"Content-Type": "application/json"}, `{"kind":"` + strings.Repeat("x", 1<<20) + `"}`, 413, api.ProblemCodeTooLarge},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := stage.Open().Send(request(t, http.MethodPost, stage.URL+"/api/v1/auth/login", tc.body, tc.header)).WantProblem(tc.status, tc.code)
			if p.Detail == "" || p.TraceId == "" || p.Title == "" || p.Type != "urn:vela:problem:"+string(tc.code) {
				t.Errorf("the problem is not complete: %+v", p)
			}
		})
	}
}

func TestThePageAndItsFiles(t *testing.T) {
	stage := uxstage.New(t)
	html := map[string]string{"Accept": "text/html"}
	cases := map[string]struct {
		path     string
		header   map[string]string
		status   int
		cache    string
		contains string
	}{
		"the page":                          {"/", html, 200, "no-cache", "nonce="},
		"a deep link is the page":           {"/apps/default/demo/runs/v2", html, 200, "no-cache", "nonce="},
		"an asset never changes":            {"/assets/app-1a2b.js", nil, 200, "public, max-age=31536000, immutable", "console.log"},
		"an asset, smaller":                 {"/assets/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip"}, 200, "public, max-age=31536000, immutable", "smaller"},
		"a missing file is not the page":    {"/favicon.ico", html, 404, "", "not found"},
		"a script's wrong path is not HTML": {"/apps", map[string]string{"Accept": "application/json"}, 404, "", "not found"},
		"nothing above the page's folder":   {"/assets/../../server.go", nil, 404, "", "not found"},
		"an unknown operation is a problem": {"/api/v1/nothing", html, 404, "", "urn:vela:problem:not-found"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := stage.Open().Send(request(t, http.MethodGet, stage.URL+tc.path, "", tc.header)).Want(tc.status, nil)
			if !strings.Contains(string(a.Body), tc.contains) || tc.cache != "" && a.Header.Get("Cache-Control") != tc.cache {
				t.Errorf("Cache-Control %q, body %s", a.Header.Get("Cache-Control"), a.Body)
			}
			if a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("headers are missing: %v", a.Header)
			}
		})
	}
	first, second := page(t, stage), page(t, stage)
	if first == second {
		t.Error("two answers have the same nonce")
	}
}

// TestDefect15…: where an asset of an older build was missing, the page came instead, and the browser ran HTML as a script.
func TestDefect15AMissingAssetIsNotFoundAndNotThePage(t *testing.T) {
	stage := uxstage.New(t)
	for _, accept := range []string{"*/*", "text/html"} {
		a := stage.Open().Send(request(t, http.MethodGet, stage.URL+"/assets/x.js", "", map[string]string{"Accept": accept})).Want(http.StatusNotFound, nil)
		if strings.Contains(string(a.Body), "<") || strings.Contains(a.Header.Get("Content-Type"), "html") || strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("asked for %s it answers %s %v", accept, a.Body, a.Header)
		}
	}
}

// page is the policy of one answer with the page, whose nonce has to be in the page too.
func page(t *testing.T, stage *uxstage.Stage) string {
	t.Helper()
	a := stage.Open().Send(request(t, http.MethodGet, stage.URL+"/", "", nil))
	policy := a.Header.Get("Content-Security-Policy")
	_, rest, _ := strings.Cut(policy, "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	if nonce == "" || !strings.Contains(string(a.Body), nonce) || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q does not go with %s", policy, a.Body)
	}
	return policy
}

func TestAnswersAreNotRepeatedQuestions(t *testing.T) {
	stage := uxstage.New(t, released())
	viewer := stage.SignIn("v", access.Viewer)
	viewer.Do(http.MethodGet, "/apps/default/demo", nil)
	asked := stage.Reviews()
	viewer.Do(http.MethodGet, "/apps/default/demo", nil)
	if stage.Reviews() != asked {
		t.Error("the API server was asked again within half a minute")
	}
	stage.Clock.Step(31e9)
	viewer.Do(http.MethodGet, "/apps/default/demo", nil)
	if stage.Reviews() == asked {
		t.Error("an answer was believed for longer than half a minute")
	}
}
