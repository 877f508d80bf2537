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
	// CanaryStatus is where a release by the strategy canary is.
	// +optional
	CanaryStatus *CanaryStatus `json:"canaryStatus,omitempty"`
	// BlueGreenStatus is where a release by the strategy blueGreen is. There is one of the two.
	// +optional
	BlueGreenStatus *BlueGreenStatus `json:"blueGreenStatus,omitempty"`
}

// Release is where the release is, whatever the strategy, in the words of the canary; nil where nothing is told yet.
func (s RolloutStatus) Release() *CanaryStatus {
	if s.CanaryStatus == nil && s.BlueGreenStatus != nil {
		c := CanaryStatus(*s.BlueGreenStatus)
		return &c
	}
	return s.CanaryStatus
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
	// ReasonAborted says that a version was given up and its traffic and pods are with the stable one.
	ReasonAborted = "Aborted"
	// ConditionSucceeded says how the last release ended.
	ConditionSucceeded = "Succeeded"
)
