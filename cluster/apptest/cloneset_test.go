// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// cloneSetDefinition has of the CustomResourceDefinition of OpenKruise what a release reads and writes; everything else is kept.
const cloneSetDefinition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clonesets.apps.kruise.io}
spec:
  group: apps.kruise.io
  scope: Namespaced
  names: {kind: CloneSet, listKind: CloneSetList, plural: clonesets, singular: cloneset}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties:
              replicas: {type: integer, format: int32}
              template: {type: object, x-kubernetes-preserve-unknown-fields: true}
              updateStrategy:
                type: object
                x-kubernetes-preserve-unknown-fields: true
                properties:
                  partition: {anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true}
                  maxUnavailable: {anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true}
`

const clonesNamespace = "clones"

// clonesRollout releases clonesWorkload, five pods behind an Ingress.
const clonesRollout = `
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {name: web, namespace: clones}
spec:
  workloadRef: {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, name: web}
  strategy:
    canary:
      steps: [{traffic: 20%}, {traffic: 60%}, {traffic: 100%, pause: {duration: 0}}]
      trafficRoutings: [{service: web, gracePeriodSeconds: 0, ingress: {name: web}}]
`

const clonesWorkload = `
apiVersion: apps.kruise.io/v1alpha1
kind: CloneSet
metadata: {name: web, namespace: clones}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:v1"}]}
  updateStrategy: {type: ReCreate, maxUnavailable: 1, ofNextYear: {kept: true}}
`

func cloneSetKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "apps.kruise.io", Version: "v1alpha1", Kind: "CloneSet"}
}

// clones plays a Rollout of a CloneSet in a cluster that comes to know the kind, and forgets it again.
func (p *plane) clones(t *testing.T) {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: clonesNamespace}}
	p.create(t, ns)
	p.create(t, fromText(t, clonesRollout))
	const unknown = "spec.workloadRef: the cluster does not know the kind CloneSet of apps.kruise.io/v1alpha1; install OpenKruise, and the Rollout goes on by itself"
	p.says(t, rollouts.PhaseInitial, unknown)

	for _, o := range []client.Object{
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: clonesNamespace, Name: "web"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 8090}}}},
		clonesIngress(),
	} {
		p.create(t, o)
	}
	p.create(t, fromText(t, cloneSetDefinition))
	p.says(t, rollouts.PhaseInitial, "Workload Not Found: spec.workloadRef names CloneSet web, which does not exist in this namespace; create it or correct the name")
	until(t, "a CloneSet is created", func(ctx context.Context) error { return p.client.Create(ctx, fromText(t, clonesWorkload)) })
	stop := runCloneSets(t, p.config)
	defer stop()
	p.says(t, rollouts.PhaseHealthy, "rollout is healthy")
	own := p.cloneSet(t)
	if keeps := strategy(own)["partition"]; keeps != "100%" {
		t.Errorf("between releases the partition is %v", keeps)
	}
	before := p.clonesOf(t, "web:v1", 5)

	ann := p.as(t, "ann")
	t.Run("nobody else moves the partition", func(t *testing.T) {
		err := ann.Patch(t.Context(), p.cloneSet(t), client.RawPatch(types.MergePatchType, []byte(`{"spec":{"updateStrategy":{"partition":0}}}`)))
		if err == nil || !strings.Contains(err.Error(), "a Rollout holds this CloneSet") {
			t.Errorf("got %v", err)
		}
	})
	p.image(t, ann, "web:v2")
	p.atStep(t, 1)
	after := p.clonesOf(t, "web:v2", 1)
	if kept := p.clonesOf(t, "web:v1", 4); !subset(kept, before) || subset(after, before) {
		t.Errorf("one pod is new and four are those of before: %v, %v, before %v", after, kept, before)
	}
	if n := p.selected(t, "web-canary"); n != 1 {
		t.Errorf("the Service of the new version leads to %d pods", n)
	}
	p.approve(t)
	p.atStep(t, 2)
	p.clonesOf(t, "web:v2", 3)

	t.Run("the update that brings a third version closes the partition", func(t *testing.T) {
		if keeps := strategy(p.cloneSet(t))["partition"]; keeps != "40%" {
			t.Errorf("in the second step the partition is %v", keeps)
		}
		if keeps := strategy(p.image(t, ann, "web:v3"))["partition"]; keeps != "100%" {
			t.Errorf("the update itself leaves the partition at %v", keeps)
		}
	})
	p.atStep(t, 1)
	p.clonesOf(t, "web:v3", 1)
	if kept := p.clonesOf(t, "web:v1", 4); len(kept) != 4 {
		t.Errorf("of the stable version %d pods are there", len(kept))
	}

	p.image(t, ann, "web:v1")
	p.says(t, rollouts.PhaseHealthy, "the new version was taken back; all pods and all traffic are on the stable version")
	p.clonesOf(t, "web:v1", 5)

	p.image(t, ann, "web:v4")
	p.atStep(t, 1)
	p.approve(t)
	p.atStep(t, 2)
	p.approve(t)
	p.clonesOf(t, "web:v4", 5)
	p.says(t, rollouts.PhaseHealthy, "rollout is healthy")

	t.Run("without the definition the Rollout says so again, and goes", func(t *testing.T) {
		stop()
		if err := p.client.Delete(t.Context(), fromText(t, cloneSetDefinition)); err != nil {
			t.Fatal(err)
		}
		p.says(t, rollouts.PhaseInitial, unknown)
		ro := fromText(t, clonesRollout)
		if err := p.client.Delete(t.Context(), ro); err != nil {
			t.Fatal(err)
		}
		until(t, "the Rollout is gone", func(ctx context.Context) error {
			if err := p.client.Get(ctx, client.ObjectKeyFromObject(ro), ro); client.IgnoreNotFound(err) != nil || err == nil {
				return fmt.Errorf("it is there: %w", err)
			}
			return nil
		})
	})
}

func (p *plane) create(t *testing.T, o client.Object) {
	t.Helper()
	if err := p.client.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// as is a client of somebody else who may do everything.
func (p *plane) as(t *testing.T, user string) client.Client {
	t.Helper()
	config := rest.CopyConfig(p.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
	c, err := client.New(config, client.Options{Scheme: p.client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fromText(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return o
}

func clonesIngress() *networkingv1.Ingress {
	class, prefix := "nginx", networkingv1.PathTypePrefix
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: clonesNamespace, Name: "web"}, Spec: networkingv1.IngressSpec{
		IngressClassName: &class, Rules: []networkingv1.IngressRule{{Host: "web.com", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
				Name: "web", Port: networkingv1.ServiceBackendPort{Number: 8090},
			}}}},
		}}}},
	}}
}

func (p *plane) cloneSet(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(cloneSetKind())
	if err := p.client.Get(t.Context(), types.NamespacedName{Namespace: clonesNamespace, Name: "web"}, o); err != nil {
		t.Fatal(err)
	}
	return o
}

func strategy(o *unstructured.Unstructured) map[string]any {
	m, _, err := unstructured.NestedMap(o.Object, "spec", "updateStrategy")
	if err != nil {
		panic(err)
	}
	return m
}

// image changes the template, and gives the CloneSet as that update left it.
func (p *plane) image(t *testing.T, by client.Client, image string) *unstructured.Unstructured {
	t.Helper()
	o := p.cloneSet(t)
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"web","image":%q}]}}}}`, image)
	// For some seconds after a kind has come, the API server has no schema of it that its own rules could change objects by.
	until(t, image+" is applied", func(ctx context.Context) error {
		err := by.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)))
		if err != nil && !apierrors.IsServiceUnavailable(err) {
			t.Fatal(err)
		}
		return err
	})
	return o
}

