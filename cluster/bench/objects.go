// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// replicas of every workload of a canary, as on the page.
const replicas = 5

// labels of the pods of a Deployment.
func labels(deployment string) map[string]string { return map[string]string{"app": deployment} }

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: namespace} }

func deployment(name, tag string, count int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: named(name),
		Spec: appsv1.DeploymentSpec{
			Replicas: &count,
			Selector: &metav1.LabelSelector{MatchLabels: labels(name)},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels(name)},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "demo", Image: "demo:" + tag, Ports: []corev1.ContainerPort{{ContainerPort: podPort}},
				}}},
			},
		},
	}
}

// service leads to the pods of a Deployment.
func service(name, deployment string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: named(name),
		Spec: corev1.ServiceSpec{
			Selector: labels(deployment),
			Ports:    []corev1.ServicePort{{Port: podPort, TargetPort: intstr.FromInt32(podPort)}},
		},
	}
}

// host under which a release is reached.
func host(name string) string { return name + ".bench.test" }

// ingress leads from the release's host to a Service.
func ingress(name, release, service string) *networkingv1.Ingress {
	return &networkingv1.Ingress{
		ObjectMeta: named(name),
		Spec: networkingv1.IngressSpec{
			IngressClassName: ptr.To("nginx"),
			Rules: []networkingv1.IngressRule{{
				Host: host(release),
				IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
					Paths: []networkingv1.HTTPIngressPath{{
						Path: "/version", PathType: ptr.To(networkingv1.PathTypePrefix),
						Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
							Name: service, Port: networkingv1.ServiceBackendPort{Number: podPort},
						}},
					}},
				}},
			}},
		},
	}
}

// canary makes an Ingress the canary of the release's, at weight 0.
func canary(of *networkingv1.Ingress) *networkingv1.Ingress {
	of.Annotations = map[string]string{canaryIngress: "true", canaryWeight: "0"}
	return of
}

// rollout is 20 %, 50 %, then everything.
func rollout(name string) *rolloutsv1beta1.Rollout {
	step := func(share string, pause rolloutsv1beta1.Pause) rolloutsv1beta1.Step {
		return rolloutsv1beta1.Step{Traffic: &share, Replicas: ptr.To(intstr.FromString(share)), Pause: pause}
	}
	return &rolloutsv1beta1.Rollout{
		ObjectMeta: named(name),
		Spec: rolloutsv1beta1.RolloutSpec{
			WorkloadRef: rolloutsv1beta1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			Strategy: rolloutsv1beta1.Strategy{Canary: &rolloutsv1beta1.CanaryStrategy{
				Steps: []rolloutsv1beta1.Step{
					step("20%", rolloutsv1beta1.Pause{}),
					step("50%", rolloutsv1beta1.Pause{}),
					step("100%", rolloutsv1beta1.Pause{Duration: ptr.To[int32](0)}),
				},
				TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{
					Service: name, Ingress: &rolloutsv1beta1.IngressRouting{ClassType: "nginx", Name: name},
				}},
			}},
		},
	}
}

// application is the page's, with a name, host and port of its own. publish is its version, tag that of its image.
func application(name, publish, tag string) *corev1beta1.Application {
	text := fmt.Sprintf(`
metadata:
  name: %[1]s
  namespace: %[2]s
  annotations: {app.oam.dev/publishVersion: %[7]s}
spec:
  components:
    - name: %[1]s
      type: webservice
      properties: {image: "demo:%[3]s", ports: [{port: %[4]d}]}
      traits:
        - {type: scaler, properties: {replicas: %[5]d}}
        - {type: gateway, properties: {domain: %[6]s, http: {"/version": %[4]d}}}
`, name, namespace, tag, podPort, replicas, host(name), publish)
	if tag != "v1" {
		text += `
  workflow:
    steps:
      - {type: canary-deploy, name: rollout-20, properties: {weight: 20}}
      - {type: suspend, name: suspend-1st}
      - {type: canary-deploy, name: rollout-50, properties: {weight: 50}}
      - {type: suspend, name: suspend-2nd}
      - {type: canary-deploy, name: rollout-100, properties: {weight: 100}}
`
	}
	return parseApplication(text)
}

// smallApplication is one webservice with one pod.
func smallApplication(name string) *corev1beta1.Application {
	return parseApplication(fmt.Sprintf(`
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  components:
    - name: %[1]s
      type: webservice
      properties: {image: "demo:v1", ports: [{port: %[3]d}]}
      traits: [{type: scaler, properties: {replicas: 1}}]
`, name, namespace, podPort))
}

func parseApplication(text string) *corev1beta1.Application {
	app := &corev1beta1.Application{}
	if err := yaml.UnmarshalStrict([]byte(text), app); err != nil {
		panic(err) // the text is ours
	}
	return app
}
