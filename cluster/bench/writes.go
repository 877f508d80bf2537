// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
)

// Budgets of one canary.
const (
	writesAlone   = 20
	writesThrough = 40
)

// measureWrites counts what our controllers ask of the API server for one canary, events included.
func measureWrites(ctx context.Context, set settings) (rows []row, err error) {
	s, err := open(ctx, set, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for i, way := range []release{rolloutsAlone(), throughApplications()} {
		name, budget := releaseName(i), []int{writesAlone, writesThrough}[i]
		r, err := s.countOne(ctx, name, way, budget)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", way.name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (s *stage) countOne(ctx context.Context, name string, way release, budget int) (row, error) {
	ready, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := way.prepare(ready, s, name); err != nil {
		return row{}, err
	}
	if err := s.settle(ctx); err != nil {
		return row{}, err
	}
	l, err := way.play(ctx, s, name)
	if err != nil {
		return row{}, err
	}
	asked, err := s.plane.audit.since(ctx, controllers())
	if err != nil {
		return row{}, err
	}
	s.set.say("  %s: 20 %% after %s, approval to 50 %% %s, whole %s; %s", way.name, seconds(l.step1), seconds(l.step2), seconds(l.whole), asked.per(1))
	return within("API writes of our controllers for one canary, "+way.name, fmt.Sprintf("≤ %d", budget), fmt.Sprint(asked.writes()), asked.writes() <= budget,
		fmt.Sprintf("%s; reads: %d; whole canary %s", asked.per(1), asked.total()-asked.writes(), seconds(l.whole))), nil
}
