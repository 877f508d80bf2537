// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Finalizers of a TrafficRouting.
const (
	// FinalizerTrafficRouting keeps a TrafficRouting until no release leads its routes.
	FinalizerTrafficRouting = "rollouts.kruise.io/trafficrouting"
	// FinalizerProgressing, with the name of a Rollout behind it, stands there while a release of that Rollout is under way.
	FinalizerProgressing = "progressing.rollouts.kruise.io/"
)

// TrafficRouting is the traffic of a release that several Rollouts are parts of: the routes to their Services, and which
// requests go to the new versions for as long as at least one of the Rollouts progresses.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=oam
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type TrafficRouting struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   TrafficRoutingSpec   `json:"spec"`
	Status TrafficRoutingStatus `json:"status,omitempty"`
}

// TrafficRoutingList is a list of TrafficRoutings.
//
// +kubebuilder:object:root=true
type TrafficRoutingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TrafficRouting `json:"items"`
}

// TrafficRoutingSpec says which requests go to the new versions, and by which routes.
type TrafficRoutingSpec struct {
	// ObjectRef names the Services of the release and the routes to them. A Rollout that names the TrafficRouting leads the
	// routes to the Services that select its pods.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	ObjectRef []v1beta1.TrafficRouting `json:"objectRef"`
	// Strategy is the same for all of them.
	Strategy TrafficRoutingStrategy `json:"strategy"`
}

// TrafficRoutingStrategy says which requests go to the new versions while a release is under way.
type TrafficRoutingStrategy struct {
	// Weight is the share of requests for the new versions in percent.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Weight *int32 `json:"weight,omitempty"`
	// RequestHeaderModifier changes the headers of the requests that go to a new version. Routes of the Gateway API can.
	// +optional
	RequestHeaderModifier *gatewayv1.HTTPHeaderFilter `json:"requestHeaderModifier,omitempty"`
	// Matches send whole groups of requests to the new versions, beside the share in Weight.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Matches []v1beta1.HTTPRouteMatch `json:"matches,omitempty"`
}

// TrafficRoutingPhase says in a word how it is with a TrafficRouting.
type TrafficRoutingPhase string

// The phases of a TrafficRouting.
const (
	// TrafficRoutingInitial is that of one whose Services and routes are not all there.
	TrafficRoutingInitial TrafficRoutingPhase = "Initial"
	// TrafficRoutingHealthy is that of one that no release uses.
	TrafficRoutingHealthy TrafficRoutingPhase = "Healthy"
	// TrafficRoutingProgressing is that of one that at least one release uses.
	TrafficRoutingProgressing TrafficRoutingPhase = "Progressing"
	// TrafficRoutingFinalizing is that of one that no release uses any more, and whose routes are not all as they were.
	TrafficRoutingFinalizing TrafficRoutingPhase = "Finalizing"
	// TrafficRoutingTerminating is that of one that is deleted and still used.
	TrafficRoutingTerminating TrafficRoutingPhase = "Terminating"
)

// TrafficRoutingStatus is what is true of a TrafficRouting.
type TrafficRoutingStatus struct {
	// ObservedGeneration is the newest generation that the rest is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	Phase TrafficRoutingPhase `json:"phase,omitempty"`
	// Message is a sentence about the phase.
	// +optional
	Message string `json:"message,omitempty"`
}
