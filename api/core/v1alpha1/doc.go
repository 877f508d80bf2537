// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the core.oam.dev/v1alpha1 API: what a user may keep beside an Application.
//
// +kubebuilder:object:generate=true
// +groupName=core.oam.dev
package v1alpha1
