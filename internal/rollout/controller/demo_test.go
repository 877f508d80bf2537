// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

func (b *bench) rollout() *v1beta1.Rollout {
	b.t.Helper()
	return b.rolloutOf("demo")
}

func (b *bench) rolloutOf(name string) *v1beta1.Rollout {
	b.t.Helper()
	ro := &v1beta1.Rollout{}
	if !b.find("default/"+name, ro) {
		b.t.Fatalf("the Rollout %s is gone", name)
	}
	return ro
}

// ask edits the plan, as a canary step does.
func (b *bench) ask(release, share string) {
	b.t.Helper()
	b.askOf("demo", release, share)
}

func (b *bench) askOf(name, release, share string) {
	b.t.Helper()
	ro := b.rolloutOf(name)
	ro.Spec.ReleaseID = release
	ro.Spec.Strategy.Canary.Steps = []v1beta1.Step{{Traffic: &share}}
	ro.Generation++
	b.must(b.api.Update(b.t.Context(), ro))
}

// apply changes the Deployment's template.
func (b *bench) apply(release, image string) {
	b.t.Helper()
	b.applyTo("demo", release, image)
}

func (b *bench) applyTo(name, release, image string) {
	b.t.Helper()
	d := &appsv1.Deployment{}
	if !b.find("default/"+name, d) {
		b.t.Fatalf("the Deployment %s is gone", name)
	}
	d.Labels[corev1beta1.LabelAppRevision] = release
	d.Spec.Template.Spec.Containers[0].Image = image
	d.Generation++
	b.must(b.api.Update(b.t.Context(), d))
	d.Status.ObservedGeneration = d.Generation
	b.must(b.api.Status().Update(b.t.Context(), d))
}

// state is what has to be the same at the end, whatever happened on the way.
func (b *bench) state() string {
	b.t.Helper()
	var out []string
	for _, s := range b.sets() {
		out = append(out, fmt.Sprintf("%s: %d", s.Spec.Template.Spec.Containers[0].Image, *s.Spec.Replicas))
	}
	d, i := &appsv1.Deployment{}, &networkingv1.Ingress{}
	b.find("default/demo", d)
	b.find("default/demo", i)
	out = append(out, fmt.Sprintf("paused %v, %s, %v", d.Spec.Paused, d.Spec.Strategy.Type, d.Annotations), i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name)
	services := &corev1.ServiceList{}
	b.must(b.api.List(b.t.Context(), services))
	for _, s := range services.Items {
		out = append(out, "Service "+s.Name)
	}
	ro := b.rollout()
	return strings.Join(append(out, fmt.Sprint(ro.Status.Phase, " ", ro.Status.CurrentStepState, " ", ro.Status.Message)), "\n")
}

// demo is five pods of v1 behind a Service and an Ingress, and a Rollout at rest.
func demo() []client.Object { return app("demo") }

// app is demo by another name.
func app(name string) []client.Object {
	five := int32(5)
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-" + name), Generation: 1, Labels: map[string]string{corev1beta1.LabelAppRevision: name + "-v1"}},
		Spec: appsv1.DeploymentSpec{Replicas: &five, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: "v1"}}}}},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1},
	}
	set := workload.NewReplicaSet(d, nil, workload.Hash(d.Spec.Template, nil), 5)
	set.Annotations[workload.AnnotationDesired] = "5"
	set.Status = appsv1.ReplicaSetStatus{Replicas: 5, AvailableReplicas: 5}
	kind := networkingv1.PathTypePrefix
	share := "20%"
	return []client.Object{d, set,
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80}}}},
		&networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-ingress-" + name)}, Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: name + ".example", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &kind, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		}}}},
		&v1beta1.Rollout{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Generation: 1, Finalizers: []string{v1beta1.Finalizer}}, Spec: v1beta1.RolloutSpec{
			WorkloadRef: v1beta1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: name}, ReleaseID: name + "-v1",
			Strategy: v1beta1.Strategy{Canary: &v1beta1.CanaryStrategy{Steps: []v1beta1.Step{{Traffic: &share}},
				TrafficRoutings: []v1beta1.TrafficRouting{{Service: name, Ingress: &v1beta1.IngressRouting{Name: name}}}}},
		}},
	}
}

func whole(b *bench) {
	b.settle()
	b.ask("demo-v2", "20%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.ask("demo-v2", "50%")
	b.settle()
	b.ask("demo-v2", "100%")
	b.settle()
}

func takenBack(b *bench) {
	b.settle()
	b.ask("demo-v2", "50%")
	b.settle()
	b.apply("demo-v2", "v2")
	b.settle()
	b.apply("demo-v1", "v1")
	b.settle()
}
