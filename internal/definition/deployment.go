// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const (
	kindDeployment  = "Deployment"
	kindStatefulSet = "StatefulSet"
	kindDaemonSet   = "DaemonSet"
)

// deployment builds a Deployment named as the component. It states no replicas: the scaler does, or an autoscaler may.
func deployment(scope Scope, podMeta, podSpec fields) (*unstructured.Unstructured, error) {
	return object(fields{
		"apiVersion": "apps/v1",
		"kind":       kindDeployment,
		"metadata":   fields{"name": scope.Component},
		"spec": fields{
			"selector": fields{"matchLabels": selector(scope)},
			"template": fields{"metadata": podMeta, "spec": podSpec},
		},
	})
}

// selector finds the pods of a component.
func selector(scope Scope) map[string]string {
	return map[string]string{v1beta1.LabelAppComponent: scope.Component}
}

// podLabels are the labels of a component's pods; own ones first, so that the selector's always win.
func podLabels(scope Scope, own map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range own {
		out[key] = value
	}
	out[v1beta1.LabelAppName] = scope.AppName
	out[v1beta1.LabelAppComponent] = scope.Component
	return out
}

// deploymentHealth compares a Deployment's status with its spec.
//
// While a Rollout holds the Deployment, several versions run side by side and the count of updated pods says nothing;
// then enough ready pods are enough, and the Rollout tells how far the release is.
func deploymentHealth(seen Seen) Health {
	live := seen.Workload
	if live == nil {
		return Health{Message: "Ready:0/0"}
	}
	wanted := int64(1)
	if replicas, found, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); found {
		wanted = replicas
	}
	ready := statusCount(live, "readyReplicas")
	out := Health{Message: fmt.Sprintf("Ready:%d/%d", ready, wanted)}
	if !sameRevision(live, seen.Wanted[""]) {
		return out
	}
	if _, held := live.GetAnnotations()[rollouts.AnnotationInProgress]; held {
		// Those beyond are on their way in or out.
		out.Healthy, out.Message = ready >= wanted, fmt.Sprintf("Ready:%d/%d", min(ready, wanted), wanted)
		return out
	}
	out.Healthy = statusCount(live, "observedGeneration") >= live.GetGeneration() &&
		ready == wanted && statusCount(live, "updatedReplicas") == wanted && statusCount(live, "replicas") == wanted
	return out
}

// sameRevision tells whether what is live was applied from the wanted revision; an older one may be healthy, but its
// health says nothing about the wanted one.
func sameRevision(live, wanted *unstructured.Unstructured) bool {
	if wanted == nil {
		return true
	}
	revision := wanted.GetLabels()[v1beta1.LabelAppRevision]
	return revision == "" || live.GetLabels()[v1beta1.LabelAppRevision] == revision
}

func statusCount(live *unstructured.Unstructured, name string) int64 {
	count, _, _ := unstructured.NestedInt64(live.Object, "status", name)
	return count
}
