// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"slices"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

// claim is the place of one request in the table: the route, version and endpoint chosen for it, and what is counted of it.
// Every way through the edge chooses and counts with it, so that a share is a share of all requests. Its zero value with
// edge and asked set is ready.
type claim struct {
	edge  *Edge
	asked table.Request
	way   way
	// takes says whether a route is for this way through the edge; nil: all are.
	takes func(*route) bool

	snapshot *snapshot
	route    *route
	match    *table.Match // by which the route was found; nil for an Ingress
	astray   bool         // no route, because the request came over a connection for another listener
	version  int
	insists  bool
	held     *balance.Service  // counted in flight
	endpoint *balance.Endpoint // counted in flight

	attempts int
	failed   bool // the last attempt was not followed by another
	tried    [maxAttempts]*balance.Endpoint
	on       [maxAttempts]*balance.Service // of the tried endpoints
	spent    [maxAttempts]*balance.Pool    // pools of the tried endpoints, and empty ones
	spents   int
	tallied  bool
	upgraded bool // held is counted by a tunnel
}

// way is how a request came in.
type way struct {
	key table.DoorKey
	// own says that it came in where Ingresses are served.
	own bool
	// server is the name that the client of an encrypted connection asked for.
	server string
}

// find gives the index of the route for the request, or -1. Where Ingresses are served they come first, and what none of them
// takes is for the Gateways.
func (c *claim) find(s *snapshot) int {
	c.match, c.astray = nil, false
	if c.way.own {
		if i := s.router.Match(c.asked); i >= 0 {
			return i
		}
	}
	found := s.router.Find(c.way.key, c.way.server, c.asked)
	c.match, c.astray = found.Match, found.Misdirected
	return found.Route
}

// acquire chooses a version by the table that is served, and counts the request in flight on its Service. It tells whether
// a route was found, and takes it.
func (c *claim) acquire() bool {
	for {
		s := c.edge.snapshot.Load()
		i := c.find(s)
		if i < 0 || c.takes != nil && !c.takes(&s.routes[i]) {
			return false
		}
		if c.enter(s, &s.routes[i]) {
			return true
		}
	}
}

// enter chooses a version of a route, and counts the request in flight on its Service. It gives false, and counts nothing,
// when the snapshot is not served any more. A route of the Gateway API may have no version to choose: then version is -1.
func (c *claim) enter(s *snapshot, r *route) bool {
	version, insists := r.choose(c.asked)
	if version < 0 {
		c.snapshot, c.route, c.version, c.insists = s, r, version, true
		return true
	}
	if !insists && !r.Backends[version].Invalid {
		version = c.able(r, version)
	}
	service := r.balance.Versions[version].Pool.Service
	service.Enter()
	// Between Load and Enter another table may have been installed, by which this choice is not allowed any more, and
	// whose plan says so already. Whoever counted first and looks after is seen by whoever installs first and counts after.
	if c.edge.snapshot.Load() != s {
		service.Leave()
		return false
	}
	c.snapshot, c.route, c.version, c.insists, c.held = s, r, version, insists, service
	return true
}

// able gives the version itself, or the one that takes over where it has nothing left to serve the request with.
func (c *claim) able(r *route, version int) int {
	var out uint64
	for next := version; next >= 0; next = r.balance.Instead(out) {
		if pool := r.balance.Versions[next].Pool; !pool.Empty() && !c.isSpent(pool) {
			return next
		}
		out |= 1 << uint(next)
	}
	return version
}

func (c *claim) isSpent(pool *balance.Pool) bool {
	for _, p := range c.spent[:c.spents] {
		if p == pool {
			return true
		}
	}
	return false
}

// leads tells whether the version that was chosen leads to a Service.
func (c *claim) leads() bool { return c.version >= 0 && !c.route.Backends[c.version].Invalid }

// pick gives the endpoint for the next attempt and counts the request on it, or gives nil: another one of the same version,
// then one of another version, which has the last attempt in any case: pods of a version often end together.
func (c *claim) pick() *balance.Endpoint {
	if c.attempts > 0 && c.edge.snapshot.Load() != c.snapshot {
		c.release()
		if !c.acquire() || !c.leads() {
			return nil
		}
	}
	for {
		pool := c.route.balance.Versions[c.version].Pool
		if !c.isLastFor(pool) {
			if end := pool.Pick(c.tried[:c.attempts]); end != nil {
				c.endpoint = end
				return end
			}
		}
		if c.insists || c.spents == len(c.spent) {
			return nil
		}
		c.spent[c.spents] = pool
		c.spents++
		next := c.able(c.route, c.version)
		if next == c.version {
			return nil
		}
		service := c.route.balance.Versions[next].Pool.Service
		service.Enter()
		c.release()
		c.version, c.held = next, service
		if c.edge.snapshot.Load() != c.snapshot {
			c.release()
			if !c.acquire() || !c.leads() {
				return nil
			}
		}
	}
}

// isLastFor says that the last attempt is not for the pool, because one on it failed and another version can have it.
func (c *claim) isLastFor(pool *balance.Pool) bool {
	if c.attempts != maxAttempts-1 || c.insists || c.spents == len(c.spent) || c.isSpent(pool) || !slices.Contains(c.on[:c.attempts], pool.Service) {
		return false
	}
	c.spent[c.spents] = pool
	c.spents++
	other := c.able(c.route, c.version) != c.version
	c.spents--
	return other
}

// missed notes that the attempt on the picked endpoint failed. It tells whether there may be another one.
func (c *claim) missed() bool {
	c.tried[c.attempts], c.on[c.attempts] = c.endpoint, c.held
	c.attempts++
	return c.attempts < maxAttempts
}

// let ends the counting on the endpoint.
func (c *claim) let() {
	if c.endpoint != nil {
		c.endpoint.Done()
		c.endpoint = nil
	}
}

// release ends the counting that acquire and pick began.
func (c *claim) release() {
	c.let()
	if c.held != nil {
		if !c.upgraded {
			c.held.Leave()
		}
		c.held = nil
	}
}

// tally counts the request for the version that serves it, once.
func (c *claim) tally() {
	if c.tallied || c.route == nil {
		return
	}
	c.tallied = true
	for _, t := range c.route.tallies {
		t.Add(c.version > 0)
	}
	if c.version >= 0 && c.route.sent != nil {
		c.route.sent[c.version].Add(1)
	}
}

// count records the outcome of a request that was acquired.
func (c *claim) count(status int, took time.Duration) {
	c.held.Count(status)
	c.route.balance.Versions[c.version].Stats.Count(status, took, c.retries())
	c.tally()
}

// retries are the attempts beyond the first.
func (c *claim) retries() int {
	if c.failed {
		return max(0, c.attempts-1)
	}
	return c.attempts
}
