// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/health"
)

// live objects of the tests, as YAML: what a case states is all there is.
const (
	deploymentReady = `
kind: Deployment
metadata: {name: web, generation: 3, labels: {app.oam.dev/appRevision: demo-v2}}
spec: {replicas: 5}
status: {observedGeneration: 3, replicas: 5, readyReplicas: 5, updatedReplicas: 5}`
	deploymentHeld = `
kind: Deployment
metadata:
  name: web
  generation: 4
  labels: {app.oam.dev/appRevision: demo-v2}
  annotations: {rollouts.kruise.io/in-progressing: '{"rolloutName":"web","releaseID":"demo-v2"}'}
spec: {replicas: 5, paused: true}
status: {observedGeneration: 4, replicas: 5, readyReplicas: 5, updatedReplicas: 1}`
	service = `
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.7}`
	ingress = `
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: demo.example.com}]}
status: {loadBalancer: {}}`
	rolloutPaused = `
kind: Rollout
metadata: {name: web, generation: 7}
spec: {releaseID: demo-v2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}, strategy: {canary: {steps: [{traffic: 20%, replicas: 20%, pause: {}}]}}}
status: {observedGeneration: 7, phase: Progressing, message: at 20%, canaryStatus: {observedReleaseID: demo-v2, currentStepState: StepPaused, canaryReplicas: 1, canaryReadyReplicas: 1}}`
)

const noLoadBalancer = "No loadBalancer found, visiting by using 'vela port-forward demo'\n"

