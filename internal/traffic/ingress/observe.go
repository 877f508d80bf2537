// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
)

// Observe implements traffic.Router.
func (Router) Observe(t traffic.Target, live traffic.Objects, seen traffic.Seen) traffic.State {
	s := traffic.ObserveServices(t, live)
	s.Problem, s.Canary = missing(t, live), ours(t, live.CanaryIngress)
	if live.Ingress != nil && !traffic.Foreign(t, live) {
		s.Switched = leads(live.Ingress, traffic.StableService(t.Service))
	}
	if s.Canary {
		s.Weight, s.Matches = weight(live.CanaryIngress), matches(live.CanaryIngress.Annotations)
	}
	if s.Ack = seen.Ack; s.Ack == traffic.AckKnown && !slices.ContainsFunc(seen.Replicas, func(r traffic.Replica) bool { return r.Route != nil }) {
		s.Ack = traffic.AckNone // replicas that do not have the user's Ingress are of another class: they can't tell
	}
	serve(&s, live, seen.Replicas)
	return s
}

// ours says that the canary Ingress is there, stays, and was made for this Rollout.
func ours(t traffic.Target, i *networkingv1.Ingress) bool {
	return i != nil && i.DeletionTimestamp == nil && i.Labels[rollouts.LabelRolloutName] == t.Rollout
}

// weight reads the annotation; one that nobody of ours wrote counts as 0.
func weight(i *networkingv1.Ingress) int32 {
	n, err := strconv.ParseInt(i.Annotations[annotationWeight], 10, 32)
	if err != nil {
		return 0
	}
	return int32(min(max(n, 0), 100))
}

// serve adds what is true of every replica.
func serve(s *traffic.State, live traffic.Objects, replicas []traffic.Replica) {
	if len(replicas) == 0 {
		return
	}
	written := map[string]string{}
	if s.Canary {
		written = rulesOf(live.CanaryIngress.Annotations)
	}
	s.MatchesServed, s.CanaryRefused, s.RouteRefused = true, true, true
	s.CanaryServed, s.SwitchServed, s.StableDrained, s.CanaryDrained = true, true, true, true
	for i, r := range replicas {
		s.CanaryServed = s.CanaryServed && canaryServed(live.CanaryIngress, r.CanaryRoute)
		s.SwitchServed = s.SwitchServed && current(live.Ingress, r.Route)
		s.CanaryRefused = s.CanaryRefused && refused(live.CanaryIngress, r.CanaryRoute)
		s.RouteRefused = s.RouteRefused && refused(live.Ingress, r.Route)
		percent := int32(0)
		if r.CanaryRoute != nil && r.CanaryRoute.Accepted {
			percent = r.CanaryRoute.Percent
		}
		rules := rulesServed(r.CanaryRoute)
		s.MatchesServed, s.AnyMatches = s.MatchesServed && maps.Equal(rules, written), s.AnyMatches || len(rules) > 0
		s.StableDrained, s.CanaryDrained = s.StableDrained && r.Stable.Drained, s.CanaryDrained && r.Canary.Drained
		if i == 0 {
			s.WeightLow, s.WeightHigh, s.StableSeen, s.CanarySeen = percent, percent, r.Stable.Ready, r.Canary.Ready
		}
		s.WeightLow, s.WeightHigh = min(s.WeightLow, percent), max(s.WeightHigh, percent)
		s.StableSeen, s.CanarySeen = min(s.StableSeen, r.Stable.Ready), min(s.CanarySeen, r.Canary.Ready)
		for _, served := range []*traffic.Served{r.Route, r.CanaryRoute} {
			if served != nil && !served.Accepted && len(served.Problems) > 0 {
				s.Rejected = add(s.Rejected, strings.Join(served.Problems, "; "))
			}
		}
	}
}

func add(all []string, one string) []string {
	for _, s := range all {
		if s == one {
			return all
		}
	}
	return append(all, one)
}

// canaryServed says that a replica serves the canary Ingress, or that it serves none where there is none.
func canaryServed(live *networkingv1.Ingress, served *traffic.Served) bool {
	if live == nil || live.DeletionTimestamp != nil {
		return served == nil
	}
	return served != nil && served.Accepted && served.UID == string(live.UID)
}

// rulesServed are the rules by which a replica leads requests to the canary beside its share.
func rulesServed(canary *traffic.Served) map[string]string {
	if canary == nil || !canary.Accepted {
		return nil
	}
	return canary.Rules
}

// current says that a replica serves the Ingress as it is, or newer than is known here.
func current(live *networkingv1.Ingress, served *traffic.Served) bool {
	if live == nil {
		return served == nil
	}
	return served != nil && served.Accepted && asNew(live, served)
}

// refused says that a replica has the Ingress as it is, or newer than is known here, and serves nothing of it.
func refused(live *networkingv1.Ingress, served *traffic.Served) bool {
	return live != nil && served != nil && !served.Accepted && asNew(live, served)
}

// asNew says that a replica has the Ingress as it is, or newer than is known here.
func asNew(live *networkingv1.Ingress, served *traffic.Served) bool {
	if served.UID != string(live.UID) {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(served.ResourceVersion, live.ResourceVersion)
	if err != nil {
		return served.ResourceVersion == live.ResourceVersion
	}
	return order >= 0
}
