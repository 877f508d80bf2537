// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 holds the rollouts.kruise.io/v1beta1 API: Rollout, the release of one workload in steps of pods and
// traffic. Field names, phases and messages are those that OpenKruise Rollouts publishes, so an existing Rollout YAML
// runs unchanged; what is added is optional.
//
// +kubebuilder:object:generate=true
// +groupName=rollouts.kruise.io
package v1beta1
