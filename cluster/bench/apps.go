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
)

// Budgets of many Applications at once.
const (
	appsPerSecond  = 8.0
	cpuPerApp      = 0.04 // seconds
	requestsPerApp = 12.0
)

// measureApps makes many Applications at once: a webservice with one pod each.
func measureApps(ctx context.Context, set settings) (rows []row, err error) {
	s, err := open(ctx, set, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	before := s.coreCPU()
	started := time.Now()
	took, err := s.runApps(ctx, started)
	if err != nil {
		return nil, err
	}
	wall := time.Since(started)
	asked, err := s.plane.audit.since(ctx, controllers())
	if err != nil {
		return nil, err
	}
	n := float64(set.apps)
	cpu, rate, each := (s.coreCPU()-before)/n, n/wall.Seconds(), float64(asked.total())/n
	slices.Sort(took)
	set.say("  %s per Application", asked.per(set.apps))
	prefix := fmt.Sprintf("%d Applications at once: ", set.apps)
	return []row{
		within(prefix+"to running", "≥ 8/s", fmt.Sprintf("%.1f/s", rate), rate >= appsPerSecond,
			fmt.Sprintf("create → running %s (p50), %s (slowest)", seconds(took[len(took)/2]), seconds(took[len(took)-1]))),
		within(prefix+"CPU of vela-core each", "≤ 0.04 s", fmt.Sprintf("%.3f s", cpu), cpu <= cpuPerApp, fmt.Sprintf("%.0f MiB at most", s.corePeak())),
		within(prefix+"API requests of our controllers each", "≤ 12", fmt.Sprintf("%.1f", each), each <= requestsPerApp, asked.per(set.apps)),
	}, nil
}

// runApps creates all Applications and gives how long each took to run.
func (s *stage) runApps(ctx context.Context, started time.Time) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	created := make(chan struct{}, atOnce)
	var mu sync.Mutex
	var took []time.Duration
	err := together(ctx, s.set.apps, func(ctx context.Context, name string) error {
		created <- struct{}{}
		err := s.client.Create(ctx, smallApplication(name))
		<-created
		if err != nil {
			return fmt.Errorf("creating %s: %w", name, err)
		}
		if err := s.board.wait(ctx, name, "it runs", func(v view) bool { return v.readyOld == 1 && appRuns(v) }); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(started))
		return nil
	})
	return took, err
}
