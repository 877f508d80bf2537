// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package flow waits for what a program says while its clock, which is a test's, goes on.
package flow

import (
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

const (
	// step is how far the program's clock goes on each beat.
	step, beat = 50 * time.Millisecond, time.Millisecond
	// patience is how long nothing may come, by the real clock.
	patience = 20 * time.Second
)

// Next is what comes out of a channel; false: it was closed. Meanwhile the clock goes on, fifty times as fast as the real one, so that
// whoever waits for a time gets on. It is a failure when nothing comes.
func Next[T any](t *testing.T, clock *clocktesting.FakeClock, what string, from <-chan T) (T, bool) {
	t.Helper()
	beats, late := time.NewTicker(beat), time.NewTimer(patience)
	defer beats.Stop()
	defer late.Stop()
	for {
		select {
		case got, open := <-from:
			return got, open
		default: // what is there already needs no time
		}
		select {
		case got, open := <-from:
			return got, open
		case <-beats.C:
			clock.Step(step)
		case <-late.C:
			t.Fatalf("never: %s", what)
		}
	}
}
