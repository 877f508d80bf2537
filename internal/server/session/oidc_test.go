// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vela-rollouts/vela/internal/server"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// idp is an identity provider that knows one person.
type idp struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any
	// challenge of the sign-in that is under way.
	challenge string
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, key: key}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/auth", "token_endpoint": p.server.URL + "/token", "jwks_uri": p.server.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "good" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		reply(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.token()})
	})
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *idp) token() string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k"}}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := json.Marshal(p.claims)
	if err != nil {
		p.t.Fatal(err)
	}
	signed, err := signer.Sign(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// world is a stage whose identity provider is p.
func (p *idp) world(t *testing.T) *uxstage.Stage {
	t.Helper()
	cfg := session.IdentityConfig{Issuer: p.server.URL, ClientID: "vela", ClientSecret: "s3cret", URL: "https://vela.example.com", Name: "Example"}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return uxstage.NewWithIdentity(t, session.NewIdentity(cfg, p.server.Client(), uxstage.Begun))
}

// begin goes to the identity provider, and returns the state that it is to send back.
func (p *idp) begin(t *testing.T, b *uxstage.Browser, returnTo string) string {
	t.Helper()
	b.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.Do(http.MethodGet, "/auth/oidc/start?returnTo="+url.QueryEscape(returnTo), nil).Want(http.StatusFound, nil)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if to.Host == "" || q.Get("redirect_uri") != "https://vela.example.com/api/v1/auth/oidc/callback" || q.Get("code_challenge_method") != "S256" || strings.Contains(to.String(), "s3cret") {
		t.Fatalf("the person is sent to %s", to)
	}
	p.challenge = q.Get("code_challenge")
	p.claims = map[string]any{
		"iss": p.server.URL, "aud": "vela", "sub": "1", "nonce": q.Get("nonce"), "exp": uxstage.Begun().Add(time.Hour).Unix(), "iat": uxstage.Begun().Unix(),
		"email": "ann@example.com", "email_verified": true, "groups": []string{"platform", "system:masters"},
	}
	return q.Get("state")
}

func TestAnIdentityProviderSaysWhoItIs(t *testing.T) {
	p := newIDP(t)
	stage := p.world(t)
	var ways api.ProviderList
	b := stage.Open()
	b.Do(http.MethodGet, "/auth/providers", nil).Want(http.StatusOK, &ways)
	if len(ways.Providers) != 3 || ways.Providers[2].Name != "Example" {
		t.Errorf("the ways to sign in are %+v", ways.Providers)
	}
	state := p.begin(t, b, "/apps/default/demo")
	a := b.Do(http.MethodGet, "/auth/oidc/callback?code=good&state="+state, nil).Want(http.StatusFound, nil)
	if a.Header.Get("Location") != "/apps/default/demo" {
		t.Errorf("back at %s", a.Header.Get("Location"))
	}
	var who api.Me
	me(b).Want(http.StatusOK, &who)
	if who.KubernetesUser != "oidc:ann@example.com" || strings.Join(who.Groups, " ") != "oidc:platform oidc:system:masters" || who.Provider != api.MeProviderOidc {
		t.Errorf("signed in as %+v: nobody may become another user or group of the cluster", who)
	}
}

// TestDefect12…: VelaUX told anybody the secret by which the identity provider knows it.
func TestDefect12NobodyIsToldTheSecretOfTheIdentityProvider(t *testing.T) {
	rules, err := access.ReadContract(server.Contract())
	if err != nil {
		t.Fatal(err)
	}
	p := newIDP(t)
	stage := p.world(t)
	nobody, admin := stage.Open(), stage.SignIn("root", access.Admin)
	for _, b := range []*uxstage.Browser{nobody, admin} {
		b.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	asked := 0
	for id, op := range rules {
		if op.Method != http.MethodGet || id == "OpenStream" {
			continue
		}
		asked++
		path := strings.NewReplacer("{ns}", "default", "{app}", "demo", "{type}", "component", "{name}", "webservice").Replace(op.Path)
		for who, b := range map[string]*uxstage.Browser{"nobody": nobody, "an administrator": admin} {
			a := b.Do(http.MethodGet, path, nil)
			if answer := string(a.Body) + fmt.Sprint(a.Header); strings.Contains(answer, "s3cret") {
				t.Errorf("%s is told the secret by %s: %s", who, op.Path, answer)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d operations were asked", asked)
	}
}

func TestSignInsThatAreNotAccepted(t *testing.T) {
	cases := map[string]struct {
		change func(p *idp)
		query  func(state string) string
	}{
		"another state: somebody else began it": {nil, func(string) string { return "code=good&state=other" }},
		"the provider says no":                  {nil, func(state string) string { return "error=access_denied&state=" + state }},
		"a code that is none":                   {nil, func(state string) string { return "code=bad&state=" + state }},
		"a code of another sign-in":             {func(p *idp) { p.challenge = "other" }, nil},
		"a token of another sign-in":            {func(p *idp) { p.claims["nonce"] = "other" }, nil},
		"a token for another program":           {func(p *idp) { p.claims["aud"] = "other" }, nil},
		"a token that is over":                  {func(p *idp) { p.claims["exp"] = uxstage.Begun().Add(-time.Hour).Unix() }, nil},
		"an address that was not verified":      {func(p *idp) { p.claims["email_verified"] = false }, nil},
		"no address":                            {func(p *idp) { delete(p.claims, "email") }, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			stage := p.world(t)
			b := stage.Open()
			query := "code=good&state=" + p.begin(t, b, "/")
			if tc.change != nil {
				tc.change(p)
			}
			if tc.query != nil {
				query = tc.query(strings.TrimPrefix(query, "code=good&state="))
			}
			a := b.Do(http.MethodGet, "/auth/oidc/callback?"+query, nil).Want(http.StatusFound, nil)
			if a.Header.Get("Location") != "/login?problem=oidc-failed" {
				t.Errorf("led to %s", a.Header.Get("Location"))
			}
			me(b).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
		})
	}
	t.Run("one that began in another browser", func(t *testing.T) {
		p := newIDP(t)
		stage := p.world(t)
		state := p.begin(t, stage.Open(), "/")
		victim := stage.Open()
		victim.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		victim.Do(http.MethodGet, "/auth/oidc/callback?code=good&state="+state, nil).Want(http.StatusFound, nil)
		me(victim).WantProblem(http.StatusUnauthorized, api.ProblemCodeSignedOut)
	})
	for _, elsewhere := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "evil"} {
		p := newIDP(t)
		b := p.world(t).Open()
		state := p.begin(t, b, elsewhere)
		if to := b.Do(http.MethodGet, "/auth/oidc/callback?code=good&state="+state, nil).Header.Get("Location"); to != "/" {
			t.Errorf("%s leads to %s", elsewhere, to)
		}
	}
}
