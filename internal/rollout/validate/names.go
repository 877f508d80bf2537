// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

const (
	// longestName is what a label holds; what a release makes for its routes has the name of its Rollout as one.
	longestName = validation.LabelValueMaxLength
	// longestIngress leaves room for the suffix of the canary Ingress.
	longestIngress = validation.DNS1123SubdomainMaxLength - len("-canary")
)

// nameable says that a Rollout with routes has a name that what it makes for them can bear.
func nameable(ro *v1beta1.Rollout) error {
	plan := ro.Spec.Strategy.Plan()
	if len(ro.Name) <= longestName || plan == nil || len(plan.TrafficRoutings) == 0 && ro.TrafficRoutingName() == "" {
		return nil
	}
	return schema.Faultf("metadata.name", "is %s, which is too long: what a release makes for its routes has the name as a label; shorten it to %d characters", ro.Name, longestName)
}

// dress says what the pods of the new version can't have as metadata.
func dress(field string, m *v1beta1.PatchPodTemplateMetadata) error {
	if m == nil {
		return nil
	}
	for _, of := range []struct {
		at   string
		keys map[string]string
	}{{field + ".patchPodTemplateMetadata.labels", m.Labels}, {field + ".patchPodTemplateMetadata.annotations", m.Annotations}} {
		for _, key := range slices.Sorted(maps.Keys(of.keys)) {
			if faults := validation.IsQualifiedName(key); len(faults) > 0 {
				return schema.Faultf(of.at, "has the key %q, which is none: %s; correct it", key, faults[0])
			}
		}
	}
	at := field + ".patchPodTemplateMetadata.labels"
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		if key == appsv1.DefaultDeploymentUniqueLabelKey {
			return schema.Faultf(at, "has %s, by which the pods of a version are told apart; take it out", key)
		}
		if faults := validation.IsValidLabelValue(m.Labels[key]); len(faults) > 0 {
			return schema.Faultf(at, "gives %s the value %q, which no label can have: %s; correct it", key, m.Labels[key], faults[0])
		}
	}
	return nil
}

// sendable says that requests can have the headers that a match looks at.
func sendable(at string, m v1beta1.HTTPRouteMatch) error {
	for i, h := range m.Headers {
		if strings.ContainsFunc(h.Value, unicode.IsControl) {
			return schema.Faultf(schema.Index(at+".headers", i)+".value", "is %q, and no header has control characters such as line breaks; take them out", h.Value)
		}
	}
	return nil
}
