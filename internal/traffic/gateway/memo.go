// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	core "github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// annotationSplit and the name of a Service make the annotation that remembers what a release makes of it on a route.
const annotationSplit = "release.oam.dev/split."

// heldFields are those that only a release writes while it lasts; the atomic list of rules has no smaller part to own.
const heldFields = "spec.rules"

// memo is what a route remembers of the release of one Service.
type memo struct {
	Rollout  string                      `json:"rollout"`
	Switched bool                        `json:"switched,omitempty"`
	Weight   int32                       `json:"weight"`
	Matches  []rollouts.HTTPRouteMatch   `json:"matches,omitempty"`
	Modifier *gatewayv1.HTTPHeaderFilter `json:"requestHeaderModifier,omitempty"`
	// Was is what the user's backendRefs were, by the keys of their groups.
	Was map[string]was `json:"was,omitempty"`
}

// was is what a user's backendRef was.
type was struct {
	// Weight of the backendRef.
	Weight int64 `json:"weight"`
	// Factor is what all weights of the rule were multiplied with; 0 where the backendRef was the only one of its rule with a
	// weight, so that no other one was touched.
	Factor int64 `json:"factor,omitempty"`
}

// memos are those of a route, by the Services. What can't be read is as if it were not there.
func memos(route *unstructured.Unstructured) map[string]memo {
	all := map[string]memo{}
	for key, text := range route.GetAnnotations() {
		service, is := strings.CutPrefix(key, annotationSplit)
		m := memo{}
		if is && json.Unmarshal([]byte(text), &m) == nil {
			all[service] = m
		}
	}
	return all
}

// Released names the Services of which a Rollout leads a share on a route, sorted.
func Released(route *unstructured.Unstructured, rollout string) []string {
	var services []string
	for service, m := range memos(route) {
		if m.Rollout == rollout {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	return services
}

// remember gives the annotations of a route with those memos, and without any other. The fields that a release holds are marked
// as long as there is any.
func remember(annotations map[string]string, all map[string]memo) (map[string]string, error) {
	out := map[string]string{}
	for key, text := range annotations {
		if !strings.HasPrefix(key, annotationSplit) && (key != core.AnnotationHeldFields || text != heldFields) {
			out[key] = text
		}
	}
	for service, m := range all {
		text, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("writing what is remembered of %s: %w", service, err)
		}
		out[annotationSplit+service], out[core.AnnotationHeldFields] = string(text), heldFields
	}
	if maps.Equal(out, annotations) {
		return annotations, nil
	}
	return out, nil
}
