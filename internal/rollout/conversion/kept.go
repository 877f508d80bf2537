// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package conversion

import (
	"encoding/json"
	"maps"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const (
	// annotationKept on a v1alpha1 Rollout is the v1beta1 spec that it was made of, where that says more.
	annotationKept = "rollouts.kruise.io/v1beta1"
	// annotationRolloutID on a v1beta1 Rollout is spec.rolloutID of v1alpha1.
	annotationRolloutID = "rollouts.kruise.io/v1alpha1-rollout-id"
)

// kept is what a v1alpha1 Rollout does not say.
type kept struct {
	Spec v1beta1.RolloutSpec `json:"spec"`
	// Annotations of the v1beta1 Rollout that mean something in v1alpha1 and are fields in v1beta1, as they were.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// meaning are the annotations of v1alpha1 that v1beta1 has fields for.
func meaning() []string {
	return []string{v1alpha1.AnnotationRollingStyle, v1alpha1.AnnotationTrafficRouting}
}

func meant(o annotated) map[string]string {
	out := map[string]string{}
	for _, key := range meaning() {
		if v, there := o.GetAnnotations()[key]; there {
			out[key] = v
		}
	}
	return out
}

// keep puts the v1beta1 Rollout beside what was made of it, where that would be made into another one.
func keep(in *v1beta1.Rollout, out *v1alpha1.Rollout) {
	if same(up(out), in.Spec) && maps.Equal(meant(in), meant(out)) {
		return
	}
	// Marshalling plain structs can't fail.
	text, _ := json.Marshal(kept{Spec: in.Spec, Annotations: meant(in)})
	annotate(out, annotationKept, string(text))
}

// take reads what was kept and takes it off; nil where nothing was, or where somebody made it unreadable.
func take(in *v1alpha1.Rollout) *kept {
	text, there := in.Annotations[annotationKept]
	if !there {
		return nil
	}
	delete(in.Annotations, annotationKept)
	k := &kept{}
	if json.Unmarshal([]byte(text), k) != nil {
		return nil
	}
	return k
}

// giveBack puts into out, which was made of in, what was kept beside it. What somebody changed in v1alpha1 since is followed.
func (k *kept) giveBack(in *v1alpha1.Rollout, out *v1beta1.Rollout) {
	was := &v1beta1.Rollout{Spec: k.Spec}
	was.Annotations = k.Annotations
	told := down(was)
	unchanged := true
	for _, key := range meaning() {
		if in.Annotations[key] != told.Annotations[key] {
			unchanged = false
			continue
		}
		out.Annotations = maps.Clone(out.Annotations)
		delete(out.Annotations, key)
		if before, had := k.Annotations[key]; had {
			annotate(out, key, before)
		}
	}
	told.Spec.RolloutID = in.Spec.RolloutID
	if unchanged && same(told.Spec, in.Spec) {
		out.Spec = *k.Spec.DeepCopy()
		return
	}
	out.Spec.ReleaseID = k.Spec.ReleaseID
	if out.Spec.Strategy.Canary == nil {
		out.Spec.Strategy.BlueGreen = k.Spec.Strategy.BlueGreen.DeepCopy()
		return
	}
	if k.Spec.Strategy.Canary != nil {
		out.Spec.Strategy.Canary = merge(*k.Spec.Strategy.Canary.DeepCopy(), out.Spec.Strategy.Canary)
	}
}

// merge gives a strategy with all that v1alpha1 has a word for as in said, and the rest as it was.
func merge(was v1beta1.CanaryStrategy, said *v1beta1.CanaryStrategy) *v1beta1.CanaryStrategy {
	before := was.Steps
	was.Steps, was.TrafficRoutings, was.FailureThreshold = said.Steps, said.TrafficRoutings, said.FailureThreshold
	was.TrafficRoutingRef = said.TrafficRoutingRef
	was.EnableExtraWorkloadForCanary, was.PatchPodTemplateMetadata = said.EnableExtraWorkloadForCanary, said.PatchPodTemplateMetadata
	for i := range was.Steps {
		if i >= len(before) {
			break
		}
		old, s := stepDown(before[i]), &was.Steps[i]
		now := stepDown(*s)
		if same(old.Matches, now.Matches) {
			s.Matches = before[i].Matches
		}
		if same(old.Weight, now.Weight) {
			s.Traffic = before[i].Traffic
		}
	}
	return &was
}
