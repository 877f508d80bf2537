// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the rollouts.kruise.io/v1alpha1 API: Rollout as KubeVela's addon kruise-rollout and others write it.
// It is served and converted; what is stored is v1beta1. The style of a strategy and a TrafficRouting are annotations here.
// And TrafficRouting, which has no other version.
//
// +kubebuilder:object:generate=true
// +groupName=rollouts.kruise.io
package v1alpha1
