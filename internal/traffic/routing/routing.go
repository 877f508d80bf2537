// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package routing decides about a TrafficRouting, which the Rollouts of one release share: its phase, and who keeps it. It is
// pure. The routes themselves are led by each Rollout for its own workload, because pods and their share are one decision; what
// the Rollouts and the TrafficRouting know of one another are finalizers, one for each release under way.
package routing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
)

// Observation is all that a decision depends on.
type Observation struct {
	Generation int64
	Deleting   bool
	Finalizers []string
	// Rollouts are the names of those of the namespace.
	Rollouts []string
	// Problem is a sentence about what is missing of its Services and routes; empty where all are there.
	Problem string
	// Led says that some of its Services has versions of a release, so that routes are not all as they were.
	Led bool
}

// Decision is what to write.
type Decision struct {
	// Finalizers as they are to be; the same as those that were seen where there is nothing to write.
	Finalizers []string
	Status     v1alpha1.TrafficRoutingStatus
}

// Decide is the whole policy of a TrafficRouting (kruise-rollouts.md 1.4). The phase follows from what is seen, so that nothing
// is remembered that may have become untrue. One that is deleted stays for as long as a release uses it: to lead its routes back
// before the pods of the new version are gone would show that version to everybody.
func Decide(seen Observation) Decision {
	d := Decision{Finalizers: seen.kept(), Status: v1alpha1.TrafficRoutingStatus{ObservedGeneration: seen.Generation}}
	users := users(d.Finalizers)
	at := slices.Index(d.Finalizers, v1alpha1.FinalizerTrafficRouting)
	switch {
	case seen.Deleting && len(users) == 0 && at >= 0:
		d.Finalizers = slices.Delete(d.Finalizers, at, at+1)
	case !seen.Deleting && at < 0:
		d.Finalizers = append(d.Finalizers, v1alpha1.FinalizerTrafficRouting)
	}
	say := func(phase v1alpha1.TrafficRoutingPhase, verb string) {
		d.Status.Phase, d.Status.Message = phase, "TrafficRouting is "+verb
	}
	switch {
	case seen.Deleting:
		say(v1alpha1.TrafficRoutingTerminating, "Terminating")
		if len(users) > 0 {
			d.Status.Message += ": it goes when " + releases(users, "is over", "are over")
		}
	case len(users) > 0:
		say(v1alpha1.TrafficRoutingProgressing, "Progressing")
		d.Status.Message += ": " + releases(users, "uses it", "use it")
		if seen.Problem != "" {
			d.Status.Message += "; " + seen.Problem
		}
	case seen.Led:
		say(v1alpha1.TrafficRoutingFinalizing, "Finalizing")
	case seen.Problem != "":
		say(v1alpha1.TrafficRoutingInitial, "Initializing")
		d.Status.Message += ": " + seen.Problem
	default:
		say(v1alpha1.TrafficRoutingHealthy, "Healthy")
	}
	return d
}

// releases makes a sentence of the releases of Rollouts, with a verb for one and for several.
func releases(of []string, one, several string) string {
	if len(of) == 1 {
		return fmt.Sprintf("the release of %s %s", of[0], one)
	}
	return fmt.Sprintf("the releases of %s %s", strings.Join(of, ", "), several)
}

// kept are the finalizers without the marks of Rollouts that are no more: nobody else would take those off.
func (o Observation) kept() []string {
	return slices.DeleteFunc(slices.Clone(o.Finalizers), func(f string) bool {
		name, is := strings.CutPrefix(f, v1alpha1.FinalizerProgressing)
		return is && !slices.Contains(o.Rollouts, name)
	})
}

// users are the Rollouts that a release is under way of, sorted.
func users(finalizers []string) []string {
	var all []string
	for _, f := range finalizers {
		if name, is := strings.CutPrefix(f, v1alpha1.FinalizerProgressing); is {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
