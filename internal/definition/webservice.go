// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// resourceExpose is the key of the Service that ports with expose make.
const resourceExpose = "webserviceExpose"

// labelComponentRevision is the pod label that addRevisionLabel asks for.
const labelComponentRevision = "app.oam.dev/revision"

// servesOn is how many seconds a container that takes requests goes on after its pod was told to go: routers learn of that only then.
// Without it, requests that are on their way meanwhile are lost by every program that ends at SIGTERM, and by some that are careful.
const servesOn = 2

// Webservice are the parameters of component webservice: a service that runs for ever and may take requests.
type Webservice struct {
	Container
	Args             []string          `json:"args,omitempty" doc:"Arguments of the command."`
	Ports            []Port            `json:"ports,omitempty" doc:"Ports that the container listens on."`
	Port             int32             `json:"port,omitempty" schema:"min=1,max=65535" doc:"Deprecated: use ports."`
	ExposeType       string            `json:"exposeType,omitempty" schema:"enum=ClusterIP|NodePort|LoadBalancer,default=ClusterIP" doc:"Type of the Service for ports with expose."`
	AddRevisionLabel bool              `json:"addRevisionLabel,omitempty" schema:"default=false" doc:"Puts the revision on the pods, so that every revision replaces them."`
	Labels           map[string]string `json:"labels,omitempty" doc:"Labels of the pods."`
	Annotations      map[string]string `json:"annotations,omitempty" doc:"Annotations of the pods."`
	HostAliases      []HostAlias       `json:"hostAliases,omitempty" doc:"Entries of the pods' hosts file."`
}

// Port is a port of the container.
type Port struct {
	Port          int32  `json:"port" schema:"required,min=1,max=65535" doc:"Port of the Service, and of the container unless containerPort says otherwise."`
	ContainerPort int32  `json:"containerPort,omitempty" schema:"min=1,max=65535" doc:"Port of the container, where it differs."`
	Name          string `json:"name,omitempty" doc:"Name of the port."`
	Protocol      string `json:"protocol,omitempty" schema:"enum=TCP|UDP|SCTP,default=TCP" doc:"Protocol of the port."`
	Expose        bool   `json:"expose,omitempty" schema:"default=false" doc:"Makes a Service for the port."`
	NodePort      int32  `json:"nodePort,omitempty" schema:"min=1,max=65535" doc:"Port of every node, for exposeType NodePort."`
}

// HostAlias is an entry of a hosts file.
type HostAlias struct {
	IP        string   `json:"ip" schema:"required,minLength=1" doc:"Address."`
	Hostnames []string `json:"hostnames" schema:"required,minItems=1" doc:"Names for it."`
}

func webservice() Component {
	p := parametersOf[Webservice]("webservice")
	return Component{
		Name:    "webservice",
		Summary: "A service that runs for ever and takes requests.",
		Schema:  p.schema,
		Check:   p.check,
		Render: p.rendering(func(params Webservice, scope Scope) ([]Output, error) {
			return params.render(scope, kindDeployment, resourceExpose)
		}),
		Health: unlessDisabled(deploymentHealth),
	}
}

// unlessDisabled counts a workload as healthy whose health nobody wants to be looked at.
func unlessDisabled(health func(Seen) Health) func(Seen) Health {
	return func(seen Seen) Health {
		out := health(seen)
		if seen.Workload != nil {
			_, disabled := seen.Workload.GetAnnotations()[v1beta1.AnnotationDisableHealthCheck]
			out.Healthy = out.Healthy || disabled
		}
		return out
	}
}

// Check reports ports and hosts that are there twice, and labels that the selector needs for itself.
func (w Webservice) Check(at string) []error {
	faults := append(w.Container.Check(at), checkPorts(schema.Join(at, "ports"), w.Ports)...)
	faults = append(faults, checkLabels(schema.Join(at, "labels"), w.Labels)...)
	for _, key := range []string{v1beta1.LabelAppName, v1beta1.LabelAppComponent, labelComponentRevision} {
		if _, taken := w.Labels[key]; taken {
			faults = append(faults, schema.Faultf(schema.Join(schema.Join(at, "labels"), key), "is set by the component itself; remove it"))
		}
	}
	faults = append(faults, checkAnnotations(schema.Join(at, "annotations"), w.Annotations)...)
	first := map[string]int{}
	for i, alias := range w.HostAliases {
		if earlier, repeated := first[alias.IP]; repeated {
			faults = append(faults, schema.Faultf(schema.Index(schema.Join(at, "hostAliases"), i)+".ip",
				"%s is there as hostAliases[%d] already; put all names of it into that entry", quoted(alias.IP), earlier))
			continue
		}
		first[alias.IP] = i
	}
	return faults
}

