// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	releasev1alpha1 "github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/test/load"
)

// Budgets of what a person waits for.
const (
	resumeBudget   = 150 * time.Millisecond
	rollbackBudget = 100 * time.Millisecond
)

// turns is how often a resume and a rollback are measured.
const turns = 7

// measureLatency asks for resumes and rollbacks of one Application, with the control plane otherwise at rest, and looks at what the edge serves.
func measureLatency(ctx context.Context, set settings) (rows []row, err error) {
	s, err := open(ctx, set, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	name, other := releaseName(0), releaseName(1)
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	if err := errors.Join(prepareApplication(ctx, s, name), prepareFloor(ctx, s, other)); err != nil {
		return nil, err
	}
	var resumes, rollbacks, ups, downs []time.Duration
	for i := range turns {
		up, down, err := s.byHand(ctx, other)
		if err != nil {
			return nil, err
		}
		resume, rollback, err := s.thereAndBack(ctx, name, fmt.Sprintf("r%d", i+1))
		if err != nil {
			return nil, err
		}
		resumes, rollbacks, ups, downs = append(resumes, resume), append(rollbacks, rollback), append(ups, up), append(downs, down)
		set.say("  resume %s, by hand %s; rollback %s, by hand %s", milliseconds(resume), milliseconds(up), milliseconds(rollback), milliseconds(down))
	}
	rows = append(rows,
		latencyRow("resume → weight 50 acknowledged by the edge, pods ready at once", resumes, ups, resumeBudget),
		latencyRow("rollback asked → weight 0 acknowledged by the edge, alone", rollbacks, downs, rollbackBudget))
	totals, err := s.underLoad(ctx, name)
	if err != nil {
		return rows, err
	}
	return append(rows, failures("failed requests during release, resume, rollback and release to the end, fake pods, constant load", totals)), nil
}

func latencyRow(what string, all, hand []time.Duration, budget time.Duration) row {
	slices.Sort(all)
	slices.Sort(hand)
	p50 := all[len(all)/2]
	return within(what, "≤ "+milliseconds(budget), milliseconds(p50), p50 <= budget,
		fmt.Sprintf("p50 of %d, %s to %s; the same by hand, in turns: %s", len(all), milliseconds(all[0]), milliseconds(all[len(all)-1]), milliseconds(hand[len(hand)/2])))
}

// byHand takes the same way with the needed writes alone: two more pods, then the weight; and the weight away again.
func (s *stage) byHand(ctx context.Context, name string) (up, down time.Duration, err error) {
	if err := s.scale(ctx, next(name), 1); err != nil {
		return 0, 0, err
	}
	if err := s.weigh(ctx, name, 20); err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, time.Second); err != nil { // at rest
		return 0, 0, err
	}
	started := time.Now()
	if err := s.scale(ctx, next(name), 3); err != nil {
		return 0, 0, err
	}
	if err := s.weigh(ctx, name, 50); err != nil {
		return 0, 0, err
	}
	up = time.Since(started)
	if err := pause(ctx, time.Second); err != nil { // at rest
		return 0, 0, err
	}
	started = time.Now()
	err = s.weigh(ctx, name, 0)
	return up, time.Since(started), err
}

// thereAndBack releases to 20 %, resumes to 50 %, and rolls back; it gives what the resume and the rollback took.
func (s *stage) thereAndBack(ctx context.Context, name, publish string) (resume, rollback time.Duration, err error) {
	if err := s.to20(ctx, name, publish); err != nil {
		return 0, 0, err
	}
	if resume, err = s.timed(ctx, name, releasev1alpha1.ActionResume, 50); err != nil {
		return 0, 0, err
	}
	if err := s.board.wait(ctx, name, "it waits at 50 %", isSuspended(publish, "suspend-2nd")); err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, time.Second); err != nil { // at rest
		return 0, 0, err
	}
	if rollback, err = s.timed(ctx, name, releasev1alpha1.ActionRollback, 0); err != nil {
		return 0, 0, err
	}
	err = s.board.wait(ctx, name, "it is back on the first version", func(v view) bool {
		return v.readyOld == replicas && v.readyNew == 0 && v.weight <= 0 && isRunning("v1")(v)
	})
	if err != nil {
		return 0, 0, err
	}
	return resume, rollback, pause(ctx, time.Second)
}

// to20 releases the new version until it waits at 20 %.
func (s *stage) to20(ctx context.Context, name, publish string) error {
	if err := s.publish(ctx, name, publish, "v2"); err != nil {
		return err
	}
	if err := s.board.wait(ctx, name, "it waits at 20 %", isSuspended(publish, "suspend-1st")); err != nil {
		return err
	}
	if err := s.served.weight(ctx, name, 20); err != nil {
		return err
	}
	return pause(ctx, time.Second) // at rest
}

// timed asks for an action and waits until the edge says that it serves the weight.
func (s *stage) timed(ctx context.Context, name string, action releasev1alpha1.Action, weight int) (time.Duration, error) {
	started := time.Now()
	if err := s.act(ctx, name, action); err != nil {
		return 0, err
	}
	err := s.served.weight(ctx, name, weight)
	return time.Since(started), err
}

// underLoad releases, rolls back, and releases to the end, while requests come in all the time.
func (s *stage) underLoad(ctx context.Context, name string) (load.Totals, error) {
	run, err := load.Start(ctx, s.target(name), steadyLoad())
	if err != nil {
		return load.Totals{}, err
	}
	if _, _, err = s.thereAndBack(ctx, name, "l1"); err == nil {
		err = s.toEnd(ctx, name, "l2")
	}
	return run.Stop(), err
}

func (s *stage) toEnd(ctx context.Context, name, publish string) error {
	if err := s.to20(ctx, name, publish); err != nil {
		return err
	}
	if _, err := s.timed(ctx, name, releasev1alpha1.ActionResume, 50); err != nil {
		return err
	}
	if err := s.board.wait(ctx, name, "it waits at 50 %", isSuspended(publish, "suspend-2nd")); err != nil {
		return err
	}
	if err := s.act(ctx, name, releasev1alpha1.ActionResume); err != nil {
		return err
	}
	return s.board.wait(ctx, name, "it is all on the new version", func(v view) bool { return routesBack(v) && v.readyOld == 0 && isRunning(publish)(v) })
}
