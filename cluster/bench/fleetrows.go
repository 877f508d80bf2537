// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// Budgets of many canaries at once.
const (
	alonePerFloor   = 1.5
	throughPerFloor = 2.0
	fleetCPU        = 3.0 // seconds for 50
)

// fleetRows compares each way with the floor of the same rounds.
func fleetRows(set settings, ways []release, runs [][]fleetRun) []row {
	if len(runs[0]) == 0 {
		return nil
	}
	base := runs[0]
	prefix := fmt.Sprintf("%d canaries at once", set.canaries)
	rows := []row{told(prefix+", "+ways[0].name,
		fmt.Sprintf("20 %% after %s, whole canary %s (p50)", seconds(median(base, step1)), seconds(median(base, whole))),
		fmt.Sprintf("%d writes each", base[0].asked.writes()/set.canaries))}
	for i, budget := range []float64{0, alonePerFloor, throughPerFloor} {
		if budget == 0 || len(runs[i]) == 0 {
			continue
		}
		rows = append(rows, wayRows(set, prefix+", "+ways[i].name, budget, base, runs[i])...)
	}
	return rows
}

func step1(r fleetRun) time.Duration { return r.step1 }
func whole(r fleetRun) time.Duration { return r.whole }

func wayRows(set settings, prefix string, budget float64, base, runs []fleetRun) []row {
	var rows []row
	for _, m := range []struct {
		what string
		of   func(fleetRun) time.Duration
	}{{"change → 20 % (p50)", step1}, {"whole canary (p50)", whole}} {
		ours, hand := median(runs, m.of), median(base, m.of)
		ratio := float64(ours) / float64(hand)
		rows = append(rows, within(prefix+": "+m.what, fmt.Sprintf("≤ %s × floor", short(budget)), fmt.Sprintf("%.2f ×", ratio), ratio <= budget,
			fmt.Sprintf("%s against %s", seconds(ours), seconds(hand))))
	}
	first := runs[0]
	limit := fleetCPU * float64(set.canaries) / 50
	return append(rows, within(prefix+": CPU of vela-core", fmt.Sprintf("≤ %s s", short(limit)), fmt.Sprintf("%.2f s", first.cpu), first.cpu <= limit,
		fmt.Sprintf("%.0f MiB at most; %.1f writes each; slowest %s", first.peak, float64(first.asked.writes())/float64(set.canaries), seconds(first.slowest))))
}
