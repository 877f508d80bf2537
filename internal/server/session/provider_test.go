// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// provider is an identity provider that somebody else wrote, on a socket of its own: it tells about itself, sends people back with a
// code, and gives tokens for codes whose verifier fits.
type provider struct {
	*mockoidc.MockOIDC
	t *testing.T
	// jwks, once it is set, is what the provider says its keys are.
	jwks []byte
}

const secret = "s3cret"

func newProvider(t *testing.T) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m, t: t}
	m.ClientID, m.ClientSecret, m.CodeChallengeMethodsSupported = "vela", secret, []string{"S256"}
	p.rotate()
	err = m.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == mockoidc.JWKSEndpoint && p.jwks != nil {
				_, _ = w.Write(p.jwks)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	l := httptest.NewUnstartedServer(nil).Listener
	if err := m.Start(l, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Server.Close() })
	return p
}

// rotate gives the provider another key; those before it are gone.
func (p *provider) rotate() {
	p.t.Helper()
	fresh, err := mockoidc.RandomKeypair(2048)
	if err != nil {
		p.t.Fatal(err)
	}
	p.Keypair = fresh
}

// published is what the provider says its keys are.
func (p *provider) published() []byte {
	answer := httptest.NewRecorder()
	p.JWKS(answer, httptest.NewRequest(http.MethodGet, mockoidc.JWKSEndpoint, nil))
	return answer.Body.Bytes()
}

func (p *provider) stage(t *testing.T) *uxstage.Stage {
	t.Helper()
	cfg := session.IdentityConfig{Issuer: p.Issuer(), ClientID: "vela", ClientSecret: secret, URL: "https://vela.example.com"}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return uxstage.NewWithIdentity(t, session.NewIdentity(cfg, http.DefaultClient, time.Now))
}

func ann(groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "1", Email: "ann@example.com", EmailVerified: true, Groups: groups}
}

// sent sends a person to the provider, who is user there, and returns what it sends them back with.
func (p *provider) sent(b *uxstage.Browser, user mockoidc.User) string {
	p.t.Helper()
	b.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.QueueUser(user)
	to := b.Do(http.MethodGet, "/auth/oidc/start?returnTo=%2Fapps", nil).Want(http.StatusFound, nil).Header.Get("Location")
	asked, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, to, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	back, err := url.Parse(b.Send(asked).Want(http.StatusFound, nil).Header.Get("Location"))
	if err != nil || back.Host != "vela.example.com" || back.Path != "/api/v1/auth/oidc/callback" {
		p.t.Fatalf("the provider sends people back to %v, %v", back, err)
	}
	return back.RawQuery
}

// signIn is the way there and back; it returns where it led.
func (p *provider) signIn(b *uxstage.Browser, user mockoidc.User) string {
	p.t.Helper()
	return callback(b, p.sent(b, user))
}

func callback(b *uxstage.Browser, query string) string {
	return b.Do(http.MethodGet, "/auth/oidc/callback?"+query, nil).Want(http.StatusFound, nil).Header.Get("Location")
}

const refusedAt = "/login?problem=oidc-failed"

func TestGroupsOfTheIdentityProviderHaveWhatRBACGivesThem(t *testing.T) {
	p := newProvider(t)
	stage := p.stage(t)
	stage.Grant("oidc:platform", access.Developer)
	b := stage.Open()
	if to := p.signIn(b, ann("platform")); to != "/apps" {
		t.Fatalf("led to %s", to)
	}
	input := api.AppCreate{Namespace: "default", Name: "demo", Spec: uxstage.Application("demo", "demo:v1")}
	b.Do(http.MethodPost, "/apps", input).Want(http.StatusCreated, nil)
	b.Do(http.MethodPost, "/apps/default/demo/runs/v1/actions", api.ActionRequest{Action: api.ActionKindRollback}).
		WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
	if live := stage.Live("demo"); live.Annotations[v1beta1.AnnotationPublishVersion] != "" {
		t.Errorf("the application is %+v", live)
	}

	spoofed := stage.Open()
	p.signIn(spoofed, ann("vela:admins", "system:masters", "oidc:platform"))
	spoofed.Do(http.MethodGet, "/apps/default/demo", nil).WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
	var who api.Me
	me(spoofed).Want(http.StatusOK, &who)
	if strings.Join(who.Groups, " ") != "oidc:vela:admins oidc:system:masters oidc:oidc:platform" || len(who.Roles) > 0 {
		t.Errorf("signed in as %+v", who)
	}
}

