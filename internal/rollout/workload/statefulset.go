// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// StatefulSet is a StatefulSet as it was read. Its partition is the number that moves: pods with an ordinal from there on are
// of the template's revision, those below of status.currentRevision.
type StatefulSet struct {
	Is *appsv1.StatefulSet
	// Pods may be missing where AtRest says that they are not needed; Revisions where the status is about the current spec.
	Pods      []*corev1.Pod
	Revisions []*appsv1.ControllerRevision
}

// Seen says that the native controller's status is about the current spec.
func (s StatefulSet) Seen() bool {
	return s.Is.Status.ObservedGeneration >= s.Is.Generation && s.Is.Status.UpdateRevision != ""
}

// AtRest says that all pods are of the template's revision by the status, and that good is no other one: pods need not be listed.
func (s StatefulSet) AtRest(good string) bool {
	st := s.Is.Status
	return s.Seen() && st.CurrentRevision == st.UpdateRevision && st.UpdatedReplicas == st.Replicas && cmp.Or(good, st.UpdateRevision) == st.UpdateRevision
}

// Good is the stable version by the mark, or else by what the status of the Rollout says; empty where nothing is held.
func (s StatefulSet) Good(status string) string { return goodOf(s.Is, status) }

func (s StatefulSet) template() string {
	if s.Seen() {
		return s.Is.Status.UpdateRevision
	}
	if r := Revision(&s.Is.Spec.Template, s.Revisions); r != nil {
		return r.Name
	}
	return ""
}

func (s StatefulSet) partition() int32 {
	if u := s.Is.Spec.UpdateStrategy.RollingUpdate; u != nil && u.Partition != nil {
		return *u.Partition
	}
	return 0
}

// place is the place of a pod among its replicas, from 0; false for a pod that is not one of them.
func (s StatefulSet) place(p *corev1.Pod) (int32, bool) {
	digits, found := strings.CutPrefix(p.Name, s.Is.Name+"-")
	n, err := strconv.ParseInt(digits, 10, 32)
	if !found || err != nil {
		return 0, false
	}
	if s.Is.Spec.Ordinals != nil {
		n -= int64(s.Is.Spec.Ordinals.Start)
	}
	return int32(n), n >= 0 && n < int64(replicas(s.Is.Spec.Replicas))
}

// due is the revision that a pod at a place is made anew with.
func (s StatefulSet) due(place int32) string {
	if place < s.partition() {
		return s.Is.Status.CurrentRevision
	}
	return s.template()
}

// living gives its pods that do not terminate, from the highest ordinal down.
func (s StatefulSet) living() []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Pods {
		if _, ours := s.place(p); ours && p.DeletionTimestamp == nil {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *corev1.Pod) int {
		x, _ := s.place(a)
		y, _ := s.place(b)
		return int(y - x)
	})
	return out
}

func revisionOf(p *corev1.Pod) string { return p.Labels[appsv1.ControllerRevisionHashLabelKey] }

// Observe implements InPlace.
func (s StatefulSet) Observe(rolloutName, status string, now time.Time) (rollout.Workload, []rollout.ReplicaSet) {
	is, st, n := s.Is, s.Is.Status, replicas(s.Is.Spec.Replicas)
	w := rollout.Workload{
		Kind: KindStatefulSet, InPlace: true, Exists: is.DeletionTimestamp == nil, Observed: s.Seen(), Generation: is.Generation,
		Replicas: n, ProgressDeadline: deadline, Template: s.template(), AppRevision: is.Labels[v1beta1.LabelAppRevision],
	}
	own, err := ownStrategy(is, is.Spec.UpdateStrategy)
	if err != nil {
		w.Problem = err.Error()
	}
	w.MaxUnavailable = 1
	if own.RollingUpdate != nil {
		w.MaxUnavailable = missing(own.RollingUpdate.MaxUnavailable, n, false)
	}
	good := s.Good(status)
	held(&w, is, rolloutName, is.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType)
	if st.CurrentRevision != w.Template {
		w.Current = st.CurrentRevision
	}
	if w.Current != "" && is.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		w.Current = ""
		if st.UpdatedReplicas != st.Replicas && !w.Held {
			w.Problem = fmt.Sprintf("StatefulSet %s has the update strategy OnDelete and pods of an earlier template; delete those pods, so that a release can go back to one version", is.Name)
		}
	}
	w.Open = w.Held && s.partition() < n
	w.UpOnly = good != "" && st.CurrentRevision != good && w.Template != good
	if s.AtRest(good) {
		return w, []rollout.ReplicaSet{{Hash: w.Template, Replicas: n, Pods: min(st.Replicas, n), Ready: min(st.AvailableReplicas, n)}}
	}
	v := &versions{label: appsv1.ControllerRevisionHashLabelKey}
	v.of(w.Template)
	v.of(good)
	serves := s.count(v, now)
	w.Stuck = int32(len(s.stuck()))
	w.Loose = w.Held && s.loose(w.Template, good)
	w.Forgot = w.Held && w.UpOnly && w.Current == "" && s.partition() > 0 && n > 0
	v.share(w.Template, n)
	if good != "" && good != w.Template && !w.UpOnly {
		s.split(v, w.Template, good, serves)
	}
	return w, v.list()
}

// count adds its pods to their versions, and gives the places that serve.
func (s StatefulSet) count(v *versions, now time.Time) map[int32]bool {
	serves := map[int32]bool{}
	for _, p := range s.living() {
		place, _ := s.place(p)
		serves[place] = available(p, s.Is.Spec.MinReadySeconds, now)
		v.count(p, serves[place])
	}
	return serves
}

