// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Strategy is how versions replace one another: by exactly one of Canary and BlueGreen.
type Strategy struct {
	// Paused freezes the release where it is; rollback and a new version are still acted on.
	// +optional
	Paused bool `json:"paused,omitempty"`
	// Canary moves pods and traffic step by step.
	// +optional
	Canary *CanaryStrategy `json:"canary,omitempty"`
	// BlueGreen puts the pods of the new version beside all of those of the stable one, and moves traffic apart from them.
	// +optional
	BlueGreen *BlueGreenStrategy `json:"blueGreen,omitempty"`
}

// CanaryStrategy releases in steps on one workload. Pods are replaced in place, so that there are as many in all as the
// workload asks for (partition style), unless EnableExtraWorkloadForCanary says otherwise.
type CanaryStrategy struct {
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Steps []Step `json:"steps"`
	// TrafficRoutings are all the ways by which requests reach the workload; each of them gets the share of a step.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	TrafficRoutings []TrafficRouting `json:"trafficRoutings,omitempty"`
	// FailureThreshold is how many pods of a step may be not ready, as a number or a percentage.
	// +optional
	// +kubebuilder:validation:XIntOrString
	FailureThreshold *intstr.IntOrString `json:"failureThreshold,omitempty"`
	// EnableExtraWorkloadForCanary leaves the stable version all its pods while the pods of the new one come on top: five at
	// 20 % are five and one. At the end the new version grows to the full size and gets all the traffic; then the stable
	// pods go. The extra pods are a ReplicaSet of the same Deployment, so that no second workload has to be made, labelled
	// or cleaned up, and no pod of the new version is started twice.
	// +optional
	EnableExtraWorkloadForCanary bool `json:"enableExtraWorkloadForCanary,omitempty"`
	// PatchPodTemplateMetadata goes onto the pods of the new version for as long as the release lasts.
	// +optional
	PatchPodTemplateMetadata *PatchPodTemplateMetadata `json:"patchPodTemplateMetadata,omitempty"`
	// ScaleDownDelaySeconds is how long the stable version keeps its pods after every router serves all traffic on the new
	// one, so that a rollback in that time is instant; 30 unless given. It needs extra pods and a route.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// ProgressDeadlineSeconds is how long a step may be without progress; that of the workload unless given.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// ProgressDeadlineAbort gives a version up that makes no progress for that long: its traffic and pods go back to the
	// stable version. The template stays as somebody wrote it; another template, or the annotation
	// rollouts.kruise.io/retry with another value, begins anew.
	// +optional
	ProgressDeadlineAbort bool `json:"progressDeadlineAbort,omitempty"`
	// TrafficRoutingRef names a TrafficRouting in the same namespace, which several Rollouts may share. It says which requests
	// go to the new version in place of the steps, which say how many pods there are of it, and which routes lead to the
	// workload in place of TrafficRoutings.
	// +optional
	TrafficRoutingRef string `json:"trafficRoutingRef,omitempty"`
	// DisableGenerateCanaryService leaves the Service of the new version to a mesh. Here each version has its own: what carries
	// traffic is never pointed elsewhere.
	// +optional
	DisableGenerateCanaryService bool `json:"disableGenerateCanaryService,omitempty"`
}

// PatchPodTemplateMetadata is metadata of pods.
type PatchPodTemplateMetadata struct {
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// Labels may be any but those that the workload selects its pods by.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}

// BlueGreenStrategy puts the pods of the new version on top of those of the stable one. A step's traffic may be 0 %, and it
// does not move with the replicas: a step without traffic leaves all of it on the stable version. The workload may be scaled
// meanwhile; both versions follow.
type BlueGreenStrategy struct {
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Steps []Step `json:"steps"`
	// TrafficRoutings are all the ways by which requests reach the workload; each of them gets the share of a step.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	TrafficRoutings []TrafficRouting `json:"trafficRoutings,omitempty"`
	// FailureThreshold is how many pods of a step may be not ready, as a number or a percentage.
	// +optional
	// +kubebuilder:validation:XIntOrString
	FailureThreshold *intstr.IntOrString `json:"failureThreshold,omitempty"`
	// ScaleDownDelaySeconds is how long the stable version keeps its pods after every router serves all traffic on the new
	// one, so that a rollback in that time is instant; 30 unless given.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// ProgressDeadlineSeconds is how long a step may be without progress; that of the workload unless given.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// ProgressDeadlineAbort gives a version up that makes no progress for that long: its traffic and pods go back to the
	// stable version. The template stays as somebody wrote it; another template, or the annotation
	// rollouts.kruise.io/retry with another value, begins anew.
	// +optional
	ProgressDeadlineAbort bool `json:"progressDeadlineAbort,omitempty"`
	// TrafficRoutingRef names a TrafficRouting in the same namespace, which several Rollouts may share. It says which requests
	// go to the new version in place of the steps, which say how many pods there are of it, and which routes lead to the
	// workload in place of TrafficRoutings.
	// +optional
	TrafficRoutingRef string `json:"trafficRoutingRef,omitempty"`
	// DisableGenerateCanaryService leaves the Service of the new version to a mesh. Here each version has its own: what carries
	// traffic is never pointed elsewhere.
	// +optional
	DisableGenerateCanaryService bool `json:"disableGenerateCanaryService,omitempty"`
}

// Style is what a strategy means for the pods of both versions.
type Style string

// The styles, named as the annotation and the field that choose them.
const (
	// StylePartition replaces pods in place.
	StylePartition Style = "Partition"
	// StyleCanary adds the pods of the step.
	StyleCanary Style = "Canary"
	// StyleBlueGreen adds the pods of the step and moves traffic apart from them.
	StyleBlueGreen Style = "BlueGreen"
)

// Style of the strategy.
func (s Strategy) Style() Style {
	switch {
	case s.BlueGreen != nil:
		return StyleBlueGreen
	case s.Canary != nil && s.Canary.EnableExtraWorkloadForCanary:
		return StyleCanary
	}
	return StylePartition
}

// Plan is what both strategies have in common, in the words of the canary; nil where neither is given. It shares its steps
// and routings with the strategy.
func (s Strategy) Plan() *CanaryStrategy {
	b := s.BlueGreen
	if b == nil {
		return s.Canary
	}
	return &CanaryStrategy{
		Steps: b.Steps, TrafficRoutings: b.TrafficRoutings, FailureThreshold: b.FailureThreshold, ScaleDownDelaySeconds: b.ScaleDownDelaySeconds,
		ProgressDeadlineSeconds: b.ProgressDeadlineSeconds, ProgressDeadlineAbort: b.ProgressDeadlineAbort,
		TrafficRoutingRef: b.TrafficRoutingRef, DisableGenerateCanaryService: b.DisableGenerateCanaryService,
	}
}
