// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Container is what webservice and worker have in common.
type Container struct {
	Image            string        `json:"image" schema:"required,minLength=1" doc:"Image of the container."`
	ImagePullPolicy  string        `json:"imagePullPolicy,omitempty" schema:"enum=Always|Never|IfNotPresent" doc:"When the image is pulled."`
	ImagePullSecrets []string      `json:"imagePullSecrets,omitempty" doc:"Names of Secrets with registry logins."`
	Cmd              []string      `json:"cmd,omitempty" doc:"Command of the container, instead of the image's entry point."`
	Env              []Env         `json:"env,omitempty" doc:"Environment variables."`
	CPU              string        `json:"cpu,omitempty" doc:"CPU that is requested and, without limit.cpu, the most that is given, such as 500m."`
	Memory           string        `json:"memory,omitempty" doc:"Memory that is requested and, without limit.memory, the most that is given, such as 128Mi."`
	Limit            *Limit        `json:"limit,omitempty" doc:"The most that is given, where it differs from what is requested."`
	VolumeMounts     *VolumeMounts `json:"volumeMounts,omitempty" doc:"Volumes by kind."`
	Volumes          []Volume      `json:"volumes,omitempty" doc:"Deprecated form of volumeMounts."`
	LivenessProbe    *Probe        `json:"livenessProbe,omitempty" doc:"Restarts the container when it fails."`
	ReadinessProbe   *Probe        `json:"readinessProbe,omitempty" doc:"Keeps requests away while it fails."`
}

// Limit is the most CPU and memory a container gets.
type Limit struct {
	CPU    string `json:"cpu,omitempty" doc:"Such as 1 or 500m."`
	Memory string `json:"memory,omitempty" doc:"Such as 256Mi."`
}

// Env is one environment variable.
type Env struct {
	Name      string     `json:"name" schema:"required,minLength=1" doc:"Name of the variable."`
	Value     string     `json:"value,omitempty" doc:"Its value."`
	ValueFrom *ValueFrom `json:"valueFrom,omitempty" doc:"Where its value is taken from."`
}

// ValueFrom takes a value from a Secret or a ConfigMap.
type ValueFrom struct {
	SecretKeyRef    *KeyRef `json:"secretKeyRef,omitempty" doc:"Key of a Secret."`
	ConfigMapKeyRef *KeyRef `json:"configMapKeyRef,omitempty" doc:"Key of a ConfigMap."`
}

// KeyRef is a key of a named object.
type KeyRef struct {
	Name string `json:"name" schema:"required,minLength=1" doc:"Name of the object."`
	Key  string `json:"key" schema:"required,minLength=1" doc:"Key in it."`
}

// Probe asks a container how it is. Its JSON is that of a Kubernetes probe.
type Probe struct {
	Exec                *Exec      `json:"exec,omitempty" doc:"A command that exits with 0."`
	HTTPGet             *HTTPGet   `json:"httpGet,omitempty" doc:"A request that is answered with 200 to 399."`
	TCPSocket           *TCPSocket `json:"tcpSocket,omitempty" doc:"A port that accepts connections."`
	InitialDelaySeconds int32      `json:"initialDelaySeconds,omitempty" schema:"min=0,default=0" doc:"Seconds before the first probe."`
	PeriodSeconds       int32      `json:"periodSeconds,omitempty" schema:"min=1,default=10" doc:"Seconds between probes."`
	TimeoutSeconds      int32      `json:"timeoutSeconds,omitempty" schema:"min=1,default=1" doc:"Seconds until a probe counts as failed."`
	SuccessThreshold    int32      `json:"successThreshold,omitempty" schema:"min=1,default=1" doc:"Successes in a row that count."`
	FailureThreshold    int32      `json:"failureThreshold,omitempty" schema:"min=1,default=3" doc:"Failures in a row that count."`
}

// Exec is a command.
type Exec struct {
	Command []string `json:"command" schema:"required,minItems=1" doc:"The command and its arguments."`
}

// HTTPGet is a request.
type HTTPGet struct {
	Path        string       `json:"path" schema:"required,minLength=1" doc:"Path of the request."`
	Port        int32        `json:"port" schema:"required,min=1,max=65535" doc:"Port of the container."`
	Host        string       `json:"host,omitempty" doc:"Host to connect to, instead of the pod."`
	Scheme      string       `json:"scheme,omitempty" schema:"enum=HTTP|HTTPS,default=HTTP" doc:"Scheme of the request."`
	HTTPHeaders []HTTPHeader `json:"httpHeaders,omitempty" doc:"Headers of the request."`
}

