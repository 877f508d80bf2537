// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// condition makes a condition without generation and time.
func condition[T, R ~string](kind T, holds bool, reason R, format string, args ...any) metav1.Condition {
	status := metav1.ConditionFalse
	if holds {
		status = metav1.ConditionTrue
	}
	return metav1.Condition{Type: string(kind), Status: status, Reason: string(reason), Message: fmt.Sprintf(format, args...)}
}

// observed says of which generation of an object the conditions speak.
func observed(generation int64, all ...metav1.Condition) []metav1.Condition {
	for i := range all {
		all[i].ObservedGeneration = generation
	}
	return all
}

// status gives what is said of a Gateway.
func (g *hall) status() gatewayv1.GatewayStatus {
	out := gatewayv1.GatewayStatus{Listeners: []gatewayv1.ListenerStatus{}}
	valid, serving := 0, 0
	for _, l := range g.listeners {
		s := l.status()
		if l.accepted.Status == metav1.ConditionTrue {
			valid++
		}
		if l.ok() {
			serving++
		}
		out.Listeners = append(out.Listeners, s)
	}
	accepted := condition(gatewayv1.GatewayConditionAccepted, true, gatewayv1.GatewayReasonAccepted, "the edge serves it")
	switch {
	case g.refused != nil:
		accepted = *g.refused
	case valid < len(g.listeners):
		accepted = condition(gatewayv1.GatewayConditionAccepted, valid > 0, gatewayv1.GatewayReasonListenersNotValid,
			"%d of %d listeners are accepted; status.listeners says what to change", valid, len(g.listeners))
	}
	programmed := condition(gatewayv1.GatewayConditionProgrammed, true, gatewayv1.GatewayReasonProgrammed, "requests are served")
	switch {
	case accepted.Status == metav1.ConditionFalse:
		programmed = condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonInvalid, "the Gateway is not accepted")
	case g.unusable != nil:
		programmed = *g.unusable
	case serving == 0:
		programmed = condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonInvalid, "no listener can be served; status.listeners says what to change")
	}
	out.Conditions = observed(g.Generation, accepted, programmed)
	if g.refused == nil {
		kind := gatewayv1.IPAddressType
		for _, a := range g.addresses {
			out.Addresses = append(out.Addresses, gatewayv1.GatewayStatusAddress{Type: &kind, Value: a})
		}
	}
	return out
}

// status gives what is said of a listener.
func (l *listener) status() gatewayv1.ListenerStatus {
	out := gatewayv1.ListenerStatus{Name: l.Name, SupportedKinds: []gatewayv1.RouteGroupKind{}, AttachedRoutes: int32(len(l.routes))} //nolint:gosec // far from the limit
	group := gatewayv1.Group(gatewayv1.GroupName)
	for _, k := range l.kinds {
		out.SupportedKinds = append(out.SupportedKinds, gatewayv1.RouteGroupKind{Group: &group, Kind: gatewayv1.Kind(k)})
	}
	programmed := condition(gatewayv1.ListenerConditionProgrammed, true, gatewayv1.ListenerReasonProgrammed, "requests are served")
	if !l.ok() {
		programmed = condition(gatewayv1.ListenerConditionProgrammed, false, gatewayv1.ListenerReasonInvalid, "the other conditions say what is in the way")
	}
	out.Conditions = observed(l.gateway.Generation, l.accepted, l.conflicted, programmed, l.resolved)
	return out
}

// Closed gives the statuses when some doors could not be opened: their listeners are not programmed, and why says the reason.
func (t *Table) Closed(why map[DoorKey]string) Statuses {
	out := t.Statuses
	if len(why) == 0 {
		return out
	}
	out.Gateways = make(map[string]gatewayv1.GatewayStatus, len(t.Statuses.Gateways))
	for key, status := range t.Statuses.Gateways {
		out.Gateways[key] = *status.DeepCopy()
	}
	for _, door := range t.Doors {
		reason, closed := why[door.DoorKey]
		if !closed {
			continue
		}
		for _, l := range door.Listeners {
			status := out.Gateways[l.Gateway]
			at := slices.IndexFunc(status.Listeners, func(s gatewayv1.ListenerStatus) bool { return string(s.Name) == l.Name })
			if at < 0 {
				continue
			}
			text := fmt.Sprintf("%s cannot be opened: %s", door.DoorKey, reason)
			replace(status.Listeners[at].Conditions, condition(gatewayv1.ListenerConditionAccepted, false, gatewayv1.ListenerReasonPortUnavailable, "%s", text))
			replace(status.Listeners[at].Conditions, condition(gatewayv1.ListenerConditionProgrammed, false, gatewayv1.ListenerReasonInvalid, "%s", text))
			replace(status.Conditions, condition(gatewayv1.GatewayConditionAccepted, t.serves(l.Gateway, why), gatewayv1.GatewayReasonListenersNotValid, "%s", text))
			if !t.serves(l.Gateway, why) {
				replace(status.Conditions, condition(gatewayv1.GatewayConditionProgrammed, false, gatewayv1.GatewayReasonInvalid, "%s", text))
			}
		}
	}
	return out
}

// serves tells whether a Gateway has a listener behind an open door.
func (t *Table) serves(gateway string, closed map[DoorKey]string) bool {
	for _, door := range t.Doors {
		if _, shut := closed[door.DoorKey]; !shut && slices.ContainsFunc(door.Listeners, func(l Listener) bool { return l.Gateway == gateway }) {
			return true
		}
	}
	return false
}

// replace puts a condition in the place of the one of its type, for the same generation.
func replace(all []metav1.Condition, c metav1.Condition) {
	for i := range all {
		if all[i].Type == c.Type {
			c.ObservedGeneration = all[i].ObservedGeneration
			all[i] = c
		}
	}
}
