// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"cmp"
	"slices"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// merge makes one state of those of all routes: the weakest of them, for a step is true when it is true of every route.
func merge(states []State) State {
	if len(states) == 0 {
		return State{Ack: AckNone}
	}
	all := states[0]
	for _, s := range states[1:] {
		all = weaker(all, s)
	}
	return all
}

// weaker makes one state of two. Where they are not written alike, because a controller died between two writes or somebody
// removed one, what is written of any counts as written, the greater share, and no router serves it: the next decision
// writes both.
func weaker(a, b State) State {
	alike := a.writtenAs(b)
	s := State{
		Problem: cmp.Or(a.Problem, b.Problem), StableHash: cmp.Or(a.StableHash, b.StableHash),
		Canary: a.Canary || b.Canary, Switched: a.Switched || b.Switched,
		Services: a.Services && b.Services, AnyService: a.AnyService || b.AnyService,
		Weight: max(a.Weight, b.Weight), Matches: matchesOf(a, b), Modifier: cmp.Or(a.Modifier, b.Modifier), // a route that can't change headers has none
		StableEndpoints: min(a.StableEndpoints, b.StableEndpoints), CanaryEndpoints: min(a.CanaryEndpoints, b.CanaryEndpoints),

		Ack:          weakerAck(a, b),
		CanaryServed: a.CanaryServed && b.CanaryServed && alike, SwitchServed: a.SwitchServed && b.SwitchServed && alike,
		CanaryRefused: a.CanaryRefused && b.CanaryRefused, RouteRefused: a.RouteRefused && b.RouteRefused,
		WeightLow: min(a.WeightLow, b.WeightLow), WeightHigh: max(a.WeightHigh, b.WeightHigh),
		MatchesServed: a.MatchesServed && b.MatchesServed, AnyMatches: a.AnyMatches || b.AnyMatches,
		StableSeen: min(a.StableSeen, b.StableSeen), CanarySeen: min(a.CanarySeen, b.CanarySeen),
		StableDrained: a.StableDrained && b.StableDrained, CanaryDrained: a.CanaryDrained && b.CanaryDrained,
	}
	if a.CanaryHash == b.CanaryHash {
		s.CanaryHash = a.CanaryHash // otherwise a Service is yet to be led to a newer version
	}
	for _, sentence := range slices.Concat(a.Rejected, b.Rejected) {
		if !slices.Contains(s.Rejected, sentence) {
			s.Rejected = append(s.Rejected, sentence)
		}
	}
	return s
}

// writtenAs says that the shares are written alike.
func (s State) writtenAs(other State) bool {
	return s.Canary == other.Canary && s.Switched == other.Switched && (!s.Canary || s.Weight == other.Weight)
}

// matchesOf gives the matches that are written, or where the two differ those that are to be taken off.
func matchesOf(a, b State) []v1beta1.HTTPRouteMatch {
	if len(a.Matches) == 0 {
		return b.Matches
	}
	return a.Matches
}

// weakerAck joins what is known of two routes. Where no router can tell about one of them a wait decides, but not before the
// routers of the other one serve what is written.
func weakerAck(a, b State) Ack {
	switch {
	case a.Ack == b.Ack:
		return a.Ack
	case a.Ack == AckUnknown || b.Ack == AckUnknown:
		return AckUnknown
	case a.Ack == AckKnown && a.Serves() || b.Ack == AckKnown && b.Serves():
		return AckNone
	}
	return AckUnknown
}

// Serves says that every router serves what is written.
func (s State) Serves() bool {
	return s.CanaryServed && s.SwitchServed && (!s.Canary || s.WeightLow == s.Weight && s.WeightHigh == s.Weight && s.MatchesServed)
}
