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
	name := releaseName(0)
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	if err := prepareApplication(ctx, s, name); err != nil {
		return nil, err
	}
	var resumes, rollbacks []time.Duration
	for i := range turns {
		resume, rollback, err := s.thereAndBack(ctx, name, fmt.Sprintf("r%d", i+1))
		if err != nil {
			return nil, err
		}
		resumes, rollbacks = append(resumes, resume), append(rollbacks, rollback)
		set.say("  resume %s, rollback %s", milliseconds(resume), milliseconds(rollback))
	}
	rows = append(rows,
		latencyRow("resume → weight 50 acknowledged by the edge, pods ready at once", resumes, resumeBudget),
		latencyRow("rollback asked → weight 0 acknowledged by the edge, alone", rollbacks, rollbackBudget))
	totals, err := s.underLoad(ctx, name)
	if err != nil {
		return rows, err
	}
	return append(rows, failures("failed requests during release, resume, rollback and release to the end, fake pods, constant load", totals)), nil
}

func latencyRow(what string, all []time.Duration, budget time.Duration) row {
	slices.Sort(all)
	p50 := all[len(all)/2]
	return within(what, "≤ "+milliseconds(budget), milliseconds(p50), p50 <= budget,
		fmt.Sprintf("p50 of %d; %s to %s", len(all), milliseconds(all[0]), milliseconds(all[len(all)-1])))
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
