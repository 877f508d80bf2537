// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Rollout releases new versions of one workload in steps.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=oam
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="CANARY_STEP",type=integer,JSONPath=`.status.currentStepIndex`
// +kubebuilder:printcolumn:name="CANARY_STATE",type=string,JSONPath=`.status.currentStepState`
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type Rollout struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RolloutSpec   `json:"spec"`
	Status RolloutStatus `json:"status,omitempty"`
}

// RolloutList is a list of Rollouts.
//
// +kubebuilder:object:root=true
type RolloutList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Rollout `json:"items"`
}

// TrafficRoutingName is the TrafficRouting that a Rollout names by its plan, or else by its annotation; empty for none.
func (r *Rollout) TrafficRoutingName() string {
	if plan := r.Spec.Strategy.Plan(); plan != nil && plan.TrafficRoutingRef != "" {
		return plan.TrafficRoutingRef
	}
	return r.Annotations[AnnotationTrafficRouting]
}

// RolloutSpec is the plan.
type RolloutSpec struct {
	// WorkloadRef is the workload in the same namespace.
	WorkloadRef ObjectRef `json:"workloadRef"`
	// Strategy of the release.
	Strategy Strategy `json:"strategy"`
	// Disabled lets the workload go as if there were no Rollout.
	// +optional
	Disabled bool `json:"disabled,omitempty"`
	// ReleaseID names the release that is to come (for an Application: the revision). The controller holds the
	// workload for it; the writer applies the new version once it sees the hold. Without it the workload is held
	// from the start and any change of its pod template is a release.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ReleaseID string `json:"releaseID,omitempty"`
}

// ObjectRef names an object in the same namespace.
type ObjectRef struct {
	// +kubebuilder:validation:MinLength=1
	APIVersion string `json:"apiVersion"`
	// +kubebuilder:validation:MinLength=1
	Kind string `json:"kind"`
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
}

// Step is a share of pods and traffic, and what to wait for then.
type Step struct {
	// Traffic is the share of requests for the new version, as "20%".
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]|[1-9][0-9]|100)%$`
	Traffic *string `json:"traffic,omitempty"`
	// Replicas of the new version, as a number or as a percentage rounded up; the same as Traffic when not given.
	// +optional
	// +kubebuilder:validation:XIntOrString
	Replicas *intstr.IntOrString `json:"replicas,omitempty"`
	// Matches send whole groups of requests to the new version, beside the share in Traffic (A/B testing): a request goes
	// there when any of them matches. Without Traffic all other requests stay with the stable version.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Matches []HTTPRouteMatch `json:"matches,omitempty"`
	// RequestHeaderModifier changes the headers of the requests that go to the new version. Routes of the Gateway API can.
	// +optional
	RequestHeaderModifier *gatewayv1.HTTPHeaderFilter `json:"requestHeaderModifier,omitempty"`
	// Pause after the step is reached.
	// +optional
	Pause Pause `json:"pause,omitempty"`
}

// HTTPRouteMatch is a group of requests: those that all of it is true for.
type HTTPRouteMatch struct {
	// Path of the request, as in the Gateway API. An Ingress and a GRPCRoute can't look at it.
	// +optional
	Path *gatewayv1.HTTPPathMatch `json:"path,omitempty"`
	// Headers of the request, as in the Gateway API. An Ingress can look at a single one; there the name canary-by-cookie
	// stands for the cookie whose name is the value, and sends requests in which that cookie is "always".
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Headers []gatewayv1.HTTPHeaderMatch `json:"headers,omitempty"`
	// QueryParams of the request, as in the Gateway API. An Ingress and a GRPCRoute can't look at them.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	QueryParams []gatewayv1.HTTPQueryParamMatch `json:"queryParams,omitempty"`
}

// Pause is a wait after a step.
type Pause struct {
	// Duration in seconds; none waits for approval.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Duration *int32 `json:"duration,omitempty"`
}

// TrafficRouting names a Service and the routes to it. Several routes, of one kind or of several, are led alike.
//
// +kubebuilder:skipversion
type TrafficRouting struct {
	// Service that the routes point to.
	// +kubebuilder:validation:MinLength=1
	Service string `json:"service"`
	// GracePeriodSeconds to wait after a write where a router can't acknowledge it; 3 unless given.
	// +optional
	// +kubebuilder:validation:Minimum=0
	GracePeriodSeconds *int32 `json:"gracePeriodSeconds,omitempty"`
	// +optional
	Ingress *IngressRouting `json:"ingress,omitempty"`
	// +optional
	Gateway *GatewayRouting `json:"gateway,omitempty"`
}

// GatewayRouting names routes of the Gateway API, v1.
type GatewayRouting struct {
	// HTTPRouteName names an HTTPRoute.
	// +optional
	// +kubebuilder:validation:MinLength=1
	HTTPRouteName *string `json:"httpRouteName,omitempty"`
	// GRPCRouteName names a GRPCRoute.
	// +optional
	// +kubebuilder:validation:MinLength=1
	GRPCRouteName *string `json:"grpcRouteName,omitempty"`
}

// IngressRouting names an Ingress.
type IngressRouting struct {
	// ClassType is the annotation dialect; nginx unless given.
	// +optional
	// +kubebuilder:validation:Enum="";nginx
	ClassType string `json:"classType,omitempty"`
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
}
