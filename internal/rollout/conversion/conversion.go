// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package conversion

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// The values of the annotation rolling-style.
const (
	styleCanary    = "canary"
	stylePartition = "partition"
)

// Up gives a v1alpha1 Rollout in v1beta1.
func Up(in *v1alpha1.Rollout) *v1beta1.Rollout {
	in = in.DeepCopy()
	kept := take(in)
	out := &v1beta1.Rollout{ObjectMeta: in.ObjectMeta, Spec: up(in), Status: in.Status}
	out.APIVersion, out.Kind = v1beta1.GroupVersion().String(), "Rollout"
	if in.Spec.RolloutID != "" {
		annotate(out, annotationRolloutID, in.Spec.RolloutID)
	}
	if kept != nil {
		kept.giveBack(in, out)
	}
	return out
}

// Down gives a v1beta1 Rollout in v1alpha1. A blue-green strategy has no fields there: it is left out, and not lost.
func Down(in *v1beta1.Rollout) *v1alpha1.Rollout {
	in = in.DeepCopy()
	out := down(in)
	keep(in, out)
	return out
}

// up takes no look at what was kept.
func up(in *v1alpha1.Rollout) v1beta1.RolloutSpec {
	out := v1beta1.RolloutSpec{Disabled: in.Spec.Disabled}
	if ref := in.Spec.ObjectRef.WorkloadRef; ref != nil {
		out.WorkloadRef = *ref
	}
	out.Strategy.Paused = in.Spec.Strategy.Paused
	c := in.Spec.Strategy.Canary
	if c == nil {
		return out
	}
	out.Strategy.Canary = &v1beta1.CanaryStrategy{
		TrafficRoutings: c.TrafficRoutings, FailureThreshold: c.FailureThreshold, PatchPodTemplateMetadata: c.PatchPodTemplateMetadata,
		EnableExtraWorkloadForCanary: extra(in.Annotations[v1alpha1.AnnotationRollingStyle], out.WorkloadRef.Kind),
	}
	out.Strategy.Canary.TrafficRoutingRef = in.Annotations[v1alpha1.AnnotationTrafficRouting]
	for _, s := range c.Steps {
		out.Strategy.Canary.Steps = append(out.Strategy.Canary.Steps, stepUp(s))
	}
	return out
}

// extra says what the annotation rolling-style means for a workload of that kind. Only a Deployment has pods on top.
func extra(style, kind string) bool {
	return kind == "Deployment" && !strings.EqualFold(style, stylePartition)
}

// stepUp leaves replicas open where only a weight is given: there they follow the traffic, which upstream's conversion writes
// down as a second percentage.
func stepUp(s v1alpha1.CanaryStep) v1beta1.Step {
	out := v1beta1.Step{Replicas: s.Replicas, Pause: s.Pause, RequestHeaderModifier: s.RequestHeaderModifier}
	if s.Weight != nil {
		traffic := fmt.Sprintf("%d%%", *s.Weight)
		out.Traffic = &traffic
	}
	for _, m := range s.Matches {
		out.Matches = append(out.Matches, v1beta1.HTTPRouteMatch{Headers: m.Headers})
	}
	return out
}

func down(in *v1beta1.Rollout) *v1alpha1.Rollout {
	out := &v1alpha1.Rollout{ObjectMeta: in.ObjectMeta, Status: in.Status}
	out.Annotations = maps.Clone(in.Annotations)
	out.APIVersion, out.Kind = v1alpha1.GroupVersion().String(), "Rollout"
	if ref := in.Spec.WorkloadRef; ref != (v1beta1.ObjectRef{}) {
		out.Spec.ObjectRef.WorkloadRef = &ref
	}
	out.Spec.Disabled, out.Spec.Strategy.Paused = in.Spec.Disabled, in.Spec.Strategy.Paused
	if id, there := out.Annotations[annotationRolloutID]; there {
		out.Spec.RolloutID = id
		delete(out.Annotations, annotationRolloutID)
	}
	c := in.Spec.Strategy.Canary
	if c == nil {
		return out
	}
	out.Spec.Strategy.Canary = &v1alpha1.CanaryStrategy{TrafficRoutings: c.TrafficRoutings, FailureThreshold: c.FailureThreshold, PatchPodTemplateMetadata: c.PatchPodTemplateMetadata}
	for _, s := range c.Steps {
		out.Spec.Strategy.Canary.Steps = append(out.Spec.Strategy.Canary.Steps, stepDown(s))
	}
	if c.TrafficRoutingRef != "" {
		annotate(out, v1alpha1.AnnotationTrafficRouting, c.TrafficRoutingRef)
	}
	if c.EnableExtraWorkloadForCanary != extra(out.Annotations[v1alpha1.AnnotationRollingStyle], in.Spec.WorkloadRef.Kind) {
		style := stylePartition
		if c.EnableExtraWorkloadForCanary {
			style = styleCanary
		}
		annotate(out, v1alpha1.AnnotationRollingStyle, style)
	}
	return out
}

func stepDown(s v1beta1.Step) v1alpha1.CanaryStep {
	out := v1alpha1.CanaryStep{Replicas: s.Replicas, Pause: s.Pause, RequestHeaderModifier: s.RequestHeaderModifier}
	if s.Traffic != nil {
		if n, err := strconv.ParseInt(strings.TrimSuffix(*s.Traffic, "%"), 10, 32); err == nil {
			weight := int32(n)
			out.Weight = &weight
		}
	}
	for _, m := range s.Matches {
		out.Matches = append(out.Matches, v1alpha1.HTTPRouteMatch{Headers: m.Headers})
	}
	return out
}

// annotated is an object whose annotations are set.
type annotated interface {
	GetAnnotations() map[string]string
	SetAnnotations(annotations map[string]string)
}

func annotate(o annotated, key, value string) {
	all := maps.Clone(o.GetAnnotations())
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	o.SetAnnotations(all)
}

func same(a, b any) bool { return equality.Semantic.DeepEqual(a, b) }
