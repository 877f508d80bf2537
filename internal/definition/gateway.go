// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

const (
	resourceService = "service"
	resourceIngress = "ingress"

	annotationIngressHost = "ingress.controller/host"
)

// AnnotationIngressClass is the older way to name the class of an Ingress.
const AnnotationIngressClass = "kubernetes.io/ingress.class"

// Gateway are the parameters of trait gateway: how requests from outside reach a component.
type Gateway struct {
	Domain              string            `json:"domain,omitempty" doc:"Host name; any host without it."`
	HTTP                map[string]int32  `json:"http" schema:"required,minProperties=1,values.min=1,values.max=65535" doc:"Port of the component for each path."`
	Class               string            `json:"class,omitempty" schema:"default=nginx" doc:"Class of the Ingress."`
	ClassInSpec         bool              `json:"classInSpec,omitempty" schema:"default=false" doc:"Writes the class to spec.ingressClassName instead of the annotation."`
	SecretName          string            `json:"secretName,omitempty" doc:"Secret with the certificate of the domain."`
	GatewayHost         string            `json:"gatewayHost,omitempty" doc:"Host of the ingress controller, as an annotation."`
	Name                string            `json:"name,omitempty" doc:"Suffix of the names, where a component has several gateways."`
	PathType            string            `json:"pathType,omitempty" schema:"enum=ImplementationSpecific|Prefix|Exact,default=ImplementationSpecific" doc:"How paths are compared."`
	Annotations         map[string]string `json:"annotations,omitempty" doc:"Annotations of the Ingress."`
	Labels              map[string]string `json:"labels,omitempty" doc:"Labels of the Ingress."`
	ExistingServiceName string            `json:"existingServiceName,omitempty" doc:"Service that takes the requests, instead of one of its own."`
}

func gateway() Trait {
	p := parametersOf[Gateway]("gateway")
	return Trait{
		Name:    "gateway",
		Summary: "Lets requests from outside reach a component by host and path.",
		Kinds:   []string{kindDeployment, kindStatefulSet, kindDaemonSet},
		Schema:  p.schema,
		Check:   p.check,
		Render: func(at string, scope Scope, properties *runtime.RawExtension, _ *unstructured.Unstructured) ([]Output, error) {
			params, faults := p.decode(at, properties)
			if len(faults) > 0 {
				return nil, errors.Join(faults...)
			}
			return params.render(scope)
		},
		Health: gatewayHealth,
	}
}

// Check reports paths, ports and hosts that no Ingress can have.
func (g Gateway) Check(at string) []error {
	var faults []error
	for _, path := range slices.Sorted(maps.Keys(g.HTTP)) {
		if !strings.HasPrefix(path, "/") {
			faults = append(faults, schema.Faultf(schema.Join(schema.Join(at, "http"), path), `the path %s does not begin with "/"; write %s`, quoted(path), quoted("/"+path)))
		}
	}
	host := strings.TrimPrefix(g.Domain, "*.")
	if host != "" && len(validation.IsDNS1123Subdomain(host)) > 0 {
		faults = append(faults, schema.Faultf(schema.Join(at, "domain"), "%s is no host name; write it in lower case without scheme, port and path, for example demo.example.com", quoted(g.Domain)))
	}
	if g.SecretName != "" && g.Domain == "" {
		faults = append(faults, schema.Faultf(schema.Join(at, "domain"), "is missing for secretName; add the domain that the certificate is for"))
	}
	if g.Name != "" && len(validation.IsDNS1123Label(g.Name)) > 0 {
		faults = append(faults, schema.Faultf(schema.Join(at, "name"), "%s is no name for objects; write a-z, 0-9 and dashes", quoted(g.Name)))
	}
	if g.ExistingServiceName != "" && len(validation.IsDNS1123Label(g.ExistingServiceName)) > 0 {
		faults = append(faults, schema.Faultf(schema.Join(at, "existingServiceName"), "%s is no name of a Service; write a-z, 0-9 and dashes", quoted(g.ExistingServiceName)))
	}
	faults = append(faults, checkLabels(schema.Join(at, "labels"), g.Labels)...)
	return append(faults, checkAnnotations(schema.Join(at, "annotations"), g.Annotations)...)
}

// name of the Service and the Ingress.
func (g Gateway) name(scope Scope) string {
	if g.Name == "" {
		return scope.Component
	}
	return scope.Component + "-" + g.Name
}

func (g Gateway) service(scope Scope) string {
	if g.ExistingServiceName != "" {
		return g.ExistingServiceName
	}
	return g.name(scope)
}

