// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
)

const (
	suffix = "-canary"
	// longest is the length of a name that is made up.
	longest = 63
	// annotationRoute on a canary Ingress with a name that is made up names the Ingress that it is beside.
	annotationRoute = "release.oam.dev/canary-of"
)

// Names are those that the canary Ingress of a target may have, in the order in which they are taken: the one that people know,
// and where another release on the same Ingress has that, one for the Service. Each release of a Service has one of its own, so
// that two which lead other paths of one Ingress go at the same time.
func Names(t traffic.Target) []string {
	second := t.Route + suffix + "-" + t.Service
	if len(second) > longest {
		sum := sha256.Sum256([]byte(second))
		tail := "-" + hex.EncodeToString(sum[:4])
		second = strings.TrimRight(second[:longest-len(tail)], "-.") + tail
	}
	return []string{t.Route + suffix, second}
}

// Choose gives a target the name of its canary Ingress, of the Ingresses that have those names: the one that it has already,
// otherwise the first that no other release has. taken are names that other targets of this release have.
func Choose(t traffic.Target, is map[string]*networkingv1.Ingress, taken []string) string {
	names := Names(t)
	for _, name := range names {
		if i := is[name]; i != nil && made(i, t) {
			return name
		}
	}
	first := names[0]
	for _, name := range taken {
		if name == first {
			return names[1]
		}
	}
	if i := is[first]; i != nil && i.Labels[rollouts.LabelRolloutName] != "" {
		return names[1]
	}
	return first // also where somebody has it who is no release: that may lead the same paths, and is told
}

// made says that a canary Ingress was made for the target.
func made(i *networkingv1.Ingress, t traffic.Target) bool {
	service := leadsTo(i)
	return i.Labels[rollouts.LabelRolloutName] == t.Rollout && (service == t.Service || service == "")
}

// RouteOf names the Ingress that a canary Ingress of ours is beside; empty for any other Ingress.
func RouteOf(i *networkingv1.Ingress) string {
	if i.Labels[rollouts.LabelRolloutName] == "" {
		return ""
	}
	if route := i.Annotations[annotationRoute]; route != "" {
		return route
	}
	route, is := strings.CutSuffix(i.Name, suffix)
	if !is {
		return ""
	}
	return route
}
