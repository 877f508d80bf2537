// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package portforward

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/internal/cli/text"
)

func pod(name string, ready bool, hash string) corev1.Pod {
	p := corev1.Pod{}
	p.Name = name
	p.Labels = map[string]string{"app": "demo", "pod-template-hash": hash}
	p.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8090}}}}
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	return p
}

func service(name string, port int32, target intstr.IntOrString) corev1.Service {
	s := corev1.Service{}
	s.Name = name
	s.Spec.Selector = map[string]string{"app": "demo"}
	s.Spec.Ports = []corev1.ServicePort{{Port: port, TargetPort: target}}
	return s
}

func TestChoose(t *testing.T) {
	cases := map[string]struct {
		services []corev1.Service
		pods     []corev1.Pod
		wanted   int
		want     Target
		fails    bool
	}{
		"the port of the component's Service leads to a ready pod": {
			services: []corev1.Service{service("demo-canary", 8090, intstr.FromInt32(8090)), service("demo", 80, intstr.FromString("http"))},
			pods:     []corev1.Pod{pod("a", false, "1"), pod("b", true, "2")},
			want:     Target{Name: "svc/demo", Pod: "b", Port: 8090, Shown: 80},
		},
		"without a Service the pod's own port": {
			pods: []corev1.Pod{pod("a", true, "1")}, want: Target{Name: "pod/a", Pod: "a", Port: 8090, Shown: 8090},
		},
		"a port that no Service has is the pod's": {
			services: []corev1.Service{service("demo", 80, intstr.FromInt32(8090))},
			pods:     []corev1.Pod{pod("a", true, "1")}, wanted: 9000, want: Target{Name: "pod/a", Pod: "a", Port: 9000, Shown: 9000},
		},
		"no ready pod is said": {pods: []corev1.Pod{pod("a", false, "1")}, fails: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Choose(c.services, c.pods, c.wanted, text.Text{})
			if (err != nil) != c.fails || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestPorts(t *testing.T) {
	for given, want := range map[string]Ports{
		"": {}, "8090": {Local: 8090, Remote: 8090}, "9000:8090": {Local: 9000, Remote: 8090}, ":8090": {Remote: 8090, Free: true},
	} {
		if got, err := ParsePorts(given, text.Text{}); err != nil || got != want {
			t.Errorf("%q gives %+v, %v", given, got, err)
		}
	}
	for _, given := range []string{"x", "0", "1:0", "70000", "1:2:3", "-1"} {
		if _, err := ParsePorts(given, text.Text{}); err == nil {
			t.Errorf("%q is taken for ports", given)
		}
	}
	for shown, want := range map[int]int{80: 8080, 443: 8443, 8090: 8090, 22: 8022} {
		if got := Local(Ports{}, shown); got != want {
			t.Errorf("port %d gets local port %d, want %d", shown, got, want)
		}
	}
}
