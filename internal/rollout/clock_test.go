// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"
	"testing"
	"time"
)

// clockJump moves the controller's clock by a time, once it has written that often. What happens around it has its own time.
type clockJump struct {
	after int
	by    time.Duration
}

// clock is the time that the controller sees.
func (w *world) clock() time.Time {
	if w.jump.by != 0 && w.writes >= w.jump.after {
		return w.now.Add(w.jump.by)
	}
	return w.now
}

// TestAClockThatJumpsLosesNoRequestAndChangesNoEnd moves the clock by an hour, forward and back, after every fifth write of each story: every
// invariant of the world holds at each step, and the story ends as it does otherwise. Where no router tells what it serves, a wait
// stands for that (kruise-rollouts.md 2.11), and a clock that jumps forward ends it early: those stories see the clock go back only.
func TestAClockThatJumpsLosesNoRequestAndChangesNoEnd(t *testing.T) {
	for name, s := range merged(scenarios(), styleScenarios()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			total := s.play(t, nil).writes
			if s.replicas > 20 {
				total = min(total, 10)
			}
			for _, by := range []time.Duration{time.Hour, -time.Hour} {
				if by > 0 && strings.Contains(name, "no-router-tells") {
					continue
				}
				for k := 0; k < total; k += 5 {
					if w := s.play(t, func(w *world) { w.jump = clockJump{k, by} }); w.failed {
						t.Fatalf("the clock jumped by %s after write %d", by, k)
					}
				}
			}
		})
	}
}
