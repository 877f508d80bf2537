// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// shutdownGrace is how long requests in flight may take after SIGTERM. Kubernetes kills after 30 s by default.
	shutdownGrace = 10 * time.Second
	// headerTimeout keeps a client that sends nothing from holding a connection for ever.
	headerTimeout = 10 * time.Second
	// maxUpload bounds a request's body.
	maxUpload = 1 << 20
)

// demo answers for one version.
type demo struct {
	answer   string
	hostname string
	going    chan struct{}  // closed when the program is asked to end
	streams  sync.WaitGroup // WebSockets, which http.Server.Shutdown does not wait for, and streams of gRPC
}

// goingAway is what a client of a stream is told when the program ends.
const goingAway = "this pod is ending"

func newDemo(version, hostname string) *demo {
	return &demo{answer: answer(version), hostname: hostname, going: make(chan struct{})}
}

func (d *demo) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", d.version)
	mux.HandleFunc("POST /version", d.upload)
	mux.HandleFunc("GET /{$}", d.text(d.answer+"\nPod: "+d.hostname+"\n"))
	mux.HandleFunc("GET /healthz", d.text("ok\n"))
	mux.HandleFunc("GET /ws", d.socket)
	calls := d.calls()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCall(r) {
			calls.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// version answers a plain request with the version, and a request to upgrade with a WebSocket that does so for each message:
// the gateway of the page routes only this path.
func (d *demo) version(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		d.socket(w, r)
		return
	}
	d.text(d.answer+"\n")(w, r)
}

// upload reads all that is sent, however long that takes, and answers with the version then.
func (d *demo) upload(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxUpload)); err != nil {
		http.Error(w, "reading the body: "+err.Error(), http.StatusBadRequest)
		return
	}
	d.text(d.answer+"\n")(w, r)
}

func (d *demo) text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store") // or a cache would answer for a version that is gone
		_, _ = io.WriteString(w, body)              // a client that has gone away needs no answer
	}
}

// socket answers each message until the client closes, or until the program is asked to end: then it says so with a close frame
// of status 1001 (RFC 6455, section 7.4.1), on which a client connects again.
func (d *demo) socket(w http.ResponseWriter, r *http.Request) {
	d.streams.Add(1)
	defer d.streams.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered the request with the reason
	}
	defer conn.CloseNow()
	done := make(chan struct{})
	go func(ctx context.Context) {
		defer close(done)
		d.echo(ctx, conn)
	}(r.Context())
	select {
	case <-done:
	case <-d.going:
		_ = conn.Close(websocket.StatusGoingAway, goingAway)
		<-done
	}
}

func (d *demo) echo(ctx context.Context, conn *websocket.Conn) {
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
		if err := conn.Write(ctx, websocket.MessageText, []byte(d.answer)); err != nil {
			return
		}
	}
}

// serve answers on the listener with handler, which is d's or wraps it, until ctx ends, then finishes what is in flight, for shutdownGrace at most.
func serve(ctx context.Context, listener net.Listener, d *demo, handler http.Handler) error {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // gRPC
	server := &http.Server{Handler: handler, Protocols: protocols, ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	close(d.going)
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("finishing the requests in flight: %w", err)
	}
	return d.waitForStreams(grace)
}

func (d *demo) waitForStreams(ctx context.Context) error {
	closed := make(chan struct{})
	go func() {
		d.streams.Wait()
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return errors.New("the client of a stream did not let it end in time")
	}
}
