// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestAnswers(t *testing.T) {
	handler := newDemo("v2", "canary-demo-abc").handler()
	cases := map[string]struct {
		method, path string
		code         int
		body         string
		reason       string
	}{
		"the version":              {"GET", "/version", 200, "Demo: V2\n", "scripts compare the whole body"},
		"the start page":           {"GET", "/", 200, "Demo: V2\nPod: canary-demo-abc\n", "a person sees which pod answers"},
		"the health check":         {"GET", "/healthz", 200, "ok\n", "probes look at the code"},
		"a path that is not there": {"GET", "/other", 404, "404 page not found\n", "a wrong route must be seen"},
		"a body is read first":     {"POST", "/version", 200, "Demo: V2\n", "uploads are released too"},
		"a method that is neither": {"PUT", "/version", 405, "Method Not Allowed\n", "the demo changes nothing"},
		"no WebSocket on /ws":      {"GET", "/ws", 426, "", "the client is told to upgrade"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
			if w.Code != c.code {
				t.Errorf("code is %d, want %d: %s", w.Code, c.code, c.reason)
			}
			if c.body != "" && w.Body.String() != c.body {
				t.Errorf("body is %q, want %q: %s", w.Body, c.body, c.reason)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	cases := map[string]struct {
		version, address string
		want             string
	}{
		"the broken version":      {"broken", "127.0.0.1:0", "broken on purpose"},
		"no version":              {"", "127.0.0.1:0", "DEMO_VERSION"},
		"an address that is none": {"v1", "127.0.0.1:-1", "listening on 127.0.0.1:-1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), slog.New(slog.DiscardHandler), c.address, c.version)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one that says %q", err, c.want)
			}
		})
	}
}

// start serves v1 on loopback; terminate does what SIGTERM does, ended gives what serve returned.
func start(t *testing.T, wrap func(http.Handler) http.Handler) (address string, terminate func(), ended <-chan error) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	result := make(chan error, 1)
	d := newDemo("v1", "here")
	go func() { result <- serve(ctx, listener, d, wrap(d.handler())) }()
	return listener.Addr().String(), cancel, result
}

func asIs(h http.Handler) http.Handler { return h }

func TestWebSocketIsToldThatThePodEnds(t *testing.T) {
	for _, path := range []string{"/ws", "/version"} {
		t.Run(path, func(t *testing.T) { webSocketIsToldThatThePodEnds(t, path) })
	}
}

func webSocketIsToldThatThePodEnds(t *testing.T, path string) {
	t.Helper()
	address, terminate, ended := start(t, asIs)
	conn, response, err := websocket.Dial(t.Context(), "ws://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		defer response.Body.Close()
	}
	defer conn.CloseNow()
	for range 2 {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("which version?")); err != nil {
			t.Fatal(err)
		}
		kind, message, err := conn.Read(t.Context())
		if err != nil || kind != websocket.MessageText || string(message) != "Demo: V1" {
			t.Fatalf("answer is %v %q (%v), want the text Demo: V1 for every message", kind, message, err)
		}
	}
	terminate()
	_, _, err = conn.Read(t.Context())
	if code := websocket.CloseStatus(err); code != websocket.StatusGoingAway {
		t.Errorf("the connection ended with %d (%v), want the close frame 1001, on which clients connect again", code, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve returned %v, want an orderly end", err)
	}
}

func TestRequestInFlightIsFinished(t *testing.T) {
	arrived, closed := make(chan struct{}), make(chan struct{})
	address, terminate, ended := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-closed // answers only after the program has been asked to end
			h.ServeHTTP(w, r)
		})
	})
	type reply struct {
		body string
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		body, err := get(t.Context(), "http://"+address+"/version")
		replies <- reply{body, err}
	}()
	<-arrived
	terminate()
	for { // the listener closes in the course of the shutdown
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	close(closed)
	if r := <-replies; r.err != nil || r.body != "Demo: V1\n" {
		t.Errorf("a request in flight was answered %q (%v), want its answer in spite of the shutdown", r.body, r.err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve returned %v, want an orderly end", err)
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
