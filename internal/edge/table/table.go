// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"regexp"
	"slices"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// Table is everything the edge needs to serve requests, apart from what it learns by serving. It is not changed once built.
type Table struct {
	// Routes are those of Ingresses in order of host, path and kind, then those of the Gateway API in order of their names.
	Routes []Route `json:"routes,omitempty"`
	// Pools are keyed by PoolKey.String.
	Pools map[string]Pool `json:"pools,omitempty"`
	// Certificates are tried in order; the first whose host matches is served.
	Certificates []Certificate `json:"certificates,omitempty"`
	// Sources are the objects that routes came from, keyed by namespace/name.
	Sources map[string]Source `json:"sources,omitempty"`
	// Doors are where listeners of Gateways take requests, in order of address and port.
	Doors []Door `json:"doors,omitempty"`
	// Objects are the HTTPRoutes and GRPCRoutes that name a Gateway of the edge, keyed by plan.RouteKey.
	Objects map[string]Object `json:"objects,omitempty"`
	// Statuses is what is to be written into objects of the Gateway API.
	Statuses Statuses `json:"statuses,omitzero"`
	// Needs holds every Service, EndpointSlice owner and Secret (namespace/name) whose change can change the table.
	Needs map[string]bool `json:"-"`
	// Expires is when the table has to be built anew though nothing changed; zero: never.
	Expires time.Time `json:"-"`
}

// Kind is how a route's path is compared.
type Kind string

// The kinds of path, in the order in which they win over each other for the same path.
const (
	Exact   Kind = "exact"
	Prefix  Kind = "prefix"  // by elements: /a matches /a and /a/b, not /ab
	Literal Kind = "literal" // by characters, as an nginx location: /a matches /ab too
	Default Kind = "default" // what no other route of the host takes; an empty host stands for every host
	Pattern Kind = "pattern" // by a regular expression over the whole path; Gateway API only
	Ruled   Kind = "rule"    // a rule of the Gateway API: reached by the matches of listeners, not by host and path
)

// Route is one place where requests go: a path of an Ingress or a rule of an HTTPRoute or GRPCRoute.
type Route struct {
	// Name is that of a rule, RuleName's; empty for a path of an Ingress.
	Name string `json:"name,omitempty"`
	// Host is exact, "*.suffix" (one label for the star), or empty for every host that has no routes of its own.
	Host string `json:"host,omitempty"`
	Path string `json:"path,omitempty"`
	Kind Kind   `json:"kind"`
	// Backends share the requests by weight. The first one of an Ingress is the stable one; a rule may have none.
	Backends []Backend `json:"backends"`
	// Rules choose a backend before the weights do; the first that decides wins.
	Rules []Rule `json:"rules,omitempty"`
	// Redirect sends plain HTTP to HTTPS.
	Redirect bool `json:"redirect,omitempty"`
	// BodyLimit is the largest accepted request body in bytes; 0: no limit.
	BodyLimit int64 `json:"bodyLimit,omitempty"`
	// Treatment is what a rule does besides choosing a backend; nil: nothing.
	Treatment *Treatment `json:"treatment,omitempty"`
}

// ID tells routes apart; it is the same in the next table for the same place.
func (r *Route) ID() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Host + "|" + string(r.Kind) + "|" + r.Path
}

// Plain says whether requests and answers pass a route as they come: what a route asks beyond the choice of a backend and a
// limit on bodies is for net/http.
func (r *Route) Plain() bool {
	changes := func(b Backend) bool { return b.Invalid || b.Request != nil || b.Response != nil }
	return !r.Redirect && r.Treatment == nil && len(r.Backends) > 0 && !slices.ContainsFunc(r.Backends, changes)
}

// Backend is one weighted target of a route.
type Backend struct {
	// Name is stable or canary; of a rule, the name of the Service.
	Name   string `json:"name"`
	Weight int    `json:"weight"`
	// Pool is the key of a pool; empty when the Service or its port does not exist.
	Pool string `json:"pool,omitempty"`
	// Source is the Ingress that asked for this backend; empty for a rule's.
	Source string `json:"source,omitempty"`
	// Invalid says that the reference leads nowhere: its share of the requests is answered with 500 (HTTPRoute, backendRefs).
	Invalid bool `json:"invalid,omitempty"`
	// Request and Response change the headers of what goes through this backend alone; nil: nothing.
	Request  *Headers `json:"request,omitempty"`
	Response *Headers `json:"response,omitempty"`
}

// The names of backends.
const (
	Stable = "stable"
	Canary = "canary"
)

// Rule looks at one header or one cookie of a request.
type Rule struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	// Value and Pattern decide for the canary when they match, and for nothing otherwise. Without them the words
	// "always" and "never" decide for the canary and for the stable backend.
	Value   string         `json:"value,omitempty"`
	Pattern *regexp.Regexp `json:"pattern,omitempty"`
}

// Protocol is how a pool is spoken to.
type Protocol string

// The protocols, named as in the backend-protocol annotation.
const (
	HTTP  Protocol = "HTTP"
	HTTPS Protocol = "HTTPS"
	GRPC  Protocol = "GRPC"
	GRPCS Protocol = "GRPCS"
)

// Transport is how connections to a pool are made and how long they may be silent.
type Transport struct {
	Protocol Protocol      `json:"protocol"`
	Connect  time.Duration `json:"connect"`
	Read     time.Duration `json:"read"`
}

// Pool is one port of a Service, spoken to in one way.
type Pool struct {
	// Service is namespace/name, Port its number or name.
	Service   string           `json:"service"`
	Port      string           `json:"port"`
	Transport Transport        `json:"transport"`
	Members   []balance.Member `json:"members,omitempty"`
}

// Certificate is a key pair and the hosts it serves.
type Certificate struct {
	Hosts  []string         `json:"hosts"`
	Secret string           `json:"secret"`
	Pair   *tls.Certificate `json:"-"`
}

// Source is an object that asked for routes.
type Source struct {
	UID             string   `json:"uid,omitempty"`
	ResourceVersion string   `json:"resourceVersion,omitempty"`
	Accepted        bool     `json:"accepted"`
	Problems        []string `json:"problems,omitempty"`
	Canary          bool     `json:"canary,omitempty"`
	Weight          int      `json:"weight,omitempty"`
	Total           int      `json:"total,omitempty"`
	// Rules are the annotations that Route.Rules came from, by name without prefix.
	Rules map[string]string `json:"rules,omitempty"`
}
