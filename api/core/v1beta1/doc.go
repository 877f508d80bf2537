// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 holds the core.oam.dev/v1beta1 API: what a user writes (Application) and the records
// the application controller keeps about it (ApplicationRevision, ResourceTracker).
// Field names, defaults and phases are those of the Open Application Model as KubeVela publishes it, so an existing
// Application YAML runs unchanged.
//
// +kubebuilder:object:generate=true
// +groupName=core.oam.dev
package v1beta1
