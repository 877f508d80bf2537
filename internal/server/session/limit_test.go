// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strconv"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

func TestAttemptsAreCountedByNameAndByAddress(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1700000000, 0))
	l := &limiter{clock: clock, tries: map[string][]time.Time{}}
	for range 100 { // a token has no name
		if l.begin("", "proxy") != 0 {
			t.Fatal("those who sign in by right are held up")
		}
		l.succeeded("", "proxy")
	}
	for i := range attempts {
		if l.begin("ann", "here") != 0 {
			t.Fatalf("attempt %d is held up", i+1)
		}
	}
	if l.begin("ann", "here") == 0 {
		t.Error("one name can be tried without end")
	}
	if l.begin("ann", "there") != 0 || l.begin("", "here") != 0 {
		t.Error("somebody else pays for it")
	}
	for i := range attemptsOfAddress {
		l.begin("name-"+strconv.Itoa(i), "flood")
	}
	if l.begin("another", "flood") == 0 {
		t.Error("one address can try names without end")
	}
	clock.SetTime(clock.Now().Add(window))
	if l.begin("ann", "here") != 0 || l.begin("another", "flood") != 0 {
		t.Error("it is held against them after a minute")
	}
}
