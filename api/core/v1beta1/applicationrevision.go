// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ApplicationRevision is an immutable snapshot of an Application at the moment it was published.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=apprev,categories=oam
// +kubebuilder:printcolumn:name="PUBLISH_VERSION",type=string,JSONPath=`.metadata.annotations['app\.oam\.dev/publishVersion']`
// +kubebuilder:printcolumn:name="SUCCEEDED",type=boolean,JSONPath=`.status.succeeded`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type ApplicationRevision struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ApplicationRevisionSpec   `json:"spec,omitempty"`
	Status ApplicationRevisionStatus `json:"status,omitempty"`
}

// ApplicationRevisionList is a list of ApplicationRevisions.
//
// +kubebuilder:object:root=true
type ApplicationRevisionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ApplicationRevision `json:"items"`
}

// ApplicationRevisionSpec is the snapshot.
type ApplicationRevisionSpec struct {
	// Application as published, without status.
	Application ApplicationSnapshot `json:"application"`
}

// ApplicationSnapshot is the part of an Application that a revision keeps.
type ApplicationSnapshot struct {
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	Spec        ApplicationSpec   `json:"spec"`
}

// ApplicationRevisionStatus is how the release of the revision ended.
type ApplicationRevisionStatus struct {
	// Succeeded is set once the workflow of this revision succeeded, and never unset.
	// +optional
	Succeeded bool `json:"succeeded"`
	// Workflow is the last progress of this revision's workflow.
	// +optional
	Workflow *WorkflowStatus `json:"workflow,omitempty"`
}
