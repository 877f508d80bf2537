// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

func local(name, password string) api.LoginRequest {
	return api.LoginRequest{Kind: api.LoginRequestKindLocal, Username: name, Password: password}
}

func me(b *uxstage.Browser) uxstage.Answer { return b.Do(http.MethodGet, "/me", nil) }

func TestTheFirstAccountSignsInAndIsAnAdministrator(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b := stage.Open()
	a := b.Do(http.MethodPost, "/auth/login", local("admin", stage.Password))
	var who api.Me
	a.Want(http.StatusOK, &who)
	if who.KubernetesUser != "vela:admin" || len(who.Groups) != 1 || who.Groups[0] != access.Admin.Group() || len(who.Roles) != 1 || who.Roles[0] != api.RoleNameAdmin {
		t.Errorf("signed in as %+v", who)
	}
	cookie := a.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=28800"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie has no %s: %s", want, cookie)
		}
	}
	if strings.Contains(string(a.Body), "vela_session") || strings.Contains(string(a.Body), stage.Password) || strings.Contains(stage.Log(), stage.Password) {
		t.Error("a secret is in the answer or in the log")
	}
	me(b).Want(http.StatusOK, nil)
}

func TestASessionEnds(t *testing.T) {
	cases := map[string]struct {
		do   func(t *testing.T, stage *uxstage.Stage, b *uxstage.Browser)
		over bool
	}{
		"not while it is used": {func(_ *testing.T, stage *uxstage.Stage, b *uxstage.Browser) {
			for range 15 {
				stage.Clock.Step(25 * time.Minute)
				me(b).Want(http.StatusOK, nil)
			}
		}, false},
		"after half an hour without a request": {func(_ *testing.T, stage *uxstage.Stage, _ *uxstage.Browser) {
			stage.Clock.Step(30 * time.Minute)
		}, true},
		"after eight hours, used or not": {func(_ *testing.T, stage *uxstage.Stage, b *uxstage.Browser) {
			for range 24 {
				stage.Clock.Step(20 * time.Minute)
				me(b)
			}
		}, true},
		"when the person signs out": {func(_ *testing.T, _ *uxstage.Stage, b *uxstage.Browser) {
			b.Do(http.MethodPost, "/auth/logout", api.LogoutRequest{}).Want(http.StatusNoContent, nil)
		}, true},
		"when the account is taken away": {func(t *testing.T, stage *uxstage.Stage, _ *uxstage.Browser) {
			t.Helper()
			secret := accounts(t, stage)
			delete(secret.Data, "admin")
			save(t, stage, secret)
			stage.Clock.Step(16 * time.Second)
		}, true},
		"when the account is disabled": {func(t *testing.T, stage *uxstage.Stage, _ *uxstage.Browser) {
			t.Helper()
			edit(t, stage, func(a *account.Account) { a.Disabled = true })
		}, true},
		"when somebody gave the account another password": {func(t *testing.T, stage *uxstage.Stage, _ *uxstage.Browser) {
			t.Helper()
			edit(t, stage, func(a *account.Account) { a.Since = stage.Clock.Now().Add(time.Second).Unix() })
		}, true},
		"when its cookie was changed": {func(t *testing.T, stage *uxstage.Stage, b *uxstage.Browser) {
			t.Helper()
			at, err := url.Parse(stage.URL)
			if err != nil {
				t.Fatal(err)
			}
			c := b.HTTP.Jar.Cookies(at)[0]
			flipped := byte('A')
			if c.Value[40] == 'A' {
				flipped = 'B'
			}
			c.Value, c.Path = c.Value[:40]+string(flipped)+c.Value[41:], "/"
			b.HTTP.Jar.SetCookies(at, []*http.Cookie{c})
		}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			stage := uxstage.New(t).WithAccount()
			b := stage.Open()
			b.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
			tc.do(t, stage, b)
			if got := me(b).Status == http.StatusUnauthorized; got != tc.over {
				t.Errorf("over: %v, want %v", got, tc.over)
			}
		})
	}
}

// edit changes the account admin past the server, which hears of it a moment later.
func edit(t *testing.T, stage *uxstage.Stage, how func(*account.Account)) {
	t.Helper()
	secret := accounts(t, stage)
	admin, err := account.Read(secret.Data, "admin")
	if err != nil {
		t.Fatal(err)
	}
	how(admin)
	if err := account.Write(secret.Data, "admin", *admin); err != nil {
		t.Fatal(err)
	}
	save(t, stage, secret)
	stage.Clock.Step(16 * time.Second)
}

func accounts(t *testing.T, stage *uxstage.Stage) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{}
	if err := stage.Client.Get(t.Context(), client.ObjectKey{Namespace: "vela-system", Name: "vela-accounts"}, secret); err != nil {
		t.Fatal(err)
	}
	return secret
}

func save(t *testing.T, stage *uxstage.Stage, secret *corev1.Secret) {
	t.Helper()
	if err := stage.Client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
}

