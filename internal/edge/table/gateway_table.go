// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"fmt"
	"regexp"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// DoorKey is an address and a port of Gateways' listeners. An empty address stands for the edge's own.
type DoorKey struct {
	Address string `json:"address,omitempty"`
	Port    int    `json:"port"`
}

// String gives the key as it reads in a sentence.
func (k DoorKey) String() string {
	if k.Address == "" {
		return fmt.Sprintf("port %d", k.Port)
	}
	return fmt.Sprintf("port %d of %s", k.Port, k.Address)
}

// Door is where the listeners of one or more Gateways take requests.
type Door struct {
	DoorKey
	// TLS says that connections are encrypted.
	TLS bool `json:"tls,omitempty"`
	// Listeners are in the order of their Gateways' age. No two have the same host.
	Listeners []Listener `json:"listeners"`
}

// Listener is one listener of a Gateway, with what its routes match.
type Listener struct {
	// Gateway is namespace/name, Name that of the listener.
	Gateway string `json:"gateway"`
	Name    string `json:"name"`
	// Host is exact, "*.suffix" (one label or more for the star), or empty for every host that no other listener takes.
	Host string `json:"host,omitempty"`
	// Pairs are the certificates, the first one for clients that none fits.
	Pairs []*tls.Certificate `json:"-"`
	// Secrets are where Pairs came from.
	Secrets []string `json:"secrets,omitempty"`
	// Matches are in the order in which they are asked: within a host the first that matches wins.
	Matches []Match `json:"matches,omitempty"`
}

// Match says which requests a rule takes. Everything that is set has to fit.
type Match struct {
	// Host is the intersection of the listener's hostname and the route's.
	Host string `json:"host,omitempty"`
	// Kind and Path say which paths: Exact, Prefix by elements, or Pattern.
	Kind    Kind           `json:"kind"`
	Path    string         `json:"path"`
	Regexp  *regexp.Regexp `json:"-"`
	Method  string         `json:"method,omitempty"`
	Headers []Comparison   `json:"headers,omitempty"`
	Query   []Comparison   `json:"query,omitempty"`
	// Rule is the ID of the route.
	Rule string `json:"rule"`
}

// Comparison compares one header or query parameter: with a value, or with a regular expression over all of it.
type Comparison struct {
	Name   string         `json:"name"`
	Value  string         `json:"value"`
	Regexp *regexp.Regexp `json:"-"`
}

// Treatment is what a rule does with its requests besides choosing a backend: the filters and timeouts of HTTPRoute and GRPCRoute.
type Treatment struct {
	// Broken is why requests are answered with 500 instead of being sent on: a filter that cannot be honoured must not be skipped.
	Broken   string    `json:"broken,omitempty"`
	Redirect *Redirect `json:"redirect,omitempty"`
	Rewrite  *Rewrite  `json:"rewrite,omitempty"`
	Request  *Headers  `json:"request,omitempty"`
	Response *Headers  `json:"response,omitempty"`
	Mirrors  []Mirror  `json:"mirrors,omitempty"`
	CORS     *CORS     `json:"cors,omitempty"`
	// Timeout bounds a request from its arrival to the end of its answer, BackendTimeout one attempt at a backend; 0: no bound.
	Timeout        time.Duration `json:"timeout,omitempty"`
	BackendTimeout time.Duration `json:"backendTimeout,omitempty"`
}

// Redirect answers with another place. What is empty stays as the request has it.
type Redirect struct {
	Scheme string      `json:"scheme,omitempty"`
	Host   string      `json:"host,omitempty"`
	Port   int         `json:"port,omitempty"`
	Path   *PathChange `json:"path,omitempty"`
	Status int         `json:"status"`
}

// Rewrite changes host and path of what is sent to the backend.
type Rewrite struct {
	Host string      `json:"host,omitempty"`
	Path *PathChange `json:"path,omitempty"`
}

// PathChange puts Value in the place of the whole path, or of the prefix that the rule matched.
type PathChange struct {
	Prefix bool   `json:"prefix,omitempty"`
	Value  string `json:"value"`
}

// Headers changes headers: first Set, then Add, then Remove.
type Headers struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Header is a name and a value.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Mirror sends a copy of a share of the requests to another pool; its answers are thrown away.
type Mirror struct {
	Pool        string `json:"pool"`
	Numerator   int32  `json:"numerator"`
	Denominator int32  `json:"denominator"`
}

// CORS answers preflight requests and tells browsers who may read answers (Fetch standard, CORS protocol).
type CORS struct {
	Origins     []string `json:"origins,omitempty"`
	Credentials bool     `json:"credentials,omitempty"`
	Methods     []string `json:"methods,omitempty"`
	Headers     []string `json:"headers,omitempty"`
	Expose      []string `json:"expose,omitempty"`
	MaxAge      int32    `json:"maxAge,omitempty"`
}

// Object is an HTTPRoute or GRPCRoute.
type Object struct {
	UID             string     `json:"uid,omitempty"`
	ResourceVersion string     `json:"resourceVersion,omitempty"`
	Accepted        bool       `json:"accepted"`
	Problems        []string   `json:"problems,omitempty"`
	Rules           [][]Target `json:"rules,omitempty"`
}

// Target is a backendRef as its object has it. Service is namespace/name, empty where the reference is to something else.
type Target struct {
	Service string `json:"service,omitempty"`
	Weight  int32  `json:"weight"`
}

// RuleName names a rule of the object with the given plan.RouteKey.
func RuleName(object string, rule int) string { return fmt.Sprintf("%s/%d", object, rule) }

// Statuses is what the edge says in objects of the Gateway API. Conditions carry no times.
type Statuses struct {
	// Classes is keyed by name, Gateways by namespace/name.
	Classes  map[string]gatewayv1.GatewayClassStatus `json:"classes,omitempty"`
	Gateways map[string]gatewayv1.GatewayStatus      `json:"gateways,omitempty"`
	// Routes holds the parents of our Gateways alone, keyed by plan.RouteKey.
	Routes map[string][]gatewayv1.RouteParentStatus `json:"routes,omitempty"`
}
