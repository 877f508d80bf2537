// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many calls are under way together, as in the measurements of the peers.
const atOnce = 32

// fleetRun is what many canaries at once took.
type fleetRun struct {
	step1, step2, whole time.Duration // medians
	slowest             time.Duration // of whole
	wall                time.Duration
	late                []time.Duration // of all steps, sorted
	cpu, peak           float64         // of vela-core: seconds, MiB
	asked               requests
}

// measureFleet releases many canaries at once: by hand, by Rollouts, through Applications.
func measureFleet(ctx context.Context, set settings) ([]row, error) {
	ways := []release{floor(), rolloutsAlone(), throughApplications()}
	runs := make([][]fleetRun, len(ways))
	for range set.rounds {
		for i, way := range ways {
			run, err := fleet(ctx, set, way)
			if err != nil {
				return fleetRows(set, ways, runs), fmt.Errorf("%d canaries at once, %s: %w", set.canaries, way.name, err)
			}
			runs[i] = append(runs[i], run)
		}
	}
	return fleetRows(set, ways, runs), nil
}

// fleet plays one way on a stage of its own.
func fleet(ctx context.Context, set settings, way release) (run fleetRun, err error) {
	s, err := open(ctx, set, way.core)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.fleet(ctx, way)
}

// fleet plays one way, all releases at the same time.
func (s *stage) fleet(ctx context.Context, way release) (run fleetRun, err error) {
	set := s.set
	if err := each(ctx, set.canaries, func(ctx context.Context, name string) error {
		ctx, cancel := context.WithTimeout(ctx, set.patience())
		defer cancel()
		return way.prepare(ctx, s, name)
	}); err != nil {
		return run, err
	}
	// What the set-up still causes is not the canaries' own.
	if err := s.settle(ctx); err != nil {
		return run, err
	}
	before := s.coreCPU()
	var mu sync.Mutex
	var laps []lap
	started := time.Now()
	if err := together(ctx, set.canaries, func(ctx context.Context, name string) error {
		l, err := way.play(ctx, s, name)
		mu.Lock()
		defer mu.Unlock()
		laps = append(laps, l)
		return err
	}); err != nil {
		return run, err
	}
	run.wall = time.Since(started)
	by := controllers()
	by.apart = apart
	if !way.core {
		by = hand()
	}
	if run.asked, err = s.plane.audit.since(ctx, by); err != nil {
		return run, err
	}
	run.cpu, run.peak = s.coreCPU()-before, s.corePeak()
	run.step1 = median(laps, func(l lap) time.Duration { return l.step1 })
	run.step2 = median(laps, func(l lap) time.Duration { return l.step2 })
	run.whole = median(laps, func(l lap) time.Duration { return l.whole })
	for _, l := range laps {
		run.late = append(run.late, l.late...)
	}
	slices.Sort(run.late)
	run.slowest = slices.MaxFunc(laps, func(a, b lap) int { return int(a.whole - b.whole) }).whole
	set.say("  %s: change to 20 %% %s, approval to 50 %% %s, whole %s (p50; slowest %s); %d writes each: %s",
		way.name, seconds(run.step1), seconds(run.step2), seconds(run.whole), seconds(run.slowest),
		run.asked.writes()/set.canaries, run.asked.per(set.canaries))
	return run, nil
}

// p99 of sorted durations.
func p99(sorted []time.Duration) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*99/100]
}

// settle waits until the controllers have been quiet for a while, and lets the counting begin.
func (s *stage) settle(ctx context.Context) error {
	if _, err := s.plane.audit.since(ctx, controllers()); err != nil {
		return err
	}
	return s.plane.audit.mark()
}

func (s *stage) coreCPU() float64 {
	if s.core == nil {
		return 0
	}
	return s.core.cpu()
}

func (s *stage) corePeak() float64 {
	if s.core == nil {
		return 0
	}
	return s.core.peakMiB()
}

// each calls fn for every release, some together, and stops at the first error.
func each(ctx context.Context, n int, fn func(context.Context, string) error) error {
	return inGroup(ctx, n, atOnce, fn)
}

// together calls fn for every release at the same time.
func together(ctx context.Context, n int, fn func(context.Context, string) error) error {
	return inGroup(ctx, n, n, fn)
}

func inGroup(ctx context.Context, n, limit int, fn func(context.Context, string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i := range n {
		group.Go(func() error { return fn(ctx, releaseName(i)) })
	}
	return group.Wait()
}

// median of one measure of all.
func median[T any](all []T, of func(T) time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	values := make([]time.Duration, 0, len(all))
	for _, one := range all {
		values = append(values, of(one))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
}
