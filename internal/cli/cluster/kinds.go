// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	releasev1alpha1 "github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Applications is the resource of Application.
func Applications() schema.GroupVersionResource {
	return corev1beta1.GroupVersion().WithResource("applications")
}

// Revisions is the resource of ApplicationRevision.
func Revisions() schema.GroupVersionResource {
	return corev1beta1.GroupVersion().WithResource("applicationrevisions")
}

// Trackers is the resource of ResourceTracker.
func Trackers() schema.GroupVersionResource {
	return corev1beta1.GroupVersion().WithResource("resourcetrackers")
}

// Rollouts is the resource of Rollout.
func Rollouts() schema.GroupVersionResource {
	return rolloutsv1beta1.GroupVersion().WithResource("rollouts")
}

// Actions is the resource of ReleaseAction.
func Actions() schema.GroupVersionResource {
	return releasev1alpha1.GroupVersion().WithResource("releaseactions")
}

// Workflows is the resource of a workflow that was saved under a name.
func Workflows() schema.GroupVersionResource {
	return corev1alpha1.GroupVersion().WithResource("workflows")
}

// Pods is the resource of Pod.
func Pods() schema.GroupVersionResource { return core("pods") }

// Services is the resource of Service.
func Services() schema.GroupVersionResource { return core("services") }

// ConfigMaps is the resource of ConfigMap.
func ConfigMaps() schema.GroupVersionResource { return core("configmaps") }

// Secrets of the core API.
func Secrets() schema.GroupVersionResource { return core("secrets") }

// Namespaces is the resource of Namespace.
func Namespaces() schema.GroupVersionResource { return core("namespaces") }

// Ingresses is the resource of Ingress.
func Ingresses() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}
}

func core(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: resource}
}