func TestACookieThatWasStolenDiesWithItsSession(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b := stage.Open()
	b.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	at, err := url.Parse(stage.URL)
	if err != nil {
		t.Fatal(err)
	}
	thief := stage.Open()
	thief.HTTP.Jar.SetCookies(at, b.HTTP.Jar.Cookies(at))
	me(thief).Want(http.StatusOK, nil)
	other := stage.Open()
	other.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	b.Do(http.MethodPost, "/auth/logout", api.LogoutRequest{}).Want(http.StatusNoContent, nil)
	me(thief).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
	me(other).Want(http.StatusOK, nil)
	other.Do(http.MethodPost, "/auth/logout", api.LogoutRequest{Everywhere: true}).Want(http.StatusNoContent, nil)
	me(other).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
}

func TestKeysRotateAndSessionsOutliveIt(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	first := stage.Open()
	first.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	stage.Clock.Step(23*time.Hour + 50*time.Minute)
	late := stage.Open()
	late.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	stage.Clock.Step(20 * time.Minute)
	stage.Open().Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	me(late).Want(http.StatusOK, nil)
	secret := &corev1.Secret{}
	if err := stage.Client.Get(t.Context(), client.ObjectKey{Namespace: "vela-system", Name: "vela-sessions"}, secret); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for name := range secret.Data {
		if strings.HasPrefix(name, "key.") {
			keys++
		}
	}
	if keys != 2 {
		t.Errorf("%d keys a day later, want the old one and a new one", keys)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b := stage.Open()
	for range 5 {
		b.Do(http.MethodPost, "/auth/login", local("admin", "wrong")).WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
	}
	p := b.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).WantProblem(http.StatusTooManyRequests, api.ProblemCodeTooManyAttempts)
	if p.Params["seconds"] == "" {
		t.Errorf("it does not say how long to wait: %+v", p)
	}
	b.Do(http.MethodPost, "/auth/login", local("other", "wrong")).WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
	stage.Clock.Step(time.Minute)
	b.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
}

// TestATokenIsNotHeldUpByMistakesOfOthers from the same address, such as a proxy's, as long as they are not many.
func TestATokenIsNotHeldUpByMistakesOfOthers(t *testing.T) {
	stage := uxstage.New(t)
	b := stage.Open()
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		b.Do(http.MethodPost, "/auth/login", local(name, "wrong")).WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
	}
	stage.SignIn("ci", access.Viewer)
}

func TestAPasswordIsChanged(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b, other := stage.Open(), stage.Open()
	for _, one := range []*uxstage.Browser{b, other} {
		one.Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, nil)
	}
	change := func(old, fresh string) uxstage.Answer {
		return b.Do(http.MethodPost, "/auth/password", api.PasswordChange{Password: old, NewPassword: fresh})
	}
	change("wrong", "a long enough one").WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
	p := change(stage.Password, "short").WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeInvalid)
	if len(p.FieldErrors) != 1 || p.FieldErrors[0].Path != "/newPassword" || p.FieldErrors[0].Code != api.FieldErrorCodeTooShort {
		t.Errorf("the field is not named: %+v", p.FieldErrors)
	}
	change(stage.Password, "a long enough one").Want(http.StatusNoContent, nil)
	me(b).Want(http.StatusOK, nil)
	me(other).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
	stage.Open().Do(http.MethodPost, "/auth/login", local("admin", "a long enough one")).Want(http.StatusOK, nil)
	stage.Open().Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
}

func TestATokenIsWhoTheAPIServerSaysItIs(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b := stage.SignIn("system:serviceaccount:default:ci", access.Viewer)
	var who api.Me
	me(b).Want(http.StatusOK, &who)
	if who.KubernetesUser != "system:serviceaccount:default:ci" || who.Provider != api.MeProviderToken {
		t.Errorf("signed in as %+v", who)
	}
	stage.Open().Do(http.MethodPost, "/auth/login", api.LoginRequest{Kind: api.LoginRequestKindToken, Token: "no such"}).
		WantProblem(http.StatusUnauthorized, api.ProblemCodeLoginRefused)
	stage.Tokens = map[string]authenticationv1.UserInfo{}
	stage.Clock.Step(61 * time.Second)
	me(b).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
}

func TestTheSessionSurvivesAnAPIServerThatIsAway(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	b := stage.SignIn("ci", access.Viewer)
	stage.Clock.Step(61 * time.Second)
	stage.Away(errors.New("connection refused"))
	me(b).WantProblem(http.StatusServiceUnavailable, api.ProblemCodeUnavailable)
	stage.Away(nil)
	me(b).Want(http.StatusOK, nil)
}

// TestAnAccountIsInNoGroupOfKubernetes: whoever can write the Secret of the accounts does not thereby become a cluster's master.
func TestAnAccountIsInNoGroupOfKubernetes(t *testing.T) {
	stage := uxstage.New(t).WithAccount()
	secret := accounts(t, stage)
	var account map[string]any
	if err := json.Unmarshal(secret.Data["admin"], &account); err != nil {
		t.Fatal(err)
	}
	account["groups"] = []string{"system:masters", "vela:viewers"}
	raw, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	secret.Data["admin"] = raw
	save(t, stage, secret)
	var who api.Me
	stage.Open().Do(http.MethodPost, "/auth/login", local("admin", stage.Password)).Want(http.StatusOK, &who)
	if len(who.Groups) != 1 || who.Groups[0] != "vela:viewers" {
		t.Errorf("groups %v", who.Groups)
	}
}