func (g Gateway) render(scope Scope) ([]Output, error) {
	var out []Output
	if g.ExistingServiceName == "" {
		service, err := object(fields{
			"apiVersion": "v1",
			"kind":       "Service",
			"metadata":   fields{"name": g.name(scope)},
			"spec":       fields{"selector": selector(scope), "ports": servicePorts(slices.Collect(maps.Values(g.HTTP)))},
		})
		if err != nil {
			return nil, err
		}
		out = append(out, Output{Resource: resourceService, Object: service})
	}
	ingress, err := object(fields{
		"apiVersion": "networking.k8s.io/v1",
		"kind":       "Ingress",
		"metadata":   fields{"name": g.name(scope)}.set("annotations", g.annotations()).set("labels", g.Labels),
		"spec":       g.ingressSpec(scope),
	})
	if err != nil {
		return nil, err
	}
	return append(out, Output{Resource: resourceIngress, Object: ingress}), nil
}

// servicePorts has each port once, however many paths lead to it. Several ports need names; a single one has none.
func servicePorts(all []int32) []fields {
	ports := slices.Compact(slices.Sorted(slices.Values(all)))
	var out []fields
	for _, port := range ports {
		entry := fields{"port": port, "targetPort": port}
		if len(ports) > 1 {
			entry["name"] = fmt.Sprintf("port-%d", port)
		}
		out = append(out, entry)
	}
	return out
}

// annotations are the class and the host, over which a user's own win.
func (g Gateway) annotations() map[string]string {
	out := map[string]string{}
	if !g.ClassInSpec && g.Class != "" {
		out[AnnotationIngressClass] = g.Class
	}
	if g.GatewayHost != "" {
		out[annotationIngressHost] = g.GatewayHost
	}
	maps.Copy(out, g.Annotations)
	return out
}

func (g Gateway) ingressSpec(scope Scope) fields {
	var paths []fields
	for _, path := range slices.Sorted(maps.Keys(g.HTTP)) {
		paths = append(paths, fields{
			"path":     path,
			"pathType": g.PathType,
			"backend": fields{"service": fields{
				"name": g.service(scope),
				"port": fields{"number": g.HTTP[path]},
			}},
		})
	}
	spec := fields{"rules": []fields{fields{"http": fields{"paths": paths}}.set("host", g.Domain)}}
	if g.ClassInSpec {
		spec.set("ingressClassName", g.Class)
	}
	if g.SecretName != "" {
		spec["tls"] = []fields{{"hosts": []string{g.Domain}, "secretName": g.SecretName}}
	}
	return spec
}

// gatewayHealth is healthy when the Ingress is there and its own Service has an address. The texts are those that people
// know from KubeVela 1.8.
func gatewayHealth(seen Seen) Health {
	ingress := seen.Objects[resourceIngress]
	if ingress == nil {
		return Health{Message: "waiting for the Ingress to be created"}
	}
	if _, own := seen.Wanted[resourceService]; own {
		service := seen.Objects[resourceService]
		if service == nil {
			return Health{Message: "waiting for the Service to be created"}
		}
		if ip, _, _ := unstructured.NestedString(service.Object, "spec", "clusterIP"); ip == "" {
			return Health{Message: "waiting for the Service to get an address"}
		}
	}
	return Health{Healthy: true, Message: visit(seen.AppName, ingress)}
}

// visit says how to reach what an Ingress leads to.
func visit(app string, ingress *unstructured.Unstructured) string {
	addresses, _, _ := unstructured.NestedSlice(ingress.Object, "status", "loadBalancer", "ingress")
	if len(addresses) == 0 {
		return "No loadBalancer found, visiting by using 'vela port-forward " + app + "'\n"
	}
	ip := text(addresses[0], "ip")
	host := ""
	if rules, _, _ := unstructured.NestedSlice(ingress.Object, "spec", "rules"); len(rules) > 0 {
		host = text(rules[0], "host")
	}
	switch {
	case host != "" && ip != "":
		return "Visiting URL: " + host + ", IP: " + ip
	case host != "":
		return "Visiting URL: " + host
	case ip != "":
		return "Host not specified, visit the cluster or load balancer in front of the cluster with IP: " + ip
	default:
		return "Host not specified, visit the cluster or load balancer in front of the cluster"
	}
}

func text(entry any, field string) string {
	values, _ := entry.(map[string]any)
	value, _ := values[field].(string)
	return value
}
