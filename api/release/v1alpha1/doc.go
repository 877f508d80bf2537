// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the release.oam.dev/v1alpha1 API: ReleaseAction, what a person asks a release to do.
// The API server's admission records who asks; the application controller executes the action once and writes the outcome.
//
// +kubebuilder:object:generate=true
// +groupName=release.oam.dev
package v1alpha1
