// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// uiURL is where VelaUX is in these tests.
const uiURL = "http://127.0.0.1:19082"

// heardWithin is how long something may take to be told.
const heardWithin = 30 * time.Second

// browser is one person's.
type browser struct {
	t    *testing.T
	http *http.Client
}

// person makes an account with a role and signs in.
func person(t *testing.T, p *play.Page, role string) *browser {
	t.Helper()
	out, err := p.MustVela(t.Context(), "", "account", "add", role, "--role", role)
	found := regexp.MustCompile(`(?m)^Password: (\S+)`).FindStringSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("vela account add %s: %q, %v", role, out, err)
	}
	return signIn(t, api.LoginRequest{Kind: api.LoginRequestKindLocal, Username: role, Password: found[1]})
}

func signIn(t *testing.T, login api.LoginRequest) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	b := &browser{t: t, http: &http.Client{Jar: jar}}
	b.ask(t, http.MethodPost, "/auth/login", login, http.StatusOK, nil)
	return b
}

// ask fails unless the answer has that status, and reads it into out.
func (b *browser) ask(t *testing.T, method, path string, body any, status int, out any) {
	t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		must(t, err)
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, uiURL+"/api/v1"+path, content)
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(req)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, status, raw)
	}
	if out != nil {
		must(t, json.Unmarshal(raw, out))
	}
}

const logsPath = "/apps/default/canary-demo/logs?"

// logs are the lines of an answer that ends.
func (b *browser) logs(t *testing.T, query string) []api.LogLine {
	t.Helper()
	var all []api.LogLine
	for line := range b.follow(t, query) {
		all = append(all, line)
	}
	return all
}

// follow has the lines of logs as they come; it is closed when the answer ends.
func (b *browser) follow(t *testing.T, query string) <-chan api.LogLine {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uiURL+"/api/v1"+logsPath+query, nil)
	must(t, err)
	resp, err := b.http.Do(req) //nolint:bodyclose // closed by the goroutine below
	must(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("logs %s: %s", query, resp.Status)
	}
	lines := make(chan api.LogLine)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			var l api.LogLine
			if json.Unmarshal(in.Bytes(), &l) != nil {
				continue
			}
			select {
			case lines <- l:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return lines
}

// hear takes lines until one is so.
func hear(t *testing.T, lines <-chan api.LogLine, what string, so func(api.LogLine) bool) api.LogLine {
	t.Helper()
	late := time.NewTimer(heardWithin)
	defer late.Stop()
	var last api.LogLine
	for {
		select {
		case l, open := <-lines:
			if !open {
				t.Fatalf("the logs ended before %s; the last line is %+v", what, last)
			}
			if last = l; so(l) {
				return l
			}
		case <-late.C:
			t.Fatalf("never: %s; the last line is %+v", what, last)
		}
	}
}

// ticket is one for a shell in a container.
func (b *browser) ticket(t *testing.T, pod, container string) api.ExecTicket {
	t.Helper()
	var got api.ExecTicket
	b.ask(t, http.MethodPost, "/apps/default/canary-demo/pods/"+pod+"/exec-tickets", api.ExecRequest{Container: container, Columns: 100, Rows: 30}, http.StatusCreated, &got)
	return got
}

// dial opens the shell of a ticket; without a shell the status says why.
func (b *browser) dial(t *testing.T, ticket api.ExecTicket) (*terminal, int) {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), strings.Replace(uiURL, "http", "ws", 1)+ticket.Path, &websocket.DialOptions{
		HTTPClient: b.http, HTTPHeader: http.Header{"Origin": {uiURL}},
	})
	if resp == nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil, resp.StatusCode
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &terminal{conn: conn}, resp.StatusCode
}

// terminal is what a person sees and types into.
type terminal struct {
	conn   *websocket.Conn
	screen string
}

func (s *terminal) write(t *testing.T, kind websocket.MessageType, text string) {
	t.Helper()
	must(t, s.conn.Write(t.Context(), kind, []byte(text)))
}

func (s *terminal) key(t *testing.T, text string) {
	t.Helper()
	s.write(t, websocket.MessageBinary, text)
}

// see waits until the screen has a text.
func (s *terminal) see(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(s.screen, text) {
		if end := s.read(t); end != nil {
			t.Fatalf("the shell ended (%+v) before it said %q; the screen is %q", *end, text, s.screen)
		}
	}
}

// end waits until the shell says how it ended.
func (s *terminal) end(t *testing.T) api.ExecMessage {
	t.Helper()
	for {
		if end := s.read(t); end != nil {
			return *end
		}
	}
}

func (s *terminal) read(t *testing.T) *api.ExecMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), heardWithin)
	defer cancel()
	kind, raw, err := s.conn.Read(ctx)
	if err != nil {
		t.Fatalf("%v; the screen is %q", err, s.screen)
	}
	if kind == websocket.MessageBinary {
		s.screen += string(raw)
		return nil
	}
	var m api.ExecMessage
	must(t, json.Unmarshal(raw, &m))
	return &m
}
