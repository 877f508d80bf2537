// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ResourceTracker records, before they are applied, the objects that one version of an Application consists of.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=rt,categories=oam
// +kubebuilder:printcolumn:name="TYPE",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="APP",type=string,JSONPath=`.metadata.labels['app\.oam\.dev/name']`
// +kubebuilder:printcolumn:name="APP-NS",type=string,JSONPath=`.metadata.labels['app\.oam\.dev/namespace']`
// +kubebuilder:printcolumn:name="REVISION",type=string,JSONPath=`.metadata.labels['app\.oam\.dev/appRevision']`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type ResourceTracker struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ResourceTrackerSpec `json:"spec,omitempty"`
}

// ResourceTrackerList is a list of ResourceTrackers.
//
// +kubebuilder:object:root=true
type ResourceTrackerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResourceTracker `json:"items"`
}

// ResourceTrackerSpec is the inventory of one version.
type ResourceTrackerSpec struct {
	// Type is versioned (one version's objects) or root (objects kept until the application is deleted).
	// +kubebuilder:validation:Enum=versioned;root
	Type TrackerType `json:"type"`
	// ApplicationGeneration is the generation of the Application the objects were rendered from.
	// +optional
	ApplicationGeneration int64 `json:"applicationGeneration"`
	// +optional
	ManagedResources []ManagedResource `json:"managedResources,omitempty"`
}

// TrackerType is the kind of inventory.
type TrackerType string

// The tracker types.
const (
	TrackerVersioned TrackerType = "versioned"
	TrackerRoot      TrackerType = "root"
)

// ManagedResource is one object of an inventory.
type ManagedResource struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// +optional
	Component string `json:"component,omitempty"`
	// +optional
	Trait string `json:"trait,omitempty"`
	// TraitIndex is which of the component's traits made it, from 0.
	// +optional
	TraitIndex int32 `json:"traitIndex,omitempty"`
	// Raw is the manifest as it is to be applied; drift is repaired from it. Objects that a release changes on the
	// way, such as a Rollout, have none and are never written from here.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Raw *runtime.RawExtension `json:"raw,omitempty"`
}
