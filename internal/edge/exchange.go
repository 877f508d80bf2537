// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
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
	edge  *Edge
	entry *entrance
	proxy httputil.ReverseProxy

	recorder recorder
	request  *http.Request
	host     string
	started  time.Time

	snapshot *snapshot
	route    *route
	version  int
	insists  bool
	held     *balance.Service  // counted in flight
	endpoint *balance.Endpoint // counted in flight

	attempts int
	tried    [maxAttempts]*balance.Endpoint
	spent    [maxAttempts]*balance.Pool // pools of the tried endpoints, and empty ones
	spents   int
	failure  error // why the edge answered itself
	tallied  bool
	tunnel   *tunnel
}

// acquire chooses a version by the table that is served, and counts the request in flight on its Service. It tells whether
// a route was found.
func (x *exchange) acquire() bool {
	for {
		s := x.edge.snapshot.Load()
		i := s.router.Match(x.host, x.request.URL.Path)
		if i < 0 {
			return false
		}
		r := &s.routes[i]
		version, insists := r.choose(x.request)
		if !insists {
			version = x.able(r, version)
		}
		service := r.balance.Versions[version].Pool.Service
		service.Enter()
		// Between Load and Enter another table may have been installed, by which this choice is not allowed any more, and
		// whose plan says so already. Whoever counted first and looks after is seen by whoever installs first and counts after.
		if x.edge.snapshot.Load() == s {
			x.snapshot, x.route, x.version, x.insists, x.held = s, r, version, insists, service
			return true
		}
		service.Leave()
	}
}

// able gives the version itself, or the one that takes over where it has nothing left to serve the request with.
func (x *exchange) able(r *route, version int) int {
	var out uint64
	for next := version; next >= 0; next = r.balance.Instead(out) {
		if pool := r.balance.Versions[next].Pool; !pool.Empty() && !x.isSpent(pool) {
			return next
		}
		out |= 1 << uint(next)
	}
	return version
}

func (x *exchange) isSpent(pool *balance.Pool) bool {
	for _, p := range x.spent[:x.spents] {
		if p == pool {
			return true
		}
	}
	return false
}

// pick gives the endpoint for the next attempt, or nil: another one of the same version, then one of another version, which
// has the last attempt in any case: pods of a version often end together.
func (x *exchange) pick() *balance.Endpoint {
	if x.attempts > 0 && x.edge.snapshot.Load() != x.snapshot {
		x.release()
		if !x.acquire() {
			return nil
		}
	}
	for {
		pool := x.route.balance.Versions[x.version].Pool
		if !x.isLastFor(pool) {
			if end := pool.Pick(x.tried[:x.attempts]); end != nil {
				return end
			}
		}
		if x.insists || x.spents == len(x.spent) {
			return nil
		}
		x.spent[x.spents] = pool
		x.spents++
		next := x.able(x.route, x.version)
		if next == x.version {
			return nil
		}
		service := x.route.balance.Versions[next].Pool.Service
		service.Enter()
		x.release()
		x.version, x.held = next, service
		if x.edge.snapshot.Load() != x.snapshot {
			x.release()
			if !x.acquire() {
				return nil
			}
		}
	}
}

// isLastFor says that the last attempt is not for the pool, because another version can have it.
func (x *exchange) isLastFor(pool *balance.Pool) bool {
	if x.attempts != maxAttempts-1 || x.insists || x.spents == len(x.spent) || x.isSpent(pool) {
		return false
	}
	x.spent[x.spents] = pool
	x.spents++
	other := x.able(x.route, x.version) != x.version
	x.spents--
	return other
}

// release ends the counting that acquire began.
func (x *exchange) release() {
	if x.endpoint != nil {
		x.endpoint.Done()
		x.endpoint = nil
	}
	if x.held != nil {
		if x.tunnel == nil { // otherwise open did
			x.held.Leave()
		}
		x.held = nil
	}
}

// RoundTrip sends the request to an endpoint, and to another one where that is safe: when no connection was made, nothing
// was sent; when a connection died before an answer, only what may be repeated is (GET, HEAD, OPTIONS without a body).
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	failure := errNoEndpoint
	for x.attempts < maxAttempts {
		end := x.pick()
		if end == nil {
			return nil, failure
		}
		x.endpoint = end
		resp, err := upstreamOf(end).transport.RoundTrip(x.addressed(req, end, &body))
		if err == nil {
			return resp, nil
		}
		failure = err
		var refused connectError
		connecting := errors.As(err, &refused)
		if connecting && req.Context().Err() == nil {
			x.edge.prober.Fail(end) //nolint:contextcheck // probes live as long as the edge, not as long as what started them
		}
		x.tried[x.attempts] = end
		x.attempts++
		if x.attempts == maxAttempts || req.Context().Err() != nil || !repeatable(req, err, connecting, &body) {
			return nil, err
		}
		end.Done()
		x.endpoint = nil
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
	body.attach(req)
	return req
}

func repeatable(req *http.Request, err error, connecting bool, body *payload) bool {
	if connecting {
		return body.stream == nil || !body.stream.read.Load()
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
func statusOf(ctx context.Context, err error) (int, string) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "the request body is larger than this route accepts"
	case ctx.Err() != nil:
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

// tally counts the request for the version that serves it, once.
func (x *exchange) tally() {
	if x.tallied || x.route == nil {
		return
	}
	x.tallied = true
	for _, t := range x.route.tallies {
		t.Add(x.version > 0)
	}
}
