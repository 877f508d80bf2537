// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ApplicationStatus is what the application controller saw and did.
type ApplicationStatus struct {
	// Phase of the application.
	// +optional
	Phase ApplicationPhase `json:"status,omitempty"`
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Services is the health of each component, one entry for each.
	// +optional
	Services []ServiceStatus `json:"services,omitempty"`
	// +optional
	Workflow *WorkflowStatus `json:"workflow,omitempty"`
	// LatestRevision is the revision that the workflow above runs for.
	// +optional
	LatestRevision *RevisionName `json:"latestRevision,omitempty"`
	// +optional
	AppliedResources []AppliedResource `json:"appliedResources,omitempty"`
	// UnpublishedChange says what to do when the spec differs from the released revision although publishVersion is
	// the same; empty when they agree.
	// +optional
	UnpublishedChange string `json:"unpublishedChange,omitempty"`
	// HandledActions are the ReleaseActions whose effect is in this very status, each kept until the action says so
	// itself: effect and record are one write, so an action is carried out once even when the controller is killed.
	// +optional
	HandledActions []HandledAction `json:"handledActions,omitempty"`
}

// HandledAction is the outcome of a ReleaseAction that is still to be written into it.
type HandledAction struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	// Message is one sentence about the outcome.
	// +optional
	Message string `json:"message,omitempty"`
	// Target is the revision a rollback went to.
	// +optional
	Target string `json:"target,omitempty"`
}

// ApplicationPhase is one word for the state of an application.
type ApplicationPhase string

// The phases of an application.
const (
	// PhaseStarting holds while the controller cannot yet begin to work on the application.
	PhaseStarting ApplicationPhase = "starting"
	// PhaseRendering holds from a new revision until its workflow begins, and on errors in between.
	PhaseRendering ApplicationPhase = "rendering"
	// PhaseGeneratingPolicy holds while policies cannot be worked out.
	PhaseGeneratingPolicy ApplicationPhase = "generatingPolicy"
	// PhaseRunningWorkflow holds while a workflow step runs or waits.
	PhaseRunningWorkflow ApplicationPhase = "runningWorkflow"
	// PhaseWorkflowSuspending holds while the workflow waits for a person or a time.
	PhaseWorkflowSuspending ApplicationPhase = "workflowSuspending"
	// PhaseWorkflowTerminated holds after somebody ended the workflow.
	PhaseWorkflowTerminated ApplicationPhase = "workflowTerminated"
	// PhaseWorkflowFailed holds after a step failed for good.
	PhaseWorkflowFailed ApplicationPhase = "workflowFailed"
	// PhaseRunning holds when the workflow succeeded and all services are healthy.
	PhaseRunning ApplicationPhase = "running"
	// PhaseUnhealthy holds when the workflow succeeded but a service is not healthy.
	PhaseUnhealthy ApplicationPhase = "unhealthy"
	// PhaseDeleting holds while the application is being deleted.
	PhaseDeleting ApplicationPhase = "deleting"
)

// Condition types of an Application, in the order in which they are reached.
const (
	ConditionParsed   = "Parsed"
	ConditionRevision = "Revision"
	ConditionPolicy   = "Policy"
	ConditionRender   = "Render"
	ConditionWorkflow = "Workflow"
	ConditionReady    = "Ready"
)

// ServiceStatus is the health of one component in one place.
type ServiceStatus struct {
	Name string `json:"name"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Cluster is "local" for the cluster the controller runs in.
	// +optional
	Cluster string `json:"cluster,omitempty"`
	// +optional
	Env string `json:"env,omitempty"`
	// +optional
	WorkloadDefinition WorkloadKind `json:"workloadDefinition,omitempty"`
	// +optional
	Healthy bool `json:"healthy"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	Traits []TraitStatus `json:"traits,omitempty"`
}

// WorkloadKind names the kind of a component's workload.
type WorkloadKind struct {
	// +optional
	APIVersion string `json:"apiVersion"`
	// +optional
	Kind string `json:"kind"`
}

// TraitStatus is the health of one trait.
type TraitStatus struct {
	Type    string `json:"type"`
	Healthy bool   `json:"healthy"`
	// +optional
	Message string `json:"message,omitempty"`
}

// RevisionName points at an ApplicationRevision.
type RevisionName struct {
	Name string `json:"name"`
	// Revision is the number in the name.
	Revision int64 `json:"revision"`
	// +optional
	RevisionHash string `json:"revisionHash,omitempty"`
}

