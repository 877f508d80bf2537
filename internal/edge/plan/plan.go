// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"time"
)

// Path is where the admin listener of an edge serves its plan.
const Path = "/-/plan"

// AnnotationPrepare on a canary Ingress names a Service of its namespace that the stable Ingress is about to lead to. The edge
// keeps that Service's endpoints ready and in its plan already, so that a writer can wait for them before it switches.
const AnnotationPrepare = "release.oam.dev/prepare-service"

// The states of an Endpoint.
const (
	// Probing is listed as ready by the cluster, but no TCP connection to it has worked yet (or the last one failed).
	Probing = "probing"
	// Ready is proven by a TCP connection and in rotation.
	Ready = "ready"
	// Draining gets no new request while the Service has a better endpoint; listed while requests are in flight on it.
	Draining = "draining"
)

// Plan is what one replica serves at one moment. The keys of both maps are namespace/name.
type Plan struct {
	// Replica names the edge process, unique among the replicas of one edge.
	Replica string `json:"replica"`
	// Revision grows with each published change. It starts again at 1 when the replica restarts.
	Revision uint64 `json:"revision"`
	// Ingresses holds every Ingress of the edge's class, also those that are not accepted.
	Ingresses map[string]Ingress `json:"ingresses,omitempty"`
	// Routes holds every HTTPRoute and GRPCRoute that names a Gateway of the edge's class, also those that are not accepted. Their
	// keys are RouteKey's.
	Routes map[string]Route `json:"routes,omitempty"`
	// Services holds every Service that a served route names or an Ingress asks to prepare, and any that none names any more while requests are in
	// flight on it. A Service that is absent has nothing in flight.
	Services map[string]Service `json:"services,omitempty"`
}

// Ingress is one Ingress as it is served.
type Ingress struct {
	UID             string `json:"uid"`
	ResourceVersion string `json:"resourceVersion"`
	// Accepted says that at least one of its rules is served. A canary is accepted when it is joined to a stable route.
	Accepted bool `json:"accepted"`
	// Problems are sentences that name a field and its mend. An accepted Ingress may have some.
	Problems []string `json:"problems,omitempty"`
	Canary   bool     `json:"canary,omitempty"`
	// Weight is the share of the canary that is served, out of Total. Canary only.
	Weight int `json:"weight"`
	// Rules are the canary annotations by which requests are sent to it beside its share, by name without prefix. Canary only.
	Rules map[string]string `json:"rules,omitempty"`
	// Total is what Weight counts in: 100 unless canary-weight-total says otherwise. Canary only.
	Total int `json:"total,omitempty"`
	// Since is when this weight began to be served.
	Since time.Time `json:"since"`
	// StableRequests and CanaryRequests count the requests of its routes since Since.
	StableRequests uint64 `json:"stableRequests"`
	CanaryRequests uint64 `json:"canaryRequests"`
}

// RouteKey names a route of the Gateway API, such as HTTPRoute/default/shop.
func RouteKey(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// Route is one HTTPRoute or GRPCRoute as it is served.
type Route struct {
	UID             string `json:"uid"`
	ResourceVersion string `json:"resourceVersion"`
	// Accepted says that at least one of its rules is served.
	Accepted bool `json:"accepted"`
	// Problems are sentences that name a field and its mend. An accepted route may have some.
	Problems []string `json:"problems,omitempty"`
	// Rules are those of its spec, in their order.
	Rules []Rule `json:"rules,omitempty"`
	// Since is when these weights began to be served.
	Since time.Time `json:"since"`
}

// Rule is one rule of a route.
type Rule struct {
	// Backends are its backendRefs, in their order; one that can't be served (no such Service) has its weight all the same: it gets
	// its share of the requests, which fail (GEP-1364, GEP-718).
	Backends []Backend `json:"backends,omitempty"`
}

// Backend is one backendRef of a rule.
type Backend struct {
	// Service is namespace/name; empty where the reference is to something else.
	Service string `json:"service,omitempty"`
	Weight  int32  `json:"weight"`
	// Requests counts those sent there since Since.
	Requests uint64 `json:"requests"`
}

// Service is one Service as the edge uses it.
type Service struct {
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// Ready counts the endpoints in state Ready.
	Ready int `json:"ready"`
	// InFlight counts requests that came through the Service and upgraded connections to its pods, as far as they are not finished.
	InFlight int64 `json:"inFlight"`
	// Requests counts what was sent to the Service; Failed counts those that ended in a 5xx, made by the Service or by
	// the edge because the Service gave no answer.
	Requests uint64 `json:"requests"`
	Failed   uint64 `json:"failed"`
	// Weighted says that some served route can send it a request: by a share above 0, or by a header or cookie rule.
	Weighted bool `json:"weighted"`
}

// Drained says that no request is in flight on the Service and no route sends it one.
func (s Service) Drained() bool { return !s.Weighted && s.InFlight == 0 }

// Endpoint is one address behind a Service.
type Endpoint struct {
	// Address is ip:port.
	Address string `json:"address"`
	// PodName is the name in the endpoint's targetRef; empty when it has none.
	PodName string `json:"podName,omitempty"`
	// State is Probing, Ready or Draining.
	State    string `json:"state"`
	InFlight int64  `json:"inFlight"`
}

// Event is one line of the stream: the entries that changed, and the keys that went away.
type Event struct {
	// Full marks the first event of a stream: Plan is everything, whatever was known before is void.
	Full bool `json:"full,omitempty"`
	// Plan holds the replica, the revision that the event leads to, and the changed entries only.
	Plan             Plan     `json:"plan"`
	RemovedIngresses []string `json:"removedIngresses,omitempty"`
	RemovedRoutes    []string `json:"removedRoutes,omitempty"`
	RemovedServices  []string `json:"removedServices,omitempty"`
}

// Apply gives the plan after the event. The plan it is called on is left as it was.
func (p Plan) Apply(e Event) Plan {
	if e.Full {
		return e.Plan
	}
	next := Plan{
		Replica:   e.Plan.Replica,
		Revision:  e.Plan.Revision,
		Ingresses: make(map[string]Ingress, len(p.Ingresses)+len(e.Plan.Ingresses)),
		Routes:    make(map[string]Route, len(p.Routes)+len(e.Plan.Routes)),
		Services:  make(map[string]Service, len(p.Services)+len(e.Plan.Services)),
	}
	maps.Copy(next.Ingresses, p.Ingresses)
	maps.Copy(next.Ingresses, e.Plan.Ingresses)
	maps.Copy(next.Routes, p.Routes)
	maps.Copy(next.Routes, e.Plan.Routes)
	maps.Copy(next.Services, p.Services)
	maps.Copy(next.Services, e.Plan.Services)
	for _, key := range e.RemovedIngresses {
		delete(next.Ingresses, key)
	}
	for _, key := range e.RemovedRoutes {
		delete(next.Routes, key)
	}
	for _, key := range e.RemovedServices {
		delete(next.Services, key)
	}
	return next
}

// Only gives the plan with the named Ingress and Service alone; an empty key keeps all of its kind.
func (p Plan) Only(ingress, service string) Plan {
	if ingress != "" {
		p.Ingresses = one(p.Ingresses, ingress)
	}
	if service != "" {
		p.Services = one(p.Services, service)
	}
	return p
}

func one[V any](all map[string]V, key string) map[string]V {
	v, ok := all[key]
	if !ok {
		return nil
	}
	return map[string]V{key: v}
}
