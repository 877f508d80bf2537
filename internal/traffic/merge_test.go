// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"testing"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// served is a route at a weight that every router serves.
func servedAt(weight int32) State {
	return State{
		Canary: true, Switched: true, Services: true, AnyService: true, Weight: weight, StableHash: "one", CanaryHash: "two",
		StableEndpoints: 4, CanaryEndpoints: 2, Ack: AckKnown, CanaryServed: true, SwitchServed: true,
		WeightLow: weight, WeightHigh: weight, MatchesServed: true, StableSeen: 4, CanarySeen: 2,
	}
}

func with(s State, change func(*State)) State {
	change(&s)
	return s
}

func TestOneStateOfSeveralRoutesIsTheWeakest(t *testing.T) {
	untold := with(servedAt(20), func(s *State) {
		s.Ack, s.CanaryServed, s.SwitchServed, s.WeightLow, s.WeightHigh = AckNone, false, false, 0, 0
	})
	late := with(servedAt(50), func(s *State) { s.WeightLow = 20 })
	for name, c := range map[string]struct {
		a, b State
		want func(State) bool
	}{
		"two that are served are served":                        {servedAt(20), servedAt(20), State.Serves},
		"a router of one that is late makes the weight a range": {servedAt(50), late, func(s State) bool { return s.WeightLow == 20 && s.WeightHigh == 50 && !s.Serves() }},
		"half written, it is served by nobody":                  {servedAt(20), servedAt(50), func(s State) bool { return s.Weight == 50 && !s.CanaryServed && !s.SwitchServed }},
		"a canary route that is gone is missing, and ours all the same": {servedAt(20), with(servedAt(20), func(s *State) { s.Canary = false }),
			func(s State) bool { return s.Canary && !s.CanaryServed }},
		"a Service that is missing is missing": {servedAt(0), with(servedAt(0), func(s *State) { s.Services, s.AnyService = false, false }),
			func(s State) bool { return !s.Services && s.AnyService }},
		"a Service that selects an older version yet is led to none": {servedAt(0), with(servedAt(0), func(s *State) { s.CanaryHash = "three" }),
			func(s State) bool { return s.CanaryHash == "" && s.StableHash == "one" }},
		"where one can't be told, a wait decides once the other is served": {servedAt(20), untold, func(s State) bool { return s.Ack == AckNone }},
		"and nothing does before":                  {with(servedAt(20), func(s *State) { s.WeightLow = 0 }), untold, func(s State) bool { return s.Ack == AckUnknown }},
		"what one router does not know is unknown": {servedAt(20), with(servedAt(20), func(s *State) { s.Ack = AckUnknown }), func(s State) bool { return s.Ack == AckUnknown }},
		"matches that are on one route are yet to be taken off": {servedAt(0), with(servedAt(0), func(s *State) { s.Matches = []v1beta1.HTTPRouteMatch{{}} }),
			func(s State) bool { return len(s.Matches) == 1 }},
		"the first problem is told": {with(servedAt(0), func(s *State) { s.Problem = "first" }), with(servedAt(0), func(s *State) { s.Problem = "second" }),
			func(s State) bool { return s.Problem == "first" }},
		"a sentence is told once": {with(servedAt(0), func(s *State) { s.Rejected = []string{"no"} }), with(servedAt(0), func(s *State) { s.Rejected = []string{"no", "never"} }),
			func(s State) bool { return len(s.Rejected) == 2 }},
		"the fewest pods count": {servedAt(20), with(servedAt(20), func(s *State) { s.CanarySeen, s.StableEndpoints = 1, 3 }),
			func(s State) bool { return s.CanarySeen == 1 && s.StableEndpoints == 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			if s := merge([]State{c.a, c.b}); !c.want(s) {
				t.Errorf("the first and the second give %+v", s)
			}
			if s := merge([]State{c.b, c.a}); name != "the first problem is told" && !c.want(s) {
				t.Errorf("the second and the first give %+v", s)
			}
		})
	}
	if s := merge(nil); s.Ack != AckNone || s.Canary {
		t.Errorf("no route at all gives %+v", s)
	}
}
