// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

// errTooLong says that a timeout of the rule is over.
var errTooLong error = tooLong{}

type tooLong struct{}

func (tooLong) Error() string { return "the time that the rule gives is over" }

// Timeout makes it count as one.
func (tooLong) Timeout() bool { return true }

// treated does what a rule says besides sending on, and tells whether that was the answer.
func (x *exchange) treated(t *table.Treatment) bool {
	switch {
	case t.Broken != "":
		x.release()
		x.refuse(http.StatusInternalServerError, t.Broken)
		return true
	case t.CORS != nil && preflight(x.request):
		x.release()
		x.grant(t.CORS, x.recorder.Header())
		x.recorder.WriteHeader(http.StatusNoContent)
		return true
	case t.Redirect != nil:
		x.release()
		x.recorder.Header().Set("Location", x.location(t.Redirect))
		x.recorder.WriteHeader(t.Redirect.Status)
		return true
	}
	return false
}

// location gives the place that a redirect leads to (HTTPRoute, filters.requestRedirect).
func (x *exchange) location(r *table.Redirect) string {
	to := url.URL{Scheme: cmp.Or(r.Scheme, x.entry.scheme), Path: x.request.URL.Path, RawPath: x.request.URL.RawPath, RawQuery: x.request.URL.RawQuery}
	x.replacePath(r.Path, &to)
	port := r.Port
	if port == 0 && r.Scheme == "" {
		port = x.way.key.Port
	}
	to.Host = cmp.Or(r.Host, x.host)
	usual := to.Scheme == "http" && port == 80 || to.Scheme == "https" && port == 443
	if port != 0 && !usual {
		to.Host = net.JoinHostPort(strings.Trim(to.Host, "[]"), strconv.Itoa(port))
	}
	return to.String()
}

// replacePath changes a path as a filter says.
func (x *exchange) replacePath(change *table.PathChange, to *url.URL) {
	switch {
	case change == nil:
	case !change.Prefix:
		to.Path, to.RawPath = change.Value, ""
	default:
		matched := ""
		if x.match != nil {
			matched = x.match.Path
		}
		raw := to.RawPath != ""
		to.Path = replacePrefix(to.Path, matched, change.Value)
		if raw {
			to.RawPath = replacePrefix(to.RawPath, matched, change.Value)
		}
	}
}

// replacePrefix puts value in the place of a prefix that was matched by elements.
func replacePrefix(path, prefix, value string) string {
	rest := strings.TrimPrefix(path, strings.TrimSuffix(prefix, "/"))
	if rest != "" && !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	return cmp.Or(strings.TrimSuffix(value, "/")+rest, "/")
}

// change applies header changes: set, then add, then remove.
func change(h http.Header, c *table.Headers) {
	if c == nil {
		return
	}
	for _, s := range c.Set {
		h.Set(s.Name, s.Value)
	}
	for _, a := range c.Add {
		h.Add(a.Name, a.Value)
	}
	for _, name := range c.Remove {
		h.Del(name)
	}
}

// prepare changes the request that goes to the backend as the rule says.
func (x *exchange) prepare(t *table.Treatment, out *http.Request) {
	if t.Rewrite != nil {
		x.replacePath(t.Rewrite.Path, out.URL)
		if t.Rewrite.Host != "" {
			out.Host = t.Rewrite.Host
		}
	}
	change(out.Header, t.Request)
}

// finishHeaders changes the answer of a backend as the rule and the backendRef say.
func (x *exchange) finishHeaders(h http.Header) {
	change(h, x.route.Backends[x.version].Response)
	t := x.route.Treatment
	if t == nil {
		return
	}
	change(h, t.Response)
	if t.CORS != nil {
		x.grant(t.CORS, h)
	}
}

// preflight tells whether a browser asks what it may send (Fetch standard, CORS-preflight request).
func preflight(req *http.Request) bool {
	return req.Method == http.MethodOptions && req.Header.Get("Origin") != "" && req.Header.Get("Access-Control-Request-Method") != ""
}

// grant sets the headers of the CORS protocol for an origin that is allowed, and none for others.
func (x *exchange) grant(c *table.CORS, h http.Header) {
	origin := x.request.Header.Get("Origin")
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			h.Del(name)
		}
	}
	if origin == "" || !slices.ContainsFunc(c.Origins, func(o string) bool { return sameOrigin(o, origin) }) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if preflight(x.request) {
		list(h, "Access-Control-Allow-Methods", c.Methods, x.request.Header.Get("Access-Control-Request-Method"))
		list(h, "Access-Control-Allow-Headers", c.Headers, x.request.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge)))
	}
	if len(c.Expose) > 0 && (!c.Credentials || !slices.Contains(c.Expose, "*")) {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.Expose, ", "))
	}
}

// list sets a header to what is allowed; a star is answered with what was asked for.
func list(h http.Header, name string, allowed []string, asked string) {
	switch {
	case slices.Contains(allowed, "*") && asked != "":
		h.Set(name, asked)
	case len(allowed) > 0 && !slices.Contains(allowed, "*"):
		h.Set(name, strings.Join(allowed, ", "))
	}
}

// sameOrigin compares an origin with an allowed one, in whose host a star stands for any labels.
func sameOrigin(allowed, origin string) bool {
	if allowed == "*" {
		return true
	}
	before, after, wild := strings.Cut(bare(allowed), "*")
	origin = bare(origin)
	if !wild {
		return origin == before
	}
	return len(origin) > len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after)
}

// bare gives an origin in lower case and without the port that its scheme has anyway.
func bare(origin string) string {
	origin = strings.ToLower(origin)
	for scheme, port := range map[string]string{"http://": ":80", "https://": ":443"} {
		if strings.HasPrefix(origin, scheme) {
			return strings.TrimSuffix(origin, port)
		}
	}
	return origin
}

// limited gives the request a time limit. An upgraded connection, which has no end of its answer, is not limited: upgrade lifts it.
func limited(req *http.Request, limit time.Duration) (*http.Request, *time.Timer, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(limit, func() { cancel(errTooLong) })
	return req.WithContext(ctx), timer, cancel
}

// attempt sends a request to an endpoint, within the rule's time for one attempt.
func (x *exchange) attempt(transport http.RoundTripper, req *http.Request) (*http.Response, error) {
	limit := time.Duration(0)
	if t := x.route.Treatment; t != nil {
		limit = t.BackendTimeout
	}
	if limit == 0 {
		return transport.RoundTrip(req)
	}
	again, timer, cancel := limited(req, limit)
	resp, err := transport.RoundTrip(again)
	if err != nil {
		timer.Stop()
		if errors.Is(context.Cause(again.Context()), errTooLong) {
			err = errTooLong
		}
		cancel(nil)
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		timer.Stop()
		return resp, nil
	}
	resp.Body = &timedBody{ReadCloser: resp.Body, end: func() { timer.Stop(); cancel(nil) }}
	return resp, nil
}

// timedBody is the body of an answer that has to end in time.
type timedBody struct {
	io.ReadCloser
	end func()
}

func (b *timedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
