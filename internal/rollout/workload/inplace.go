// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// deadline is how long a release may make no progress, in seconds, where the kind of workload has no field for it: as long
// as a Deployment has by default.
const deadline = 600

// partitionAll is a partition above every ordinal: nothing is updated (kruise-rollouts.md 3.7).
const partitionAll = 32767

// podDeletionCost is an annotation by which a pod says how dear it is (kubernetes.io/docs/reference/labels-annotations-taints).
const podDeletionCost = "controller.kubernetes.io/pod-deletion-cost"

// InPlace is a workload that replaces its pods in place, as it was read. good is the version that the status of the Rollout
// names as stable; the mark on the workload counts more.
type InPlace interface {
	// Observe gives what a decision needs to know, for the Rollout of that name.
	Observe(rolloutName, good string, now time.Time) (rollout.Workload, []rollout.ReplicaSet)
	// HoldPatch and ReleasePatch are JSON patches (RFC 6902) of the workload, which fail where its spec is newer than the one
	// given; nil where there is nothing to write.
	HoldPatch(rolloutName string, h rollout.Hold) ([]byte, error)
	ReleasePatch() ([]byte, error)
	// Resize gives the patch of the workload and the pods to delete after it, for a decision about the versions' sizes.
	Resize(d rollout.Decision, good string) (patch []byte, doomed []*corev1.Pod, err error)
	// Reminder is a JSON patch of its status for a native controller that forgot the stable version; nil where there is none.
	Reminder(good string) ([]byte, error)
	// Deletion is the JSON patch of a pod by which it asks its controller to delete it; nil where the pod is just deleted.
	Deletion(p *corev1.Pod) ([]byte, error)
}

// version of pods while they are counted.
type versions struct {
	all   []*rollout.ReplicaSet
	label string
}

func (v *versions) of(hash string) *rollout.ReplicaSet {
	if hash == "" {
		return &rollout.ReplicaSet{}
	}
	for _, s := range v.all {
		if s.Hash == hash {
			return s
		}
	}
	v.all = append(v.all, &rollout.ReplicaSet{Hash: hash})
	return v.all[len(v.all)-1]
}

// count adds a pod to its version.
func (v *versions) count(p *corev1.Pod, ready bool) {
	s := v.of(p.Labels[v.label])
	s.Pods++
	if ready {
		s.Ready++
	}
}

// share gives the version of the template what the others leave of n.
func (v *versions) share(template string, n int32) {
	for _, s := range v.all {
		if s.Hash != template {
			s.Replicas = s.Pods
			n -= s.Pods
		}
	}
	v.of(template).Replicas = max(n, 0)
}

// others counts the pods of other versions.
func (v *versions) others(hash string) (n int32) {
	for _, s := range v.all {
		if s.Hash != hash {
			n += s.Pods
		}
	}
	return n
}

func (v *versions) list() []rollout.ReplicaSet {
	var out []rollout.ReplicaSet
	for _, s := range v.all {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b rollout.ReplicaSet) int { return cmp.Compare(a.Hash, b.Hash) })
	return out
}

// available says that a pod has been ready for that many seconds.
func available(p *corev1.Pod, minReadySeconds int32, now time.Time) bool {
	c := readiness(p)
	return ready(p) && !now.Before(c.LastTransitionTime.Add(time.Duration(minReadySeconds)*time.Second))
}

func ready(p *corev1.Pod) bool {
	c := readiness(p)
	return c != nil && c.Status == corev1.ConditionTrue
}

