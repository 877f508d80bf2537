// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// part is a component whose behaviour a test sets.
type part struct {
	name     string
	initErr  error
	readyIn  time.Duration
	readyErr error
	stopIn   time.Duration
	task     *Task
	run      func(ctx context.Context) error
	mu       *sync.Mutex // of the journal
	journal  *[]string
}

func (p *part) Name() string { return p.name }
func (p *part) Init(context.Context) error {
	p.note("init")
	return p.initErr
}

func (p *part) Start(context.Context) error {
	p.note("start")
	p.task.Go(p.run)
	return nil
}

func (p *part) Ready(ctx context.Context) error {
	select {
	case <-time.After(p.readyIn):
		return p.readyErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *part) Stop(ctx context.Context) error {
	p.note("stop")
	select {
	case <-time.After(p.stopIn):
	case <-ctx.Done():
		return ctx.Err()
	}
	return p.task.Halt(ctx)
}
func (p *part) Died() <-chan error { return p.task.Died() }

func (p *part) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*p.journal = append(*p.journal, what+" "+p.name)
}

func untilDone(ctx context.Context) error { <-ctx.Done(); return nil }

func parts(names ...string) (map[string]*part, *[]string) {
	journal, mu := &[]string{}, &sync.Mutex{}
	out := map[string]*part{}
	for _, name := range names {
		out[name] = &part{name: name, task: NewTask(), run: untilDone, journal: journal, mu: mu, readyIn: time.Second}
	}
	return out, journal
}

func TestPartsStartInOrderAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, journal := parts("store", "api", "node")
		s := New(nil, time.Minute)
		s.Add(p["store"])
		s.Add(p["api"], "store")
		s.Add(p["node"], "api")
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("a second Stop should do nothing: %v", err)
		}
		want := strings.Split("init store,init api,init node,start store,start api,start node,stop node,stop api,stop store", ",")
		if !slices.Equal(*journal, want) {
			t.Errorf("got  %v\nwant %v", *journal, want)
		}
	})
}

func TestPartsThatDoNotNeedEachOtherStartTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := parts("store", "runtime", "node")
		p["store"].readyIn, p["runtime"].readyIn = 3*time.Second, 2*time.Second
		s := New(nil, time.Minute)
		s.Add(p["store"])
		s.Add(p["runtime"])
		s.Add(p["node"], "store", "runtime")
		begun := time.Now()
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("took %s, want 4s: the longer of 3s and 2s, and 1s", took)
		}
		_ = s.Stop()
	})
}

func TestAFailureIsNamedAndStopsTheRest(t *testing.T) {
	boom := errors.New("no room")
	cases := map[string]struct {
		set  func(p map[string]*part)
		want string
		stop []string
	}{
		"one that refuses its settings stops everything before anything starts": {
			set:  func(p map[string]*part) { p["api"].initErr = boom },
			want: "api: no room",
		},
		"one that does not get ready is named, those before it are stopped": {
			set:  func(p map[string]*part) { p["api"].readyErr = boom },
			want: "api: no room", stop: []string{"stop api", "stop store"},
		},
		"one that dies while another starts is named": {
			set: func(p map[string]*part) {
				p["api"].readyIn = time.Hour
				p["store"].run = func(context.Context) error { time.Sleep(5 * time.Second); return boom }
			},
			want: "store: no room", stop: []string{"stop api", "stop store"},
		},
		"one that panics is named": {
			set: func(p map[string]*part) {
				p["api"].readyIn = time.Hour
				p["store"].run = func(context.Context) error { panic(boom) }
			},
			want: "store: panic: no room", stop: []string{"stop store"},
		},
		"one that never gets ready is named when time is up": {
			set:  func(p map[string]*part) { p["api"].readyIn = time.Hour },
			want: "api: context deadline exceeded", stop: []string{"stop api", "stop store"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, journal := parts("store", "api")
				tc.set(p)
				s := New(nil, time.Minute)
				s.Add(p["store"])
				s.Add(p["api"], "store")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := s.Start(ctx)
				if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				stops := slices.DeleteFunc(slices.Clone(*journal), func(s string) bool { return !strings.HasPrefix(s, "stop") })
				if !slices.Equal(stops, tc.stop) {
					t.Errorf("stopped %v, want %v", stops, tc.stop)
				}
			})
		})
	}
}

func TestADeathAfterTheStartIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := parts("store")
		p["store"].run = func(context.Context) error { time.Sleep(time.Hour); return nil }
		var events []string
		s := New(func(e Event) { events = append(events, fmt.Sprint(e.Component, " ", e.State)) }, time.Minute)
		s.Add(p["store"])
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := s.Wait(t.Context())
		var f *Failure
		if !errors.As(err, &f) || f.Component != "store" || !errors.Is(err, errEnded) {
			t.Errorf("got %v, want the store to be named", err)
		}
		_ = s.Stop()
		want := []string{"store starting", "store ready", "store failed", "store stopping", "store stopped"}
		if !slices.Equal(events, want) {
			t.Errorf("told %v, want %v", events, want)
		}
	})
}

func TestOneThatHangsDoesNotKeepTheOthersFromStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, journal := parts("store", "api")
		p["api"].stopIn = time.Hour
		s := New(nil, 10*time.Second)
		s.Add(p["store"])
		s.Add(p["api"], "store")
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := s.Stop()
		if err == nil || !strings.Contains(err.Error(), "stopping api") {
			t.Errorf("got %v, want api to be named", err)
		}
		if !slices.Contains(*journal, "stop store") {
			t.Error("the store should have been stopped nevertheless")
		}
		// The bubble must end: let the part's own function finish.
		_ = p["api"].task.Halt(t.Context())
	})
}

func TestANeedThatIsNotThereIsRefused(t *testing.T) {
	p, _ := parts("api")
	s := New(nil, time.Minute)
	s.Add(p["api"], "store")
	err := s.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"store"`) {
		t.Errorf("got %v, want the missing part to be named", err)
	}
}