func TestComponent(t *testing.T) {
	gateway := v1beta1.TraitStatus{Type: "gateway", Healthy: true, Message: noLoadBalancer}
	scaler := v1beta1.TraitStatus{Type: "scaler", Healthy: true}
	cases := map[string]struct {
		reason  string
		kind    string
		weight  int32
		live    []string
		healthy bool
		message string
		traits  []v1beta1.TraitStatus
	}{
		"all pods of the wanted revision are ready": {
			reason: "the page's first status", kind: "webservice", live: []string{deploymentReady, service, ingress},
			healthy: true, message: "Ready:5/5", traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"nothing is there yet": {
			reason: "an absent workload is not healthy", kind: "webservice",
			message: "Ready:0/0", traits: []v1beta1.TraitStatus{scaler, {Type: "gateway", Message: "waiting for the Ingress to be created"}},
		},
		"pods are missing": {
			reason: "ready is below replicas", kind: "webservice", message: "Ready:3/5",
			live:   []string{edit(deploymentReady, "status.readyReplicas", 3), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"the Deployment controller has not seen the change": {
			reason: "the counts are about an older generation", kind: "webservice", message: "Ready:5/5",
			live:   []string{edit(deploymentReady, "status.observedGeneration", 2), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"pods of an older version are ready": {
			reason: "updated is below replicas", kind: "webservice", message: "Ready:5/5",
			live:   []string{edit(deploymentReady, "status.updatedReplicas", 2), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"what is live was applied from an older revision": {
			reason: "its health says nothing about the wanted revision", kind: "webservice", message: "Ready:5/5",
			live:   []string{edit(deploymentReady, "metadata.labels", map[string]any{"app.oam.dev/appRevision": "demo-v1"}), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"health checks are disabled on a webservice": {
			reason: "the annotation is honoured", kind: "webservice", healthy: true, message: "Ready:0/5",
			live: []string{edit(edit(deploymentReady, "status.readyReplicas", 0), "metadata.annotations",
				map[string]any{"app.oam.dev/disable-health-check": "true"}), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"health checks are disabled on a worker": {
			reason: "only webservice honours the annotation", kind: "worker", message: "Ready:0/5",
			live: []string{edit(edit(deploymentReady, "status.readyReplicas", 0), "metadata.annotations",
				map[string]any{"app.oam.dev/disable-health-check": "true"}), service, ingress},
			traits: []v1beta1.TraitStatus{scaler, gateway},
		},
		"a Rollout holds the Deployment at 20 percent": {
			reason: "ready pods count, not updated ones; rolling-release comes first", kind: "webservice", weight: 20,
			live:    []string{deploymentHeld, service, ingress, rolloutPaused},
			healthy: true, message: "Ready:5/5",
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Healthy: true, Message: "at 20%"}, scaler, gateway},
		},
		"a Rollout holds the Deployment and a pod is missing": {
			reason: "fewer ready pods than replicas", kind: "worker", weight: 20, message: "Ready:4/5",
			live:   []string{edit(deploymentHeld, "status.readyReplicas", 4), service, ingress, rolloutPaused},
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Healthy: true, Message: "at 20%"}, scaler, gateway},
		},
		"the Rollout is paused at the weight of the step before": {
			reason: "the old StepPaused must not pass for this step", kind: "webservice", weight: 50, message: "Ready:5/5",
			live: []string{deploymentHeld, service, ingress, rolloutPaused},
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Message: "waiting for the Rollout to get the weight of this step"},
				scaler, gateway},
		},
		"the Rollout's status is about an older generation": {
			reason: "the old StepPaused must not pass for the new plan", kind: "webservice", weight: 20, message: "Ready:5/5",
			live: []string{deploymentHeld, service, ingress, edit(rolloutPaused, "status.observedGeneration", 6)},
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Message: "waiting for the Rollout to be seen by its controller"},
				scaler, gateway},
		},
		"the Rollout is still bringing pods up": {
			reason: "a step is done when it is true", kind: "webservice", weight: 20, message: "Ready:5/5",
			live: []string{deploymentHeld, service, ingress, edit(rolloutPaused, "status.canaryStatus.currentStepState", "StepUpgrade")},
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Message: "at 20%"},
				scaler, gateway},
		},
		"the Rollout is gone": {
			reason: "no Rollout, no step", kind: "webservice", weight: 20, message: "Ready:5/5",
			live:   []string{deploymentReady, service, ingress},
			traits: []v1beta1.TraitStatus{{Type: "rolling-release", Message: "waiting for the Rollout to be created"}, scaler, gateway},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			comp, manifests := rendered(t, tc.kind, tc.weight)
			got := health.Component(comp, manifests, liveOf(t, tc.live...))
			want := v1beta1.ServiceStatus{
				Name: "web", Namespace: "default", Cluster: "local", Healthy: tc.healthy, Message: tc.message, Traits: tc.traits,
				WorkloadDefinition: v1beta1.WorkloadKind{APIVersion: "apps/v1", Kind: "Deployment"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// The full weight is reached only when the release is over, for its plan has no pause to stop at.
func TestFullWeight(t *testing.T) {
	full := edit(rolloutPaused, "spec.strategy.canary.steps",
		[]any{map[string]any{"traffic": "100%", "replicas": "100%", "pause": map[string]any{"duration": int64(0)}}})
	cases := map[string]struct {
		live    string
		healthy bool
	}{
		"still in the step":         {live: full},
		"closing work is not done":  {live: edit(full, "status.canaryStatus.currentStepState", "Completed")},
		"one version serves":        {live: edit(full, "status.phase", "Healthy"), healthy: true},
		"healthy, but of a release": {live: edit(edit(full, "status.phase", "Healthy"), "status.canaryStatus.observedReleaseID", "demo-v1")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			comp, manifests := rendered(t, "webservice", 100)
			got := health.Component(comp, manifests, liveOf(t, deploymentReady, service, ingress, tc.live))
			if got.Traits[0].Healthy != tc.healthy || got.Healthy != tc.healthy {
				t.Errorf("rolling-release is %+v and the component healthy=%t; want %t", got.Traits[0], got.Healthy, tc.healthy)
			}
		})
	}
}

func TestGatewayMessage(t *testing.T) {
	noHost := edit(ingress, "spec.rules", []any{map[string]any{}})
	with := func(base, field, value string) string {
		return edit(base, "status.loadBalancer.ingress", []any{map[string]any{field: value}})
	}
	cases := map[string]struct{ live, want string }{
		"no address":        {ingress, noLoadBalancer},
		"address and host":  {with(ingress, "ip", "192.168.9.103"), "Visiting URL: demo.example.com, IP: 192.168.9.103"},
		"address, any host": {with(noHost, "ip", "192.168.9.103"), "Host not specified, visit the cluster or load balancer in front of the cluster with IP: 192.168.9.103"},
		"a name and a host": {with(ingress, "hostname", "lb.example.com"), "Visiting URL: demo.example.com"},
		"a name, any host":  {with(noHost, "hostname", "lb.example.com"), "Host not specified, visit the cluster or load balancer in front of the cluster"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			comp, manifests := rendered(t, "webservice", 0)
			got := health.Component(comp, manifests, liveOf(t, deploymentReady, service, tc.live))
			if message := got.Traits[1].Message; message != tc.want {
				t.Errorf("message %q, want %q (spec/kubevela.md 4.3)", message, tc.want)
			}
		})
	}
}

func rendered(t *testing.T, kind string, weight int32) (v1beta1.Component, []render.Manifest) {
	t.Helper()
	comp := v1beta1.Component{
		Name: "web", Type: kind, Properties: &runtime.RawExtension{Raw: []byte(`{"image":"demo:v2"}`)},
		Traits: []v1beta1.Trait{
			{Type: "scaler", Properties: &runtime.RawExtension{Raw: []byte(`{"replicas":5}`)}},
			{Type: "gateway", Properties: &runtime.RawExtension{Raw: []byte(`{"domain":"demo.example.com","http":{"/":8090}}`)}},
		},
	}
	c := render.Context{AppName: "demo", Namespace: "default", Revision: "demo-v2"}
	manifests, err := render.Component(definition.Builtin(), c, comp)
	if err != nil {
		t.Fatal(err)
	}
	if weight == 0 {
		return comp, manifests
	}
	rollout, err := render.Rollout(c, comp, manifests, render.Canary{Weight: weight})
	if err != nil {
		t.Fatal(err)
	}
	return comp, append(manifests, rollout)
}

func liveOf(t *testing.T, documents ...string) health.Live {
	t.Helper()
	objects := map[string]*unstructured.Unstructured{}
	for _, document := range documents {
		object := parse(document)
		objects[object.GetKind()+"/"+object.GetName()] = object
	}
	return func(gvk schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured {
		if namespace != "default" {
			t.Errorf("%s %s is looked up in namespace %q", gvk.Kind, name, namespace)
		}
		return objects[gvk.Kind+"/"+name]
	}
}

// edit returns a document with another value at a dotted path.
func edit(document, path string, value any) string {
	object := parse(document)
	if n, isInt := value.(int); isInt {
		value = int64(n)
	}
	var fields []string
	for start, i := 0, 0; i <= len(path); i++ {
		if i == len(path) || path[i] == '.' {
			fields = append(fields, path[start:i])
			start = i + 1
		}
	}
	if err := unstructured.SetNestedField(object.Object, value, fields...); err != nil {
		panic(err)
	}
	out, err := yaml.Marshal(object.Object)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func parse(document string) *unstructured.Unstructured {
	raw, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		panic(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(raw); err != nil {
		panic(err)
	}
	return object
}
