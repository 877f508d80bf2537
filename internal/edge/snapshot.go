// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

// snapshot is what requests are served from. It is immutable and replaced as a whole.
type snapshot struct {
	table  *table.Table
	router *table.Router
	routes []route // as table.Routes
	ids    map[string]bool
	epochs map[string]*epoch
	stints map[string]*stint // by key of table.Table.Objects
}

// route is a route of the table with what keeps its balance.
type route struct {
	*table.Route
	balance *balance.Route
	tallies []*balance.Tally
	sent    []*atomic.Uint64 // requests by backend; a rule's alone
	mirrors []mirror
	plain   bool // the fast path can serve it
}

// stint is the time during which an HTTPRoute or GRPCRoute is served with the same backends at the same weights.
type stint struct {
	object table.Object
	since  time.Time
	sent   [][]*atomic.Uint64 // by rule and backend
}

// epoch is the time during which a source is served at one weight and by the same rules.
type epoch struct {
	uid           string
	weight, total int
	accepted      bool
	rules         map[string]string
	since         time.Time
	tally         *balance.Tally
}

// memory is what outlives snapshots, by identity. Only the goroutine that installs tables adds and removes; the lock is
// for those who look.
type memory struct {
	mu       sync.Mutex
	pools    map[string]*balance.Pool    // by table.Pool.Key
	departed []*balance.Pool             // served no more, with requests in flight when last looked at
	services map[string]*balance.Service // by namespace/name
	cursors  map[string]*balance.Cursor  // by table.Route.ID
	stats    map[statsKey]*balance.Stats
}

type statsKey struct{ route, version, service string }

func newMemory() *memory {
	return &memory{
		pools:    map[string]*balance.Pool{},
		services: map[string]*balance.Service{},
		cursors:  map[string]*balance.Cursor{},
		stats:    map[statsKey]*balance.Stats{},
	}
}

// kept gives what is remembered under the key, and remembers a new one where there is none.
func kept[K comparable, V any](all map[K]*V, key K, make func() *V) *V {
	v := all[key]
	if v == nil {
		v = make()
		all[key] = v
	}
	return v
}

// install serves a table from now on. It returns once no request is chosen by the table before it.
func (e *Edge) install(t *table.Table, now time.Time) {
	m := e.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	before := e.snapshot.Load()
	for key, pool := range t.Pools {
		e.fill(key, pool)
	}
	next := e.bind(before, t, now)
	e.snapshot.Store(next)

	weighted := next.weighted()
	for name, service := range m.services {
		service.SetWeighted(weighted[name])
	}
	for key, pool := range m.pools {
		if _, served := t.Pools[key]; !served {
			e.empty(pool)
			delete(m.pools, key)
			m.departed = append(m.departed, pool)
		}
	}
	e.farewell()
	m.departed = slices.DeleteFunc(m.departed, func(p *balance.Pool) bool { return len(p.Endpoints()) == 0 })
	maps.DeleteFunc(m.cursors, func(id string, _ *balance.Cursor) bool { return !next.ids[id] })
	maps.DeleteFunc(m.stats, func(key statsKey, _ *balance.Stats) bool { return !next.ids[key.route] })
}

func (e *Edge) service(name string) *balance.Service {
	return kept(e.memory.services, name, func() *balance.Service {
		return &balance.Service{Name: name, Drained: e.publisher.signal}
	})
}

// fill gives a pool its endpoints and has the new ones proven.
func (e *Edge) fill(key string, want table.Pool) {
	pool := kept(e.memory.pools, key, func() *balance.Pool {
		p := balance.NewPool(e.service(want.Service))
		p.Idle = e.idle
		return p
	})
	added, gone := pool.Set(want.Members, func(end *balance.Endpoint) { end.Handle = newUpstream(want.Transport) })
	e.leave(pool, gone)
	for _, end := range added {
		e.prober.Add(end, pool)
	}
}

func (e *Edge) empty(pool *balance.Pool) {
	_, gone := pool.Set(nil, func(*balance.Endpoint) {})
	e.leave(pool, gone)
}

// leave ends what waits for a connection to endpoints that are gone. Connections that are made stay.
func (e *Edge) leave(pool *balance.Pool, gone []*balance.Endpoint) {
	for _, end := range gone {
		e.prober.Remove(end, pool)
		upstreamOf(end).unlist()
	}
}

// idle closes the connections of an endpoint that gets no new requests and has none in flight.
func (e *Edge) idle(end *balance.Endpoint) {
	go upstreamOf(end).rest()
	e.publisher.signal()
}

