// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds of workloads that are released in steps.
const (
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
	KindCloneSet    = "CloneSet"
)

// GroupKruise is the API group of a CloneSet.
const GroupKruise = "apps.kruise.io"

// CloneSetKind is the version of a CloneSet that is read and written. A cluster serves it where the CustomResourceDefinition is there.
func CloneSetKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: GroupKruise, Version: "v1alpha1", Kind: KindCloneSet}
}

// VersionLabel is the label that the native controller of a kind tells the pods of one version by.
func VersionLabel(kind string) string {
	switch kind {
	case KindStatefulSet, KindDaemonSet:
		return appsv1.ControllerRevisionHashLabelKey
	}
	return appsv1.DefaultDeploymentUniqueLabelKey
}
