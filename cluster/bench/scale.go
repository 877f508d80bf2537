// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	releasev1alpha1 "github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// Budgets of hundreds of releases at once.
const (
	scalePerFloor  = 1.3
	scaleLate      = 2 * time.Second
	scaleWrites    = 20
	scaleRollbacks = 10
	scaleRollback  = 500 * time.Millisecond
)

// measureScale releases hundreds of Rollouts at once, against the same by hand, and rolls Applications back meanwhile.
func measureScale(ctx context.Context, set settings) ([]row, error) {
	set.canaries = set.releases
	base, err := fleet(ctx, set, floor())
	if err != nil {
		return nil, fmt.Errorf("%d releases at once, by hand: %w", set.canaries, err)
	}
	run, rollbacks, err := scale(ctx, set)
	if err != nil {
		return nil, fmt.Errorf("%d releases at once: %w", set.canaries, err)
	}
	return scaleRows(set, base, run, rollbacks), nil
}

// scale releases all Rollouts at once. Applications, each at its first gate before, are rolled back one after the other while
// those are under way.
func scale(ctx context.Context, set settings) (run fleetRun, rollbacks []time.Duration, err error) {
	s, err := open(ctx, set, true)
	if err != nil {
		return run, nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for i := range scaleRollbacks {
		name := apartName(i)
		if err := errors.Join(prepareApplication(ctx, s, name), s.to20(ctx, name, "v2")); err != nil {
			return run, nil, err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	began, over := make(chan struct{}), make(chan struct{})
	way := rolloutsAlone()
	play := way.play
	way.play = func(ctx context.Context, s *stage, name string) (lap, error) {
		if name == releaseName(0) {
			close(began)
		}
		return play(ctx, s, name)
	}
	group.Go(func() error {
		defer close(over)
		var failed error
		run, failed = s.fleet(ctx, way)
		return failed
	})
	group.Go(func() error {
		select {
		case <-began:
		case <-over:
			return nil
		}
		var failed error
		rollbacks, failed = s.rollBackMeanwhile(ctx, over)
		return failed
	})
	return run, rollbacks, group.Wait()
}

// rollBackMeanwhile rolls back one Application after the other, and leaves out those for which it was too late.
func (s *stage) rollBackMeanwhile(ctx context.Context, over <-chan struct{}) ([]time.Duration, error) {
	var all []time.Duration
	for i := range scaleRollbacks {
		took, err := s.timed(ctx, apartName(i), releasev1alpha1.ActionRollback, 0)
		if err != nil {
			return all, err
		}
		select {
		case <-over:
			return all, nil
		default:
			all = append(all, took)
		}
	}
	return all, nil
}

func scaleRows(set settings, base, run fleetRun, rollbacks []time.Duration) []row {
	prefix := fmt.Sprintf("%d releases at once", set.canaries)
	rows := []row{told(prefix+", by hand", fmt.Sprintf("20 %% after %s, 50 %% %s after approval, whole %s (p50)", seconds(base.step1), seconds(base.step2), seconds(base.whole)),
		fmt.Sprintf("%d writes each; slowest %s", base.asked.writes()/set.canaries, seconds(base.slowest)))}
	for _, m := range []struct {
		what       string
		ours, hand time.Duration
	}{{"change → 20 % (p50)", run.step1, base.step1}, {"approval → 50 % (p50)", run.step2, base.step2}, {"whole canary (p50)", run.whole, base.whole}} {
		ratio := float64(m.ours) / float64(m.hand)
		rows = append(rows, within(prefix+": "+m.what, fmt.Sprintf("≤ %s × floor", short(scalePerFloor)), fmt.Sprintf("%.2f ×", ratio), ratio <= scalePerFloor,
			fmt.Sprintf("%s against %s", seconds(m.ours), seconds(m.hand))))
	}
	late := p99(run.late)
	rows = append(rows, within(prefix+": pods proven by the edge → weight seen, p99", "≤ "+seconds(scaleLate), seconds(late), late <= scaleLate,
		fmt.Sprintf("p50 %s; by hand p99 %s", seconds(run.late[len(run.late)/2]), seconds(p99(base.late)))))
	writes := float64(run.asked.writes()) / float64(set.canaries)
	rows = append(rows, within(prefix+": API writes of vela-core for each", fmt.Sprintf("≤ %d", scaleWrites), fmt.Sprintf("%.1f", writes), writes <= scaleWrites,
		fmt.Sprintf("%.1f CPU s, %.0f MiB at most, those of %d rollbacks included", run.cpu, run.peak, scaleRollbacks)))
	if len(rollbacks) == 0 {
		return append(rows, failed(prefix+": rollback asked → weight 0 served meanwhile", errors.New("none was done before the releases were over")))
	}
	slices.Sort(rollbacks)
	p50 := rollbacks[len(rollbacks)/2]
	return append(rows, within(prefix+": rollback asked → weight 0 served meanwhile", "≤ "+milliseconds(scaleRollback), milliseconds(p50), p50 <= scaleRollback,
		fmt.Sprintf("p50 of %d, %s to %s", len(rollbacks), milliseconds(rollbacks[0]), milliseconds(rollbacks[len(rollbacks)-1]))))
}
