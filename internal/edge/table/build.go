// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"crypto/tls"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Input is what Build reads. Order does not matter.
type Input struct {
	// Class is the edge's Ingress class; ClassIsDefault says that an Ingress without a class belongs to it too.
	Class          string
	ClassIsDefault bool
	Ingresses      []*networkingv1.Ingress
	Services       []*corev1.Service
	Slices         []*discoveryv1.EndpointSlice
	Secrets        []*corev1.Secret
	// Gateways holds what the Gateway API adds; empty where a cluster does not serve it.
	Gateways Gateways
	// Pair parses a Secret; a caller that builds often remembers the result. Nil: ParsePair.
	Pair func(*corev1.Secret) (*tls.Certificate, error)
	// Recall and Now bridge the absence of a Service that was deleted and comes back. Nil: what is missing is missing.
	Recall *Recall
	Now    time.Time
}

// Build gives the table for what the cluster holds. The same input gives the same table, but for what Recall remembers.
//
// Where two Ingresses claim the same place the older one has it (then the first by namespace and name) and the other one
// gets a problem. A canary joins the route of the same host and path in its own namespace, one canary to a route.
func Build(in Input) *Table {
	in.Recall.begin(in.Now)
	b := newBuilder(in)
	mine := b.mine()
	for _, ing := range mine {
		if !ing.settings.canary {
			b.serve(ing)
		}
	}
	for _, ing := range mine {
		if ing.settings.canary {
			b.join(ing)
		}
	}
	for _, ing := range mine {
		b.table.Sources[ing.key] = ing.source()
	}
	b.finish()
	b.gateways()
	b.table.Expires = in.Recall.end()
	return b.table
}

type builder struct {
	in       Input
	table    *Table
	routes   map[string]*Route // by Route.ID
	owners   map[string]*claim // by Route.ID
	services map[string]*corev1.Service
	slices   map[string][]*discoveryv1.EndpointSlice // by Service
	secrets  map[string]*corev1.Secret
	secure   map[string]bool // hosts with TLS
}

func newBuilder(in Input) *builder {
	if in.Pair == nil {
		in.Pair = ParsePair
	}
	b := &builder{
		in:       in,
		table:    &Table{Pools: map[string]Pool{}, Sources: map[string]Source{}, Needs: map[string]bool{}},
		routes:   map[string]*Route{},
		owners:   map[string]*claim{},
		services: make(map[string]*corev1.Service, len(in.Services)),
		slices:   make(map[string][]*discoveryv1.EndpointSlice, len(in.Slices)),
		secrets:  make(map[string]*corev1.Secret, len(in.Secrets)),
		secure:   map[string]bool{},
	}
	for _, s := range in.Services {
		b.services[s.Namespace+"/"+s.Name] = s
	}
	for _, s := range in.Slices {
		key := s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]
		b.slices[key] = append(b.slices[key], s)
	}
	for _, s := range in.Secrets {
		b.secrets[s.Namespace+"/"+s.Name] = s
	}
	return b
}

// service gives a Service with its slices, nil when there is none.
func (b *builder) service(key string) (*corev1.Service, []*discoveryv1.EndpointSlice) {
	return b.in.Recall.complete(key, b.services[key], b.slices[key])
}

// finish lists the routes of Ingresses.
func (b *builder) finish() {
	for id, route := range b.routes {
		s := b.owners[id].settings
		route.Redirect = s.forceRedirect || (s.redirect && b.encrypted(route.Host))
		b.table.Routes = append(b.table.Routes, *route)
	}
	slices.SortFunc(b.table.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
}
