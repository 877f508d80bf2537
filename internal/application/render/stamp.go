// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"maps"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Annotations of an Application that list which of its labels and annotations do not propagate.
const (
	annotationFilterLabels      = "filter.oam.dev/label-keys"
	annotationFilterAnnotations = "filter.oam.dev/annotation-keys"
)

// stamp adds the namespace, and the labels and annotations that every object of an application carries
// (spec/kubevela.md 1.4). What says where an object comes from wins over what a definition or a user wrote, and what a
// definition wrote wins over what propagates from the application.
func stamp(c Context, comp v1beta1.Component, m Manifest) {
	if m.Object.GetNamespace() == "" {
		m.Object.SetNamespace(c.Namespace)
	}
	labels := propagated(c.AppLabels, c.AppAnnotations[annotationFilterLabels])
	maps.Copy(labels, m.Object.GetLabels())
	labels[v1beta1.LabelAppName] = c.AppName
	labels[v1beta1.LabelAppNamespace] = cmp.Or(c.AppNamespace, c.Namespace)
	labels[v1beta1.LabelAppComponent] = comp.Name
	labels[v1beta1.LabelAppRevision] = c.Revision
	if c.RevisionHash != "" {
		labels[v1beta1.LabelRevisionHash] = c.RevisionHash
	}
	labels[v1beta1.LabelWorkloadType], _, _ = strings.Cut(comp.Type, "@")
	switch {
	case m.Trait != "":
		labels[v1beta1.LabelResourceType] = v1beta1.ResourceTypeTrait
		labels[v1beta1.LabelTraitType] = m.Trait
		labels[v1beta1.LabelTraitResource] = m.Resource
	case m.Resource != "":
		labels[v1beta1.LabelResourceType] = v1beta1.ResourceTypeTrait
		labels[v1beta1.LabelTraitType] = auxiliaryWorkload
		labels[v1beta1.LabelTraitResource] = m.Resource
	default:
		labels[v1beta1.LabelResourceType] = v1beta1.ResourceTypeWorkload
	}
	m.Object.SetLabels(labels)

	annotations := propagated(c.AppAnnotations, c.AppAnnotations[annotationFilterAnnotations])
	maps.Copy(annotations, m.Object.GetAnnotations())
	if c.PublishVersion != "" {
		annotations[v1beta1.AnnotationPublishVersion] = c.PublishVersion
	}
	if len(annotations) > 0 {
		m.Object.SetAnnotations(annotations)
	}
}

// auxiliaryWorkload is the trait type of objects that a component makes beside its workload.
const auxiliaryWorkload = "AuxiliaryWorkload"

// propagated copies what is the application's, without the keys in a comma separated list, and without those by which
// controllers and kubectl talk to themselves about one object.
func propagated(own map[string]string, filter string) map[string]string {
	out := maps.Clone(own)
	if out == nil {
		out = map[string]string{}
	}
	for key := range strings.SplitSeq(filter, ",") {
		delete(out, strings.TrimSpace(key))
	}
	for _, key := range []string{
		"kubectl.kubernetes.io/last-applied-configuration",
		annotationFilterLabels, annotationFilterAnnotations,
		v1beta1.AnnotationHeldFields, v1beta1.AnnotationSpecHash, v1beta1.LabelPause,
		v1beta1.AnnotationWorkflowName, v1beta1.AnnotationAlias, v1beta1.AnnotationDescription, v1beta1.AnnotationNote, v1beta1.AnnotationPublishedBy,
		rollouts.AnnotationInProgress, rollouts.AnnotationDeploymentStrategy, rollouts.LabelStableRevision,
	} {
		delete(out, key)
	}
	return out
}
