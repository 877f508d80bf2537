// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

const (
	resourceHTTPRoute  = "httpRoute"
	resourceHTTPSRoute = "httpsRoute"
	resourceGateway    = "gateway"

	gatewayAPI = "gateway.networking.k8s.io/v1"
)

// Routes are the parameters that traits http-route and https-route have in common.
type Routes struct {
	Domains []string    `json:"domains" schema:"required,minItems=1" doc:"Host names; each may begin with a wildcard label (*.)."`
	Rules   []RouteRule `json:"rules" schema:"required,minItems=1" doc:"Which requests go to which port."`
}

// RouteRule leads requests to a port.
type RouteRule struct {
	Path        *RoutePath    `json:"path,omitempty" doc:"Path of the requests; all of them without it."`
	Headers     []RouteHeader `json:"headers,omitempty" doc:"Headers that requests have to have, all of them."`
	ServiceName string        `json:"serviceName,omitempty" doc:"Service that takes the requests, instead of the component's own."`
	Port        int32         `json:"port" schema:"required,min=1,max=65535" doc:"Port of the component, or of the Service."`
}

// RoutePath is how a path is compared.
type RoutePath struct {
	Type  string `json:"type,omitempty" schema:"enum=PathPrefix|Exact,default=PathPrefix" doc:"How the path is compared."`
	Value string `json:"value,omitempty" schema:"default=/" doc:"The path."`
}

// RouteHeader is a header and its value.
type RouteHeader struct {
	Type  string `json:"type,omitempty" schema:"enum=Exact,default=Exact" doc:"How the value is compared."`
	Name  string `json:"name" schema:"required,minLength=1" doc:"Name of the header."`
	Value string `json:"value" schema:"required" doc:"Its value."`
}

// HTTPRoute are the parameters of trait http-route: how requests reach a component by a Gateway that is there.
type HTTPRoute struct {
	GatewayName      string `json:"gatewayName,omitempty" schema:"default=traefik-gateway" doc:"Gateway that takes the requests."`
	GatewayNamespace string `json:"gatewayNamespace,omitempty" schema:"default=vela-system" doc:"Namespace of the Gateway."`
	ListenerName     string `json:"listenerName,omitempty" schema:"default=web" doc:"Listener of the Gateway."`
	Routes
}

// HTTPSRoute are the parameters of trait https-route: how requests reach a component by a Gateway of its own, encrypted.
type HTTPSRoute struct {
	GatewayClassName string        `json:"gatewayClassName,omitempty" schema:"default=traefik" doc:"Class of the Gateway."`
	TLSPort          int32         `json:"TLSPort,omitempty" schema:"min=1,max=65535,default=8443" doc:"Port of the Gateway."`
	Secrets          []RouteSecret `json:"secrets" schema:"required,minItems=1" doc:"Secrets with the certificates of the domains."`
	Routes
}

// RouteSecret names a Secret.
type RouteSecret struct {
	Name      string `json:"name" schema:"required,minLength=1" doc:"Name of the Secret."`
	Namespace string `json:"namespace,omitempty" doc:"Its namespace, where it is not the component's."`
}

func httpRoute() Trait {
	return routeTrait("http-route", "Lets requests from outside reach a component by a Gateway, by host, path and headers.", resourceHTTPRoute, HTTPRoute.render)
}

func httpsRoute() Trait {
	return routeTrait("https-route", "Lets encrypted requests from outside reach a component by a Gateway of its own.", resourceHTTPSRoute, HTTPSRoute.render)
}

func routeTrait[P any](name, summary, resource string, render func(P, Scope) ([]fields, error)) Trait {
	p := parametersOf[P](name)
	return Trait{
		Name: name, Summary: summary, Kinds: []string{kindDeployment, kindStatefulSet}, Schema: p.schema, Check: p.check,
		Render: func(at string, scope Scope, properties *runtime.RawExtension, _ *unstructured.Unstructured) ([]Output, error) {
			params, faults := p.decode(at, properties)
			if len(faults) > 0 {
				return nil, errors.Join(faults...)
			}
			trees, err := render(params, scope)
			if err != nil {
				return nil, err
			}
			var out []Output
			for _, tree := range trees {
				o, err := object(tree)
				if err != nil {
					return nil, err
				}
				key := map[string]string{"Service": resourceService, "Gateway": resourceGateway, "HTTPRoute": resource}[o.GetKind()]
				out = append(out, Output{Resource: key, Object: o})
			}
			return out, nil
		},
		Health: func(seen Seen) Health { return routeHealth(seen, resource) },
	}
}

