// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RolloutStatus is where the release is.
type RolloutStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// Message is one sentence for a person.
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// CurrentStepIndex counts from 1.
	// +optional
	CurrentStepIndex int32 `json:"currentStepIndex,omitempty"`
	// +optional
	CurrentStepState StepState `json:"currentStepState,omitempty"`
	// +optional
	CanaryStatus *CanaryStatus `json:"canaryStatus,omitempty"`
}

// Phase of a Rollout.
type Phase string

// The phases of a Rollout.
const (
	// PhaseInitial holds until the workload is there.
	PhaseInitial Phase = "Initial"
	// PhaseHealthy holds when one version serves and nothing is to do.
	PhaseHealthy Phase = "Healthy"
	// PhaseProgressing holds from the hold for a release until all of it is done or taken back.
	PhaseProgressing Phase = "Progressing"
	// PhaseTerminating holds while the Rollout is being deleted.
	PhaseTerminating Phase = "Terminating"
	// PhaseDisabled holds when spec.disabled let go of the workload.
	PhaseDisabled Phase = "Disabled"
	// PhaseDisabling holds while it is letting go.
	PhaseDisabling Phase = "Disabling"
)

// StepState is where the current step is.
//
// +kubebuilder:validation:Enum="";BeforeStepUpgrade;StepUpgrade;StepTrafficRouting;StepMetricsAnalysis;StepPaused;StepReady;Completed
type StepState string

// The states of a step, in order.
const (
	// StepBefore holds while the step waits for the new version to arrive or routes are prepared.
	StepBefore StepState = "BeforeStepUpgrade"
	// StepUpgrade holds while pods of the step are not all ready.
	StepUpgrade StepState = "StepUpgrade"
	// StepTrafficRouting holds while the weight is not acknowledged.
	StepTrafficRouting StepState = "StepTrafficRouting"
	// StepMetricsAnalysis is between "weight reached" and "step done".
	StepMetricsAnalysis StepState = "StepMetricsAnalysis"
	// StepPaused holds when all of the step is true and it waits for approval or time.
	StepPaused StepState = "StepPaused"
	// StepReady is what an approver sets to go on.
	StepReady StepState = "StepReady"
	// StepCompleted holds after the last step.
	StepCompleted StepState = "Completed"
)

// Condition types of a Rollout and their reasons.
const (
	// ConditionProgressing is True while a release is under way.
	ConditionProgressing = "Progressing"
	ReasonInitializing   = "Initializing"
	ReasonInRolling      = "InRolling"
	ReasonFinalising     = "Finalising"
	ReasonCompleted      = "Completed"
	ReasonCancelling     = "Cancelling"
	ReasonPaused         = "Paused"
	// ReasonDeadlineExceeded says that a step made no progress for the workload's progressDeadlineSeconds.
	ReasonDeadlineExceeded = "ProgressDeadlineExceeded"
	// ConditionSucceeded says how the last release ended.
	ConditionSucceeded = "Succeeded"
)

// CanaryStatus is the state of the release under way, or of the last one.
type CanaryStatus struct {
	// +optional
	ObservedWorkloadGeneration int64 `json:"observedWorkloadGeneration,omitempty"`
	// ObservedReleaseID is spec.releaseID as far as the workload is held for it or it is done.
	// +optional
	ObservedReleaseID string `json:"observedReleaseID,omitempty"`
	// RolloutHash is the hash of the plan that the state below is about.
	// +optional
	RolloutHash string `json:"rolloutHash,omitempty"`
	// StableRevision is the pod-template-hash of the version that was good before.
	// +optional
	StableRevision string `json:"stableRevision,omitempty"`
	// CanaryRevision is the pod-template-hash of the version being released.
	// +optional
	CanaryRevision string `json:"canaryRevision,omitempty"`
	// PodTemplateHash is the label value of the new pods.
	// +optional
	PodTemplateHash string `json:"podTemplateHash,omitempty"`
	// +optional
	CanaryReplicas int32 `json:"canaryReplicas"`
	// +optional
	CanaryReadyReplicas int32 `json:"canaryReadyReplicas"`
	// +optional
	StableReplicas int32 `json:"stableReplicas"`
	// +optional
	StableReadyReplicas int32 `json:"stableReadyReplicas"`
	// +optional
	CurrentStepIndex int32 `json:"currentStepIndex,omitempty"`
	// NextStepIndex is -1 after the last step.
	// +optional
	NextStepIndex int32 `json:"nextStepIndex,omitempty"`
	// +optional
	CurrentStepState StepState `json:"currentStepState,omitempty"`
	// StepSince is when the current state of the current step began; pauses and deadlines count from it.
	// +optional
	StepSince *metav1.Time `json:"lastUpdateTime,omitempty"`
	// DesiredWeight is the share of requests asked for the new version, in percent.
	// +optional
	DesiredWeight *int32 `json:"desiredWeight,omitempty"`
	// ServedWeight is the share that every router replica said it serves; absent while that is not known.
	// +optional
	ServedWeight *int32 `json:"servedWeight,omitempty"`
	// DrainingSince is when the version that is going away got its last share of traffic.
	// +optional
	DrainingSince *metav1.Time `json:"drainingSince,omitempty"`
	// RouteSince is when a route was last written that its router can't acknowledge.
	// +optional
	RouteSince *metav1.Time `json:"routeSince,omitempty"`
	// Rule is the name of the rule that decided last, Message its reason.
	// +optional
	Rule string `json:"rule,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}
