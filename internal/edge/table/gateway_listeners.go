// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Namespaces stands for all Namespaces in Table.Needs: some listener chooses by their labels.
const Namespaces = "*"

// The kinds of route that a listener can take.
const (
	kindHTTPRoute = "HTTPRoute"
	kindGRPCRoute = "GRPCRoute"
)

// listener is a listener of a Gateway that is being built.
type listener struct {
	*gatewayv1.Listener
	gateway *hall
	host    string
	kinds   []string // of routes, that may attach
	pairs   []*tls.Certificate
	secrets []string

	accepted, resolved, conflicted metav1.Condition

	routes []*attached
}

// ok tells whether requests that come for the listener are served.
func (l *listener) ok() bool {
	return l.accepted.Status == metav1.ConditionTrue && l.conflicted.Status == metav1.ConditionFalse && l.certified() &&
		l.gateway.refused == nil && len(l.gateway.places) > 0
}

// certified tells whether the listener has what its protocol needs.
func (l *listener) certified() bool {
	return l.Protocol != gatewayv1.HTTPSProtocolType || len(l.pairs) > 0
}

// listen reads a listener and puts it behind its Gateway's doors.
func (h *halls) listen(g *hall, spec *gatewayv1.Listener) *listener {
	l := &listener{
		Listener: spec, gateway: g, host: hostname(spec.Hostname),
		accepted:   condition(gatewayv1.ListenerConditionAccepted, true, gatewayv1.ListenerReasonAccepted, "the listener is understood"),
		resolved:   condition(gatewayv1.ListenerConditionResolvedRefs, true, gatewayv1.ListenerReasonResolvedRefs, "everything that it names is there"),
		conflicted: condition(gatewayv1.ListenerConditionConflicted, false, gatewayv1.ListenerReasonNoConflicts, "no other listener has its port and hostname"),
	}
	if spec.Protocol != gatewayv1.HTTPProtocolType && spec.Protocol != gatewayv1.HTTPSProtocolType {
		l.accepted = condition(gatewayv1.ListenerConditionAccepted, false, gatewayv1.ListenerReasonUnsupportedProtocol,
			"protocol is %s; use %s or %s", spec.Protocol, gatewayv1.HTTPProtocolType, gatewayv1.HTTPSProtocolType)
		return l
	}
	l.readKinds()
	if spec.Protocol == gatewayv1.HTTPSProtocolType {
		h.secureListener(l)
	}
	for _, place := range g.places {
		h.stand(l, DoorKey{Address: place, Port: int(spec.Port)})
	}
	return l
}

// readKinds reads allowedRoutes.kinds: which kinds of route may attach.
func (l *listener) readKinds() {
	if l.AllowedRoutes == nil || len(l.AllowedRoutes.Kinds) == 0 {
		l.kinds = []string{kindHTTPRoute, kindGRPCRoute}
		return
	}
	for _, k := range l.AllowedRoutes.Kinds {
		group := gatewayv1.Group(gatewayv1.GroupName)
		if k.Group != nil {
			group = *k.Group
		}
		if group != gatewayv1.GroupName || k.Kind != kindHTTPRoute && k.Kind != kindGRPCRoute {
			l.resolved = condition(gatewayv1.ListenerConditionResolvedRefs, false, gatewayv1.ListenerReasonInvalidRouteKinds,
				"allowedRoutes.kinds has %s of group %q, which protocol %s does not take here; use %s or %s", k.Kind, group, l.Protocol, kindHTTPRoute, kindGRPCRoute)
			continue
		}
		if !slices.Contains(l.kinds, string(k.Kind)) {
			l.kinds = append(l.kinds, string(k.Kind))
		}
	}
}

