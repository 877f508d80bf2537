// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"net/url"
	"slices"
	"strings"
)

// gate is a door, indexed.
type gate struct {
	tls   bool
	zones map[string]*zone // by the listener's host: exact, "*.suffix", or empty
}

// zone is a listener, indexed.
type zone struct {
	*Listener
	lanes map[string]*lane // by the match's host
}

// lane holds the matches of one host of one listener.
type lane struct {
	exact    map[string][]candidate
	patterns []candidate
	prefixes []stem // sorted, so that every prefix of a path comes before it
}

type stem struct {
	entry
	candidates []candidate // in the order of precedence
}

// candidate is a match with the index of its route.
type candidate struct {
	*Match
	route int
}

// Found is what a door has for a request.
type Found struct {
	// Route is the index of the route, or -1 when no rule takes the request.
	Route int
	// Match is the match that took it.
	Match *Match
	// Misdirected says that the request came over a connection that was made for another listener (RFC 9110 section 15.5.20).
	Misdirected bool
}

// Opens tells whether there is a door with this key.
func (r *Router) Opens(key DoorKey) bool { return r.gates[key] != nil }

// Find gives the rule for a request that came through a door. server is the name that the client asked for when it made an
// encrypted connection; empty when it named none.
func (r *Router) Find(key DoorKey, server string, req Request) Found {
	nothing := Found{Route: -1}
	g := r.gates[key]
	if g == nil {
		return nothing
	}
	z := g.zone(req.Host())
	if g.tls && server != "" && g.zone(Host(server)) != z {
		return Found{Route: -1, Misdirected: true}
	}
	if z == nil {
		return nothing
	}
	c, ok := z.match(req)
	if !ok {
		return nothing
	}
	return Found{Route: c.route, Match: c.Match}
}

// Pairs gives the certificates of the listener that a client asks for by name, of those that a door has.
func (r *Router) Pairs(key DoorKey, server string) []*tls.Certificate {
	g := r.gates[key]
	if g == nil {
		return nil
	}
	z := g.zone(Host(server))
	if z == nil {
		return nil
	}
	return z.Listener.Pairs
}

func newGate(d *Door, routes map[string]int) *gate {
	g := &gate{tls: d.TLS, zones: map[string]*zone{}}
	for i := range d.Listeners {
		l := &d.Listeners[i]
		z := &zone{Listener: l, lanes: map[string]*lane{}}
		for j := range l.Matches {
			m := &l.Matches[j]
			if z.lanes[m.Host] == nil {
				z.lanes[m.Host] = &lane{exact: map[string][]candidate{}}
			}
			z.lanes[m.Host].add(candidate{m, routes[m.Rule]})
		}
		for _, lane := range z.lanes {
			lane.link()
		}
		g.zones[l.Host] = z
	}
	return g
}

// add keeps the order in which candidates come, which is that of precedence.
func (l *lane) add(c candidate) {
	switch c.Kind {
	case Exact:
		l.exact[c.Path] = append(l.exact[c.Path], c)
	case Pattern:
		l.patterns = append(l.patterns, c)
	case Prefix, Literal, Default, Ruled:
		at := slices.IndexFunc(l.prefixes, func(s stem) bool { return s.path == c.Path })
		if at < 0 {
			at = len(l.prefixes)
			l.prefixes = append(l.prefixes, stem{entry: entry{path: c.Path, kind: Prefix, parent: -1}})
		}
		l.prefixes[at].candidates = append(l.prefixes[at].candidates, c)
	}
}

// link sorts the prefixes and gives each its parent.
func (l *lane) link() {
	slices.SortFunc(l.prefixes, func(a, b stem) int { return strings.Compare(a.path, b.path) })
	for i := range l.prefixes {
		up := i - 1
		for up >= 0 && !strings.HasPrefix(l.prefixes[i].path, l.prefixes[up].path) {
			up = l.prefixes[up].parent
		}
		l.prefixes[i].parent = up
	}
}

// byHost calls visit with the value for the host itself, then for each star that covers it, the longest first, then for every
// host; until visit returns true.
func byHost[V any](all map[string]V, host string, visit func(V) bool) {
	if host != "" {
		if v, ok := all[host]; ok && visit(v) {
			return
		}
	}
	for rest := host; ; {
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			break
		}
		rest = rest[dot:]
		if v, ok := all["*"+rest]; ok && len(rest) < len(host) && visit(v) {
			return
		}
		rest = rest[1:]
	}
	if v, ok := all[""]; ok {
		visit(v)
	}
}

// zone gives the listener for a host: the most specific one that covers it, and no other (listener isolation).
func (g *gate) zone(host string) *zone {
	var found *zone
	byHost(g.zones, host, func(z *zone) bool { found = z; return true })
	return found
}

// match gives the first match of a request: those of the most specific host first, then those of hosts that cover it.
func (z *zone) match(req Request) (candidate, bool) {
	var found candidate
	ok := false
	p := normal(req.Path())
	query := lazyQuery{raw: req.Query()}
	byHost(z.lanes, req.Host(), func(l *lane) bool {
		found, ok = l.match(p, req, &query)
		return ok
	})
	return found, ok
}

func (l *lane) match(p string, req Request, query *lazyQuery) (candidate, bool) {
	if c, ok := first(l.exact[p], req, query); ok {
		return c, true
	}
	for _, c := range l.patterns {
		if c.Regexp.MatchString(p) && c.fits(req, query) {
			return c, true
		}
	}
	at, _ := slices.BinarySearchFunc(l.prefixes, p, func(s stem, p string) int {
		if s.path <= p {
			return -1
		}
		return 1
	})
	for at--; at >= 0; at = l.prefixes[at].parent {
		if !l.prefixes[at].takes(p) {
			continue
		}
		if c, ok := first(l.prefixes[at].candidates, req, query); ok {
			return c, true
		}
	}
	return candidate{}, false
}

func first(all []candidate, req Request, query *lazyQuery) (candidate, bool) {
	for _, c := range all {
		if c.fits(req, query) {
			return c, true
		}
	}
	return candidate{}, false
}

// fits compares all but the path.
func (m *Match) fits(req Request, query *lazyQuery) bool {
	if m.Method != "" && m.Method != req.Method() {
		return false
	}
	for i := range m.Headers {
		if !m.Headers[i].header(req) {
			return false
		}
	}
	for i := range m.Query {
		values := query.get()[m.Query[i].Name]
		if len(values) == 0 || !m.Query[i].holds(values[0]) { // of several values the first counts
			return false
		}
	}
	return true
}

// header compares with the values of a header: each, or all joined as RFC 9110 section 5.3 has it. The name is canonical.
func (c *Comparison) header(req Request) bool {
	if c.Name == "Host" {
		return c.holds(req.Host())
	}
	values := req.Values(c.Name)
	if len(values) > 1 && c.holds(strings.Join(values, ",")) {
		return true
	}
	return slices.ContainsFunc(values, c.holds)
}

func (c *Comparison) holds(value string) bool {
	if c.Regexp != nil {
		return c.Regexp.MatchString(value)
	}
	return value == c.Value
}

// lazyQuery parses a query when the first match asks for it.
type lazyQuery struct {
	raw    string
	parsed url.Values
}

func (q *lazyQuery) get() url.Values {
	if q.parsed == nil {
		// What cannot be parsed is left out, as servers do; the rest counts.
		q.parsed, _ = url.ParseQuery(q.raw)
		if q.parsed == nil {
			q.parsed = url.Values{}
		}
	}
	return q.parsed
}
