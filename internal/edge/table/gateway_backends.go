// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The application protocols of a Service's port that change how it is spoken to (KEP-3726).
const (
	appH2C = "kubernetes.io/h2c"
	appWSS = "kubernetes.io/wss"
	appTLS = "https"
)

// resolve finds what an object's rules lead to, and makes their routes when the object is accepted. The condition says whether
// all of it is there.
func (h *halls) resolve(o *object) metav1.Condition {
	all := condition(gatewayv1.RouteConditionResolvedRefs, true, gatewayv1.RouteReasonResolvedRefs, "everything that it names is there")
	note := func(c *metav1.Condition) {
		if c == nil {
			return
		}
		o.problem("%s", c.Message)
		if all.Status == metav1.ConditionTrue {
			all = *c
		}
	}
	for i := range o.rules {
		r := &o.rules[i]
		route := Route{Name: RuleName(o.key, i), Kind: Ruled}
		for j, b := range r.backends {
			out := Backend{Name: string(b.Name), Weight: int(b.target("").Weight), Request: b.request, Response: b.response}
			pool, wrong := h.reference(o, fieldOf(r.field, "backendRefs", j), b.BackendObjectReference)
			note(wrong)
			out.Pool, out.Invalid = pool, wrong != nil || b.invalid
			route.Backends = append(route.Backends, out)
		}
		t := r.treatment
		for _, m := range r.mirrors {
			pool, wrong := h.reference(o, m.field, m.ref)
			note(wrong)
			if wrong == nil {
				m.share.Pool = pool
				t.Mirrors = append(t.Mirrors, m.share)
			}
		}
		if !t.empty() {
			route.Treatment = &t
		}
		if o.accepted {
			o.routes = append(o.routes, route)
		}
	}
	return all
}

// empty tells whether a rule does nothing but choose a backend.
func (t *Treatment) empty() bool {
	return t.Broken == "" && t.Redirect == nil && t.Rewrite == nil && t.Request == nil && t.Response == nil && len(t.Mirrors) == 0 && t.CORS == nil &&
		t.Timeout == 0 && t.BackendTimeout == 0
}

func isService(ref gatewayv1.BackendObjectReference) bool {
	return (ref.Group == nil || *ref.Group == "") && (ref.Kind == nil || *ref.Kind == "Service")
}

func serviceOf(namespace string, ref gatewayv1.BackendObjectReference) string {
	if ref.Namespace != nil {
		namespace = string(*ref.Namespace)
	}
	return namespace + "/" + string(ref.Name)
}

// reference gives the key of the pool that a reference leads to, or why it leads nowhere. The pool of an object that nobody
// accepts is not made.
func (h *halls) reference(o *object, field string, ref gatewayv1.BackendObjectReference) (string, *metav1.Condition) {
	wrong := func(reason gatewayv1.RouteConditionReason, format string, args ...any) (string, *metav1.Condition) {
		c := condition(gatewayv1.RouteConditionResolvedRefs, false, reason, field+format, args...)
		return "", &c
	}
	if !isService(ref) {
		return wrong(gatewayv1.RouteReasonInvalidKind, " is not a Service; set kind to Service, or leave group and kind out")
	}
	name, namespace := serviceOf(o.GetNamespace(), ref), o.GetNamespace()
	if ref.Namespace != nil {
		namespace = string(*ref.Namespace)
	}
	if !h.granted(grantFrom{gatewayv1.GroupName, o.kind, o.GetNamespace()}, grantTo{"", "Service", namespace, string(ref.Name)}) {
		return wrong(gatewayv1.RouteReasonRefNotPermitted, " names Service %s of another namespace; allow it with a ReferenceGrant in namespace %s", name, namespace)
	}
	h.table.Needs[name] = true
	service, endpoints := h.service(name)
	if service == nil {
		return wrong(gatewayv1.RouteReasonBackendNotFound, ".name is %q, and there is no Service %s; create it or name another", ref.Name, name)
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return wrong(gatewayv1.RouteReasonUnsupportedValue, ".name is %q, which is of type ExternalName; name a Service with endpoints", ref.Name)
	}
	if ref.Port == nil {
		return wrong(gatewayv1.RouteReasonUnsupportedValue, ".port is missing; use one of %s", portList(service))
	}
	port, found := findPort(service, networkingv1.ServiceBackendPort{Number: *ref.Port})
	if !found {
		return wrong(gatewayv1.RouteReasonBackendNotFound, ".port is %d, which Service %s does not have; use one of %s", *ref.Port, name, portList(service))
	}
	if !o.accepted {
		return "", nil
	}
	return h.poolOf(name, port, endpoints, Transport{Protocol: spoken(o.kind, port), Connect: defaultConnect, Read: defaultRead}), nil
}

// spoken gives the protocol of a Service's port: as the port says, else that of the kind of route.
func spoken(kind string, port corev1.ServicePort) Protocol {
	grpc := kind == kindGRPCRoute
	switch app := port.AppProtocol; {
	case app != nil && (*app == appWSS || *app == appTLS) && grpc:
		return GRPCS
	case app != nil && (*app == appWSS || *app == appTLS):
		return HTTPS
	case app != nil && *app == appH2C, grpc:
		return GRPC
	}
	return HTTP
}

func fieldOf(rule, list string, index int) string {
	return fmt.Sprintf("%s.%s[%d]", rule, list, index)
}
