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

const blueGreen = `
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {name: canary-demo}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: canary-demo}
  strategy:
    blueGreen:
      scaleDownDelaySeconds: 3
      steps:
        - {replicas: 100%, traffic: 0%}
        - {replicas: 100%, traffic: 50%}
        - {replicas: 100%, traffic: 100%}
      trafficRoutings: [{service: canary-demo, ingress: {name: canary-demo}}]
`

// TestBlueGreenUnderLoad puts version 2 beside version 1, moves the traffic by jumps in both directions, goes back from all of it at
// once, and then through. Both versions have all their pods all the time.
func TestBlueGreenUnderLoad(t *testing.T) {
	p := newPage(t)
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	ro := client.Resource(rolloutKind).Namespace("default")
	status := func(field string, value any) error {
		_, err := ro.Patch(t.Context(), play.App, types.MergePatchType, fmt.Appendf(nil, `{"status":{"blueGreenStatus":{%q:%v}}}`, field, value), metav1.PatchOptions{}, "status")
		return err
	}
	at := func(step int64) {
		t.Helper()
		until(t, p, rolloutKind, play.App, fmt.Sprintf("it is at step %d", step), func(o *unstructured.Unstructured) bool {
			state, _, err := unstructured.NestedString(o.Object, "status", "blueGreenStatus", "currentStepState")
			return err == nil && state == "StepPaused" && number(o, "status", "blueGreenStatus", "currentStepIndex") == step
		})
	}
	applyExample(t, client, "rollout/workload.yaml")
	until(t, p, deploymentKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 5 })
	must(t, p.WaitServed(t.Context()))
	o := &unstructured.Unstructured{}
	must(t, yaml.Unmarshal([]byte(blueGreen), o))
	_, err = ro.Apply(t.Context(), play.App, o, metav1.ApplyOptions{FieldManager: "kubectl"})
	must(t, err)
	until(t, p, rolloutKind, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	must(t, p.StartLoad(context.WithoutCancel(t.Context()), load.DefaultMix()))

	scene(t, "version 2 stands beside version 1, without traffic", func(t *testing.T) {
		setImage(t, client, "v2")
		at(1)
		until(t, p, deploymentKind, play.App, "there are ten pods", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 10 })
		share(t, p, "V1", 100)
	})
	scene(t, "a jump goes to a step of the plan, and to no other", func(t *testing.T) {
		refused(t, status("nextStepIndex", 4), "the plan has no such step")
		must(t, status("nextStepIndex", 3))
		at(3)
		share(t, p, "V2", 100)
		must(t, status("nextStepIndex", 2))
		at(2)
		share(t, p, "V2", 50)
	})
	scene(t, "back at once from all of it", func(t *testing.T) {
		must(t, status("currentStepState", `"StepReady"`))
		at(3)
		setImage(t, client, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
		must(t, p.HelpersGone(t.Context()))
		share(t, p, "V1", 100)
	})
	scene(t, "and through", func(t *testing.T) {
		setImage(t, client, "v2")
		at(1)
		must(t, status("nextStepIndex", 3))
		at(3)
		must(t, status("currentStepState", `"StepReady"`))
		until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "blueGreenStatus", "updatedReadyReplicas") == 5 && number(o, "status", "blueGreenStatus", "stableReplicas") == 0
		})
		must(t, p.HelpersGone(t.Context()))
		share(t, p, "V2", 100)
	})
	noneFailed(t, p)
}
