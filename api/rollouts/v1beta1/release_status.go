// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CanaryStatus is the state of the release under way, or of the last one.
type CanaryStatus struct {
	// +optional
	ObservedWorkloadGeneration int64 `json:"observedWorkloadGeneration,omitempty"`
	// ObservedReleaseID is spec.releaseID as far as the workload is held for it or it is done.
	// +optional
	ObservedReleaseID string `json:"observedReleaseID,omitempty"`
	// ObservedRolloutID is the label rollouts.kruise.io/rollout-id of the workload, where it has one.
	// +optional
	ObservedRolloutID string `json:"observedRolloutID,omitempty"`
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
	// IdleSince is when the stable version lost its last share; scaleDownDelaySeconds count from it.
	// +optional
	IdleSince *metav1.Time `json:"idleSince,omitempty"`
	// FurthestStepIndex is the furthest step of this release so far. Where the pods of the new version come on top, those of
	// it stay when an earlier step is jumped back to.
	// +optional
	FurthestStepIndex int32 `json:"furthestStepIndex,omitempty"`
	// RollbackFromStepIndex is the step at which a rollback in batches began; -1 when all steps of it are done.
	// +optional
	RollbackFromStepIndex int32 `json:"rollbackFromStepIndex,omitempty"`
	// Abort says that a version was given up, and why.
	// +optional
	Abort *Abort `json:"abort,omitempty"`
	// Rule is the name of the rule that decided last, Message its reason.
	// +optional
	Rule string `json:"rule,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}

// BlueGreenStatus is CanaryStatus under the names of the strategy blueGreen.
type BlueGreenStatus struct {
	// +optional
	ObservedWorkloadGeneration int64 `json:"observedWorkloadGeneration,omitempty"`
	// ObservedReleaseID is spec.releaseID as far as the workload is held for it or it is done.
	// +optional
	ObservedReleaseID string `json:"observedReleaseID,omitempty"`
	// ObservedRolloutID is the label rollouts.kruise.io/rollout-id of the workload, where it has one.
	// +optional
	ObservedRolloutID string `json:"observedRolloutID,omitempty"`
	// RolloutHash is the hash of the plan that the state below is about.
	// +optional
	RolloutHash string `json:"rolloutHash,omitempty"`
	// StableRevision is the pod-template-hash of the version that was good before.
	// +optional
	StableRevision string `json:"stableRevision,omitempty"`
	// CanaryRevision is the pod-template-hash of the version being released.
	// +optional
	CanaryRevision string `json:"updatedRevision,omitempty"`
	// PodTemplateHash is the label value of the new pods.
	// +optional
	PodTemplateHash string `json:"podTemplateHash,omitempty"`
	// +optional
	CanaryReplicas int32 `json:"updatedReplicas"`
	// +optional
	CanaryReadyReplicas int32 `json:"updatedReadyReplicas"`
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
	// IdleSince is when the stable version lost its last share; scaleDownDelaySeconds count from it.
	// +optional
	IdleSince *metav1.Time `json:"idleSince,omitempty"`
	// FurthestStepIndex is the furthest step of this release so far. Where the pods of the new version come on top, those of
	// it stay when an earlier step is jumped back to.
	// +optional
	FurthestStepIndex int32 `json:"furthestStepIndex,omitempty"`
	// RollbackFromStepIndex is the step at which a rollback in batches began; -1 when all steps of it are done.
	// +optional
	RollbackFromStepIndex int32 `json:"rollbackFromStepIndex,omitempty"`
	// Abort says that a version was given up, and why.
	// +optional
	Abort *Abort `json:"abort,omitempty"`
	// Rule is the name of the rule that decided last, Message its reason.
	// +optional
	Rule string `json:"rule,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}

// Abort is a version that was given up. It does not come back by itself.
type Abort struct {
	// Revision is its pod-template-hash.
	Revision string `json:"revision"`
	// ReleaseID is spec.releaseID at that time, and Retry the annotation rollouts.kruise.io/retry; another value of one of
	// them begins anew.
	// +optional
	ReleaseID string `json:"releaseID,omitempty"`
	// +optional
	Retry string `json:"retry,omitempty"`
	// Since when.
	Since metav1.Time `json:"since"`
	// Message is why, in a sentence.
	Message string `json:"message"`
}
