// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// flowCookie holds a sign-in by the identity provider while the person is there.
	flowCookie = "vela_sign_in"
	// flowWithin is how long that may take.
	flowWithin = 10 * time.Minute
	// pathOIDC is where the cookie is sent to, and pathCallback where the provider sends people back to.
	pathOIDC     = "/api/v1/auth/oidc"
	pathCallback = pathOIDC + "/callback"
	// refusedOIDC is where people are sent whom the identity provider does not vouch for.
	refusedOIDC = "/login?problem=oidc-failed"
)

type flowKey struct{}

// flow is one sign-in on its way; it is sealed in a cookie, so that nobody can finish what another began.
type flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	ReturnTo string `json:"r"`
	Begun    int64  `json:"b"`
}

// StartOIDC sends the person to the identity provider.
func (s *Session) StartOIDC(ctx context.Context, req api.StartOIDCRequestObject) (api.StartOIDCResponseObject, error) {
	if s.identity == nil {
		return nil, noOIDC()
	}
	f := flow{
		State: randomText(), Nonce: randomText(), Verifier: oauth2.GenerateVerifier(), ReturnTo: inside(req.Params.ReturnTo), Begun: s.cfg.Clock.Now().Unix(),
	}
	to, err := s.identity.begin(ctx, f, s.identity.cfg.URL+pathCallback)
	if err != nil {
		return nil, problem.Unavailable(err, "the identity provider")
	}
	kid, key, err := s.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	value, err := sealed(f, kid, key, flowCookie)
	if err != nil {
		return nil, err
	}
	return api.StartOIDC302Response{Headers: api.StartOIDC302ResponseHeaders{Location: to, SetCookie: s.flow(value, int(flowWithin.Seconds())).String()}}, nil
}

func (s *Session) flow(value string, age int) *http.Cookie {
	return &http.Cookie{Name: flowCookie, Value: value, Path: pathOIDC, HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode, MaxAge: age}
}

// inside is a path of this site; the home page for anything else.
func inside(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// FinishOIDC begins a session for the person whom the identity provider sends back. Where that fails the person is back at the
// page that one signs in on, and the log says why.
func (s *Session) FinishOIDC(ctx context.Context, req api.FinishOIDCRequestObject) (api.FinishOIDCResponseObject, error) {
	if s.identity == nil {
		return nil, noOIDC()
	}
	t, returnTo, err := s.finish(ctx, req.Params)
	address, _ := ctx.Value(addressKey{}).(string)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "sign-in refused", "provider", ProviderOIDC, "error", err, "from", address)
		return back{to: refusedOIDC, cookies: []*http.Cookie{s.flow("", -1)}}, nil
	}
	t, cookie, err := s.begin(ctx, t)
	if err != nil {
		return nil, err
	}
	s.cfg.Log.InfoContext(ctx, "signed in", "provider", t.Provider, "user", t.User, "from", address, "session", t.ID)
	return back{to: returnTo, cookies: []*http.Cookie{cookie, s.flow("", -1)}}, nil
}

// finish is who came back, and where they want to.
func (s *Session) finish(ctx context.Context, in api.FinishOIDCParams) (ticket, string, error) {
	value, _ := ctx.Value(flowKey{}).(string)
	f, err := opened[flow](value, flowCookie, func(kid string) []byte { return s.keys.find(ctx, kid) })
	switch {
	case err != nil:
		return ticket{}, "", fmt.Errorf("the sign-in did not begin here: %w", err)
	case s.cfg.Clock.Now().Sub(time.Unix(f.Begun, 0)) > flowWithin:
		return ticket{}, "", errors.New("the sign-in began too long ago")
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(in.State)) != 1:
		return ticket{}, "", errors.New("the sign-in is another one than the one that began here")
	case in.Error != "":
		return ticket{}, "", fmt.Errorf("the identity provider said %.100q", in.Error)
	}
	t, err := s.identity.finish(ctx, f, in.Code, s.identity.cfg.URL+pathCallback)
	return t, f.ReturnTo, err
}

// back sends a person to where they began, with their session.
type back struct {
	to      string
	cookies []*http.Cookie
}

// VisitFinishOIDCResponse writes the answer.
func (b back) VisitFinishOIDCResponse(w http.ResponseWriter) error {
	for _, c := range b.cookies {
		http.SetCookie(w, c)
	}
	w.Header().Set("Location", b.to)
	w.WriteHeader(http.StatusFound)
	return nil
}

func noOIDC() error {
	return problem.New(http.StatusNotFound, api.ProblemCodeNotFound, "no identity provider is set up here; sign in with an account or a token")
}
