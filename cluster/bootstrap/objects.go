// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/cluster/pki"
	"github.com/vela-rollouts/vela/internal/server/access"
)

// Names that other parts rely on.
const (
	// Namespace of vela's own objects.
	Namespace = "vela-system"
	// EdgeService leads to the edge's admin address.
	EdgeService = "vela-edge"
	// EdgePort is the name of its port.
	EdgePort = "admin"
	// IngressClass is the class of Ingress that the edge serves.
	IngressClass = "nginx"
	// IngressController is how the classes of Ingress and of Gateway name the edge.
	IngressController = "release.oam.dev/edge"
	// GatewayClass is the class of Gateway that the edge serves.
	GatewayClass = "vela"
)

// Node says where on this machine the things live that Services lead to.
type Node struct {
	DNSServiceIP string // the cluster IP of kube-dns
	DNSAddress   string // where CoreDNS listens on port 53
	EdgeAddress  string // host of the edge's admin address
	EdgePort     int32
}

func named(name, namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": "velad"}}
}

// common is what every cluster has, with a node or without.
func common() []object {
	watch := []string{"get", "list", "watch"}
	out := []object{
		{"", "v1", "namespaces", "", &corev1.Namespace{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: named(Namespace, ""),
		}},
		{"networking.k8s.io", "v1", "ingressclasses", "", ingressClass()},
	}
	out = append(out, role("velad-dns", pki.UserDNS,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services", "pods", "namespaces", "endpoints"}, Verbs: watch},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: watch},
	)...)
	out = append(out, role("velad-edge", pki.UserEdge,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services", "secrets", "namespaces", "pods"}, Verbs: watch},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: watch},
		rbacv1.PolicyRule{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses", "ingressclasses"}, Verbs: watch},
		rbacv1.PolicyRule{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses/status"}, Verbs: []string{"update", "patch"}},
		rbacv1.PolicyRule{APIGroups: []string{gatewayv1.GroupName}, Resources: []string{"gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants"}, Verbs: watch},
		rbacv1.PolicyRule{
			APIGroups: []string{gatewayv1.GroupName}, Resources: []string{"gatewayclasses/status", "gateways/status", "httproutes/status", "grpcroutes/status"},
			Verbs: []string{"update", "patch"},
		},
		rbacv1.PolicyRule{APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"create", "patch", "update"}},
	)...)
	for _, r := range access.Roles() {
		out = append(out,
			object{rbacv1.GroupName, "v1", "clusterroles", "", r.ClusterRole()},
			object{rbacv1.GroupName, "v1", "clusterrolebindings", "", r.Binding()},
		)
	}
	return append(out,
		binding("velad-apiserver-kubelet-client", "system:kubelet-api-admin", pki.UserKubeletClient),
		// The controllers apply whatever an application is made of: any kind there is.
		binding("velad-manager", "cluster-admin", pki.UserManager),
	)
}

func ingressClass() *networkingv1.IngressClass {
	c := &networkingv1.IngressClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "IngressClass"},
		ObjectMeta: named(IngressClass, ""),
		Spec:       networkingv1.IngressClassSpec{Controller: IngressController},
	}
	c.Annotations = map[string]string{networkingv1.AnnotationIsDefaultIngressClass: "true"}
	return c
}

// gatewayClasses is the kind that gatewayClass needs.
const gatewayClasses = "gatewayclasses.gateway.networking.k8s.io"

func gatewayClass() object {
	return object{gatewayv1.GroupName, "v1", "gatewayclasses", "", &gatewayv1.GatewayClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "GatewayClass"},
		ObjectMeta: named(GatewayClass, ""),
		Spec:       gatewayv1.GatewayClassSpec{ControllerName: IngressController},
	}}
}

func role(name, user string, rules ...rbacv1.PolicyRule) []object {
	return []object{
		{"rbac.authorization.k8s.io", "v1", "clusterroles", "", &rbacv1.ClusterRole{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole"},
			ObjectMeta: named(name, ""), Rules: rules,
		}},
		binding(name, name, user),
	}
}

func binding(name, role, user string) object {
	return object{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "", &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding"},
		ObjectMeta: named(name, ""),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}}
}

// objects is what leads from inside the cluster to the parts that run beside it.
func (n *Node) objects() []object {
	const system = metav1.NamespaceSystem
	dns := []corev1.ServicePort{
		{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromInt32(53)},
		{Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(53)},
	}
	edge := []corev1.ServicePort{
		{Name: EdgePort, Port: n.EdgePort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(n.EdgePort)},
	}
	return []object{
		service("kube-dns", system, n.DNSServiceIP, dns),
		slice("kube-dns", system, n.DNSAddress, dns, nil),
		service(EdgeService, Namespace, "", edge),
		slice(EdgeService, Namespace, n.EdgeAddress, edge, &corev1.ObjectReference{Kind: "Pod", Namespace: Namespace, Name: EdgeService}),
	}
}

// edgePod stands for the edge that runs beside the cluster. The API server
// passes calls of a Service on only to addresses of pods; so the edge has one.
// No node ever runs it: its gate is never opened.
func (n *Node) edgePod() (spec, status object) {
	pod := func() *corev1.Pod {
		return &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: named(EdgeService, Namespace)}
	}
	no := false
	p := pod()
	p.Spec = corev1.PodSpec{
		SchedulingGates:              []corev1.PodSchedulingGate{{Name: "release.oam.dev/runs-in-velad"}},
		AutomountServiceAccountToken: &no,
		Containers:                   []corev1.Container{{Name: "edge", Image: "velad"}},
	}
	s := pod()
	s.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: n.EdgeAddress, PodIPs: []corev1.PodIP{{IP: n.EdgeAddress}}}
	return object{"", "v1", "pods", Namespace, p}, object{"", "v1", "pods", Namespace, s}
}

// service has no selector: its endpoints are stated beside it.
func service(name, namespace, clusterIP string, ports []corev1.ServicePort) object {
	return object{"", "v1", "services", namespace, &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: named(name, namespace),
		Spec:       corev1.ServiceSpec{ClusterIP: clusterIP, Ports: ports},
	}}
}

func slice(name, namespace, address string, ports []corev1.ServicePort, of *corev1.ObjectReference) object {
	ready := true
	s := &discoveryv1.EndpointSlice{
		TypeMeta:    metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta:  named(name, namespace),
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{address},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef:  of,
		}},
	}
	s.Labels[discoveryv1.LabelServiceName] = name
	s.Labels[discoveryv1.LabelManagedBy] = "velad"
	for _, p := range ports {
		s.Ports = append(s.Ports, discoveryv1.EndpointPort{Name: &p.Name, Port: &p.TargetPort.IntVal, Protocol: &p.Protocol})
	}
	return object{"discovery.k8s.io", "v1", "endpointslices", namespace, s}
}
