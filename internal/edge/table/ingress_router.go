// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"crypto/tls"
	"path"
	"slices"
	"strings"
)

// Router finds routes and certificates by name. It is made once for each table and allocates nothing for a usual request.
type Router struct {
	sites map[string]*site // by host: exact, "*.suffix", or empty
	pairs map[string]*tls.Certificate
	gates map[DoorKey]*gate
}

// site holds the routes of one host, as indexes into Table.Routes.
type site struct {
	exact    map[string]int
	paths    []entry // sorted, so that every prefix of a path comes before it
	fallback int
}

type entry struct {
	path   string
	kind   Kind
	route  int
	parent int // the longest other entry that is a prefix of this one, or -1
}

// NewRouter indexes a table.
func NewRouter(t *Table) *Router {
	r := &Router{sites: map[string]*site{}, pairs: map[string]*tls.Certificate{}, gates: map[DoorKey]*gate{}}
	rules := map[string]int{}
	for i := range t.Routes {
		route := &t.Routes[i]
		if route.Kind == Ruled {
			rules[route.Name] = i
			continue
		}
		s := r.sites[route.Host]
		if s == nil {
			s = &site{exact: map[string]int{}, fallback: -1}
			r.sites[route.Host] = s
		}
		switch route.Kind {
		case Default:
			s.fallback = i
		case Exact:
			s.exact[route.Path] = i
		case Pattern, Ruled: // not of an Ingress
		case Prefix, Literal:
			s.paths = append(s.paths, entry{path: route.Path, kind: route.Kind, route: i, parent: -1})
		}
	}
	for i := range t.Doors {
		r.gates[t.Doors[i].DoorKey] = newGate(&t.Doors[i], rules)
	}
	for _, s := range r.sites {
		s.link()
	}
	for _, c := range t.Certificates {
		for _, host := range c.Hosts {
			if _, older := r.pairs[host]; !older {
				r.pairs[host] = c.Pair
			}
		}
	}
	return r
}

// link sorts the paths and gives each its parent. Literal sorts before prefix, so that for one path prefix is asked first.
func (s *site) link() {
	slices.SortFunc(s.paths, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.kind, b.kind))
	})
	for i := range s.paths {
		up := i - 1
		for up >= 0 && !strings.HasPrefix(s.paths[i].path, s.paths[up].path) {
			up = s.paths[up].parent
		}
		s.paths[i].parent = up
	}
}

// Request is what routes and rules look at in a request.
type Request interface {
	// Host is as the function Host returns it.
	Host() string
	// Path is decoded.
	Path() string
	Method() string
	// Query is as it came, without the question mark.
	Query() string
	// Header gives the first value of a header, and Cookie that of a cookie; empty when there is none.
	Header(name string) string
	Cookie(name string) string
	// Values gives all values of a header.
	Values(name string) []string
}

// Match gives the index of the route for a request, or -1.
//
// The most specific host that has routes decides: exact, then a star for its first label, then routes without a host.
// Within it the longest path wins, an exact one first. What it does not take goes to its default backend, then to the
// default backend of all hosts; never to another host's paths.
func (r *Router) Match(req Request) int {
	host := req.Host()
	s := r.sites[host]
	if s == nil {
		s = r.wild(host)
	}
	if s == nil {
		s = r.sites[""]
	}
	if s == nil {
		return -1
	}
	if i := s.match(normal(req.Path())); i >= 0 {
		return i
	}
	if s.fallback >= 0 {
		return s.fallback
	}
	if all := r.sites[""]; all != nil {
		return all.fallback
	}
	return -1
}

func (r *Router) wild(host string) *site {
	dot := strings.IndexByte(host, '.')
	if dot < 1 {
		return nil
	}
	// The key is put together on the stack; the compiler does not allocate for a map index of a short concatenation.
	return r.sites["*"+host[dot:]]
}

func (s *site) match(p string) int {
	if i, ok := s.exact[p]; ok {
		return i
	}
	// The last entry that sorts at or before p, then its prefixes: the first of them that takes p is the longest.
	at, _ := slices.BinarySearchFunc(s.paths, p, func(e entry, p string) int {
		if e.path <= p {
			return -1
		}
		return 1
	})
	for at--; at >= 0; at = s.paths[at].parent {
		if s.paths[at].takes(p) {
			return s.paths[at].route
		}
	}
	return -1
}

func (e *entry) takes(p string) bool {
	if !strings.HasPrefix(p, e.path) {
		return false
	}
	if e.kind == Literal || len(p) == len(e.path) || strings.HasSuffix(e.path, "/") {
		return true
	}
	return p[len(e.path)] == '/'
}

// Certificate gives the key pair for a server name, or nil.
func (r *Router) Certificate(name string) *tls.Certificate {
	name = Host(name)
	if pair := r.pairs[name]; pair != nil {
		return pair
	}
	if dot := strings.IndexByte(name, '.'); dot > 0 {
		if pair := r.pairs["*"+name[dot:]]; pair != nil {
			return pair
		}
	}
	return r.pairs[""]
}

// normal resolves dot segments and double slashes, as nginx does before it compares. What is sent on is left as it came.
func normal(p string) string {
	if p == "" {
		return "/"
	}
	if !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return p
	}
	clean := path.Clean(p)
	if clean != "/" && strings.HasSuffix(p, "/") {
		clean += "/"
	}
	return clean
}

// Host gives the host of a Host header or server name as routes name it: lower case, without port and final dot.
func Host(header string) string {
	host := header
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			host = host[:end+1]
		}
	} else if colon := strings.IndexByte(host, ':'); colon >= 0 {
		host = host[:colon]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
