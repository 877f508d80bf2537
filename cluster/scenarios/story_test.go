// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/test/load"
)

const (
	// tolerance is how many points a measured share may be off, window over how many requests it is measured.
	tolerance = 2
	window    = 1200
	// patience bounds a wait for the cluster where nothing else is said.
	patience = 90 * time.Second
	// calm is longer than any request of the load takes.
	calm = 1200 * time.Millisecond
	// takenBackWithin is how long after somebody asked for a rollback requests may be sent to the version that is taken back.
	takenBackWithin = 2 * time.Second
)

// story is one scenario being played: its namespace, its load, and its row in the table.
type story struct {
	*testing.T
	*world
	ns    string
	ctx   context.Context //nolint:containedctx // of the test, which a story is
	row   row
	loads []traffic
}

// traffic is a load, and the kinds of requests that it has.
type traffic struct {
	*load.Run
	kinds []load.Kind
}

// mix is the constant load of a story: about 600 requests a second.
func mix() load.Mix {
	return load.Mix{NewConnections: 2, KeptAlive: 4, WebSockets: 2, SlowBodies: 4, Pause: 8 * time.Millisecond, MaxDuration: 10 * time.Minute}
}

// begin opens a story, which leaves others alone. What it measured is on the board when it ends, however it ends.
func begin(t *testing.T, number int, name string) *story {
	t.Helper()
	if os.Getenv(togetherVariable) != "" {
		t.Parallel()
	}
	return beginAlone(t, number, name)
}

// beginAlone opens a story that disturbs what all of them share: controllers, API server, node, certificates.
func beginAlone(t *testing.T, number int, name string) *story {
	t.Helper()
	w := stage.open(t)
	s := &story{T: t, world: w, ns: fmt.Sprintf("s%02d-%d", number, stage.begun.Add(1)), ctx: t.Context(), row: row{Number: number, Name: name, Deviation: -1}}
	fmt.Printf("progress: %d %s\n", number, name)
	began, said := time.Now(), w.transcript.length()
	if err := w.objects.Create(s.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.ns}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end()
		if t.Failed() {
			t.Logf("%s\nthe end of vela-core's log:\n%s\n%s", w.transcript.from(said), w.core.logged(), s.picture())
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := client.IgnoreNotFound(w.objects.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.ns}})); err != nil {
			t.Errorf("removing the namespace: %v", err)
		}
		fmt.Printf("progress: %s", s.row.line())
		fmt.Printf("progress: %d took %.0f s\n", number, time.Since(began).Seconds())
	})
	return s
}

// end stops the load, counts, and puts the row on the board.
func (s *story) end() {
	s.stop()
	s.row.Passed = !s.Failed()
	rows.add(s.row)
}

// stop ends the load that there is: no request of it failed, and all kinds were sent.
func (s *story) stop() {
	s.Helper()
	for _, l := range s.loads {
		totals := l.Stop()
		s.row.Sent, s.row.Failed = s.row.Sent+totals.Sent(), s.row.Failed+totals.Failed()
		if totals.Failed() > 0 {
			s.Errorf("%d of %d requests failed, want 0; first reasons: %q", totals.Failed(), totals.Sent(), totals.Failures)
		}
		for _, kind := range l.kinds {
			if totals.ByKind[kind].Sent == 0 {
				s.Errorf("no request of kind %q was sent: nothing was measured", kind)
			}
		}
	}
	s.loads = nil
}

// host is the name by which requests reach the story's workload.
func (s *story) host() string { return s.ns + ".local" }

func (s *story) target() load.Target {
	return load.Target{Address: s.Gateway(), Host: s.host(), Path: "/version"}
}

// startLoad begins the constant load once the gateway answers.
func (s *story) startLoad() { s.Helper(); s.startLoadOn(s.target()) }

func (s *story) startLoadOn(target load.Target) {
	s.Helper()
	s.until("the gateway answers", func() (bool, string) {
		_, err := load.Once(s.ctx, target)
		return err == nil, fmt.Sprint(err)
	})
	run, err := load.Start(context.WithoutCancel(s.ctx), target, mix())
	s.must(err)
	s.loads = append(s.loads, traffic{run, []load.Kind{load.NewConnection, load.KeptAlive, load.WebSocket, load.SlowBody}})
}

// load is the first load that was started.
func (s *story) load() traffic { return s.loads[0] }

// share measures which share of the next requests a version answers. A share of 0 or 100 must be exact.
func (s *story) share(version string, want float64) {
	s.Helper()
	s.shareOf(s.load(), version, want)
}

