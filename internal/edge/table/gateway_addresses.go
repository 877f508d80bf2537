// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Leases remembers which Gateway was given which address. One build at a time uses it.
type Leases struct{ known map[types.UID][]string }

// NewLeases remembers nothing yet.
func NewLeases() *Leases { return &Leases{known: map[types.UID][]string{}} }

// held gives the addresses that a Gateway was given before, as this process remembers and as its status says.
func (l *Leases) held(g *hall) []string {
	var out []string
	if l != nil {
		out = slices.Clone(l.known[g.UID])
	}
	for _, a := range g.Status.Addresses {
		if !slices.Contains(out, a.Value) {
			out = append(out, a.Value)
		}
	}
	return out
}

// renew remembers what the Gateways have now, and nothing of others.
func (l *Leases) renew(all []*hall) {
	if l == nil {
		return
	}
	present := map[types.UID]bool{}
	for _, g := range all {
		present[g.UID] = true
		l.known[g.UID] = g.places
	}
	maps.DeleteFunc(l.known, func(uid types.UID, _ []string) bool { return !present[uid] })
}

// housing is the giving of addresses out of the pool.
type housing struct {
	pool  netip.Prefix
	taken map[string]*hall
}

// house gives each Gateway its addresses. Who has one keeps it, then who asks for a certain one gets it, then the others get the
// lowest that is free: so every restart comes to the same.
func (h *halls) house(ours []*hall) {
	if !h.in.Pool.IsValid() {
		for _, g := range ours {
			h.share(g)
		}
		return
	}
	pool := &housing{pool: h.in.Pool.Masked(), taken: map[string]*hall{}}
	for _, g := range ours {
		pool.keep(g, h.in.Leases.held(g))
	}
	for _, g := range ours {
		for _, address := range g.wanted() {
			pool.grant(g, address)
		}
	}
	next := pool.pool.Addr().Next() // the first address of a range names the range
	for _, g := range ours {
		if len(g.places) == 0 && len(g.wanted()) == 0 {
			next = pool.any(g, next)
		}
	}
	h.in.Leases.renew(ours)
}

func (p *housing) take(g *hall, address string) {
	p.taken[address] = g
	g.addresses, g.places = append(g.addresses, address), append(g.places, address)
}

// keep leaves a Gateway what it has, as far as it does not ask for something else.
func (p *housing) keep(g *hall, held []string) {
	wanted := g.wanted()
	for _, address := range held {
		ip, err := netip.ParseAddr(address)
		if err != nil || !p.pool.Contains(ip) || p.taken[address] != nil {
			continue
		}
		if slices.Contains(wanted, address) || len(wanted) == 0 && len(g.places) == 0 {
			p.take(g, address)
		}
	}
}

// grant gives a Gateway an address that it asks for.
func (p *housing) grant(g *hall, address string) {
	ip, err := netip.ParseAddr(address)
	switch {
	case slices.Contains(g.places, address):
	case err != nil || !p.pool.Contains(ip):
		g.cannotUse(address, "is not in the range %s, out of which the edge gives addresses", p.pool)
	case p.taken[address] != nil:
		g.cannotUse(address, "is that of Gateway %s", p.taken[address].key)
	default:
		p.take(g, address)
	}
}

// any gives a Gateway the first free address from next on, and tells where to look for the one after it.
func (p *housing) any(g *hall, next netip.Addr) netip.Addr {
	for p.pool.Contains(next) && p.taken[next.String()] != nil {
		next = next.Next()
	}
	if !p.pool.Contains(next) {
		c := condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonAddressNotAssigned,
			"all addresses of the range %s are given to other Gateways; give the edge a larger range", p.pool)
		g.unusable = &c
		return next
	}
	p.take(g, next.String())
	return next.Next()
}

// share gives a Gateway the edge's own address.
func (h *halls) share(g *hall) {
	wanted := g.wanted()
	for _, address := range wanted {
		if address != h.in.Address {
			g.cannotUse(address, "is not the edge's, which is %s", cmp.Or(h.in.Address, "not known here"))
		}
	}
	if len(wanted) > 0 && !slices.Contains(wanted, h.in.Address) {
		return
	}
	g.places = []string{""}
	if h.in.Address != "" {
		g.addresses = []string{h.in.Address}
		return
	}
	c := condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonAddressNotAssigned,
		"the edge does not know the address under which it is reached; start it with one to publish")
	g.unusable = &c
}

// wanted gives the addresses that a Gateway asks for by value; those of other types than IPAddress make it refused.
func (g *hall) wanted() []string {
	var out []string
	for i, a := range g.Spec.Addresses {
		if a.Type != nil && *a.Type != gatewayv1.IPAddressType {
			c := condition(gatewayv1.GatewayConditionAccepted, false, gatewayv1.GatewayReasonUnsupportedAddress,
				"spec.addresses[%d].type is %s; use %s", i, *a.Type, gatewayv1.IPAddressType)
			g.refused = &c
			continue
		}
		if a.Value != "" {
			out = append(out, a.Value)
		}
	}
	return out
}

func (g *hall) cannotUse(address, format string, args ...any) {
	c := condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonAddressNotUsable,
		"spec.addresses has %s, which "+format+"; remove it or ask for another", append([]any{address}, args...)...)
	g.unusable = &c
}