func (p *plane) rollout(ctx context.Context) (*rollouts.Rollout, error) {
	ro := &rollouts.Rollout{}
	return ro, p.client.Get(ctx, types.NamespacedName{Namespace: clonesNamespace, Name: "web"}, ro)
}

func (p *plane) says(t *testing.T, phase rollouts.Phase, message string) {
	t.Helper()
	until(t, fmt.Sprintf("the Rollout is %s and says %q", phase, message), func(ctx context.Context) error {
		ro, err := p.rollout(ctx)
		if err == nil && (ro.Status.Phase != phase || ro.Status.Message != message) {
			err = fmt.Errorf("it is %s and says %q", ro.Status.Phase, ro.Status.Message)
		}
		return err
	})
}

// atStep waits for a step to be reached by the version that is in the template now.
func (p *plane) atStep(t *testing.T, step int32) {
	t.Helper()
	until(t, fmt.Sprintf("step %d is reached", step), func(ctx context.Context) error {
		ro, err := p.rollout(ctx)
		if err != nil {
			return err
		}
		update, _, err := unstructured.NestedString(p.cloneSet(t).Object, "status", "updateRevision")
		if err != nil {
			return err
		}
		st := ro.Status
		if st.CurrentStepState != rollouts.StepPaused || st.CurrentStepIndex != step || "web-"+st.CanaryStatus.CanaryRevision != update {
			return fmt.Errorf("it is at step %d, %s: %s", st.CurrentStepIndex, st.CurrentStepState, st.Message)
		}
		return nil
	})
}

func (p *plane) approve(t *testing.T) {
	t.Helper()
	ro, err := p.rollout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":{"canaryStatus":{"currentStepState":"StepReady"}}}`))
	if err := p.client.Status().Patch(t.Context(), ro, patch); err != nil {
		t.Fatal(err)
	}
}

// clonesOf waits for so many ready pods of an image, and gives their UIDs.
func (p *plane) clonesOf(t *testing.T, image string, want int) (uids []types.UID) {
	t.Helper()
	until(t, fmt.Sprintf("%d pods of %s are ready", want, image), func(ctx context.Context) error {
		pods, err := listClones(ctx, p.client)
		uids = nil
		for _, pod := range pods {
			if pod.Spec.Containers[0].Image == image && podReady(&pod) {
				uids = append(uids, pod.UID)
			}
		}
		if err == nil && len(uids) != want {
			err = fmt.Errorf("there are %d", len(uids))
		}
		return err
	})
	return uids
}

func subset(some, all []types.UID) bool {
	return !slices.ContainsFunc(some, func(uid types.UID) bool { return !slices.Contains(all, uid) })
}

// selected counts the pods that a Service selects.
func (p *plane) selected(t *testing.T, name string) int {
	t.Helper()
	s, pods := &corev1.Service{}, &corev1.PodList{}
	if err := p.client.Get(t.Context(), types.NamespacedName{Namespace: clonesNamespace, Name: name}, s); err != nil {
		t.Fatal(err)
	}
	if err := p.client.List(t.Context(), pods, client.InNamespace(clonesNamespace), client.MatchingLabels(s.Spec.Selector)); err != nil {
		t.Fatal(err)
	}
	return len(pods.Items)
}

// listClones gives the pods that do not terminate.
func listClones(ctx context.Context, c client.Reader) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := c.List(ctx, list, client.InNamespace(clonesNamespace)); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

func podReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
