// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import "github.com/vela-rollouts/vela/api/core/v1beta1"

// aggregate is the phase and the reason of a group that was neither skipped nor timed out, from its sub steps; the order
// of the questions is that of kubevela.md 3.5.
func aggregate(subs []*item) (v1beta1.StepPhase, v1beta1.StepReason) {
	count := make(map[v1beta1.StepPhase]int)
	for _, sub := range subs {
		if sub.reached {
			count[sub.status.Phase]++
		}
	}
	reached := 0
	for _, n := range count {
		reached += n
	}
	switch {
	case count[v1beta1.StepSuspending] > 0:
		return v1beta1.StepSuspending, v1beta1.ReasonSuspend
	case reached < len(subs), count[v1beta1.StepRunning] > 0:
		return v1beta1.StepRunning, ""
	case count[v1beta1.StepPending] > 0:
		return v1beta1.StepPending, ""
	case count[v1beta1.StepFailed] > 0:
		return v1beta1.StepFailed, failureReason(subs)
	case len(subs) > 0 && count[v1beta1.StepSkipped] == len(subs):
		return v1beta1.StepSkipped, v1beta1.ReasonSkip
	default:
		return v1beta1.StepSucceeded, ""
	}
}

// failureReason of a group: Execute while one of its failed steps is tried again, then the gravest.
func failureReason(subs []*item) v1beta1.StepReason {
	seen := make(map[v1beta1.StepReason]bool)
	var first v1beta1.StepReason
	for _, sub := range subs {
		if !sub.in(v1beta1.StepFailed) {
			continue
		}
		if first == "" {
			first = sub.status.Reason
		}
		seen[sub.status.Reason] = true
	}
	for _, reason := range []v1beta1.StepReason{
		v1beta1.ReasonExecute, v1beta1.ReasonFailedAfterRetries, v1beta1.ReasonTimeout,
		v1beta1.ReasonAction, v1beta1.ReasonTerminate,
	} {
		if seen[reason] {
			return reason
		}
	}
	return first
}
