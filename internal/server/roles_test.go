// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/server"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// who may do what: n is nobody in particular, s somebody without a role, then viewer, developer, approver, operator, admin.
// A line for each operation of the contract: one that is missing here fails the test.
func whoMay() map[string]string {
	return map[string]string{
		"ListProviders": "nsvdaoA", "Login": "nsvdaoA", "StartOIDC": "nsvdaoA", "FinishOIDC": "nsvdaoA", "GetOpenAPI": "nsvdaoA",
		"Logout": "svdaoA", "ChangePassword": "svdaoA", "GetMe": "svdaoA", "ReviewAccess": "svdaoA", "GetAccessMatrix": "A",
		"ListEnvironments": "svdaoA", "GetHome": "svdaoA", "ListApps": "svdaoA", "CreateApp": "dA",
		"GetApp": "vdaoA", "UpdateApp": "dA", "DeleteApp": "dA", "ValidateApp": "vdaoA", "DryRunApp": "vdaoA", "DiffApp": "vdaoA", "GetOverview": "vdaoA",
		"DeployApp": "dA", "ListRuns": "vdaoA", "GetRun": "vdaoA", "ActOnRun": "aoA", "GetAction": "vdaoA",
		"ListWorkflows": "vdaoA", "CreateWorkflow": "dA", "GetWorkflow": "vdaoA", "UpdateWorkflow": "dA", "DeleteWorkflow": "dA", "GenerateCanary": "vdaoA",
		"ListRevisions": "vdaoA", "GetRevision": "vdaoA", "RollbackToRevision": "dA",
		"GetTopology": "vdaoA", "ListEndpoints": "vdaoA", "ListPods": "vdaoA", "GetPod": "vdaoA", "StreamLogs": "vdaoA",
		"CreateExecTicket": "oA", "OpenExec": "svdaoA", "ListActivity": "svdaoA",
		"ListDefinitions": "svdaoA", "GetDefinition": "svdaoA", "GetSystem": "svdaoA", "OpenStream": "svdaoA", "ChangeTopics": "svdaoA",
	}
}

// TestDefect11…: VelaUX had an operation, VelaQL, that asked for no right. Here one that is not in the list fails.
func TestDefect11EveryOperationSaysWhatItNeedsAndLetsInThoseWhoHaveIt(t *testing.T) {
	rules, err := access.ReadContract(server.Contract())
	if err != nil {
		t.Fatal(err)
	}
	expected := whoMay()
	for id := range expected {
		if _, ok := rules[id]; !ok {
			t.Errorf("%s is in the list of this test but not in the contract", id)
		}
	}
	stage := uxstage.New(t, released())
	people := map[rune]*uxstage.Browser{'n': stage.Open(), 's': stage.SignIn("stranger")}
	for letter, role := range map[rune]access.Role{'v': access.Viewer, 'd': access.Developer, 'a': access.Approver, 'o': access.Operator, 'A': access.Admin} {
		people[letter] = stage.SignIn(string(role)+"-1", role)
	}
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		op := rules[id]
		may, listed := expected[id]
		if !listed {
			t.Errorf("%s %s (%s) is in the contract but not in the list of this test: say who may do it", op.Method, op.Path, id)
			continue
		}
		for letter, browser := range people {
			if id == "Logout" && letter != 'n' || id == "OpenStream" { // a logout would end the person's part here; a stream does not end
				continue
			}
			t.Run(id+" by "+string(letter), func(t *testing.T) {
				a := try(t, browser, stage.URL, op)
				if a == http.StatusNotImplemented && op.Level == access.Session {
					return // the handler that would ask further is not there yet
				}
				wrongPassword := id == "Login" || id == "ChangePassword" && letter != 'n'
				refused := a == http.StatusForbidden || a == http.StatusUnauthorized && !wrongPassword
				if want := !strings.ContainsRune(may, letter); refused != want {
					t.Errorf("status %d, want a refusal: %v", a, want)
				}
				if letter == 'n' && refused && a != http.StatusUnauthorized {
					t.Errorf("status %d for nobody, want 401", a)
				}
			})
		}
	}
}

// try asks for an operation on an application that is there, with the least body that its kind of person would send.
func try(t *testing.T, b *uxstage.Browser, url string, op access.Operation) int {
	t.Helper()
	path := strings.NewReplacer("{ns}", "default", "{app}", "demo", "{run}", "v1", "{revision}", "demo-v1", "{workflow}", "none", "{pod}", "none",
		"{action}", "none", "{ticket}", "none", "{type}", "component", "{name}", "webservice", "{stream}", "none").Replace(op.Path)
	bodies := map[string]string{
		"CreateApp": `{"namespace":"default","name":"other","spec":{"components":[{"name":"c","type":"webservice","properties":{"image":"i:1"}}]}}`,
		"ActOnRun":  `{"action":"suspend"}`, "Login": `{"kind":"local"}`,
	}
	body, ok := bodies[op.ID]
	if !ok {
		body = "{}"
	}
	var req *http.Request
	var err error
	if op.Method == http.MethodGet {
		req, err = http.NewRequestWithContext(t.Context(), op.Method, url+"/api/v1"+path, nil)
	} else {
		req, err = http.NewRequestWithContext(t.Context(), op.Method, url+"/api/v1"+path, strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	b.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b.Send(req).Status
}

func TestRolesGrowOnlyAsTheyShould(t *testing.T) {
	check := func(verb, group, resource string) access.Check {
		return access.Check{Verb: verb, Group: group, Resource: resource}
	}
	cases := map[string]struct {
		check access.Check
		who   []access.Role
	}{
		"nobody reads Secrets":                         {check("get", "", "secrets"), nil},
		"nobody may do everything":                     {check("*", "*", "*"), nil},
		"nobody impersonates":                          {check("impersonate", "", "users"), nil},
		"nobody writes a status":                       {check("update", "core.oam.dev", "applications/status"), nil},
		"developers and admins deploy":                 {check("update", "core.oam.dev", "applications"), []access.Role{access.Developer, access.Admin}},
		"developers do not approve":                    {check("resume", "release.oam.dev", "releaseactions"), []access.Role{access.Approver, access.Operator, access.Admin}},
		"approvers do not roll back":                   {check("rollback", "release.oam.dev", "releaseactions"), []access.Role{access.Operator, access.Admin}},
		"shells are for operators and admins":          {check("create", "", "pods/exec"), []access.Role{access.Operator, access.Admin}},
		"who has which role is for admins to see":      {check("list", "rbac.authorization.k8s.io", "rolebindings"), []access.Role{access.Admin}},
		"nobody changes who has which role":            {check("create", "rbac.authorization.k8s.io", "rolebindings"), nil},
		"everybody with a role sees applications":      {check("watch", "core.oam.dev", "applications"), access.Roles()},
		"nobody changes what a controller wrote":       {check("patch", "rollouts.kruise.io", "rollouts"), nil},
		"nobody deletes the record of what others did": {check("delete", "release.oam.dev", "releaseactions"), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, role := range access.Roles() {
				if got, want := access.Allows(role.Rules(), tc.check), slices.Contains(tc.who, role); got != want {
					t.Errorf("%s: %v, want %v", role, got, want)
				}
			}
		})
	}
}
