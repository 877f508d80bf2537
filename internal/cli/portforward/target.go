// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package portforward

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/pods"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Ports are a local port and the one it leads to, as given on the command line: L:R, :R (any local port), or N for both.
// A remote port of 0 is to be chosen.
type Ports struct {
	Local, Remote int
	// Free takes any local port.
	Free bool
}

// ParsePorts reads the second argument; an empty one leaves the choice open.
func ParsePorts(given string, t text.Text) (Ports, error) {
	if given == "" {
		return Ports{}, nil
	}
	left, right, both := strings.Cut(given, ":")
	if !both {
		right = left
	}
	p := Ports{Free: both && left == ""}
	var err error
	if p.Remote, err = parsePort(right); err != nil {
		return Ports{}, t.Error("port-forward.ports", given)
	}
	if p.Free {
		return p, nil
	}
	if p.Local, err = parsePort(left); err != nil {
		return Ports{}, t.Error("port-forward.ports", given)
	}
	return p, nil
}

func parsePort(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return int(n), err
}

// Target is where a forward leads.
type Target struct {
	// Name is what people see: svc/NAME or pod/NAME.
	Name string
	// Pod to connect to, at Port of it.
	Pod  string
	Port int
	// Shown is the port as people know it, the Service's or the container's.
	Shown int
}

// Choose picks the target among the Services and pods of an application: the Service that has the wanted port, else the
// first one, else a pod's own port. Services that a release makes for one version are not taken.
func Choose(services []corev1.Service, all []corev1.Pod, wanted int, t text.Text) (Target, error) {
	for _, s := range services {
		if strings.HasSuffix(s.Name, "-stable") || strings.HasSuffix(s.Name, "-canary") || len(s.Spec.Selector) == 0 {
			continue
		}
		at := slices.IndexFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return wanted == 0 || int(p.Port) == wanted })
		if at < 0 {
			continue
		}
		pod := pods.Best(slices.DeleteFunc(slices.Clone(all), func(p corev1.Pod) bool { return !selects(s.Spec.Selector, p.Labels) }))
		if pod == nil || !pods.Ready(pod) {
			return Target{}, t.Error("port-forward.not-ready", "svc/"+s.Name)
		}
		port := s.Spec.Ports[at]
		return Target{Name: "svc/" + s.Name, Pod: pod.Name, Port: containerPort(pod, port), Shown: int(port.Port)}, nil
	}
	pod := pods.Best(all)
	if pod == nil || !pods.Ready(pod) {
		return Target{}, t.Error("port-forward.not-ready", "pod")
	}
	if wanted == 0 {
		wanted = firstPort(pod)
	}
	if wanted == 0 {
		return Target{}, t.Error("port-forward.no-port", pod.Labels[v1beta1.LabelAppComponent])
	}
	return Target{Name: "pod/" + pod.Name, Pod: pod.Name, Port: wanted, Shown: wanted}, nil
}

func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// containerPort is where a Service's port leads in a pod.
func containerPort(pod *corev1.Pod, port corev1.ServicePort) int {
	if name := port.TargetPort.StrVal; name != "" {
		for _, c := range pod.Spec.Containers {
			for _, p := range c.Ports {
				if p.Name == name {
					return int(p.ContainerPort)
				}
			}
		}
	}
	if n := port.TargetPort.IntValue(); n != 0 {
		return n
	}
	return int(port.Port)
}

func firstPort(pod *corev1.Pod) int {
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			return int(p.ContainerPort)
		}
	}
	return 0
}

// Local is the local port to listen on: the one asked for, else the remote one, moved out of the range that needs root.
func Local(p Ports, shown int) int {
	const privileged, offset = 1024, 8000
	switch {
	case p.Free:
		return 0
	case p.Local != 0:
		return p.Local
	case shown == 443:
		return 8443
	case shown < privileged:
		return shown + offset
	default:
		return shown
	}
}