func TestASignInByAnIdentityProviderIsGoodOnceAndInItsBrowser(t *testing.T) {
	p := newProvider(t)
	stage := p.stage(t)
	first, second := stage.Open(), stage.Open()
	used := p.sent(first, ann())
	if to := callback(first, used); to != "/apps" {
		t.Fatalf("led to %s", to)
	}
	if to := callback(first, used); to != refusedAt {
		t.Errorf("what was used before led to %s", to)
	}
	// The code of one sign-in in the place of another's: state and cookie are the second one's own, the verifier does not fit.
	stolen, err := url.ParseQuery(p.sent(first, ann()))
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.ParseQuery(p.sent(second, ann()))
	if err != nil {
		t.Fatal(err)
	}
	own.Set("code", stolen.Get("code"))
	if to := callback(second, own.Encode()); to != refusedAt {
		t.Errorf("a stolen code led to %s", to)
	}
	own.Set("state", stolen.Get("state"))
	if to := callback(second, own.Encode()); to != refusedAt {
		t.Errorf("a stolen code and state led to %s", to)
	}
	me(second).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
}

func TestATokenThatIsOverOrOfAnotherKeyIsNotBelieved(t *testing.T) {
	p := newProvider(t)
	stage := p.stage(t)
	p.FastForward(-time.Hour)
	if to := p.signIn(stage.Open(), ann()); to != refusedAt {
		t.Errorf("a token that was over before it came led to %s", to)
	}
	p.FastForward(time.Hour)
	if to := p.signIn(stage.Open(), ann()); to != "/apps" {
		t.Errorf("a good token led to %s", to)
	}
	p.jwks = p.published()
	p.rotate()
	if to := p.signIn(stage.Open(), ann()); to != refusedAt {
		t.Errorf("a token of a key that the provider does not publish led to %s", to)
	}
	p.jwks = nil
	if to := p.signIn(stage.Open(), ann()); to != "/apps" {
		t.Errorf("after the provider changed its key: led to %s", to)
	}
}

func TestWhoSignsOutIsOutAlsoWithTheOldCookie(t *testing.T) {
	p := newProvider(t)
	stage := p.stage(t)
	b, thief := stage.Open(), stage.Open()
	p.signIn(b, ann())
	at, err := url.Parse(stage.URL)
	if err != nil {
		t.Fatal(err)
	}
	thief.HTTP.Jar.SetCookies(at, b.HTTP.Jar.Cookies(at))
	me(thief).Want(http.StatusOK, nil)
	b.Do(http.MethodPost, "/auth/logout", api.LogoutRequest{}).Want(http.StatusNoContent, nil)
	me(b).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
	me(thief).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
	if to := p.signIn(b, ann()); to != "/apps" {
		t.Errorf("signing in again led to %s", to)
	}
	me(b).Want(http.StatusOK, nil)
}

func TestAnIdentityProviderThatIsAwayIsToldAndComesBack(t *testing.T) {
	p := newProvider(t)
	stage := p.stage(t)
	p.QueueError(&mockoidc.ServerError{Code: http.StatusServiceUnavailable, Error: mockoidc.InternalServerError})
	b := stage.Open()
	if said := b.Do(http.MethodGet, "/auth/oidc/start", nil).WantProblem(http.StatusServiceUnavailable, api.ProblemCodeUnavailable); !strings.Contains(said.Detail, "the identity provider") {
		t.Errorf("it says %q", said.Detail)
	}
	if to := p.signIn(b, ann()); to != "/apps" {
		t.Errorf("when it was back it led to %s", to)
	}
}