// bind joins a table to what is remembered.
func (e *Edge) bind(before *snapshot, t *table.Table, now time.Time) *snapshot {
	m := e.memory
	next := &snapshot{table: t, router: table.NewRouter(t), routes: make([]route, len(t.Routes)), ids: make(map[string]bool, len(t.Routes)), epochs: make(map[string]*epoch, len(t.Sources)),
		stints: make(map[string]*stint, len(t.Objects))}
	sent := map[string][]*atomic.Uint64{}
	for key, object := range t.Objects {
		next.stints[key] = resumed(before, key, object, now)
		for i := range object.Rules {
			sent[table.RuleName(key, i)] = next.stints[key].sent[i]
		}
	}
	for key, source := range t.Sources {
		next.epochs[key] = continued(before, key, source, now)
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		id := r.ID()
		next.ids[id] = true
		versions := make([]balance.Version, len(r.Backends))
		tallies := make([]*balance.Tally, 0, len(r.Backends))
		plain := r.Plain()
		for j, b := range r.Backends {
			pool := e.nowhere
			if b.Pool != "" {
				pool = m.pools[b.Pool]
				plain = plain && t.Pools[b.Pool].Transport.Protocol == table.HTTP
			}
			versions[j] = balance.Version{Name: b.Name, Weight: b.Weight, Pool: pool,
				Stats: kept(m.stats, statsKey{id, b.Name, pool.Service.Name}, func() *balance.Stats { return &balance.Stats{} })}
			if source := next.epochs[b.Source]; source != nil {
				tallies = append(tallies, source.tally)
			}
		}
		cursor := kept(m.cursors, id, func() *balance.Cursor { return &balance.Cursor{} })
		next.routes[i] = route{Route: r, balance: balance.NewRoute(cursor, versions), tallies: tallies, sent: sent[r.Name], mirrors: m.mirrors(r), plain: plain}
	}
	return next
}

// continued gives the epoch of a source: the one before it where nothing changed that its counts depend on.
func continued(before *snapshot, key string, s table.Source, now time.Time) *epoch {
	if before != nil {
		was := before.epochs[key]
		if was != nil && was.uid == s.UID && was.weight == s.Weight && was.total == s.Total && was.accepted == s.Accepted && maps.Equal(was.rules, s.Rules) {
			return was
		}
	}
	return &epoch{uid: s.UID, weight: s.Weight, total: s.Total, accepted: s.Accepted, rules: s.Rules, since: now, tally: &balance.Tally{}}
}

// mirrors gives the pools that copies of a rule's requests go to.
func (m *memory) mirrors(r *table.Route) []mirror {
	if r.Treatment == nil {
		return nil
	}
	var out []mirror
	for _, to := range r.Treatment.Mirrors {
		out = append(out, mirror{to, m.pools[to.Pool]})
	}
	return out
}

// resumed gives the stint of an object: the one before it where nothing changed that its counts depend on.
func resumed(before *snapshot, key string, object table.Object, now time.Time) *stint {
	next := &stint{object: object, since: now}
	if before != nil {
		was := before.stints[key]
		same := func(a, b []table.Target) bool { return slices.Equal(a, b) }
		if was != nil && was.object.UID == object.UID && was.object.Accepted == object.Accepted && slices.EqualFunc(was.object.Rules, object.Rules, same) {
			next.since, next.sent = was.since, was.sent
			return next
		}
	}
	for _, targets := range object.Rules {
		counts := make([]*atomic.Uint64, len(targets))
		for i := range counts {
			counts[i] = &atomic.Uint64{}
		}
		next.sent = append(next.sent, counts)
	}
	return next
}

// weighted gives the Services that some route can send a request.
func (s *snapshot) weighted() map[string]bool {
	out := map[string]bool{}
	for i := range s.routes {
		r := &s.routes[i]
		for _, m := range r.mirrors {
			out[m.pool.Service.Name] = true
		}
		if r.Kind == table.Ruled {
			for _, v := range r.balance.Versions {
				if v.Weight > 0 {
					out[v.Pool.Service.Name] = true
				}
			}
			continue
		}
		for j, v := range r.balance.Versions {
			// A rule can send requests to any version, whatever its weight.
			if v.Weight > 0 || len(r.Rules) > 0 || j == 0 && len(r.Backends) == 1 {
				out[v.Pool.Service.Name] = true
			}
		}
	}
	return out
}

// choose gives the version for a request, and whether the request insists on it: one that asked never to see the canary
// is not handed to it when the stable version cannot answer.
func (r *route) choose(req table.Request) (version int, insists bool) {
	for i := range r.Rules {
		switch verdict(&r.Rules[i], req) {
		case forCanary:
			return len(r.Backends) - 1, false
		case forStable:
			return 0, true
		case undecided:
		}
	}
	return r.balance.Next(), false
}

type choice int

const (
	undecided choice = iota
	forStable
	forCanary
)

// verdict reads one rule, as ingress-nginx does.
func verdict(rule *table.Rule, req table.Request) choice {
	value := ""
	if rule.Header != "" {
		value = req.Header(rule.Header)
	} else {
		value = req.Cookie(rule.Cookie)
	}
	switch {
	case value == "":
		return undecided
	case rule.Value != "":
		if value == rule.Value {
			return forCanary
		}
		return undecided
	case rule.Pattern != nil:
		if rule.Pattern.MatchString(value) {
			return forCanary
		}
		return undecided
	case value == "always":
		return forCanary
	case value == "never":
		return forStable
	}
	return undecided
}
