// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// LabelApplication on a ReleaseAction names its Application, so that actions can be listed for it.
const LabelApplication = "release.oam.dev/application"

// ReleaseAction asks one thing of the release of one Application in the same namespace. Its spec is immutable.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ract,categories=oam
// +kubebuilder:printcolumn:name="APPLICATION",type=string,JSONPath=`.spec.application`
// +kubebuilder:printcolumn:name="ACTION",type=string,JSONPath=`.spec.action`
// +kubebuilder:printcolumn:name="BY",type=string,JSONPath=`.spec.requestedBy.username`
// +kubebuilder:printcolumn:name="PHASE",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type ReleaseAction struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable: create another ReleaseAction instead"
	Spec   ReleaseActionSpec   `json:"spec"`
	Status ReleaseActionStatus `json:"status,omitempty"`
}

// ReleaseActionList is a list of ReleaseActions.
//
// +kubebuilder:object:root=true
type ReleaseActionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ReleaseAction `json:"items"`
}

// ReleaseActionSpec is the request.
type ReleaseActionSpec struct {
	// Application in the same namespace.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Application string `json:"application"`
	// Action to take.
	Action Action `json:"action"`
	// Run is the publishVersion or revision the person saw (status.workflow.appRevision); when given and no longer
	// current the action is refused as stale.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Run string `json:"run,omitempty"`
	// Step is a step's name; empty means the whole workflow.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Step string `json:"step,omitempty"`
	// StepID is the id of the step the person saw; when given and no longer the one that waits the action is refused.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	StepID string `json:"stepID,omitempty"`
	// Reason in the person's words.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
	// RequestedBy is who asks; admission writes it over whatever the client sent.
	// +optional
	RequestedBy Requester `json:"requestedBy,omitempty"`
}

// Requester is a user as the API server authenticated them.
type Requester struct {
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Username string `json:"username,omitempty"`
	// +optional
	UID string `json:"uid,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxItems=64
	Groups []string `json:"groups,omitempty"`
}

// Action is what is asked.
//
// +kubebuilder:validation:Enum=resume;suspend;rollback;terminate;restart
type Action string

// The actions.
const (
	// ActionResume lets a suspended workflow go on.
	ActionResume Action = "resume"
	// ActionSuspend holds a running workflow.
	ActionSuspend Action = "suspend"
	// ActionRollback returns to the last revision that succeeded, in any state.
	ActionRollback Action = "rollback"
	// ActionTerminate ends the workflow and undoes nothing.
	ActionTerminate Action = "terminate"
	// ActionRestart runs the workflow again, from the start or from a failed step.
	ActionRestart Action = "restart"
)

// ReleaseActionStatus is the outcome.
type ReleaseActionStatus struct {
	// +optional
	Phase ActionPhase `json:"phase,omitempty"`
	// Message is one sentence about the outcome.
	// +optional
	Message string `json:"message,omitempty"`
	// Report is what was done, a line each, in order.
	// +optional
	Report []string `json:"report,omitempty"`
	// Target is the revision a rollback goes to, recorded before anything is changed.
	// +optional
	Target string `json:"target,omitempty"`
	// Left are the ApplicationRevisions that a rollback left behind, as they were before they were deleted.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Left []runtime.RawExtension `json:"left,omitempty"`
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
}

// ActionPhase is the state of an action.
type ActionPhase string

// The phases of an action; the empty one is "asked".
const (
	// ActionExecuting holds from the moment the controller has taken the action up until it is done.
	ActionExecuting ActionPhase = "Executing"
	// ActionSucceeded holds when all of it is done.
	ActionSucceeded ActionPhase = "Succeeded"
	// ActionRefused holds when it was not possible; nothing was changed.
	ActionRefused ActionPhase = "Refused"
)