func (s *story) shareOf(run traffic, version string, want float64) {
	s.Helper()
	exact := want == 0 || want == 100
	before, began := run.Snapshot(), time.Now()
	var all, now load.Totals
	s.until("enough requests are answered", func() (bool, string) {
		all = run.Snapshot()
		now = all.Since(before)
		return now.Answered() >= window, fmt.Sprintf("%d are", now.Answered())
	})
	off := math.Abs(now.Share(version) - want)
	if exact && !all.Strayed(version, want, began) {
		off = 0 // what else was answered was under way before
	}
	s.row.Deviation = max(s.row.Deviation, off)
	if exact && off > 0 || off > tolerance {
		s.Fatalf("%s answered %.2f %% of %d requests, want %.0f %%", version, now.Share(version), now.Answered(), want)
	}
}

// effect puts the time from what somebody wanted to when it was so into the row.
func (s *story) effect(of string, since time.Time) {
	s.row.Effects = append(s.row.Effects, effect{of, time.Since(since)})
}

// takenBack checks that no request was sent to a version later than the bound after somebody asked for that, and that others are sent still.
func (s *story) takenBack(of, version string, asked time.Time) {
	s.Helper()
	var took time.Duration
	s.until("no request is sent to "+version, func() (bool, string) {
		last := s.load().Snapshot().SentTo[version].Last
		took = max(last.Sub(asked), 0)
		return time.Since(asked) > calm && time.Since(last) > calm, fmt.Sprintf("one was at %s", last)
	})
	s.shareOf(s.load(), version, 0)
	s.row.Effects = append(s.row.Effects, effect{of, took})
	if took > takenBackWithin {
		s.Errorf("requests were sent to %s for %s after it was taken back, want %s at most", version, took, takenBackWithin)
	}
}

// neverSent checks that a version got no request of the whole load.
func (s *story) neverSent(version string) {
	s.Helper()
	if n := s.load().Snapshot().ByVersion[version]; n > 0 {
		s.Errorf("%s answered %d requests, want none", version, n)
	}
}

// note tells a reader of the table something.
func (s *story) note(format string, args ...any) {
	s.row.Notes = append(s.row.Notes, fmt.Sprintf(format, args...))
}

// must ends the story on an error.
func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// lookEvery is the time between two looks at what is waited for.
const lookEvery = 25 * time.Millisecond

// until looks until cond holds, and ends the story with what was seen last if it does not in time.
func (s *story) until(what string, cond func() (bool, string)) {
	s.Helper()
	s.within(patience, what, cond)
}

func (s *story) within(d time.Duration, what string, cond func() (bool, string)) {
	s.Helper()
	deadline := time.Now().Add(d)
	for {
		ok, seen := cond()
		if ok {
			s.Logf("%s %s", time.Now().Format("15:04:05.000"), what)
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("waiting until %s: not within %s; %s", what, d, seen)
		}
		select {
		case <-s.ctx.Done():
			s.Fatalf("waiting until %s: %v; %s", what, s.ctx.Err(), seen)
		case <-time.After(lookEvery):
		}
	}
}

// always looks for d whether cond holds all the time.
func (s *story) always(d time.Duration, what string, cond func() (bool, string)) {
	s.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(lookEvery) {
		if ok, seen := cond(); !ok {
			s.Fatalf("%s: not any more; %s", what, seen)
		}
	}
}

// again runs a command until it succeeds, for half a minute at most: as a person does while admission is away with the controllers.
func (s *story) again(command func() error) {
	s.Helper()
	s.within(30*time.Second, "the command succeeds", func() (bool, string) {
		err := command()
		return err == nil, fmt.Sprint(err)
	})
}

// get reads an object of the story's namespace, without its being there counting as an error.
func (s *story) get(o client.Object, name string) bool {
	s.Helper()
	err := s.objects.Get(s.ctx, client.ObjectKey{Namespace: s.ns, Name: name}, o)
	if err != nil && !apierrors.IsNotFound(err) {
		s.Fatal(err)
	}
	return err == nil
}

// vela runs the command line in the story's namespace.
func (s *story) vela(stdin string, args ...string) (string, error) {
	return s.MustVela(s.ctx, stdin, append([]string{"-n", s.ns}, args...)...)
}

// detached is a context for what is to be looked at after the test's own has ended.
func (s *story) detached() context.Context { return context.WithoutCancel(s.ctx) }

// plainLoad is the constant load on a path that has no WebSockets and takes no bodies.
func (s *story) plainLoad(target load.Target) {
	s.Helper()
	run, err := load.Start(context.WithoutCancel(s.ctx), target, load.Mix{NewConnections: 2, KeptAlive: 4, Pause: 8 * time.Millisecond, MaxDuration: 10 * time.Minute})
	s.must(err)
	s.loads = append(s.loads, traffic{run, []load.Kind{load.NewConnection, load.KeptAlive}})
}

// streams opens that many WebSockets that stay open for as long as they may, with a message from time to time.
func (s *story) streams(n int) *load.Run {
	s.Helper()
	run, err := load.Start(context.WithoutCancel(s.ctx), s.target(), load.Mix{WebSockets: n, Pause: 250 * time.Millisecond, MaxDuration: 10 * time.Minute})
	s.must(err)
	return run
}

// containsAll says that a text has all parts in it.
func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
