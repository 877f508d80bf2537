// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestKilledAfterEachWriteItEndsTheSame(t *testing.T) {
	for name, play := range map[string]func(*bench){"a release": whole, "a release taken back": takenBack} {
		t.Run(name, func(t *testing.T) {
			calm := newBench(t, demo()...)
			play(calm)
			want := calm.state()
			t.Logf("%d writes: %s\n%s", len(calm.writes), strings.Join(calm.writes, "; "), want)
			for k := 1; k <= len(calm.writes); k++ {
				b := newBench(t, demo()...)
				b.killAt = k
				play(b)
				if diff := cmp.Diff(want, b.state()); diff != "" {
					t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
				}
			}
		})
	}
}

func TestWritesAndEventsOfARelease(t *testing.T) {
	b := newBench(t, demo()...)
	whole(b)
	// One status for the release that was there before, and one hold and its end for the Application.
	if n := len(b.writes) - 1; n > 22 {
		t.Errorf("%d writes, want 22 at most: %s", n, strings.Join(b.writes, "; "))
	}
	if diff := cmp.Diff([]string{"Completed"}, b.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	b.writes = nil
	b.settle()
	if len(b.writes) > 0 {
		t.Errorf("at rest it writes: %s", strings.Join(b.writes, "; "))
	}
}

func TestAnApprovalThatComesInBetweenIsKept(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	stale := b.rollout()
	newer := b.rollout()
	newer.Status.Message = "somebody else wrote"
	b.must(b.api.Status().Update(t.Context(), newer))
	w := &world{rollout: stale}
	decision := b.decide(w)
	decision.Status.Message, decision.Lazy = "ours", false
	if _, err := b.r.report(t.Context(), w, decision); !apierrors.IsConflict(err) {
		t.Errorf("a status about an older object is written: %v", err)
	}
}

func TestAPassingStateIsWrittenOnlyIfItLasts(t *testing.T) {
	b := newBench(t, demo()...)
	b.settle()
	w := &world{rollout: b.rollout()}
	d := b.decide(w)
	d.Status.Message, d.Lazy = "passing", true
	for _, step := range []struct {
		after time.Duration
		want  time.Duration
		says  string
	}{
		{0, time.Second, "the first look waits"},
		{400 * time.Millisecond, 600 * time.Millisecond, "a second look waits for the rest"},
		{600 * time.Millisecond, 0, "what lasted a second is written"},
	} {
		b.clock.Step(step.after)
		wait, err := b.r.report(t.Context(), w, d)
		if err != nil || wait != step.want {
			t.Errorf("%s: waits %s, error %v; want %s", step.says, wait, err, step.want)
		}
	}
	if b.rollout().Status.Message != "passing" {
		t.Error("it was not written")
	}
}