// secureListener finds the certificates of an HTTPS listener.
func (h *halls) secureListener(l *listener) {
	unusable := func(reason gatewayv1.ListenerConditionReason, format string, args ...any) {
		l.resolved = condition(gatewayv1.ListenerConditionResolvedRefs, false, reason, format, args...)
	}
	if l.TLS == nil || len(l.TLS.CertificateRefs) == 0 {
		unusable(gatewayv1.ListenerReasonInvalidCertificateRef, "tls.certificateRefs is empty; name a Secret of type %s", corev1.SecretTypeTLS)
		return
	}
	if l.TLS.Mode != nil && *l.TLS.Mode != gatewayv1.TLSModeTerminate {
		l.accepted = condition(gatewayv1.ListenerConditionAccepted, false, gatewayv1.ListenerReasonUnsupportedValue,
			"tls.mode is %s; use %s for protocol %s", *l.TLS.Mode, gatewayv1.TLSModeTerminate, l.Protocol)
		return
	}
	for i, ref := range l.TLS.CertificateRefs {
		namespace := l.gateway.Namespace
		if ref.Namespace != nil {
			namespace = string(*ref.Namespace)
		}
		key := namespace + "/" + string(ref.Name)
		if ref.Group != nil && *ref.Group != "" || ref.Kind != nil && *ref.Kind != "Secret" {
			unusable(gatewayv1.ListenerReasonInvalidCertificateRef, "tls.certificateRefs[%d] is not a Secret; name a Secret of type %s", i, corev1.SecretTypeTLS)
			continue
		}
		if !h.granted(grantFrom{gatewayv1.GroupName, "Gateway", l.gateway.Namespace}, grantTo{"", "Secret", namespace, string(ref.Name)}) {
			unusable(gatewayv1.ListenerReasonRefNotPermitted,
				"tls.certificateRefs[%d] names Secret %s of another namespace; allow it with a ReferenceGrant in namespace %s", i, key, namespace)
			continue
		}
		h.table.Needs[key] = true
		secret := h.secrets[key]
		if secret == nil || secret.Type != corev1.SecretTypeTLS {
			unusable(gatewayv1.ListenerReasonInvalidCertificateRef,
				"tls.certificateRefs[%d] names Secret %s, and there is none of type %s; create it or name another", i, key, corev1.SecretTypeTLS)
			continue
		}
		pair, err := h.builder.in.Pair(secret)
		if err != nil {
			unusable(gatewayv1.ListenerReasonInvalidCertificateRef,
				"tls.certificateRefs[%d] names Secret %s, which holds no usable certificate (%v); put a matching pair into %s and %s",
				i, key, err, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
			continue
		}
		l.pairs, l.secrets = append(l.pairs, pair), append(l.secrets, key)
	}
}

// stand puts a listener behind a door, unless an older one has its host or the door speaks another protocol.
func (h *halls) stand(l *listener, key DoorKey) {
	d := h.doors[key]
	if d == nil {
		d = &doorway{key: key, protocol: l.Protocol}
	}
	for _, other := range d.listeners {
		if other.host != l.host {
			continue
		}
		l.conflicted = condition(gatewayv1.ListenerConditionConflicted, true, gatewayv1.ListenerReasonHostnameConflict,
			"hostname %q on %s is that of listener %s of the older Gateway %s; change hostname or port", l.host, key, other.Name, other.gateway.key)
	}
	if d.protocol != l.Protocol {
		l.conflicted = condition(gatewayv1.ListenerConditionConflicted, true, gatewayv1.ListenerReasonProtocolConflict,
			"%s speaks %s for another listener; change protocol or port", key, d.protocol)
	}
	if l.conflicted.Status == metav1.ConditionTrue {
		l.accepted = condition(gatewayv1.ListenerConditionAccepted, false, gatewayv1.ListenerConditionReason(l.conflicted.Reason), "%s", l.conflicted.Message)
		return
	}
	if l.ok() {
		d.listeners = append(d.listeners, l)
		h.doors[key] = d
	}
}

// admits tells whether a route of the namespace may attach (allowedRoutes.namespaces).
func (h *halls) admits(l *listener, namespace string) bool {
	from, selector := gatewayv1.NamespacesFromSame, (*metav1.LabelSelector)(nil)
	if l.AllowedRoutes != nil && l.AllowedRoutes.Namespaces != nil {
		if l.AllowedRoutes.Namespaces.From != nil {
			from = *l.AllowedRoutes.Namespaces.From
		}
		selector = l.AllowedRoutes.Namespaces.Selector
	}
	switch from {
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSame:
		return namespace == l.gateway.Namespace
	case gatewayv1.NamespacesFromSelector:
		h.table.Needs[Namespaces] = true
		s, err := metav1.LabelSelectorAsSelector(selector)
		return err == nil && selector != nil && s.Matches(labels.Set(h.labels[namespace]))
	case gatewayv1.NamespacesFromNone:
	}
	return false
}

// grantFrom and grantTo are the two ends of a reference across namespaces.
type (
	grantFrom struct{ group, kind, namespace string }
	grantTo   struct{ group, kind, namespace, name string }
)

// granted tells whether an object may name another one: in its own namespace, or by a ReferenceGrant in the other's.
func (h *halls) granted(from grantFrom, to grantTo) bool {
	if from.namespace == to.namespace {
		return true
	}
	for _, g := range h.grants[to.namespace] {
		fits := slices.ContainsFunc(g.Spec.From, func(f gatewayv1.ReferenceGrantFrom) bool {
			return grantFrom{string(f.Group), string(f.Kind), string(f.Namespace)} == from
		})
		if fits && slices.ContainsFunc(g.Spec.To, func(t gatewayv1.ReferenceGrantTo) bool {
			return string(t.Group) == to.group && string(t.Kind) == to.kind && (t.Name == nil || *t.Name == "" || string(*t.Name) == to.name)
		}) {
			return true
		}
	}
	return false
}
