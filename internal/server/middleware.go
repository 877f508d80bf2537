// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// largestBody of a request, in bytes.
	largestBody = 1 << 20
	// answerWithin is how long an answer may take to write; streams set their own deadlines.
	answerWithin = 30 * time.Second
)

type traceKey struct{}

// traceOf is the id of a request in the log.
func traceOf(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write is a 200 where nothing else was said.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush, hijack and set deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// watched gives a request its id, bounds it, keeps a panic from taking the process along, and logs what changed something.
func watched(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace := strings.ToLower(rand.Text()[:16])
		rec := &recorder{ResponseWriter: w}
		_ = http.NewResponseController(w).SetWriteDeadline(clock.RealClock{}.Now().Add(answerWithin)) // a socket knows only the real time
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, trace))
		r.Body = http.MaxBytesReader(rec, r.Body, largestBody)
		defer crashed(log, rec, r, trace)
		next.ServeHTTP(rec, r)
	})
}

// crashed keeps the panic of a handler from taking the process along; http.ErrAbortHandler is how one ends a connection.
func crashed(log *slog.Logger, rec *recorder, r *http.Request, trace string) {
	crash := recover()
	if crash == nil || crash == http.ErrAbortHandler { //nolint:errorlint // a panic's value, as net/http compares it
		return
	}
	log.ErrorContext(r.Context(), "a request crashed", "trace", trace, "path", r.URL.Path, "panic", crash, "stack", string(debug.Stack()))
	if rec.status == 0 {
		problem.Write(rec, problem.New(http.StatusInternalServerError, api.ProblemCodeInternal, "something went wrong on the server; its log says what"), trace)
	}
}

// secured sets the headers that every answer has.
func secured(secure bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what other sites make a browser send, and bodies that a form could send.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, problem.New(http.StatusForbidden, api.ProblemCodeCrossOrigin, "this request came from another site; use the page itself"), traceOf(r.Context()))
	}))
	return protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if needsJSON(r.Method) {
			kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			if err != nil || kind != "application/json" {
				problem.Write(w, problem.New(http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMedia,
					"the Content-Type is %q; send application/json", r.Header.Get("Content-Type")), traceOf(r.Context()))
				return
			}
		}
		next.ServeHTTP(w, r)
	}))
}

func needsJSON(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// audited logs who changed what, and with what outcome. Bodies are not logged.
func audited(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		next.ServeHTTP(rec, r)
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return
		}
		who := "nobody"
		if p, err := access.From(r.Context()); err == nil {
			who = p.User
		}
		log.InfoContext(r.Context(), "asked", "user", who, "method", r.Method, "path", r.URL.Path, "status", rec.status,
			"from", r.RemoteAddr, "trace", traceOf(r.Context()))
	})
}
