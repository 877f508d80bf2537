// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// ListProviders says how one can sign in.
func (s *Session) ListProviders(context.Context, api.ListProvidersRequestObject) (api.ListProvidersResponseObject, error) {
	all := []api.Provider{{Kind: api.ProviderKindLocal, Name: "Account"}, {Kind: api.ProviderKindToken, Name: "Token"}}
	if s.identity != nil {
		all = append(all, api.Provider{Kind: api.ProviderKindOidc, Name: s.identity.cfg.Name})
	}
	return api.ListProviders200JSONResponse{Providers: all}, nil
}

// Login begins a session.
func (s *Session) Login(ctx context.Context, req api.LoginRequestObject) (api.LoginResponseObject, error) {
	address, _ := ctx.Value(addressKey{}).(string)
	name := req.Body.Username
	if req.Body.Kind == api.LoginRequestKindToken {
		name = ""
	}
	if wait := s.limit.begin(name, address); wait > 0 {
		return nil, tooMany(wait)
	}
	t, err := s.identify(ctx, *req.Body)
	if errors.Is(err, errRefused) {
		s.cfg.Log.WarnContext(ctx, "sign-in refused", "provider", req.Body.Kind, "name", name, "from", address)
		return nil, problem.New(http.StatusUnauthorized, api.ProblemCodeLoginRefused, "%s", refusedSentence(req.Body.Kind))
	}
	if err != nil {
		return nil, err
	}
	s.limit.succeeded(name, address)
	t, cookie, err := s.begin(ctx, t)
	if err != nil {
		return nil, err
	}
	s.cfg.Log.InfoContext(ctx, "signed in", "provider", t.Provider, "user", t.User, "from", address, "session", t.ID)
	return api.Login200JSONResponse{
		Body:    s.me(t),
		Headers: api.Login200ResponseHeaders{SetCookie: cookie.String()},
	}, nil
}

func refusedSentence(kind api.LoginRequestKind) string {
	if kind == api.LoginRequestKindToken {
		return "the API server does not know this token, or it has expired; make another with kubectl create token"
	}
	return "name and password do not go together; try again"
}

func tooMany(wait time.Duration) error {
	seconds := int(wait.Seconds()) + 1
	e := problem.New(http.StatusTooManyRequests, api.ProblemCodeTooManyAttempts, "too many attempts to sign in; wait %d seconds", seconds).
		With("seconds", strconv.Itoa(seconds))
	e.RetryAfter = time.Duration(seconds) * time.Second
	return e
}

// identify finds out who it is; errRefused for nobody.
func (s *Session) identify(ctx context.Context, req api.LoginRequest) (ticket, error) {
	switch req.Kind {
	case api.LoginRequestKindLocal:
		found, err := s.accounts.verify(ctx, req.Username, req.Password)
		if err != nil {
			return ticket{}, err
		}
		return ticket{Provider: ProviderLocal, Name: req.Username, User: account.Prefix + req.Username, Groups: found.Groups}, nil
	case api.LoginRequestKindToken:
		user, ok, err := s.review(ctx, req.Token)
		if err != nil {
			return ticket{}, problem.Unavailable(err, "the Kubernetes API server")
		}
		if !ok || req.Token == "" {
			return ticket{}, errRefused
		}
		return ticket{Provider: ProviderToken, Name: user.Username, User: user.Username, UID: user.UID, Groups: user.Groups, Token: req.Token}, nil
	}
	return ticket{}, problem.Invalid(problem.Field("/kind", api.FieldErrorCodeNotAllowed, "%q is no way to sign in; write local or token", req.Kind))
}

// Logout ends the session, or all sessions of the person.
func (s *Session) Logout(ctx context.Context, req api.LogoutRequestObject) (api.LogoutResponseObject, error) {
	p, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	if req.Body.Everywhere {
		err = s.keys.endAll(ctx, p.User)
	} else {
		err = s.keys.end(ctx, p.Session)
	}
	if err != nil {
		return nil, err
	}
	s.cfg.Log.InfoContext(ctx, "signed out", "user", p.User, "session", p.Session, "everywhere", req.Body.Everywhere)
	return api.Logout204Response{Headers: api.Logout204ResponseHeaders{SetCookie: s.noCookie().String()}}, nil
}

// ChangePassword changes the password of the person's local account, ends all their sessions and begins another.
func (s *Session) ChangePassword(ctx context.Context, req api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	t, _ := ctx.Value(ticketKey{}).(ticket)
	if t.Provider != ProviderLocal {
		return nil, problem.Unprocessable(api.ProblemCodeInvalid, "you did not sign in with a local account; only those have passwords here")
	}
	address, _ := ctx.Value(addressKey{}).(string)
	if wait := s.limit.begin(t.Name, address); wait > 0 {
		return nil, tooMany(wait)
	}
	if _, err := s.accounts.verify(ctx, t.Name, req.Body.Password); err != nil {
		if errors.Is(err, errRefused) {
			return nil, problem.New(http.StatusUnauthorized, api.ProblemCodeLoginRefused, "the present password is another one; try again")
		}
		return nil, err
	}
	s.limit.succeeded(t.Name, address)
	if fault := passwordFault(t.Name, req.Body.NewPassword); fault != nil {
		return nil, problem.Invalid(*fault)
	}
	if err := s.accounts.setPassword(ctx, t.Name, req.Body.NewPassword); err != nil {
		return nil, err
	}
	if err := s.keys.endAll(ctx, t.User); err != nil {
		return nil, err
	}
	_, cookie, err := s.begin(ctx, t)
	if err != nil {
		return nil, err
	}
	s.cfg.Log.InfoContext(ctx, "password changed", "user", t.User, "from", address)
	return api.ChangePassword204Response{Headers: api.ChangePassword204ResponseHeaders{SetCookie: cookie.String()}}, nil
}

func passwordFault(name, password string) *api.FieldError {
	var fault api.FieldError
	switch {
	case utf8.RuneCountInString(password) < account.ShortestPassword:
		fault = problem.Field("/newPassword", api.FieldErrorCodeTooShort, "is too short; take at least %d characters", account.ShortestPassword)
	case len(password) > account.LongestPassword:
		fault = problem.Field("/newPassword", api.FieldErrorCodeTooLong, "is too long; take at most %d bytes", account.LongestPassword)
	case password == name:
		fault = problem.Field("/newPassword", api.FieldErrorCodeNotAllowed, "is your name; take another one")
	default:
		return nil
	}
	return &fault
}

// GetMe says who is signed in.
func (s *Session) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	t, ok := ctx.Value(ticketKey{}).(ticket)
	if !ok {
		return nil, problem.SignedOut()
	}
	return api.GetMe200JSONResponse(s.me(t)), nil
}

func (s *Session) me(t ticket) api.Me {
	groups := t.Groups
	if groups == nil {
		groups = []string{}
	}
	roles := []api.RoleName{}
	for _, r := range access.Roles() {
		if slices.Contains(groups, r.Group()) {
			roles = append(roles, api.RoleName(r))
		}
	}
	return api.Me{
		Roles: roles, Username: t.Name, KubernetesUser: t.User, Groups: groups, Provider: api.MeProvider(t.Provider),
		ExpiresAt: t.begun().Add(lifetime).UTC(), IdleSeconds: int(idle.Seconds()),
	}
}
