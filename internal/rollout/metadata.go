// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// MetadataText names metadata: equal texts are equal metadata. It is empty where there is none.
func MetadataText(m *v1beta1.PatchPodTemplateMetadata) string {
	if m == nil || len(m.Annotations)+len(m.Labels) == 0 {
		return ""
	}
	// Marshalling maps of strings can't fail.
	text, _ := json.Marshal(m)
	return string(text)
}

// metadata is what the plan puts onto the pods of the new version while the release lasts; nil for nothing.
func (l look) metadata() *v1beta1.PatchPodTemplateMetadata {
	plan := l.Spec.Strategy.Plan()
	if plan == nil || l.Workload.InPlace || l.closing || MetadataText(plan.PatchPodTemplateMetadata) == "" {
		return nil
	}
	return plan.PatchPodTemplateMetadata
}

// dressRefused waits while the plan asks for a label that makes a pod another workload's.
func dressRefused(l look) (verdict, bool) {
	m := l.metadata()
	if m == nil {
		return verdict{}, false
	}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		if slices.Contains(l.Workload.Selects, key) {
			v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: l.keep()}}
			v.Why = fmt.Sprintf("spec.strategy.canary.patchPodTemplateMetadata.labels: the workload selects its pods by %s, so they can't have another; take it out", key)
			return v, true
		}
	}
	return verdict{}, false
}

// dress puts the plan's metadata onto a new version that is there without it.
func dress(l look) (verdict, bool) {
	m := l.metadata()
	if !l.hasCanary || l.returning() || l.Workload.InPlace || l.canarySet.Dress == MetadataText(m) {
		return verdict{}, false
	}
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepUpgrade, Decision: Decision{Route: l.keep()}}
	v.Dress = []Dress{{l.canarySet.Hash, m}}
	v.Why = "the pods of the new version get the labels and annotations that the plan asks for"
	return v, true
}

// undress takes the metadata of the release off all versions, so that the native controller knows them by their templates again.
func (l look) undress() (verdict, bool) {
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepCompleted, reason: v1beta1.ReasonFinalising, Decision: Decision{Route: l.keep()}}
	for _, s := range l.Sets {
		if s.Dress != "" {
			v.Dress = append(v.Dress, Dress{Hash: s.Hash})
		}
	}
	v.Why = "the labels and annotations of the release are taken off the pods"
	return v, len(v.Dress) > 0
}
