// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// classAnnotation named the class before spec.ingressClassName did; KubeVela's gateway trait still writes it.
const classAnnotation = "kubernetes.io/ingress.class"

// claim is an Ingress with its annotations read.
type claim struct {
	*networkingv1.Ingress
	key      string
	settings settings
	accepted bool
	problems []string
}

func (c *claim) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(c.problems, text) {
		c.problems = append(c.problems, text)
	}
}

func (c *claim) source() Source {
	s := Source{
		UID:             string(c.UID),
		ResourceVersion: c.ResourceVersion,
		Accepted:        c.accepted,
		Problems:        slices.Concat(c.settings.problems, c.problems),
		Canary:          c.settings.canary,
	}
	if s.Canary {
		s.Total = c.settings.total
	}
	if s.Canary && s.Accepted {
		s.Weight, s.Rules = c.settings.weight, c.settings.ruled
	}
	return s
}

// mine gives the Ingresses of the class, oldest first.
func (b *builder) mine() []*claim {
	var mine []*claim
	for _, ing := range b.in.Ingresses {
		if !b.in.Owns(ing) {
			continue
		}
		mine = append(mine, &claim{
			Ingress:  ing,
			key:      ing.Namespace + "/" + ing.Name,
			settings: readAnnotations(ing.Annotations),
		})
	}
	slices.SortFunc(mine, func(a, b *claim) int {
		if order := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); order != 0 {
			return order
		}
		return cmp.Compare(a.key, b.key)
	})
	return mine
}

// Owns tells whether the Ingress is of the edge's class. The annotation wins over the field, as in ingress-nginx.
func (in Input) Owns(ing *networkingv1.Ingress) bool {
	if class, set := ing.Annotations[classAnnotation]; set && class != "" {
		return class == in.Class
	}
	if class := ing.Spec.IngressClassName; class != nil {
		return *class == in.Class
	}
	return in.ClassIsDefault
}

// place is one host and path of an Ingress, with the backend it names.
type place struct {
	host, path, field string
	kind              Kind
	backend           *networkingv1.IngressBackend
}

func (p place) id() string { return (&Route{Host: p.host, Path: p.path, Kind: p.kind}).ID() }

func (p place) String() string {
	host := p.host
	if host == "" {
		host = "any host"
	}
	if p.kind == Default {
		return "the default backend of " + host
	}
	return fmt.Sprintf("path %q of %s", p.path, host)
}

// places lists what the Ingress asks for, and says what of it cannot be understood.
func (c *claim) places() []place {
	var out []place
	hosts := []string{}
	for i, rule := range c.Spec.Rules {
		host := strings.ToLower(rule.Host)
		hosts = append(hosts, host)
		if rule.HTTP == nil {
			continue
		}
		for j := range rule.HTTP.Paths {
			path := &rule.HTTP.Paths[j]
			field := fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j)
			p := place{host: host, path: path.Path, field: field, kind: kindOf(path.PathType), backend: &path.Backend}
			if p.path == "" {
				p.path = "/"
			}
			if !strings.HasPrefix(p.path, "/") {
				c.problem(`%s.path is %q; let it begin with "/"`, field, shorten(p.path))
				continue
			}
			if p.kind == Prefix && len(p.path) > 1 {
				p.path = strings.TrimRight(p.path, "/")
				if p.path == "" {
					p.path = "/"
				}
			}
			out = append(out, p)
		}
	}
	if c.Spec.DefaultBackend == nil {
		return out
	}
	if len(hosts) == 0 {
		hosts = append(hosts, "")
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		out = append(out, place{host: host, kind: Default, field: "spec.defaultBackend", backend: c.Spec.DefaultBackend})
	}
	return out
}

func kindOf(t *networkingv1.PathType) Kind {
	switch {
	case t == nil:
		return Literal
	case *t == networkingv1.PathTypeExact:
		return Exact
	case *t == networkingv1.PathTypePrefix:
		return Prefix
	}
	return Literal
}

// serve gives the Ingress the places it asks for, as far as no older one has them.
func (b *builder) serve(c *claim) {
	b.certify(c)
	for _, p := range c.places() {
		id := p.id()
		if owner := b.owners[id]; owner != nil {
			if owner != c {
				c.problem("%s is served for the older Ingress %s; change the host or the path of %s", p, owner.key, p.field)
			}
			continue
		}
		limit := c.settings.bodyLimit
		if !c.settings.bodyLimitSet && (c.settings.transport.Protocol == GRPC || c.settings.transport.Protocol == GRPCS) {
			limit = 0 // a stream has no size; a limit on it takes an explicit annotation
		}
		b.owners[id] = c
		b.routes[id] = &Route{
			Host: p.host, Path: p.path, Kind: p.kind,
			Backends:  []Backend{{Name: Stable, Weight: 100, Pool: b.pool(c, p, c.settings.transport), Source: c.key}},
			BodyLimit: limit,
		}
		c.accepted = true
	}
	if len(c.Spec.Rules) == 0 && c.Spec.DefaultBackend == nil {
		c.problem("spec.rules is empty and there is no spec.defaultBackend; name a host, a path and a Service")
	}
}

// join adds a canary to the routes of the same hosts and paths.
func (b *builder) join(c *claim) {
	for _, p := range c.places() {
		route, owner := b.stable(p)
		switch {
		case route == nil:
			c.problem("%s has no stable Ingress to be the canary of; give one the same host and path, or remove annotation %scanary", p, prefix)
			continue
		case owner.Namespace != c.Namespace:
			c.problem("%s belongs to Ingress %s of another namespace; a canary must be in the namespace of its stable Ingress", p, owner.key)
			continue
		case len(route.Backends) > 1:
			if route.Backends[1].Source != c.key {
				c.problem("%s has the older canary %s already; remove one of the two", p, route.Backends[1].Source)
			}
			continue
		}
		// The stable Ingress says how backends are spoken to; a canary differs by Service only.
		pool := b.pool(c, p, owner.settings.transport)
		route.Backends[0].Weight = c.settings.total - c.settings.weight
		route.Backends = append(route.Backends, Backend{Name: Canary, Weight: c.settings.weight, Pool: pool, Source: c.key})
		route.Rules = c.settings.rules
		c.accepted = true
		b.prepare(c, p, owner.settings.transport)
	}
}

// prepare makes the pool of a Service that the stable Ingress is about to lead to, so that its endpoints are known and proven
// here before it does. A Service that is not there yet is no problem: its coming changes the table.
func (b *builder) prepare(c *claim, p place, how Transport) {
	name := c.Annotations[plan.AnnotationPrepare]
	if name == "" || p.backend.Service == nil {
		return
	}
	key := c.Namespace + "/" + name
	b.table.Needs[key] = true
	if service, _ := b.service(key); service == nil {
		return
	}
	// The Ingress is the informer's: the place gets a backend of its own.
	p.backend = p.backend.DeepCopy()
	p.backend.Service.Name = name
	b.pool(c, p, how)
}

// stable finds the route a canary path belongs to: the same kind of path, or another kind with the same text.
func (b *builder) stable(p place) (*Route, *claim) {
	kinds := []Kind{p.kind, Exact, Prefix, Literal}
	if p.kind == Default {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		p.kind = kind
		if route := b.routes[p.id()]; route != nil {
			return route, b.owners[p.id()]
		}
	}
	return nil, nil
}

// IsCanary tells whether the Ingress is a canary, as Build understands its annotation.
func IsCanary(ing *networkingv1.Ingress) bool { return readAnnotations(ing.Annotations).canary }
