// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Event tells that a component changed its state. Took is the time from its
// start for Serving and Failed, and from the request for Stopped.
type Event struct {
	Component string        `json:"component"`
	State     State         `json:"state"`
	Took      time.Duration `json:"took,omitempty"`
	Error     string        `json:"error,omitempty"`
}

// Failure is the error of one named component.
type Failure struct {
	Component string
	Err       error
}

// Error names the component first.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %v", f.Component, f.Err) }

// Unwrap gives the component's own error.
func (f *Failure) Unwrap() error { return f.Err }

type entry struct {
	Component
	after []string
	ready chan struct{}
}

// Supervisor holds the components of one cluster.
type Supervisor struct {
	entries []*entry
	report  func(Event)
	// StopTimeout bounds the stopping of one component; the next is stopped after it anyway.
	stopTimeout time.Duration

	mu      sync.Mutex
	started []*entry
	failed  chan *Failure
	quit    chan struct{}
	once    sync.Once
}

// New returns an empty supervisor. report is called for each change of state,
// one call at a time; nil reports nothing. stopTimeout bounds the stopping of
// one component.
func New(report func(Event), stopTimeout time.Duration) *Supervisor {
	if report == nil {
		report = func(Event) {}
	}
	return &Supervisor{
		report:      report,
		stopTimeout: stopTimeout,
		failed:      make(chan *Failure, 1),
		quit:        make(chan struct{}),
	}
}

// Add puts a component at the end of the order. It starts when those named in
// after serve; each of them must have been added before.
func (s *Supervisor) Add(c Component, after ...string) {
	s.entries = append(s.entries, &entry{Component: c, after: after, ready: make(chan struct{})})
}

// Start initialises all components, starts them, and returns when all of them
// serve. On an error everything that was started is stopped again.
func (s *Supervisor) Start(ctx context.Context) error {
	if err := s.init(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	errs := make(chan error, len(s.entries))
	for _, e := range s.entries {
		go func() { errs <- s.bring(ctx, e) }()
	}
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = err
			cancel()
		}
	}
	for brought := 0; brought < len(s.entries); {
		select {
		case err := <-errs:
			note(err)
			brought++
		case f := <-s.failed:
			note(f)
		}
	}
	if first == nil {
		return nil
	}
	return errors.Join(first, s.Stop())
}

func (s *Supervisor) init(ctx context.Context) error {
	seen := map[string]bool{}
	for _, e := range s.entries {
		for _, name := range e.after {
			if !seen[name] {
				return &Failure{e.Name(), fmt.Errorf("it needs %q, which is not added before it", name)}
			}
		}
		seen[e.Name()] = true
		if err := e.Init(ctx); err != nil {
			return &Failure{e.Name(), err}
		}
	}
	return nil
}

// bring starts one component once those it needs serve, and waits until it serves.
func (s *Supervisor) bring(ctx context.Context, e *entry) error {
	for _, other := range s.entries {
		if !slices.Contains(e.after, other.Name()) {
			continue
		}
		select {
		case <-other.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	begun := time.Now()
	s.tell(Event{Component: e.Name(), State: Starting})
	s.mu.Lock()
	s.started = append(s.started, e)
	s.mu.Unlock()
	err := e.Start(ctx)
	if err == nil {
		s.watch(e)
		err = e.Ready(ctx)
	}
	if err != nil {
		// Ended from outside: another one failed, or the caller gave up.
		if errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled) {
			return err
		}
		s.tell(Event{Component: e.Name(), State: Failed, Took: time.Since(begun), Error: err.Error()})
		return &Failure{e.Name(), err}
	}
	s.tell(Event{Component: e.Name(), State: Serving, Took: time.Since(begun)})
	close(e.ready)
	return nil
}

// watch hands the first death of any component on.
func (s *Supervisor) watch(e *entry) {
	m, ok := e.Component.(Mortal)
	if !ok {
		return
	}
	go func() {
		select {
		case err, ok := <-m.Died():
			if !ok {
				return
			}
			s.tell(Event{Component: e.Name(), State: Failed, Error: err.Error()})
			select {
			case s.failed <- &Failure{e.Name(), err}:
			default: // one is enough to end everything
			}
		case <-s.quit:
		}
	}()
}

// Wait returns nil when ctx ends and the named error when a component dies.
func (s *Supervisor) Wait(ctx context.Context) error {
	select {
	case f := <-s.failed:
		return f
	case <-ctx.Done():
		return nil
	}
}

// Stop stops what was started, in the reverse order. Errors are collected; the
// next component is stopped nevertheless.
func (s *Supervisor) Stop() error {
	s.once.Do(func() { close(s.quit) })
	s.mu.Lock()
	started := s.started
	s.started = nil
	s.mu.Unlock()

	var errs []error
	for _, e := range slices.Backward(started) {
		begun := time.Now()
		s.tell(Event{Component: e.Name(), State: Stopping})
		ctx, cancel := context.WithTimeout(context.Background(), s.stopTimeout)
		err := e.Stop(ctx)
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("stopping %s: %w", e.Name(), err))
			s.tell(Event{Component: e.Name(), State: Failed, Took: time.Since(begun), Error: err.Error()})
			continue
		}
		s.tell(Event{Component: e.Name(), State: Stopped, Took: time.Since(begun)})
	}
	return errors.Join(errs...)
}

func (s *Supervisor) tell(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report(e)
}