// stuck gives the pods that are not ready and not of the version that they would be made anew with.
func (s StatefulSet) stuck() []*corev1.Pod {
	return slices.DeleteFunc(s.living(), func(p *corev1.Pod) bool {
		place, _ := s.place(p)
		return ready(p) || revisionOf(p) == s.due(place)
	})
}

// loose says that the native controller is about to replace pods. What it has completed it does not go back from by a partition, so
// that then it has to.
func (s StatefulSet) loose(template, good string) bool {
	if cmp.Or(good, s.Is.Status.CurrentRevision) != s.Is.Status.CurrentRevision {
		return false
	}
	return slices.ContainsFunc(s.living(), func(p *corev1.Pod) bool {
		place, _ := s.place(p)
		return place >= s.partition() && revisionOf(p) != template
	})
}

// split shares the replicas between the stable version and the template's as the partition does.
func (s StatefulSet) split(v *versions, template, good string, serves map[int32]bool) {
	n := replicas(s.Is.Spec.Replicas)
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
	for i := min(s.partition(), n) - 1; i >= 0 && !serves[i]; i-- {
		stable.Idle++
	}
}

// HoldPatch implements InPlace. Of a StatefulSet with the strategy OnDelete status.currentRevision may be any old one, and that
// is what a pod below the partition is made anew with; so it is brought up to date first, by a partition of 0 where nothing
// is left to update.
func (s StatefulSet) HoldPatch(rolloutName string, h rollout.Hold) ([]byte, error) {
	is := s.Is
	own, err := ownStrategy(is, is.Spec.UpdateStrategy)
	if err != nil {
		return nil, err
	}
	partition := int32(partitionAll)
	if own.Type == appsv1.OnDeleteStatefulSetStrategyType && is.Status.CurrentRevision != s.template() && h.Stable != is.Status.CurrentRevision {
		if _, marked := MarkOf(is); marked {
			return nil, nil
		}
		partition, h.ReleaseID = 0, ""
	}
	set := appsv1.StatefulSetUpdateStrategy{
		Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition},
	}
	if own.RollingUpdate != nil {
		set.RollingUpdate.MaxUnavailable = own.RollingUpdate.MaxUnavailable
	}
	return holding(is, rolloutName, h, own, set)
}

// ReleasePatch implements InPlace.
func (s StatefulSet) ReleasePatch() ([]byte, error) {
	own, err := ownStrategy(s.Is, appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType})
	if err != nil {
		return nil, err
	}
	return releasing(s.Is, own)
}

// Reminder implements InPlace. The native controller reads the version that it updates from in the status, and knows it by its
// ControllerRevision.
func (s StatefulSet) Reminder(status string) ([]byte, error) {
	return json.Marshal([]op{{"test", "/status/currentRevision", s.Is.Status.CurrentRevision}, {"replace", "/status/currentRevision", s.Good(status)}})
}

// Deletion implements InPlace.
func (StatefulSet) Deletion(*corev1.Pod) ([]byte, error) { return nil, nil }

// Resize implements InPlace: the partition moves, and the native controller replaces the pods from there on. What is to become
// the stable version again is deleted here, as are pods that it does not replace.
func (s StatefulSet) Resize(d rollout.Decision, status string) ([]byte, []*corev1.Pod, error) {
	partition, good := s.partition(), s.Good(status)
	var doomed []*corev1.Pod
	for _, scale := range d.Scale {
		var of []*corev1.Pod
		partition, of = s.size(scale, good)
		doomed = append(doomed, of...)
	}
	if d.Unstick {
		for _, p := range s.stuck() {
			if !slices.Contains(doomed, p) {
				doomed = append(doomed, p)
			}
		}
	}
	if d.Close {
		partition = partitionAll
	}
	if d.Remind && s.whole() { // or it is taken for complete once more; the lowest comes back as the stable version
		living := s.living()
		doomed = append(doomed, living[len(living)-1])
	}
	if partition == s.partition() {
		return nil, doomed, nil
	}
	patch, err := json.Marshal([]op{unchanged(s.Is), {"add", "/spec/updateStrategy/rollingUpdate/partition", partition}})
	return patch, doomed, err
}

// whole says that all its pods are there and ready.
func (s StatefulSet) whole() bool {
	living := s.living()
	return len(living) == int(replicas(s.Is.Spec.Replicas)) && !slices.ContainsFunc(living, func(p *corev1.Pod) bool { return !ready(p) })
}

// size gives the partition and the pods to delete for a size of a version.
func (s StatefulSet) size(scale rollout.Scale, good string) (partition int32, doomed []*corev1.Pod) {
	n, template, below := replicas(s.Is.Spec.Replicas), s.template(), int32(partitionAll)
	switch {
	case scale.Hash == template && scale.To > 0:
		partition = max(n-scale.To, 0)
		below = partition
	case scale.Hash != template && s.Is.Status.CurrentRevision != good:
		partition = 0 // below it the native controller knows only what it has completed
	default:
		partition = partitionAll
	}
	count := int32(0)
	for _, p := range s.living() {
		if revisionOf(p) != scale.Hash {
			continue
		}
		count++
		if place, _ := s.place(p); place < below {
			doomed = append(doomed, p)
		}
	}
	if scale.Hash != template && s.Is.Status.CurrentRevision == good {
		// The lowest first: the version may come again, and gets the highest ordinals by a partition.
		slices.Reverse(doomed)
	}
	slices.SortStableFunc(doomed, func(a, b *corev1.Pod) int { return rank(a) - rank(b) })
	return partition, doomed[:max(min(int(count-scale.To), len(doomed)), 0)]
}

// rank puts the pods in front that serve nothing.
func rank(p *corev1.Pod) int {
	if ready(p) {
		return 1
	}
	return 0
}
