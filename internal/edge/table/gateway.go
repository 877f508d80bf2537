// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Gateways is what Build reads of the Gateway API. Order does not matter.
type Gateways struct {
	// Controller is the spec.controllerName of the GatewayClasses that are the edge's.
	Controller string
	Classes    []*gatewayv1.GatewayClass
	Gateways   []*gatewayv1.Gateway
	HTTPRoutes []*gatewayv1.HTTPRoute
	GRPCRoutes []*gatewayv1.GRPCRoute
	Grants     []*gatewayv1.ReferenceGrant
	Namespaces []*corev1.Namespace
	// Pool is the range out of which each Gateway gets an address of its own. Zero: all share the edge's, which is Address as far
	// as it is known.
	Pool    netip.Prefix
	Address string
	// Leases bridges the time until an address that was given can be read in the Gateway's status. Nil: status alone counts.
	Leases *Leases
}

// halls builds Gateways and their routes.
type halls struct {
	*builder
	in       Gateways
	classes  map[string]bool // those of ours that are accepted, by name
	gateways map[string]*hall
	labels   map[string]map[string]string // of namespaces
	grants   map[string][]*gatewayv1.ReferenceGrant
	doors    map[DoorKey]*doorway
}

// hall is a Gateway of ours.
type hall struct {
	*gatewayv1.Gateway
	key       string
	refused   *metav1.Condition // why it is not accepted, whatever its listeners say
	unusable  *metav1.Condition // why it is not programmed, whatever its listeners say
	addresses []string          // as they are told
	places    []string          // as doors have them
	listeners []*listener
}

// doorway is a door that is being built.
type doorway struct {
	key       DoorKey
	protocol  gatewayv1.ProtocolType
	listeners []*listener
}

// gateways adds what the Gateway API asks for. Where two Gateways claim the same host of the same door the older one has it.
func (b *builder) gateways() {
	h := &halls{
		builder: b, in: b.in.Gateways,
		classes: map[string]bool{}, gateways: map[string]*hall{}, labels: map[string]map[string]string{},
		grants: map[string][]*gatewayv1.ReferenceGrant{}, doors: map[DoorKey]*doorway{},
	}
	if h.in.Controller == "" {
		return
	}
	for _, ns := range h.in.Namespaces {
		h.labels[ns.Name] = ns.Labels
	}
	for _, g := range h.in.Grants {
		h.grants[g.Namespace] = append(h.grants[g.Namespace], g)
	}
	b.table.Statuses = Statuses{
		Classes: map[string]gatewayv1.GatewayClassStatus{}, Gateways: map[string]gatewayv1.GatewayStatus{}, Routes: map[string][]gatewayv1.RouteParentStatus{},
	}
	b.table.Objects = map[string]Object{}
	for _, class := range h.in.Classes {
		if string(class.Spec.ControllerName) == h.in.Controller {
			h.class(class)
		}
	}
	ours := h.open()
	h.attach()
	for _, g := range ours {
		b.table.Statuses.Gateways[g.key] = g.status()
	}
	h.list()
}

// class accepts a GatewayClass of ours. It takes no parameters (GatewayClass, spec.parametersRef).
func (h *halls) class(class *gatewayv1.GatewayClass) {
	c := condition(gatewayv1.GatewayClassConditionStatusAccepted, true, gatewayv1.GatewayClassReasonAccepted, "the edge serves Gateways of this class")
	if ref := class.Spec.ParametersRef; ref != nil {
		c = condition(gatewayv1.GatewayClassConditionStatusAccepted, false, gatewayv1.GatewayClassReasonInvalidParameters,
			"spec.parametersRef names %s %s, and this class takes no parameters; remove it", ref.Kind, ref.Name)
	}
	h.classes[class.Name] = c.Status == metav1.ConditionTrue
	h.table.Statuses.Classes[class.Name] = gatewayv1.GatewayClassStatus{Conditions: observed(class.Generation, c), SupportedFeatures: supported(h.in.Pool.IsValid())}
}

// open opens the doors that the Gateways of our classes ask for, and gives those, oldest first.
func (h *halls) open() []*hall {
	var ours []*hall
	for _, gw := range h.in.Gateways {
		if !h.classes[string(gw.Spec.GatewayClassName)] {
			continue
		}
		g := &hall{Gateway: gw, key: gw.Namespace + "/" + gw.Name}
		h.gateways[g.key] = g
		ours = append(ours, g)
	}
	slices.SortFunc(ours, func(a, b *hall) int { return older(a, b) })
	h.house(ours)
	for _, g := range ours {
		if i := g.Spec.Infrastructure; i != nil && i.ParametersRef != nil {
			c := condition(gatewayv1.GatewayConditionAccepted, false, gatewayv1.GatewayReasonInvalidParameters,
				"spec.infrastructure.parametersRef names %s %s, and this edge takes no parameters; remove it", i.ParametersRef.Kind, i.ParametersRef.Name)
			g.refused = &c
		}
		for i := range g.Spec.Listeners {
			g.listeners = append(g.listeners, h.listen(g, &g.Spec.Listeners[i]))
		}
	}
	return ours
}

// older orders objects by age, then by namespace and name.
func older(a, b metav1.Object) int {
	aTime, bTime := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if order := aTime.Compare(bTime.Time); order != 0 {
		return order
	}
	return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
}

// list puts the doors into the table.
func (h *halls) list() {
	for _, d := range h.doors {
		door := Door{DoorKey: d.key, TLS: d.protocol == gatewayv1.HTTPSProtocolType}
		for _, l := range d.listeners {
			door.Listeners = append(door.Listeners, Listener{
				Gateway: l.gateway.key, Name: string(l.Name), Host: l.host, Pairs: l.pairs, Secrets: l.secrets, Matches: l.matches(),
			})
		}
		h.table.Doors = append(h.table.Doors, door)
	}
	slices.SortFunc(h.table.Doors, func(a, b Door) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Port, b.Port))
	})
}

// hostname gives a hostname as doors and requests have it.
func hostname(h *gatewayv1.Hostname) string {
	if h == nil {
		return ""
	}
	return strings.ToLower(string(*h))
}
