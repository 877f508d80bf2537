// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

func TestAggregate(t *testing.T) {
	// Each sub step is written as phase/reason; "-" was not reached.
	cases := map[string]struct{ subs, want string }{
		"one suspends, whatever the others do":   {"failed/Timeout - running suspending/Suspend pending", "suspending/Suspend"},
		"one was not reached":                    {"failed/Timeout - succeeded", "running/"},
		"one runs beside a pending and a failed": {"running/Wait pending failed/Timeout", "running/"},
		"one is pending beside a failed":         {"pending failed/Timeout succeeded", "pending/"},
		"one failed":                             {"succeeded failed/Timeout skipped/Skip", "failed/Timeout"},
		"retries used up come before a timeout":  {"failed/Timeout failed/FailedAfterRetries", "failed/FailedAfterRetries"},
		"a timeout comes before an action":       {"failed/Action failed/Timeout", "failed/Timeout"},
		"an action comes before a termination":   {"failed/Terminate failed/Action", "failed/Action"},
		"a reason without a rank":                {"succeeded failed/Input failed/Output", "failed/Input"},
		"a step that is tried again is not over": {"failed/FailedAfterRetries failed/Execute", "failed/Execute"},
		"all skipped":                            {"skipped/Skip skipped/Skip", "skipped/Skip"},
		"some skipped":                           {"skipped/Skip succeeded", "succeeded/"},
		"no sub steps":                           {"", "succeeded/"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var subs []*item
			for _, word := range strings.Fields(c.subs) {
				phase, reason, _ := strings.Cut(word, "/")
				subs = append(subs, &item{reached: word != "-", status: v1beta1.StepStatusBase{
					Phase: v1beta1.StepPhase(phase), Reason: v1beta1.StepReason(reason),
				}})
			}
			phase, reason := aggregate(subs)
			if got := string(phase) + "/" + string(reason); got != c.want {
				t.Errorf("aggregate(%s) = %s; want %s", c.subs, got, c.want)
			}
		})
	}
}