// HTTPHeader is a header of a request.
type HTTPHeader struct {
	Name  string `json:"name" schema:"required,minLength=1" doc:"Name of the header."`
	Value string `json:"value" schema:"required" doc:"Its value."`
}

// TCPSocket is a port.
type TCPSocket struct {
	Port int32 `json:"port" schema:"required,min=1,max=65535" doc:"Port of the container."`
}

// Check reports repeated variables, which server-side apply refuses, and amounts that are none.
func (c Container) Check(at string) []error {
	var faults []error
	first := map[string]int{}
	for i, env := range c.Env {
		if earlier, repeated := first[env.Name]; repeated {
			faults = append(faults, schema.Faultf(schema.Index(schema.Join(at, "env"), i)+".name",
				"%s is set by env[%d] already; remove one of them", quoted(env.Name), earlier))
			continue
		}
		first[env.Name] = i
	}
	faults = append(faults, checkQuantity(schema.Join(at, "cpu"), c.CPU, "500m")...)
	faults = append(faults, checkQuantity(schema.Join(at, "memory"), c.Memory, "128Mi")...)
	_, conflict := c.volumes(at)
	return append(faults, conflict...)
}

// Check reports amounts that are none.
func (l Limit) Check(at string) []error {
	return append(checkQuantity(schema.Join(at, "cpu"), l.CPU, "500m"),
		checkQuantity(schema.Join(at, "memory"), l.Memory, "128Mi")...)
}

// longestQuantity bounds what is handed to the parser of quantities.
const longestQuantity = 32

func checkQuantity(at, text, example string) []error {
	if text == "" {
		return nil
	}
	quantity, err := resource.ParseQuantity(text[:min(len(text), longestQuantity)])
	if err != nil || len(text) > longestQuantity || quantity.Sign() < 0 {
		return []error{schema.Faultf(at, "%s is not an amount; write for example %s", quoted(text), example)}
	}
	return nil
}

// Check reports a variable with two sources, or a name no process can have.
func (e Env) Check(at string) []error {
	if strings.ContainsRune(e.Name, '=') {
		return []error{schema.Faultf(schema.Join(at, "name"), `%s contains "="; put the part after it into value`, quoted(e.Name))}
	}
	if e.Value != "" && e.ValueFrom != nil {
		return []error{schema.Faultf(at, "has both value and valueFrom; remove one of them")}
	}
	return nil
}

// Check reports a reference to nothing or to two objects.
func (v ValueFrom) Check(at string) []error {
	if (v.SecretKeyRef == nil) == (v.ConfigMapKeyRef == nil) {
		return []error{schema.Faultf(at, "needs exactly one source; write either secretKeyRef or configMapKeyRef")}
	}
	return nil
}

// Check reports a probe without a question, or with several.
func (p Probe) Check(at string) []error {
	asked := 0
	for _, given := range []bool{p.Exec != nil, p.HTTPGet != nil, p.TCPSocket != nil} {
		if given {
			asked++
		}
	}
	if asked != 1 {
		return []error{schema.Faultf(at, "needs exactly one way to ask; write one of exec, httpGet or tcpSocket")}
	}
	if strings.HasSuffix(at, "livenessProbe") && p.SuccessThreshold != 1 {
		return []error{schema.Faultf(schema.Join(at, "successThreshold"), "must be 1 for a livenessProbe; write 1")}
	}
	return nil
}

// container builds the entry of the pod's containers.
func (c Container) container(name string) fields {
	out := fields{"name": name, "image": c.Image}
	out.set("imagePullPolicy", c.ImagePullPolicy).
		set("command", c.Cmd).
		set("env", c.Env).
		set("livenessProbe", c.LivenessProbe).
		set("readinessProbe", c.ReadinessProbe)
	limit := Limit{}
	if c.Limit != nil {
		limit = *c.Limit
	}
	requests := fields{}.set("cpu", c.CPU).set("memory", c.Memory)
	limits := fields{}.set("cpu", orElse(limit.CPU, c.CPU)).set("memory", orElse(limit.Memory, c.Memory))
	out.set("resources", fields{}.set("requests", requests).set("limits", limits))
	return out.set("volumeMounts", c.mounts())
}

// pod builds the pod's spec around the container.
func (c Container) pod(container fields) fields {
	volumes, _ := c.volumes("")
	out := fields{"containers": []fields{container}}
	return out.set("imagePullSecrets", c.pullSecrets()).set("volumes", volumes)
}

func (c Container) pullSecrets() []fields {
	var out []fields
	seen := map[string]bool{}
	for _, name := range c.ImagePullSecrets {
		if !seen[name] {
			out = append(out, fields{"name": name})
		}
		seen[name] = true
	}
	return out
}

func orElse(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
