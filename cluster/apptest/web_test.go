// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// tab is one person's browser.
type tab struct {
	t    *testing.T
	http *http.Client
	url  string
}

// open signs in.
func (p *plane) open(t *testing.T, login api.LoginRequest) *tab {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &tab{t: t, http: &http.Client{Jar: jar}, url: fmt.Sprintf("http://127.0.0.1:%d/api/v1", p.web)}
	b.ask(http.MethodPost, "/auth/login", login, http.StatusOK, nil)
	return b
}

// ask fails unless the answer has that status, and reads it into out.
func (b *tab) ask(method, path string, body any, status int, out any) {
	b.t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, status, raw)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(raw, out); err != nil {
		b.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
}

// comes waits for the word of an application, and returns the overview.
func (b *tab) comes(app string, word api.StatusWord) api.Overview {
	b.t.Helper()
	var o api.Overview
	until(b.t, fmt.Sprintf("%s is %s", app, word), func(context.Context) error {
		b.ask(http.MethodGet, "/apps/default/"+app+"/overview", nil, http.StatusOK, &o)
		if o.Status.Word != word {
			return fmt.Errorf("it is %s: %s", o.Status.Word, o.Status.Message)
		}
		return nil
	})
	return o
}

// token is that of a service account which has a role in the namespace default.
func (p *plane) token(t *testing.T, name string, role access.Role) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.ClusterRoleName()},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}},
	}
	for _, o := range []client.Object{account, binding} {
		if err := p.client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	kube, err := kubernetes.NewForConfig(p.config)
	if err != nil {
		t.Fatal(err)
	}
	made, err := kube.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Status.Token
}

// browser is the second half of the page, with the real API server behind it: roles, impersonation and admission are not played.
func (p *plane) browser(t *testing.T) {
	const app = "/apps/default/web"
	admin := p.open(t, api.LoginRequest{Kind: api.LoginRequestKindLocal, Username: "admin", Password: p.password})
	spec := uxstage.Application("web", "demo:v1")
	admin.ask(http.MethodPost, "/apps", api.AppCreate{Namespace: "default", Name: "web", Spec: spec}, http.StatusCreated, nil)
	admin.comes("web", api.StatusWordNotDeployed)
	admin.ask(http.MethodPost, app+"/deployments", api.Deployment{Workflow: "default"}, http.StatusCreated, nil)
	admin.comes("web", api.StatusWordStable)

	three := 3
	var generated api.Canary
	admin.ask(http.MethodPost, app+"/generate-canary", api.CanaryRequest{Batches: &three}, http.StatusOK, &generated)
	admin.ask(http.MethodPost, app+"/workflows",
		api.WorkflowInput{Name: generated.Name, Alias: generated.Alias, Mode: generated.Mode, Steps: generated.Steps}, http.StatusCreated, nil)
	spec = uxstage.Application("web", "demo:v2")
	until(t, "the informers have the workflow", func(context.Context) error {
		var all api.WorkflowList
		admin.ask(http.MethodGet, app+"/workflows", nil, http.StatusOK, &all)
		if len(all.Items) != 2 {
			return fmt.Errorf("there are %d", len(all.Items))
		}
		return nil
	})
	admin.ask(http.MethodPost, app+"/deployments", api.Deployment{Spec: &spec, Workflow: generated.Name, Note: "faster"}, http.StatusCreated, nil)
	o := admin.comes("web", api.StatusWordWaiting)
	if n := o.Next; n == nil || n.Step != "approve-1" || *n.Weight != 66 || *n.Pods != 2 || *n.Replicas != 3 {
		t.Fatalf("next is %+v", n)
	}
	if len(o.Releases) != 1 || o.Releases[0].Canary.Ready != 1 || o.Releases[0].Stable.Ready != 2 || len(o.Releases[0].Canary.Items) != 1 {
		t.Errorf("the lanes are %+v", o.Releases)
	}
	if o.Run.By != "vela:admin" || o.Run.Note != "faster" {
		t.Errorf("the run is by %q: %q", o.Run.By, o.Run.Note)
	}
	p.approvers(t, o)
	admin.comes("web", api.StatusWordWaiting)
	p.back(t, admin)
}

