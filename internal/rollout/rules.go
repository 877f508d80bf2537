// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// verdict is what a rule says; report makes a Decision of it.
type verdict struct {
	Decision
	phase  v1beta1.Phase
	state  v1beta1.StepState
	reason string // of the condition Progressing
	ends   ending
	// stable names another stable version from now on.
	stable string
	// firm asks for the status to be written now, not only if it lasts.
	firm bool
	// wakeAt asks for another look at that time; zero leaves it to what changes.
	wakeAt time.Time
}

type ending int

const (
	goesOn ending = iota
	succeeded
	cancelled
)

// rule is one line of the policy.
type rule struct {
	name   string
	decide func(look) (verdict, bool)
}

// RuleRoutesMissing and RuleSharedMissing are the names of the rules by which a release waits for routes that do not exist, and
// for a TrafficRouting.
const (
	RuleRoutesMissing = "routes missing"
	RuleSharedMissing = "TrafficRouting missing"
)

// rules is the policy, in order; the first that applies decides. What a person wants comes before what can be waited for.
func rules() []rule {
	return []rule{
		{"workload gone", workloadGone},              // nothing to release: give routes back
		{"revision not seen", unseen},                // which version the template is, is not known yet
		{"workload replaced", replaced},              // deleted and back as the stable version: begin anew
		{"let go", letGo},                            // deleted or disabled, and nothing of ours is left
		{"stable version gone", stableGone},          // somebody deleted its ReplicaSet: make it anew
		{"rolled back", rolledBack},                  // the template is the stable version again: take the new one back
		{"given up", givenUp},                        // the deadline is over: take the new version back
		{"superseded", superseded},                   // the template is a third version: take the second one back first
		{"new version lost", lost},                   // traffic on a version without a ready pod
		{"paused", paused},                           // frozen by a person
		{"not held in time", notHeldInTime},          // the new version came without waiting for the hold
		{"wait for the first version", first},        // nothing runs yet that could be the stable version
		{"hold", hold},                               // take the workload from the native controller
		{"release the workload", release},            // the release is over: give it back
		{"unmark", unmark},                           // keep the native controller from removing the other version
		{"keep the template", keepTemplate},          // of the version that is good now
		{"wait for the new version", waitForVersion}, // held; the writer applies the new version now
		{"healthy", healthy},                         // one version, nothing to do
		{RuleSharedMissing, sharedMissing},           // what the spec names does not exist, or goes
		{RuleRoutesMissing, routesMissing},           // or leads nowhere
		{"join the TrafficRouting", join},            // others have to know that it is in use
		{"finalise", finalise},                       // only the new version is left: give routes back
		{"prepare routes", prepare},                  // a Service for each version, the canary route at 0
		{"switch to the stable Service", switchOver}, // new pods must not get traffic by the shared Service
		{"metadata refused", dressRefused},           // a label that would make the pods another workload's
		{"create the new version", create},           //
		{"dress the new version", dress},             // labels and annotations for as long as the release lasts
		{"move", move},                               // pods and weight, one safe move
		{"wait for pods", waitForPods},               //
		{"wait for the routers", waitForRouters},     //
		{"drain", drain},                             // the last requests of the version that goes away
		{"analyse", analyse},                         // between "weight reached" and "step done"
		{"finish", finish},                           // all steps are done: on to the whole
		{"pause of the step", pausedAtStep},          // the step is true; waits for approval or time
	}
}

// Decide is the whole rollout policy: what was seen, and when, in; what to do, and why, out.
func Decide(seen Observation, now time.Time) Decision {
	seen.Status = inCanaryWords(seen.Status)
	d := decide(newLook(seen, now))
	d.Status = inWordsOf(seen.Spec.Strategy.Style(), d.Status)
	return d
}

func decide(l look) Decision {
	for _, r := range rules() {
		if v, applies := r.decide(l); applies {
			v.Rule = r.name
			v.Close = l.strays() && len(v.Scale) == 0
			v.Remind = l.forgotten()
			return l.report(v)
		}
	}
	// pausedAtStep applies to whatever is left.
	return l.report(verdict{Decision: Decision{Rule: "nothing to do"}, phase: l.Status.Phase, state: l.Status.CurrentStepState})
}

// sentence makes the first letter great and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