// Check reports hosts and paths that no route can have.
func (r Routes) Check(at string) []error {
	var faults []error
	for i, domain := range r.Domains {
		if len(validation.IsDNS1123Subdomain(strings.TrimPrefix(domain, "*."))) > 0 {
			faults = append(faults, schema.Faultf(schema.Index(schema.Join(at, "domains"), i),
				"%s is no host name; write it in lower case without scheme, port and path, for example demo.example.com", quoted(domain)))
		}
	}
	for i, rule := range r.Rules {
		here := schema.Index(schema.Join(at, "rules"), i)
		if rule.Path != nil && !strings.HasPrefix(rule.Path.Value, "/") {
			faults = append(faults, schema.Faultf(schema.Join(schema.Join(here, "path"), "value"), `the path %s does not begin with "/"; write %s`, quoted(rule.Path.Value), quoted("/"+rule.Path.Value)))
		}
		if rule.ServiceName != "" && len(validation.IsDNS1123Label(rule.ServiceName)) > 0 {
			faults = append(faults, schema.Faultf(schema.Join(here, "serviceName"), "%s is no name of a Service; write a-z, 0-9 and dashes", quoted(rule.ServiceName)))
		}
	}
	return faults
}

func (h HTTPRoute) render(scope Scope) ([]fields, error) {
	parent := fields{"name": h.GatewayName, "namespace": h.GatewayNamespace, "sectionName": h.ListenerName}
	return h.objects(scope, scope.Component, parent), nil
}

func (h HTTPSRoute) render(scope Scope) ([]fields, error) {
	name := scope.Component + "-gateway-tls"
	var certificates []fields
	for _, s := range h.Secrets {
		certificates = append(certificates, fields{"kind": "Secret", "name": s.Name}.set("namespace", s.Namespace))
	}
	gateway := fields{
		"apiVersion": gatewayAPI, "kind": "Gateway", "metadata": fields{"name": name},
		"spec": fields{
			"gatewayClassName": h.GatewayClassName,
			"listeners": []fields{{"name": "https", "protocol": "HTTPS", "port": h.TLSPort,
				"tls": fields{"mode": "Terminate", "certificateRefs": certificates}}},
		},
	}
	return append(h.objects(scope, scope.Component+"-ssl", fields{"name": name, "sectionName": "https"}), gateway), nil
}

// objects are the route, and before it a Service for the rules that name none.
func (r Routes) objects(scope Scope, name string, parent fields) []fields {
	var out, rules []fields
	var ports []int32
	for _, rule := range r.Rules {
		if rule.ServiceName == "" {
			ports = append(ports, rule.Port)
		}
		ref := fields{"name": cmp.Or(rule.ServiceName, scope.Component), "port": rule.Port}
		rules = append(rules, fields{"matches": []fields{rule.match()}, "backendRefs": []fields{ref}})
	}
	if len(ports) > 0 {
		out = append(out, fields{
			"apiVersion": "v1", "kind": "Service", "metadata": fields{"name": scope.Component},
			"spec": fields{"selector": selector(scope), "ports": servicePorts(ports)},
		})
	}
	return append(out, fields{
		"apiVersion": gatewayAPI, "kind": "HTTPRoute", "metadata": fields{"name": name},
		"spec": fields{"parentRefs": []fields{parent}, "hostnames": r.Domains, "rules": rules},
	})
}

func (r RouteRule) match() fields {
	path := RoutePath{Type: "PathPrefix", Value: "/"}
	if r.Path != nil {
		path = *r.Path
	}
	return fields{"path": fields{"type": path.Type, "value": path.Value}}.set("headers", r.Headers)
}

// routeHealth is healthy when each Gateway that the route names has taken it.
func routeHealth(seen Seen, resource string) Health {
	route := seen.Objects[resource]
	if route == nil {
		return Health{Message: "waiting for the HTTPRoute to be created"}
	}
	refs, _, _ := unstructured.NestedSlice(route.Object, "spec", "parentRefs")
	parents, _, _ := unstructured.NestedSlice(route.Object, "status", "parents")
	for _, ref := range refs {
		taken, why := false, ""
		for _, parent := range parents {
			entry, _ := parent.(map[string]any)
			is, _ := entry["parentRef"].(map[string]any)
			if text(is, "name") != text(ref, "name") {
				continue
			}
			conditions, _, _ := unstructured.NestedSlice(entry, "conditions")
			for _, c := range conditions {
				if text(c, "type") != "Accepted" {
					continue
				}
				if taken = text(c, "status") == "True"; !taken {
					why = ": " + text(c, "message")
				}
			}
		}
		if !taken {
			return Health{Message: fmt.Sprintf("waiting for the Gateway %s to take the HTTPRoute %s%s", text(ref, "name"), route.GetName(), why)}
		}
	}
	hosts, _, _ := unstructured.NestedStringSlice(route.Object, "spec", "hostnames")
	return Health{Healthy: true, Message: "Visiting URL: " + strings.Join(hosts, ", ")}
}