func checkPorts(at string, ports []Port) []error {
	var faults []error
	container, service, names := map[string]int{}, map[string]int{}, map[string]int{}
	repeated := func(seen map[string]int, key string, i int, field, what string) {
		if earlier, found := seen[key]; found {
			faults = append(faults, schema.Faultf(schema.Join(schema.Index(at, i), field),
				"%s is used by ports[%d] already; %s", what, earlier, "write another or remove one of them"))
			return
		}
		seen[key] = i
	}
	for i, p := range ports {
		if p.Name != "" {
			if problems := validation.IsValidPortName(p.Name); len(problems) > 0 {
				faults = append(faults, schema.Faultf(schema.Join(schema.Index(at, i), "name"),
					"%s is no port name; write at most 15 of a-z, 0-9 and dashes, for example http", quoted(p.Name)))
			}
		}
		repeated(names, p.portName(), i, "name", quoted(p.portName()))
		repeated(container, fmt.Sprintf("%d/%s", p.target(), p.Protocol), i, "port", fmt.Sprintf("container port %d/%s", p.target(), p.Protocol))
		if p.Expose && p.target() != p.Port {
			repeated(service, fmt.Sprintf("%d/%s", p.Port, p.Protocol), i, "port", fmt.Sprintf("port %d/%s", p.Port, p.Protocol))
		}
	}
	return faults
}

func checkLabels(at string, labels map[string]string) []error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(validation.IsQualifiedName(key)) > 0 {
			faults = append(faults, schema.Faultf(at, "%s is no label name; write letters, digits, dashes, dots and underscores, at most 63", quoted(key)))
		}
		if len(validation.IsValidLabelValue(labels[key])) > 0 {
			faults = append(faults, schema.Faultf(schema.Join(at, key), "%s is no label value; write letters, digits, dashes, dots and underscores, at most 63", quoted(labels[key])))
		}
	}
	return faults
}

func checkAnnotations(at string, annotations map[string]string) []error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			faults = append(faults, schema.Faultf(at, "%s is no annotation name; write letters, digits, dashes, dots and underscores, at most 63", quoted(key)))
		}
	}
	return faults
}

func (p Port) target() int32 {
	if p.ContainerPort != 0 {
		return p.ContainerPort
	}
	return p.Port
}

// portName is the given name, or port-<n> with the protocol where that is not TCP.
func (p Port) portName() string {
	if p.Name != "" {
		return p.Name
	}
	name := fmt.Sprintf("port-%d", p.Port)
	if p.Protocol != "TCP" && p.Protocol != "" {
		name += "-" + strings.ToLower(p.Protocol)
	}
	return name
}

// render gives the workload, and a Service under that key where a port is exposed.
func (w Webservice) render(scope Scope, kind, expose string) ([]Output, error) {
	container := w.container(scope.Component)
	ports := w.containerPorts()
	container.set("args", w.Args).set("ports", ports)
	if len(ports) > 0 {
		container.set("lifecycle", fields{"preStop": fields{"sleep": fields{"seconds": servesOn}}})
	}
	labels := podLabels(scope, w.Labels)
	if w.AddRevisionLabel {
		labels[labelComponentRevision] = scope.Revision
	}
	spec := w.pod(container).set("hostAliases", w.HostAliases)
	workload, err := deployment(scope, fields{"labels": labels}.set("annotations", w.Annotations), spec)
	if err != nil {
		return nil, err
	}
	if err := inKind(workload, kind); err != nil {
		return nil, err
	}
	out := []Output{{Object: workload}}
	exposed := w.servicePorts()
	if len(exposed) == 0 {
		return out, nil
	}
	service, err := object(fields{
		"apiVersion": "v1",
		"kind":       "Service",
		"metadata":   fields{"name": scope.Component},
		"spec":       fields{"type": w.ExposeType, "selector": selector(scope), "ports": exposed},
	})
	if err != nil {
		return nil, err
	}
	return append(out, Output{Resource: expose, Object: service}), nil
}

func (w Webservice) containerPorts() []fields {
	if len(w.Ports) == 0 && w.Port != 0 {
		return []fields{{"containerPort": w.Port}}
	}
	var out []fields
	for _, p := range w.Ports {
		out = append(out, fields{"containerPort": p.target(), "name": p.portName(), "protocol": p.Protocol})
	}
	return out
}

func (w Webservice) servicePorts() []fields {
	var out []fields
	for _, p := range w.Ports {
		if !p.Expose {
			continue
		}
		port := fields{"name": p.portName(), "port": p.Port, "targetPort": p.target(), "protocol": p.Protocol}
		if w.ExposeType != "ClusterIP" {
			port.set("nodePort", p.NodePort)
		}
		out = append(out, port)
	}
	return out
}
