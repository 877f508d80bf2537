// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Workflow is a list of release steps that is kept under a name. The label app.oam.dev/name says which Application it is for;
// deploying the Application with it copies the steps, so that a run goes on when the Workflow is changed. As KubeVela publishes
// the kind, it has no spec.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:resource:shortName=wf,categories=oam
// +kubebuilder:printcolumn:name="APPLICATION",type=string,JSONPath=`.metadata.labels['app\.oam\.dev/name']`
// +kubebuilder:printcolumn:name="STEPS",type=string,JSONPath=`.steps[*].name`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type Workflow struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Mode *v1beta1.WorkflowMode `json:"mode,omitempty"`
	// +optional
	Steps []v1beta1.WorkflowStep `json:"steps,omitempty"`
}

// WorkflowList is a list of Workflows.
//
// +kubebuilder:object:root=true
type WorkflowList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Workflow `json:"items"`
}
