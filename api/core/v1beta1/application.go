// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Application is what a user deploys: components with traits, policies, and the workflow that releases them.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName={app,velaapp},categories=oam
// +kubebuilder:printcolumn:name="COMPONENT",type=string,JSONPath=`.spec.components[*].name`
// +kubebuilder:printcolumn:name="TYPE",type=string,JSONPath=`.spec.components[*].type`
// +kubebuilder:printcolumn:name="PHASE",type=string,JSONPath=`.status.status`
// +kubebuilder:printcolumn:name="HEALTHY",type=boolean,JSONPath=`.status.services[*].healthy`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.services[*].message`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ApplicationSpec   `json:"spec,omitempty"`
	Status ApplicationStatus `json:"status,omitempty"`
}

// ApplicationList is a list of Applications.
//
// +kubebuilder:object:root=true
type ApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Application `json:"items"`
}

// ApplicationSpec is the desired application.
type ApplicationSpec struct {
	// Components of the application; names are unique.
	// +optional
	Components []Component `json:"components"`
	// Policies that shape how components are deployed.
	// +optional
	Policies []Policy `json:"policies,omitempty"`
	// Workflow that releases the components; without one each component is applied by a step of its own.
	// +optional
	Workflow *Workflow `json:"workflow,omitempty"`
}

// Component is one part of an application.
type Component struct {
	// Name is unique in the application and names the workload.
	Name string `json:"name"`
	// Type is the component definition, for example webservice, or webservice@v2 for a revision of it.
	Type string `json:"type"`
	// ExternalRevision names the revision of a workload that is versioned elsewhere.
	// +optional
	ExternalRevision string `json:"externalRevision,omitempty"`
	// Properties are the definition's parameters.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Properties *runtime.RawExtension `json:"properties,omitempty"`
	// Traits are applied in order, each on the result of the former.
	// +optional
	Traits []Trait `json:"traits,omitempty"`
	// DependsOn names components that are healthy before this one is applied.
	// +optional
	DependsOn []string `json:"dependsOn,omitempty"`
	// Inputs taken from outputs of others.
	// +optional
	Inputs []StepInput `json:"inputs,omitempty"`
	// Outputs given to others.
	// +optional
	Outputs []StepOutput `json:"outputs,omitempty"`
}

// Trait is an operational feature of a component.
type Trait struct {
	// Type is the trait definition, for example scaler or gateway.
	Type string `json:"type"`
	// Properties are the definition's parameters.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Properties *runtime.RawExtension `json:"properties,omitempty"`
}

// Policy is an application policy, for example topology or override.
type Policy struct {
	// +optional
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Properties *runtime.RawExtension `json:"properties,omitempty"`
}

// Workflow is the ordered list of release steps. (The kind of the same name is in v1alpha1.)
//
// +kubebuilder:skipversion
type Workflow struct {
	// Ref names a Workflow object in the same namespace; it excludes Steps.
	// +optional
	Ref string `json:"ref,omitempty"`
	// +optional
	Mode *WorkflowMode `json:"mode,omitempty"`
	// +optional
	Steps []WorkflowStep `json:"steps,omitempty"`
}

// WorkflowMode says how steps and sub steps follow one another.
type WorkflowMode struct {
	// +optional
	Steps StepMode `json:"steps,omitempty"`
	// +optional
	SubSteps StepMode `json:"subSteps,omitempty"`
}

// StepMode is StepByStep (in order) or DAG (as dependencies allow).
//
// +kubebuilder:validation:Enum=StepByStep;DAG
type StepMode string

// The two step modes.
const (
	StepModeStepByStep StepMode = "StepByStep"
	StepModeDAG        StepMode = "DAG"
)

// WorkflowStep is one step of a workflow; a step of type step-group has SubSteps.
type WorkflowStep struct {
	StepBase `json:",inline"`
	// Mode of the sub steps, DAG unless given.
	// +optional
	Mode StepMode `json:"mode,omitempty"`
	// +optional
	SubSteps []StepBase `json:"subSteps,omitempty"`
}

// StepBase is what a step and a sub step have in common.
type StepBase struct {
	// Name is unique in the workflow; an empty one becomes step-<index>.
	// +optional
	Name string `json:"name"`
	// Type is the step definition, for example canary-deploy or suspend.
	Type string `json:"type"`
	// +optional
	Meta *StepMeta `json:"meta,omitempty"`
	// If is "always", or an expression over status, inputs and context.
	// +optional
	If string `json:"if,omitempty"`
	// Timeout is a duration such as 30s, 10m, 1h or 1d, counted from the first execution.
	// +optional
	Timeout string `json:"timeout,omitempty"`
	// +optional
	DependsOn []string `json:"dependsOn,omitempty"`
	// +optional
	Inputs []StepInput `json:"inputs,omitempty"`
	// +optional
	Outputs []StepOutput `json:"outputs,omitempty"`
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Properties *runtime.RawExtension `json:"properties,omitempty"`
}

// StepMeta is for display only.
type StepMeta struct {
	// +optional
	Alias string `json:"alias,omitempty"`
}

// StepInput takes an output of another step.
type StepInput struct {
	From string `json:"from"`
	// +optional
	ParameterKey string `json:"parameterKey,omitempty"`
}

// StepOutput gives a value to other steps.
type StepOutput struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}