// approvers lets a service account approve, and nothing more: not in the browser, and not past it.
func (p *plane) approvers(t *testing.T, o api.Overview) {
	t.Helper()
	const run = "/apps/default/web/runs/v2/actions"
	token := p.token(t, "carl", access.Approver)
	carl := p.open(t, api.LoginRequest{Kind: api.LoginRequestKindToken, Token: token})
	var refused api.Problem
	carl.ask(http.MethodPost, run, api.ActionRequest{Action: api.ActionKindRollback}, http.StatusForbidden, &refused)
	if refused.Params["verb"] != "rollback" {
		t.Errorf("the refusal does not say what is missing: %+v", refused)
	}
	carl.ask(http.MethodPost, "/apps/default/web/deployments", api.Deployment{Workflow: "default"}, http.StatusForbidden, nil)
	config := rest.AnonymousClientConfig(p.config)
	config.BearerToken = token
	direct, err := client.New(config, client.Options{Scheme: p.client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	action := &v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "web-"}}
	action.Spec.Application, action.Spec.Action = "web", v1alpha1.ActionRollback
	if err := direct.Create(t.Context(), action); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "the verb of this name") {
		t.Errorf("an approver's rollback past the web UI: %v", err)
	}
	ask := api.ActionRequest{Action: api.ActionKindResume, StepId: o.Next.StepId, Reason: "looks good"}
	var record api.ActionRecord
	carl.ask(http.MethodPost, run, ask, http.StatusAccepted, &record)
	if record.By != "system:serviceaccount:default:carl" || record.Phase != api.ActionPhaseSucceeded {
		t.Errorf("the record is %+v", record)
	}
	until(t, "the informers know that the step was approved", func(context.Context) error {
		var now api.Run
		carl.ask(http.MethodGet, "/apps/default/web/runs/v2", nil, http.StatusOK, &now)
		if now.Steps[1].State != api.StepStateSucceeded {
			return fmt.Errorf("it is %s", now.Steps[1].State)
		}
		return nil
	})
	carl.ask(http.MethodPost, run, ask, http.StatusConflict, &refused)
	if refused.Code != api.ProblemCodeStale || refused.Params["by"] != record.By {
		t.Errorf("the second press is told %+v", refused)
	}
}

// back rolls back, and looks at what is left to read of it.
func (p *plane) back(t *testing.T, admin *tab) {
	t.Helper()
	const app = "/apps/default/web"
	admin.ask(http.MethodPost, app+"/runs/v2/actions", api.ActionRequest{Action: api.ActionKindRollback, Reason: "errors"}, http.StatusAccepted, nil)
	admin.comes("web", api.StatusWordRolledBack)
	var revisions api.RevisionList
	admin.ask(http.MethodGet, app+"/revisions", nil, http.StatusOK, &revisions)
	var told []string
	for _, r := range revisions.Items {
		told = append(told, fmt.Sprintf("%s %s by %s", r.Name, r.State, r.By))
	}
	if got := strings.Join(told, ", "); got != "web-v2 RolledBack by vela:admin, web-v1 Succeeded by vela:admin" {
		t.Errorf("the revisions are %s", got)
	}
	var run api.Run
	admin.ask(http.MethodGet, app+"/runs/v2", nil, http.StatusOK, &run)
	if s := run.Steps[1]; s.By != "system:serviceaccount:default:carl" || s.Reason != "looks good" || run.RolledBackTo != "web-v1" {
		t.Errorf("who approved what was rolled back is not to be read any more: %+v", s)
	}
	live := p.app(t, "default", "web")
	if live.Annotations[v1beta1.AnnotationPublishVersion] != "v1" || live.Annotations[v1beta1.AnnotationNote] != "" {
		t.Errorf("the application says %v", live.Annotations)
	}
	admin.ask(http.MethodDelete, app, nil, http.StatusAccepted, nil)
	until(t, "the application is gone", func(ctx context.Context) error {
		err := p.client.Get(ctx, client.ObjectKeyFromObject(live), &v1beta1.Application{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is there: %w", err)
		}
		return nil
	})
}
