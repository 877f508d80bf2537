// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// addonRollout is what KubeVela's addon kruise-rollout writes for a step of the page: one step, edited on the way.
const addonRollout = `
apiVersion: rollouts.kruise.io/v1alpha1
kind: Rollout
metadata:
  name: canary-demo
  annotations: {rollouts.kruise.io/rolling-style: partition, controller.core.oam.dev/skip-resume: "true"}
spec:
  objectRef: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: canary-demo}}
  strategy:
    canary:
      steps: [{weight: %d, pause: {%s}}]
      trafficRoutings: [{service: canary-demo, gracePeriodSeconds: 5, ingress: {name: canary-demo, classType: nginx}}]
`

// TestTheRolloutOfKubeVelasAddonRuns plays 20, 50 and 100 % as the addon writes them, with one step that is edited. Its last
// one, weight 100 in partition style, is what newer upstream controllers refuse (kruise-rollouts.md 0.13, 2.7).
func TestTheRolloutOfKubeVelasAddonRuns(t *testing.T) {
	p := newPage(t)
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	older := rolloutKind
	older.Version = "v1alpha1"
	say := func(weight int, pause string) {
		t.Helper()
		o := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal(fmt.Appendf(nil, addonRollout, weight, pause), o))
		_, err := client.Resource(older).Namespace("default").Apply(t.Context(), play.App, o, metav1.ApplyOptions{FieldManager: "addon"})
		must(t, err)
	}
	at := func(weight int64) {
		t.Helper()
		until(t, p, older, play.App, fmt.Sprintf("it waits at %d%%", weight), func(o *unstructured.Unstructured) bool {
			state, _, err := unstructured.NestedString(o.Object, "status", "canaryStatus", "currentStepState")
			return err == nil && state == "StepPaused" && number(o, "status", "canaryStatus", "desiredWeight") == weight
		})
	}
	applyExample(t, client, "rollout/workload.yaml")
	until(t, p, deploymentKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 5 })
	must(t, p.WaitServed(t.Context()))
	say(20, "")
	until(t, p, older, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	must(t, p.StartLoad(context.WithoutCancel(t.Context()), load.DefaultMix()))

	scene(t, "20 %, as it is written in v1alpha1", func(t *testing.T) {
		setImage(t, client, "v2")
		at(20)
		share(t, p, "V2", 20)
	})
	scene(t, "the step is edited to 50 %", func(t *testing.T) {
		say(50, "")
		at(50)
		share(t, p, "V2", 50)
	})
	scene(t, "and to 100 %", func(t *testing.T) {
		say(100, "duration: 0")
		until(t, p, older, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 5
		})
		must(t, p.HelpersGone(t.Context()))
		share(t, p, "V2", 100)
	})
	scene(t, "pods on top, approved in v1alpha1", func(t *testing.T) {
		_, err := client.Resource(older).Namespace("default").Patch(t.Context(), play.App, types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"rollouts.kruise.io/rolling-style":"canary"}},"spec":{"strategy":{"canary":{"steps":[{"weight":20},{"weight":100}]}}}}`), metav1.PatchOptions{})
		must(t, err)
		setImage(t, client, "v1")
		at(20)
		until(t, p, deploymentKind, play.App, "there are six pods", func(o *unstructured.Unstructured) bool { return number(o, "status", "replicas") == 6 })
		_, err = client.Resource(older).Namespace("default").Patch(t.Context(), play.App, types.MergePatchType, approval, metav1.PatchOptions{}, "status")
		must(t, err)
		until(t, p, older, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 5
		})
		share(t, p, "V1", 100)
	})
	noneFailed(t, p)
}
