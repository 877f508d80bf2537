// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Annotations of a v1alpha1 Rollout that are fields of a v1beta1 one.
const (
	// AnnotationRollingStyle is canary or partition, in any case; without it a Deployment is released in the style canary and
	// every other workload in the style partition.
	AnnotationRollingStyle = "rollouts.kruise.io/rolling-style"
	// AnnotationTrafficRouting names a TrafficRouting.
	AnnotationTrafficRouting = v1beta1.AnnotationTrafficRouting
)

// Rollout releases new versions of one workload in steps.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:unservedversion
// +kubebuilder:resource:categories=oam
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="CANARY_STEP",type=integer,JSONPath=`.status.canaryStatus.currentStepIndex`
// +kubebuilder:printcolumn:name="CANARY_STATE",type=string,JSONPath=`.status.canaryStatus.currentStepState`
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type Rollout struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec RolloutSpec `json:"spec"`
	// Status is that of v1beta1.
	Status v1beta1.RolloutStatus `json:"status,omitempty"`
}

// RolloutSpec is the plan.
type RolloutSpec struct {
	// ObjectRef is what the plan is for.
	ObjectRef ObjectRef `json:"objectRef"`
	// Strategy of the release.
	Strategy RolloutStrategy `json:"strategy"`
	// RolloutID is kept, and has no meaning: a change of the pod template is what starts a release.
	// +optional
	RolloutID string `json:"rolloutID,omitempty"`
	// Disabled lets the workload go as if there were no Rollout.
	// +optional
	Disabled bool `json:"disabled,omitempty"`
}

// ObjectRef is what a plan is for.
type ObjectRef struct {
	// WorkloadRef is the workload in the same namespace.
	// +optional
	WorkloadRef *v1beta1.ObjectRef `json:"workloadRef,omitempty"`
}

// RolloutStrategy is how versions replace one another.
type RolloutStrategy struct {
	// Paused freezes the release where it is; rollback and a new version are still acted on.
	// +optional
	Paused bool `json:"paused,omitempty"`
	// +optional
	Canary *CanaryStrategy `json:"canary,omitempty"`
}

// CanaryStrategy releases in steps on one workload.
type CanaryStrategy struct {
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Steps []CanaryStep `json:"steps"`
	// +optional
	TrafficRoutings []v1beta1.TrafficRouting `json:"trafficRoutings,omitempty"`
	// FailureThreshold is how many pods of a step may be not ready, as a number or a percentage.
	// +optional
	// +kubebuilder:validation:XIntOrString
	FailureThreshold *intstr.IntOrString `json:"failureThreshold,omitempty"`
	// PatchPodTemplateMetadata goes onto the pods of the new version for as long as the release lasts.
	// +optional
	PatchPodTemplateMetadata *v1beta1.PatchPodTemplateMetadata `json:"patchPodTemplateMetadata,omitempty"`
}

// CanaryStep is a share of pods and traffic, and what to wait for then.
type CanaryStep struct {
	// Weight is the share of requests for the new version in percent, and of pods where Replicas is not given.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Weight *int32 `json:"weight,omitempty"`
	// Replicas of the new version, as a number or as a percentage rounded up.
	// +optional
	// +kubebuilder:validation:XIntOrString
	Replicas *intstr.IntOrString `json:"replicas,omitempty"`
	// Matches send whole groups of requests to the new version: a request goes there when any of them matches.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Matches []HTTPRouteMatch `json:"matches,omitempty"`
	// RequestHeaderModifier changes the headers of the requests that go to the new version.
	// +optional
	RequestHeaderModifier *gatewayv1.HTTPHeaderFilter `json:"requestHeaderModifier,omitempty"`
	// Pause after the step is reached.
	// +optional
	Pause v1beta1.Pause `json:"pause,omitempty"`
}

// HTTPRouteMatch is a group of requests: those that all of it is true for.
type HTTPRouteMatch struct {
	// Headers of the request, as in the Gateway API.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Headers []gatewayv1.HTTPHeaderMatch `json:"headers,omitempty"`
}
