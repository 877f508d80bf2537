// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// errNoEndpoint is the answer when no version that may serve the request has an endpoint.
var errNoEndpoint = errors.New("no endpoint is available")

// errClientBody says that the client's body did not arrive as announced.
var errClientBody = errors.New("reading the request body")

// exchange is one request on its way through the edge. It is the ReverseProxy's transport and the recorder of its answer,
// and is used again for a later request: a request costs no allocation here.
type exchange struct {
	claim
	entry *entrance
	proxy httputil.ReverseProxy

	recorder recorder
	request  *http.Request
	host     string
	started  time.Time
	plain    http.Header // of the request to the backend, before what a backendRef changes
	timer    *time.Timer // of the rule's time limit

	tunnel *tunnel
}

// Host implements table.Request.
func (x *exchange) Host() string { return x.host }

// Path implements table.Request.
func (x *exchange) Path() string { return x.request.URL.Path }

// Method implements table.Request.
func (x *exchange) Method() string { return x.request.Method }

// Query implements table.Request.
func (x *exchange) Query() string { return x.request.URL.RawQuery }

// Values implements table.Request.
func (x *exchange) Values(name string) []string { return x.request.Header.Values(name) }

// Header implements table.Request.
func (x *exchange) Header(name string) string { return x.request.Header.Get(name) }

// Cookie implements table.Request.
func (x *exchange) Cookie(name string) string {
	cookie, err := x.request.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// RoundTrip sends the request to an endpoint, and to another one where that is safe: when no connection was made, nothing
// was sent; when the backend says that it has not processed the request, it may be sent again; when a connection died before an
// answer, only what may be repeated is (GET, HEAD, OPTIONS without a body).
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	x.copies(req, &body)
	failure := errNoEndpoint
	for x.attempts < maxAttempts {
		end := x.pick()
		if end == nil {
			return nil, failure
		}
		resp, err := x.attempt(upstreamOf(end).transport, x.addressed(req, end, &body)) //nolint:contextcheck // it is the request's
		if err == nil {
			return resp, nil
		}
		if body.stream != nil && body.stream.broken() {
			err = fmt.Errorf("%w: %w", errClientBody, err) // not the backend's fault
		}
		failure = err
		var refused connectError
		connecting := errors.As(err, &refused)
		if connecting && req.Context().Err() == nil {
			x.edge.prober.Fail(end) //nolint:contextcheck // probes live as long as the edge, not as long as what started them
		}
		if !x.missed() || req.Context().Err() != nil || !repeatable(req, err, connecting, &body) {
			return nil, err
		}
		x.let()
	}
	return nil, failure
}

// addressed gives the request as it goes to one endpoint. The first attempt uses the ReverseProxy's own copy; a later one
// must not touch what a failed transport may still be reading.
func (x *exchange) addressed(req *http.Request, end *balance.Endpoint, body *payload) *http.Request {
	if x.attempts > 0 {
		again := *req
		again.URL = new(url.URL)
		*again.URL = *req.URL
		req = &again
	}
	req.URL.Scheme, req.URL.Host = upstreamOf(end).scheme, end.Address
	if c := x.route.Backends[x.version].Request; c != nil {
		if x.plain == nil {
			x.plain = req.Header
		}
		req.Header = x.plain.Clone()
		change(req.Header, c)
	} else if x.plain != nil {
		req.Header = x.plain
	}
	body.attach(req, upstreamOf(end).http2)
	return req
}

func repeatable(req *http.Request, err error, connecting bool, body *payload) bool {
	if connecting || errors.Is(err, errNotProcessed) {
		return body.again()
	}
	if isTimeout(err) || !body.empty() {
		return false
	}
	return req.Method == http.MethodGet || req.Method == http.MethodHead || req.Method == http.MethodOptions
}

func isTimeout(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.As(err, &slow) && slow.Timeout()
}

// statusOf gives the status of an answer that the edge makes itself, and its one line.
func statusOf(gone bool, err error) (int, string) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "the request body is larger than this route accepts"
	case gone:
		return statusClientGone, "the client went away"
	case errors.Is(err, errClientBody):
		return http.StatusBadRequest, "the request body did not arrive in full"
	case errors.Is(err, errNoEndpoint):
		return http.StatusServiceUnavailable, "no endpoint of the backend is available"
	case isTimeout(err):
		return http.StatusGatewayTimeout, "the backend did not answer in time"
	}
	return http.StatusBadGateway, "the backend could not be reached or broke off"
}

// statusClientGone is nginx's status for its log when a client closes before the answer; nobody receives it.
const statusClientGone = 499
