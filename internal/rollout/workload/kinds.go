// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import appsv1 "k8s.io/api/apps/v1"

// Kinds of workloads that are released in steps.
const (
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
)

// VersionLabel is the label that the native controller of a kind tells the pods of one version by.
func VersionLabel(kind string) string {
	switch kind {
	case KindStatefulSet, KindDaemonSet:
		return appsv1.ControllerRevisionHashLabelKey
	}
	return appsv1.DefaultDeploymentUniqueLabelKey
}
