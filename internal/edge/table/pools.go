// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// pool gives the key of the pool behind a place's backend, and makes the pool when it is the first to need it. It is empty,
// with a problem on the claim, when the backend names nothing that exists.
func (b *builder) pool(c *claim, p place, how Transport) string {
	field := p.field + ".backend"
	if p.kind == Default {
		field = p.field
	}
	target := p.backend.Service
	if target == nil {
		c.problem("%s names no Service; set %s.service (other resources cannot be served)", field, field)
		return ""
	}
	name := c.Namespace + "/" + target.Name
	b.table.Needs[name] = true
	service, endpoints := b.service(name)
	if service == nil {
		c.problem("%s.service.name is %q, and there is no Service %s; create it or name another", field, target.Name, name)
		return ""
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		c.problem("%s.service.name is %q, which is of type ExternalName; name a Service with endpoints", field, target.Name)
		return ""
	}
	port, found := findPort(service, target.Port)
	if !found {
		c.problem("%s.service.port is %s, which Service %s does not have; use one of %s", field, portText(target.Port), name, portList(service))
		return ""
	}
	return b.poolOf(name, port, endpoints, how)
}

// poolOf gives the key of the pool behind a port of a Service, and makes the pool when it is the first to need it.
func (b *builder) poolOf(service string, port corev1.ServicePort, endpoints []*discoveryv1.EndpointSlice, how Transport) string {
	made := Pool{Service: service, Port: strconv.Itoa(int(port.Port)), Transport: how}
	key := made.Key()
	if _, exists := b.table.Pools[key]; !exists {
		made.Members = members(endpoints, port.Name)
		b.table.Pools[key] = made
	}
	return key
}

// Key tells pools apart. It is the same in the next table for the same port of the same Service, spoken to alike.
func (p Pool) Key() string {
	key := p.Service + ":" + p.Port
	if p.Transport == (Transport{Protocol: HTTP, Connect: defaultConnect, Read: defaultRead}) {
		return key
	}
	return fmt.Sprintf("%s %s %s/%s", key, p.Transport.Protocol, p.Transport.Connect, p.Transport.Read)
}

func findPort(service *corev1.Service, want networkingv1.ServiceBackendPort) (corev1.ServicePort, bool) {
	for _, port := range service.Spec.Ports {
		if port.Protocol != "" && port.Protocol != corev1.ProtocolTCP {
			continue
		}
		if want.Name != "" && port.Name == want.Name || want.Name == "" && port.Port == want.Number {
			return port, true
		}
	}
	return corev1.ServicePort{}, false
}

func portText(port networkingv1.ServiceBackendPort) string {
	if port.Name != "" {
		return strconv.Quote(port.Name)
	}
	return strconv.Itoa(int(port.Number))
}

func portList(service *corev1.Service) string {
	text := ""
	for _, port := range service.Spec.Ports {
		if text != "" {
			text += ", "
		}
		text += strconv.Itoa(int(port.Port))
		if port.Name != "" {
			text += " (" + port.Name + ")"
		}
	}
	return cmp.Or(text, "its ports once it has some")
}

// members gives the endpoints that may be used, in order of address. What is not ready is left out; what is terminating
// and still serves is kept for when nothing else is left (KEP-1669). Topology hints are not read.
func members(all []*discoveryv1.EndpointSlice, portName string) []balance.Member {
	found := map[string]balance.Member{}
	for _, slice := range all {
		if slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		number, ok := slicePort(slice, portName)
		if !ok {
			continue
		}
		for i := range slice.Endpoints {
			endpoint := &slice.Endpoints[i]
			condition, usable := conditionOf(endpoint.Conditions)
			if !usable || len(endpoint.Addresses) == 0 {
				continue
			}
			m := balance.Member{Address: net.JoinHostPort(endpoint.Addresses[0], number), Condition: condition}
			if endpoint.TargetRef != nil {
				m.Pod = endpoint.TargetRef.Name
			}
			// While an endpoint moves from one slice to another it stands in both; the better word counts.
			if other, twice := found[m.Address]; !twice || m.Condition < other.Condition {
				found[m.Address] = m
			}
		}
	}
	out := make([]balance.Member, 0, len(found))
	for _, m := range found {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b balance.Member) int { return cmp.Compare(a.Address, b.Address) })
	return out
}

// slicePort finds the port of a slice by the name of the Service's port; both are empty for a Service with one port.
func slicePort(slice *discoveryv1.EndpointSlice, name string) (string, bool) {
	for _, port := range slice.Ports {
		if port.Port == nil || (port.Protocol != nil && *port.Protocol != corev1.ProtocolTCP) {
			continue
		}
		if port.Name == nil && name == "" || port.Name != nil && *port.Name == name {
			return strconv.Itoa(int(*port.Port)), true
		}
	}
	return "", false
}

// conditionOf reads the conditions of an endpoint; unset means ready, serving and not terminating, as the API says.
func conditionOf(c discoveryv1.EndpointConditions) (balance.Condition, bool) {
	ready := c.Ready == nil || *c.Ready
	serving := ready
	if c.Serving != nil {
		serving = *c.Serving
	}
	terminating := c.Terminating != nil && *c.Terminating
	switch {
	case terminating:
		return balance.Terminating, serving
	case ready:
		return balance.Up, true
	}
	return balance.Gone, false
}