func readiness(p *corev1.Pod) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == corev1.PodReady {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// Revision finds the newest ControllerRevision whose data is the template; nil where none is. The data is a patch of the
// workload, {"spec":{"template":{…}}} (k8s.io/kubernetes v1.37, pkg/controller/statefulset and daemon, getPatch).
func Revision(template *corev1.PodTemplateSpec, revisions []*appsv1.ControllerRevision) *appsv1.ControllerRevision {
	var found *appsv1.ControllerRevision
	for _, r := range revisions {
		var data struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if json.Unmarshal(r.Data.Raw, &data) != nil || !equality.Semantic.DeepEqual(&data.Spec.Template, template) {
			continue
		}
		if found == nil || r.Revision > found.Revision {
			found = r
		}
	}
	return found
}

// held fills in by whom and for what a workload is held. closed says that its strategy is one of a hold.
func held(w *rollout.Workload, o metav1.Object, rolloutName string, closed bool) {
	mark, marked := MarkOf(o)
	switch {
	case marked && mark.RolloutName != rolloutName:
		w.HeldBy = mark.RolloutName
	case marked:
		w.Held, w.HeldFor, w.StableMark = closed, mark.ReleaseID, o.GetLabels()[rollouts.LabelStableRevision]
		w.Kept = w.StableMark
	}
}

// goodOf is the stable version by the mark, or else by the status; empty where nothing is held.
func goodOf(o metav1.Object, status string) string {
	if _, marked := MarkOf(o); !marked {
		return ""
	}
	return cmp.Or(o.GetLabels()[rollouts.LabelStableRevision], status)
}

// holding gives the operations that mark a workload and set its strategy, and keep its own one to give it back.
func holding(o metav1.Object, rolloutName string, h rollout.Hold, own, set any) ([]byte, error) {
	mark, err := json.Marshal(Mark{RolloutName: rolloutName, ReleaseID: h.ReleaseID})
	if err != nil {
		return nil, fmt.Errorf("marking the workload: %w", err)
	}
	annotations := map[string]string{rollouts.AnnotationInProgress: string(mark)}
	if _, there := o.GetAnnotations()[rollouts.AnnotationUpdateStrategy]; !there {
		text, err := json.Marshal(own)
		if err != nil {
			return nil, fmt.Errorf("keeping the strategy of the workload: %w", err)
		}
		annotations[rollouts.AnnotationUpdateStrategy] = string(text)
	}
	ops := append([]op{unchanged(o)}, keys("annotations", o.GetAnnotations(), annotations)...)
	ops = append(ops, keys("labels", o.GetLabels(), map[string]string{rollouts.LabelStableRevision: h.Stable})...)
	return json.Marshal(append(ops, op{"add", "/spec/updateStrategy", set}))
}

// releasing gives the operations that give a workload its own strategy back, and nil for one that is not held.
func releasing(o metav1.Object, own any) ([]byte, error) {
	_, there := o.GetAnnotations()[rollouts.AnnotationUpdateStrategy]
	if _, marked := o.GetAnnotations()[rollouts.AnnotationInProgress]; !there && !marked {
		return nil, nil
	}
	ops := append([]op{unchanged(o)}, keys("annotations", o.GetAnnotations(), map[string]string{rollouts.AnnotationInProgress: "", rollouts.AnnotationUpdateStrategy: ""})...)
	ops = append(ops, keys("labels", o.GetLabels(), map[string]string{rollouts.LabelStableRevision: ""})...)
	return json.Marshal(append(ops, op{"add", "/spec/updateStrategy", own}))
}

// ownStrategy gives the strategy that was kept, or the present one where none was. It leaves the present one as it is.
func ownStrategy[T any](o metav1.Object, present T) (T, error) {
	text, there := o.GetAnnotations()[rollouts.AnnotationUpdateStrategy]
	if !there {
		return present, nil
	}
	var kept T
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return present, fmt.Errorf("reading the annotation %s: %w; write the update strategy of the workload there as JSON, or remove the annotation", rollouts.AnnotationUpdateStrategy, err)
	}
	return kept, nil
}

// missing resolves how many pods may be missing at a time: one at least.
func missing(v *intstr.IntOrString, n int32, roundUp bool) int32 {
	if v == nil {
		return 1
	}
	count, err := intstr.GetScaledValueFromIntOrPercent(v, int(n), roundUp)
	if err != nil {
		return 1
	}
	return max(int32(count), 1)
}

// cheapest sorts the pods to delete first in front: those that serve nothing, then the ones that say so of themselves, then the
// newest.
func cheapest(pods []*corev1.Pod) {
	cost := func(p *corev1.Pod) int {
		n, err := strconv.Atoi(p.Annotations[podDeletionCost])
		if err != nil {
			return 0
		}
		return n
	}
	rank := func(p *corev1.Pod) int {
		switch {
		case p.Spec.NodeName == "":
			return 0
		case !ready(p):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(rank(a)-rank(b), cost(a)-cost(b), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
}
