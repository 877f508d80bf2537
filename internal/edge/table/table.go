// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"regexp"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// Table is everything the edge needs to serve requests, apart from what it learns by serving. It is not changed once built.
type Table struct {
	// Routes are in order of host, path and kind.
	Routes []Route `json:"routes,omitempty"`
	// Pools are keyed by PoolKey.String.
	Pools map[string]Pool `json:"pools,omitempty"`
	// Certificates are tried in order; the first whose host matches is served.
	Certificates []Certificate `json:"certificates,omitempty"`
	// Sources are the objects that routes came from, keyed by namespace/name.
	Sources map[string]Source `json:"sources,omitempty"`
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
)

// Route is one place where requests go.
type Route struct {
	// Host is exact, "*.suffix" (one label for the star), or empty for every host that has no routes of its own.
	Host string `json:"host,omitempty"`
	Path string `json:"path,omitempty"`
	Kind Kind   `json:"kind"`
	// Backends share the requests by weight. The first is the stable one.
	Backends []Backend `json:"backends"`
	// Rules choose a backend before the weights do; the first that decides wins.
	Rules []Rule `json:"rules,omitempty"`
	// Redirect sends plain HTTP to HTTPS.
	Redirect bool `json:"redirect,omitempty"`
	// BodyLimit is the largest accepted request body in bytes; 0: no limit.
	BodyLimit int64 `json:"bodyLimit,omitempty"`
}

// ID tells routes apart; it is the same in the next table for the same place.
func (r *Route) ID() string { return r.Host + "|" + string(r.Kind) + "|" + r.Path }

// Backend is one weighted target of a route.
type Backend struct {
	// Name is stable or canary.
	Name   string `json:"name"`
	Weight int    `json:"weight"`
	// Pool is the key of a pool; empty when the Service or its port does not exist.
	Pool string `json:"pool,omitempty"`
	// Source is the object that asked for this backend.
	Source string `json:"source"`
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
