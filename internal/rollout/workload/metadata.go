// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// dressed is what the annotation rollouts.kruise.io/patched-metadata on a ReplicaSet holds.
type dressed struct {
	// Metadata that was put onto the pod template, and Was what its keys had before; a key that is not in Was was not there.
	Metadata rollouts.PatchPodTemplateMetadata `json:"metadata"`
	Was      rollouts.PatchPodTemplateMetadata `json:"was"`
	// Pending says that pods may be without it.
	Pending bool `json:"pending,omitempty"`
}

// pendingDress is told while pods of a version may be without its metadata; it equals no other.
const pendingDress = "pending"

func dressOf(s *appsv1.ReplicaSet) *dressed {
	text, there := s.Annotations[rollouts.AnnotationPatchedMetadata]
	d := &dressed{}
	if !there || json.Unmarshal([]byte(text), d) != nil {
		return nil
	}
	return d
}

// dressText tells the engine of it.
func dressText(s *appsv1.ReplicaSet) string {
	switch d := dressOf(s); {
	case d == nil:
		return ""
	case d.Pending:
		return pendingDress
	default:
		return rollout.MetadataText(&d.Metadata)
	}
}

// own is the pod template of a ReplicaSet without what a release put onto it.
func own(s *appsv1.ReplicaSet) *corev1.PodTemplateSpec {
	t := s.Spec.Template.DeepCopy()
	if d := dressOf(s); d != nil {
		d.takeOff(&t.ObjectMeta)
	}
	return t
}

func (d *dressed) putOn(o *metav1.ObjectMeta) {
	o.Labels, o.Annotations = overlaid(o.Labels, d.Metadata.Labels), overlaid(o.Annotations, d.Metadata.Annotations)
}

func (d *dressed) takeOff(o *metav1.ObjectMeta) {
	o.Labels = restored(o.Labels, d.Metadata.Labels, d.Was.Labels)
	o.Annotations = restored(o.Annotations, d.Metadata.Annotations, d.Was.Annotations)
}

func overlaid(is, with map[string]string) map[string]string {
	if len(with) == 0 {
		return is
	}
	out := maps.Clone(is)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, with)
	return out
}

func restored(is, without, was map[string]string) map[string]string {
	out := maps.Clone(is)
	for k := range without {
		if before, had := was[k]; had {
			out[k] = before
			continue
		}
		delete(out, k)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// had gives what the keys have.
func had(is, keys map[string]string) map[string]string {
	out := map[string]string{}
	for k := range keys {
		if v, there := is[k]; there {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// DressReplicaSet gives a ReplicaSet with that metadata on its pod template, in the place of what a release put there before.
// Pending says that its pods do not have it yet. Without metadata the template is as it was, and where nothing is pending the
// mark of it is gone too.
func DressReplicaSet(s *appsv1.ReplicaSet, with *rollouts.PatchPodTemplateMetadata, pending bool) (*appsv1.ReplicaSet, error) {
	before := dressOf(s)
	s = s.DeepCopy()
	s.Spec.Template = *own(s)
	d := &dressed{Pending: pending}
	switch template := &s.Spec.Template.ObjectMeta; {
	case with != nil:
		d.Metadata, d.Was = *with, rollouts.PatchPodTemplateMetadata{Labels: had(template.Labels, with.Labels), Annotations: had(template.Annotations, with.Annotations)}
		d.putOn(template)
	case !pending || before == nil:
		delete(s.Annotations, rollouts.AnnotationPatchedMetadata)
		return s, nil
	default:
		d.Metadata, d.Was = before.Metadata, before.Was
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing down the metadata of ReplicaSet %s: %w", s.Name, err)
	}
	s.Annotations = overlaid(s.Annotations, map[string]string{rollouts.AnnotationPatchedMetadata: string(text)})
	return s, nil
}

// DressPod gives a pod of a ReplicaSet with that metadata in the place of what the ReplicaSet's mark says.
func DressPod(s *appsv1.ReplicaSet, pod *corev1.Pod, with *rollouts.PatchPodTemplateMetadata) *corev1.Pod {
	pod = pod.DeepCopy()
	if d := dressOf(s); d != nil {
		d.takeOff(&pod.ObjectMeta)
	}
	if with != nil {
		(&dressed{Metadata: *with}).putOn(&pod.ObjectMeta)
	}
	return pod
}