// AppliedResource is an object that a workflow step or a policy applied.
type AppliedResource struct {
	corev1.ObjectReference `json:",inline"`
	// +optional
	Cluster string `json:"cluster,omitempty"`
	// Creator is workflow or policy.
	// +optional
	Creator string `json:"creator,omitempty"`
}

// WorkflowStatus is the progress of one workflow run.
type WorkflowStatus struct {
	// AppRevision is the publishVersion the run is for, or the revision name where there is none.
	// +optional
	AppRevision string `json:"appRevision,omitempty"`
	// Mode is <steps>-<sub steps>, for example StepByStep-DAG.
	// +optional
	Mode string `json:"mode,omitempty"`
	// +optional
	Phase WorkflowPhase `json:"status,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	Suspend bool `json:"suspend"`
	// SuspendState is manual while somebody holds the whole run, and empty while only suspend steps wait.
	// +optional
	SuspendState string `json:"suspendState,omitempty"`
	// +optional
	Terminated bool `json:"terminated"`
	// +optional
	Finished bool `json:"finished"`
	// Steps that were reached, in order.
	// +optional
	Steps []StepStatus `json:"steps,omitempty"`
	// Outputs that steps gave, by name; each a JSON value.
	// +optional
	Outputs map[string]string `json:"outputs,omitempty"`
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// +optional
	EndTime *metav1.Time `json:"endTime,omitempty"`
}

// WorkflowPhase is the state of a workflow run.
type WorkflowPhase string

// The phases of a workflow run.
const (
	WorkflowInitializing WorkflowPhase = "initializing"
	WorkflowExecuting    WorkflowPhase = "executing"
	WorkflowSuspending   WorkflowPhase = "suspending"
	WorkflowTerminated   WorkflowPhase = "terminated"
	WorkflowFailed       WorkflowPhase = "failed"
	WorkflowSucceeded    WorkflowPhase = "succeeded"
	WorkflowSkipped      WorkflowPhase = "skipped"
)

// StepStatus is the progress of a step.
type StepStatus struct {
	StepStatusBase `json:",inline"`
	// +optional
	SubSteps []StepStatusBase `json:"subSteps,omitempty"`
}

// StepStatusBase is what a step's and a sub step's progress have in common.
type StepStatusBase struct {
	// ID is ten characters of [a-z0-9], stable for the life of the run.
	ID   string `json:"id"`
	Name string `json:"name"`
	// +optional
	Type string `json:"type,omitempty"`
	// +optional
	Phase StepPhase `json:"phase,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	Reason StepReason `json:"reason,omitempty"`
	// +optional
	FirstExecuteTime *metav1.Time `json:"firstExecuteTime,omitempty"`
	// +optional
	LastExecuteTime *metav1.Time `json:"lastExecuteTime,omitempty"`
	// ResumeAt is the absolute time at which a suspend step with a duration goes on by itself, or at which a step that
	// ended in an error is tried again.
	// +optional
	ResumeAt *metav1.Time `json:"resumeAt,omitempty"`
	// Retries counts executions in a row that ended in an error.
	// +optional
	Retries int32 `json:"retries,omitempty"`
	// By is who resumed, terminated or approved the step, as the API server knows them.
	// +optional
	By string `json:"by,omitempty"`
}

// StepPhase is the state of a step.
type StepPhase string

// The phases of a step.
const (
	StepSucceeded  StepPhase = "succeeded"
	StepFailed     StepPhase = "failed"
	StepSkipped    StepPhase = "skipped"
	StepRunning    StepPhase = "running"
	StepPending    StepPhase = "pending"
	StepSuspending StepPhase = "suspending"
)

// StepReason says why a step is in its phase.
type StepReason string

// The reasons of step phases.
const (
	ReasonWait               StepReason = "Wait"
	ReasonSkip               StepReason = "Skip"
	ReasonRendering          StepReason = "Rendering"
	ReasonExecute            StepReason = "Execute"
	ReasonSuspend            StepReason = "Suspend"
	ReasonTerminate          StepReason = "Terminate"
	ReasonProcessParameter   StepReason = "ProcessParameter"
	ReasonInput              StepReason = "Input"
	ReasonOutput             StepReason = "Output"
	ReasonFailedAfterRetries StepReason = "FailedAfterRetries"
	ReasonTimeout            StepReason = "Timeout"
	ReasonAction             StepReason = "Action"
)
