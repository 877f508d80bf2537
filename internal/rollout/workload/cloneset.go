// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// specifiedDelete is the label by which a pod asks the controller of CloneSets to delete it: within maxUnavailable, and with the
// hooks of its life cycle.
const specifiedDelete = "apps.kruise.io/specified-delete"

// CloneSet is a CloneSet of OpenKruise as it was read. Its partition is the number that moves: as many pods stay of another
// revision than the template's, whichever pods these are.
//
// The object is kept as the API server gave it, with a typed view of what is read of it. The types of OpenKruise
// (github.com/openkruise/kruise-api) would drop what the CloneSet of a newer cluster has in its update strategy, which has to be
// given back as it was.
type CloneSet struct {
	Is *unstructured.Unstructured
	// Pods may be missing where AtRest says that they are not needed; Revisions where the status is about the current spec.
	Pods      []*corev1.Pod
	Revisions []*appsv1.ControllerRevision

	view cloneSetView
}

// cloneSetView is what is read of a CloneSet (apps.kruise.io/v1alpha1).
type cloneSetView struct {
	Spec struct {
		Replicas        *int32                 `json:"replicas"`
		Selector        *metav1.LabelSelector  `json:"selector"`
		Template        corev1.PodTemplateSpec `json:"template"`
		MinReadySeconds int32                  `json:"minReadySeconds"`
		UpdateStrategy  cloneSetStrategy       `json:"updateStrategy"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64  `json:"observedGeneration"`
		Replicas           int32  `json:"replicas"`
		UpdatedReplicas    int32  `json:"updatedReplicas"`
		AvailableReplicas  int32  `json:"availableReplicas"`
		CurrentRevision    string `json:"currentRevision"`
		UpdateRevision     string `json:"updateRevision"`
	} `json:"status"`
}

type cloneSetStrategy struct {
	Partition        *intstr.IntOrString `json:"partition"`
	MaxUnavailable   *intstr.IntOrString `json:"maxUnavailable"`
	MaxSurge         *intstr.IntOrString `json:"maxSurge"`
	Paused           bool                `json:"paused"`
	PriorityStrategy map[string]any      `json:"priorityStrategy"`
	ScatterStrategy  []any               `json:"scatterStrategy"`
}

// NewCloneSet reads a CloneSet as the API server has it.
func NewCloneSet(is *unstructured.Unstructured) (CloneSet, error) {
	s := CloneSet{Is: is}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(is.Object, &s.view); err != nil {
		return s, fmt.Errorf("reading CloneSet %s: %w", is.GetName(), err)
	}
	return s, nil
}

// Selector is what its pods are selected by.
func (s CloneSet) Selector() *metav1.LabelSelector { return s.view.Spec.Selector }

// PodLabels are those that its pods have by its template.
func (s CloneSet) PodLabels() map[string]string { return s.view.Spec.Template.Labels }

// Seen says that the status is about the current spec.
func (s CloneSet) Seen() bool {
	return s.view.Status.ObservedGeneration >= s.Is.GetGeneration() && s.view.Status.UpdateRevision != ""
}

// AtRest says that all pods are of the template's revision by the status, and that good is no other one: pods need not be listed.
func (s CloneSet) AtRest(good string) bool {
	st, template := s.view.Status, s.template()
	return s.Seen() && s.current() == template && st.UpdatedReplicas == st.Replicas && cmp.Or(good, template) == template
}

// Good is the stable version by the mark, or else by what the status of the Rollout says; empty where nothing is held.
func (s CloneSet) Good(status string) string { return goodOf(s.Is, status) }

// shortHash is the part of the name of a revision that its pods are labelled with (pod-template-hash, kruise-rollouts.md 3.6).
func shortHash(revision string) string { return revision[strings.LastIndex(revision, "-")+1:] }

func (s CloneSet) current() string { return shortHash(s.view.Status.CurrentRevision) }

func (s CloneSet) template() string {
	if s.Seen() {
		return shortHash(s.view.Status.UpdateRevision)
	}
	if r := Revision(&s.view.Spec.Template, s.Revisions); r != nil {
		return shortHash(r.Name)
	}
	return ""
}

func (s CloneSet) replicas() int32 { return replicas(s.view.Spec.Replicas) }

// keeps resolves a partition to a number of pods, as the controller of CloneSets does: a percentage is rounded up, but one below
// 100 % lets at least one pod of several be updated.
func keeps(partition *intstr.IntOrString, n int32) int32 {
	if partition == nil {
		return 0
	}
	count, err := intstr.GetScaledValueFromIntOrPercent(partition, int(n), true)
	if err != nil {
		return 0
	}
	if n > 1 && int32(count) == n && partition.Type == intstr.String && partition.StrVal != "100%" {
		count--
	}
	return min(max(int32(count), 0), n)
}

func (s CloneSet) partition() int32 { return keeps(s.view.Spec.UpdateStrategy.Partition, s.replicas()) }

// partitionFor is the partition that keeps so many of n pods. It is a percentage where one says the same, so that a CloneSet which
// is scaled keeps the share.
func partitionFor(keep, n int32) intstr.IntOrString {
	if keep >= n {
		return intstr.FromString("100%")
	}
	if share := intstr.FromString(fmt.Sprintf("%d%%", 100*keep/n)); keeps(&share, n) == keep {
		return share
	}
	return intstr.FromInt32(keep)
}

// living gives its pods that neither terminate nor were asked to.
func (s CloneSet) living() []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Pods {
		if p.DeletionTimestamp == nil && p.Labels[specifiedDelete] == "" {
			out = append(out, p)
		}
	}
	return out
}

func (s CloneSet) hashes() versions { return versions{label: appsv1.DefaultDeploymentUniqueLabelKey} }

// own is its own update strategy, as it is to be given back.
func (s CloneSet) own() (map[string]any, cloneSetStrategy, error) {
	present, _, err := unstructured.NestedMap(s.Is.Object, "spec", "updateStrategy")
	if err != nil {
		return nil, cloneSetStrategy{}, fmt.Errorf("reading the update strategy of CloneSet %s: %w", s.Is.GetName(), err)
	}
	if present == nil {
		present = map[string]any{}
	}
	own, err := ownStrategy(s.Is, present)
	if err != nil {
		return nil, cloneSetStrategy{}, err
	}
	var view cloneSetStrategy
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(own, &view); err != nil {
		return nil, cloneSetStrategy{}, fmt.Errorf("reading the update strategy of CloneSet %s: %w", s.Is.GetName(), err)
	}
	return own, view, nil
}

// unavailable is how many of n pods may be missing at a time; a CloneSet that does not say leaves 20 % of them.
func (u cloneSetStrategy) unavailable(n int32) int32 {
	v := u.MaxUnavailable
	if v == nil {
		v = &intstr.IntOrString{Type: intstr.String, StrVal: "20%"}
	}
	return missing(v, n, true)
}

func (u cloneSetStrategy) surges() bool {
	return u.MaxSurge != nil && u.MaxSurge.String() != "0" && u.MaxSurge.String() != "0%"
}

// Observe implements InPlace.
func (s CloneSet) Observe(rolloutName, status string, now time.Time) (rollout.Workload, []rollout.ReplicaSet) {
	n, st := s.replicas(), s.view.Status
	w := rollout.Workload{
		Kind: KindCloneSet, InPlace: true, Exists: s.Is.GetDeletionTimestamp() == nil, Observed: s.Seen(), Generation: s.Is.GetGeneration(),
		Replicas: n, ProgressDeadline: deadline, Template: s.template(), AppRevision: s.Is.GetLabels()[v1beta1.LabelAppRevision],
	}
	_, own, err := s.own()
	if err != nil {
		w.Problem = err.Error()
	}
	w.MaxUnavailable = own.unavailable(n)
	if own.surges() {
		w.Note = "its maxSurge is not used while a release holds it: a pod goes before the one that replaces it is made"
	}
	present, good := s.view.Spec.UpdateStrategy, s.Good(status)
	held(&w, s.Is, rolloutName, !present.Paused && !present.surges())
	if s.current() != w.Template {
		w.Current = s.current()
	}
	w.Open = w.Held && s.partition() < n
	w.UpOnly = good != "" && s.current() != good && w.Template != good
	if s.AtRest(good) {
		return w, []rollout.ReplicaSet{{Hash: w.Template, Replicas: n, Pods: min(st.Replicas, n), Ready: min(st.AvailableReplicas, n)}}
	}
	v := s.hashes()
	v.of(w.Template)
	v.of(good)
	for _, p := range s.living() {
		v.count(p, available(p, s.view.Spec.MinReadySeconds, now))
	}
	s.shed(&v, w.Template, good)
	w.Loose = w.Held && v.others(w.Template) > s.partition()
	v.share(w.Template, n)
	if good != "" && good != w.Template && !w.UpOnly {
		s.split(&v, w.Template, good)
	}
	return w, v.list()
}

// shed leaves pods beyond the replicas out, which are about to be deleted: those of other versions as far as the partition does not
// keep them, then those of the template's.
func (s CloneSet) shed(v *versions, template, good string) {
	old := v.others(template)
	excess := max(old+v.of(template).Pods-s.replicas(), 0)
	former := min(max(old-s.partition(), 0), excess)
	drop := func(of *rollout.ReplicaSet, n int32) int32 {
		n = min(n, of.Pods)
		of.Pods -= n
		of.Ready = min(of.Ready, of.Pods)
		return n
	}
	drop(v.of(template), excess-former)
	former -= drop(v.of(good), former)
	for _, of := range v.all {
		if of.Hash != template {
			former -= drop(of, former)
		}
	}
}

// split shares the replicas between the stable version and the template's as the partition does. Pods that do not serve are
// replaced first, unless the CloneSet has an order of its own.
func (s CloneSet) split(v *versions, template, good string) {
	n := s.replicas()
	if current := v.of(template); template != "" {
		current.Replicas = max(n-s.partition(), current.Pods, 0)
	}
	rest := n
	for _, other := range v.all {
		if other.Hash != good {
			rest -= other.Replicas
		}
	}
	stable := v.of(good)
	stable.Replicas = max(rest, 0)
	if u := s.view.Spec.UpdateStrategy; u.PriorityStrategy == nil && u.ScatterStrategy == nil {
		stable.Idle = max(stable.Replicas-stable.Ready, 0)
	}
}

// HoldPatch implements InPlace. Beside the partition nothing may keep its pods from being replaced one for one.
func (s CloneSet) HoldPatch(rolloutName string, h rollout.Hold) ([]byte, error) {
	own, view, err := s.own()
	if err != nil {
		return nil, err
	}
	set := maps.Clone(own)
	set["partition"] = "100%"
	delete(set, "paused")
	delete(set, "maxSurge")
	if u := view.MaxUnavailable; u != nil && (u.String() == "0" || u.String() == "0%") {
		set["maxUnavailable"] = 1
	}
	return holding(s.Is, rolloutName, h, own, set)
}

// ReleasePatch implements InPlace.
func (s CloneSet) ReleasePatch() ([]byte, error) {
	own, _, err := s.own()
	if err != nil {
		return nil, err
	}
	return releasing(s.Is, own)
}

// Resize implements InPlace: the partition moves, and the controller of CloneSets replaces the pods beyond it. Pods of a version
// that it does not take back by itself are asked to go; they come back as status.currentRevision.
func (s CloneSet) Resize(d rollout.Decision, status string) ([]byte, []*corev1.Pod, error) {
	n, template, good := s.replicas(), s.template(), s.Good(status)
	keep, v := s.partition(), s.hashes()
	pods := map[string][]*corev1.Pod{}
	others := int32(0)
	for _, p := range s.living() {
		hash := p.Labels[v.label]
		pods[hash] = append(pods[hash], p)
		if hash != template {
			others++
		}
	}
	var doomed []*corev1.Pod
	for _, scale := range d.Scale {
		less := int32(len(pods[scale.Hash])) - scale.To
		switch {
		case scale.Hash == template:
			keep = n - scale.To
		case template == good && s.current() != good: // what it has completed it takes back down to the partition
			others -= max(less, 0)
			keep = others
			continue
		default:
			keep = n
		}
		cheapest(pods[scale.Hash])
		doomed = append(doomed, pods[scale.Hash][:max(less, 0)]...)
	}
	if d.Close {
		keep = n
	}
	if keep == s.partition() {
		return nil, doomed, nil
	}
	patch, err := json.Marshal([]op{unchanged(s.Is), {"add", "/spec/updateStrategy/partition", partitionFor(keep, n)}})
	return patch, doomed, err
}

// Reminder implements InPlace. The controller of CloneSets takes an update for complete as soon as all pods that there are have it, which
// no write of somebody else's changes.
func (CloneSet) Reminder(string) ([]byte, error) { return nil, nil }

// Deletion implements InPlace.
func (CloneSet) Deletion(p *corev1.Pod) ([]byte, error) {
	return json.Marshal(append([]op{{"test", "/metadata/uid", p.UID}}, keys("labels", p.Labels, map[string]string{specifiedDelete: "true"})...))
}
