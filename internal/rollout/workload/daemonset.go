// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// DaemonSet is a DaemonSet as it was read. While it is held its strategy is OnDelete, so that it makes a pod of the newest
// template wherever one was deleted, and replaces none by itself.
type DaemonSet struct {
	Is *appsv1.DaemonSet
	// Pods may be missing where AtRest says that they are not needed.
	Pods      []*corev1.Pod
	Revisions []*appsv1.ControllerRevision
}

func (s DaemonSet) seen() bool { return s.Is.Status.ObservedGeneration >= s.Is.Generation }

// template is the hash that pods of the current template have as a label; empty while no revision has that template.
func (s DaemonSet) template() string {
	if r := Revision(&s.Is.Spec.Template, s.Revisions); r != nil {
		return r.Labels[appsv1.DefaultDaemonSetUniqueLabelKey]
	}
	return ""
}

// AtRest says that all pods are of the template by the status, and that good is no other version: pods need not be listed.
func (s DaemonSet) AtRest(good string) bool {
	st, template := s.Is.Status, s.template()
	return s.seen() && template != "" && st.UpdatedNumberScheduled == st.CurrentNumberScheduled && cmp.Or(good, template) == template
}

// Good is the stable version by the mark, or else by what the status of the Rollout says; empty where nothing is held.
func (s DaemonSet) Good(status string) string { return goodOf(s.Is, status) }

func (s DaemonSet) living() []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Pods {
		if p.DeletionTimestamp == nil {
			out = append(out, p)
		}
	}
	return out
}

// Observe implements InPlace.
func (s DaemonSet) Observe(rolloutName, status string, now time.Time) (rollout.Workload, []rollout.ReplicaSet) {
	is, n := s.Is, s.Is.Status.DesiredNumberScheduled
	w := rollout.Workload{
		Kind: KindDaemonSet, InPlace: true, UpOnly: true, Exists: is.DeletionTimestamp == nil, Observed: s.seen(), Generation: is.Generation,
		Replicas: n, ProgressDeadline: deadline, Template: s.template(), AppRevision: is.Labels[v1beta1.LabelAppRevision],
	}
	own, err := ownStrategy(is, is.Spec.UpdateStrategy)
	if err != nil {
		w.Problem = err.Error()
	}
	w.MaxUnavailable = 1
	if u := own.RollingUpdate; u != nil {
		w.MaxUnavailable = missing(u.MaxUnavailable, n, true)
		if u.MaxSurge != nil && u.MaxSurge.String() != "0" && u.MaxSurge.String() != "0%" {
			w.Note = "its maxSurge is not used while a release holds it: a pod is deleted before the one that replaces it is made"
		}
	}
	good := s.Good(status)
	held(&w, is, rolloutName, is.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType)
	if s.AtRest(good) {
		st := is.Status
		return w, []rollout.ReplicaSet{{Hash: w.Template, Replicas: n, Pods: min(st.CurrentNumberScheduled, n), Ready: min(st.NumberAvailable, n)}}
	}
	v := &versions{label: appsv1.DefaultDaemonSetUniqueLabelKey}
	v.of(w.Template)
	v.of(good)
	for _, p := range s.living() {
		v.count(p, available(p, is.Spec.MinReadySeconds, now))
		if hash := revisionOf(p); !ready(p) && hash != w.Template {
			v.of(hash).Idle++
			if hash != good {
				w.Stuck++
			}
		}
	}
	v.share(w.Template, n)
	return w, v.list()
}

// HoldPatch implements InPlace.
func (s DaemonSet) HoldPatch(rolloutName string, h rollout.Hold) ([]byte, error) {
	return holding(s.Is, rolloutName, h, s.Is.Spec.UpdateStrategy, appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType})
}

// ReleasePatch implements InPlace.
func (s DaemonSet) ReleasePatch() ([]byte, error) {
	own, err := ownStrategy(s.Is, appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType})
	if err != nil {
		return nil, err
	}
	return releasing(s.Is, own)
}

// Reminder implements InPlace.
func (DaemonSet) Reminder(string) ([]byte, error) { return nil, nil }

// Deletion implements InPlace.
func (DaemonSet) Deletion(*corev1.Pod) ([]byte, error) { return nil, nil }

// Resize implements InPlace: pods are deleted, and come back of the newest template. A version that grows grows by pods of others.
func (s DaemonSet) Resize(d rollout.Decision, status string) ([]byte, []*corev1.Pod, error) {
	var doomed []*corev1.Pod
	for _, scale := range d.Scale {
		grows := scale.To > scale.From
		var of []*corev1.Pod
		for _, p := range s.living() {
			if (revisionOf(p) == scale.Hash) != grows {
				of = append(of, p)
			}
		}
		cheapest(of)
		count := scale.From - scale.To
		if grows {
			count = -count
		}
		doomed = append(doomed, of[:min(int(count), len(of))]...)
	}
	if d.Unstick {
		template, good := s.template(), s.Good(status)
		for _, p := range s.living() {
			if hash := revisionOf(p); !ready(p) && hash != template && hash != good && !slices.Contains(doomed, p) {
				doomed = append(doomed, p)
			}
		}
	}
	return nil, doomed, nil
}
