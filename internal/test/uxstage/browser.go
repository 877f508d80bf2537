// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
)

// Browser is one person's, with its own cookies.
type Browser struct {
	HTTP *http.Client
	t    *testing.T
	url  string
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	t      *testing.T
}

// Open is a browser of nobody in particular.
func (s *Stage) Open() *Browser {
	s.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	s.T.Cleanup(transport.CloseIdleConnections)
	return &Browser{HTTP: &http.Client{Jar: jar, Transport: transport}, t: s.T, url: s.URL}
}

// SignIn is the browser of somebody who has the roles and is called name.
func (s *Stage) SignIn(name string, roles ...access.Role) *Browser {
	s.T.Helper()
	user := authenticationv1.UserInfo{Username: name, UID: "uid-of-" + name}
	for _, r := range roles {
		user.Groups = append(user.Groups, r.Group())
	}
	s.mu.Lock()
	s.Tokens["token-of-"+name] = user
	s.mu.Unlock()
	b := s.Open()
	if a := b.Do(http.MethodPost, "/auth/login", api.LoginRequest{Kind: api.LoginRequestKindToken, Token: "token-of-" + name}); a.Status != http.StatusOK {
		s.T.Fatalf("signing in as %s: %d %s", name, a.Status, a.Body)
	}
	return b
}

// Do asks for an operation below /api/v1; body is sent as JSON unless it is nil.
func (b *Browser) Do(method, path string, body any) Answer {
	b.t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+"/api/v1"+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Send(req)
}

// Send sends a request as it is.
func (b *Browser) Send(req *http.Request) Answer {
	b.t.Helper()
	resp, err := b.HTTP.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: content, t: b.t}
}

// Want reads the answer into v, and fails unless it has that status; v may be nil.
func (a Answer) Want(status int, v any) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	if v == nil {
		return a
	}
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.t.Fatalf("reading %s: %v", a.Body, err)
	}
	return a
}

// WantProblem fails unless the answer is that problem, and returns it.
func (a Answer) WantProblem(status int, code api.ProblemCode) api.Problem {
	a.t.Helper()
	var p api.Problem
	a.Want(status, &p)
	if p.Code != code || a.Header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("problem %s (%s), want %s: %s", p.Code, a.Header.Get("Content-Type"), code, a.Body)
	}
	return p
}
