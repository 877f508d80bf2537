// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/logs"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/server/shell"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/server/system"
)

// base is where the API is.
const base = "/api/v1"

// drainFor is how long requests may go on when the server stops.
const drainFor = 5 * time.Second

//go:embed openapi.yaml
var contract []byte

// Contract is the OpenAPI document that the server fulfils.
func Contract() []byte { return contract }

// Deps are what the server works with.
type Deps struct {
	// Cluster is Kubernetes in the name of whoever asks; Reviewer what they may do.
	Cluster  *access.Cluster
	Reviewer *access.Reviewer
	Session  *session.Session
	// Edge tells what the gateway serves; nil where there is none that does.
	Edge *gather.Edge
	// Definitions that applications may use; Check finds what admission would refuse in an application.
	Definitions *definition.Registry
	Check       func(*v1beta1.Application) []error
	// Stream must be run (stream.Hub.Run) as long as the server serves.
	Stream *stream.Hub
	// OpenLog opens logs of pods; Shell runs commands in them, nil: shells are switched off.
	OpenLog logs.Open
	Shell   shell.Run
	// System tells what is missing in the installation.
	System *system.System
	// Files are those of the page.
	Files fs.FS
	// Secure says that people come by TLS.
	Secure bool
	// Version of the product.
	Version string
	Clock   clock.WithTicker
	Log     *slog.Logger
}

// New is the whole server as a handler.
func New(deps Deps) (http.Handler, error) {
	if deps.Stream == nil {
		return nil, errors.New("the web server needs the hub of the event stream, and somebody who runs it")
	}
	rules, err := access.ReadContract(contract)
	if err != nil {
		return nil, err
	}
	own, err := newHandlers(deps)
	if err != nil {
		return nil, err
	}
	page, err := newPage(deps.Files)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	routes(mux, own, rules, deps)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("/", page)
	var h http.Handler = mux
	h = audited(deps.Log, h)
	h = deps.Session.Middleware(h)
	h = sameOrigin(h)
	h = secured(deps.Secure, h)
	return watched(deps.Log, h), nil
}

// routes puts the operations of the contract on mux.
func routes(mux *http.ServeMux, own api.StrictServerInterface, rules access.Rules, deps Deps) {
	fail := func(w http.ResponseWriter, r *http.Request, err error) {
		p, trace := problem.From(err), traceOf(r.Context())
		problem.Write(w, p, trace)
		if person, signedOut := access.From(r.Context()); p.Code == api.ProblemCodeForbidden && signedOut == nil {
			deps.Reviewer.Forget(person) // perhaps rights were taken away: what is open is looked at again
			deps.Stream.Recheck(person.User)
		}
		if p.Status >= http.StatusInternalServerError {
			deps.Log.ErrorContext(r.Context(), "a request failed", "method", r.Method, "path", r.URL.Path, "trace", trace, "error", cause(p))
		}
	}
	strict := api.NewStrictHandlerWithOptions(own, []api.StrictMiddlewareFunc{shell.WithRequest, access.Gate(rules, deps.Reviewer)},
		api.StrictHTTPServerOptions{RequestErrorHandlerFunc: fail, ResponseErrorHandlerFunc: fail})
	api.HandlerWithOptions(strict, api.StdHTTPServerOptions{
		BaseURL: base, BaseRouter: mux, ErrorHandlerFunc: fail,
		Middlewares: []api.MiddlewareFunc{strictly(fail), uncached},
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, problem.New(http.StatusNotFound, api.ProblemCodeNotFound, "there is no %s %s; the contract is at %s/openapi.json", r.Method, r.URL.Path, base))
	})
}

// uncached keeps answers about a person out of every cache.
func uncached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func cause(p *problem.Error) error {
	if p.Cause != nil {
		return p.Cause
	}
	return p
}

// Serve answers on l until ctx ends, and lets requests end then.
func Serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }, // requests that are under way end by themselves
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving VelaUX: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		return errors.Join(s.Close(), <-failed)
	}
	return nil
}
