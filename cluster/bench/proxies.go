// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/cluster/bench/beside"
)

// Budgets of the fast path, against nginx in the same round.
const (
	proxyRatio = 0.9
	proxyTail  = 1.1 // p99; a tenth is what repeated rounds of one proxy differ by
)

// proxyRounds is how often all proxies are asked in turns, proxySpan how long each time.
const (
	proxyRounds = 5
	proxySpan   = 3 * time.Second
)

// measureProxies compares the edge with nginx and HAProxy, and tells what a small proxy on fasthttp does.
func measureProxies(ctx context.Context, set settings) (rows []row, err error) {
	if missing := beside.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("not installed: %[1]s. Install them with: apt-get install %[1]s", strings.Join(missing, " "))
	}
	dir, err := os.MkdirTemp("", "vela-bench-proxies-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	own, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	programs, files, err := beside.Programs(own, dir)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("writing a configuration: %w", err)
		}
	}
	var all []beside.Process
	for i, program := range programs {
		p, err := start(filepath.Join(dir, fmt.Sprintf("%s-%d.log", program.Name, i)), nil, program.Command, program.Args...)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, p.stop()) }()
		if err := listens(ctx, p, program.Address); err != nil {
			return nil, err
		}
		all = append(all, beside.Process{Name: program.Name, Address: program.Address, ID: p.cmd.Process.Pid})
	}
	for _, scenario := range beside.Scenarios() {
		set.say("  %s ...", scenario.Name)
		result, err := beside.Measure(ctx, scenario, all, proxyRounds, proxySpan)
		if err != nil {
			return rows, err
		}
		rows = append(rows, proxyRow(&result), proxyDetails(&result))
	}
	return rows, nil
}

// listens returns when a process accepts connections.
func listens(ctx context.Context, p *process, address string) error {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if err := p.alive(); err != nil {
			return err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func rateOf(r beside.Round) float64 { return r.Rate }
func tailOf(r beside.Round) float64 { return r.P99.Seconds() }

// proxyRow is the budget of one scenario.
func proxyRow(r *beside.Result) row {
	rate, tail := r.Ratio(beside.Edge, beside.Nginx, rateOf), r.Ratio(beside.Edge, beside.Nginx, tailOf)
	reserve := r.Median(beside.Backend, rateOf) / r.Median(beside.Edge, rateOf)
	return within("edge against nginx: "+r.Scenario.Name, fmt.Sprintf("≥ %.1f × nginx, p99 ≤ %.1f ×", proxyRatio, proxyTail),
		fmt.Sprintf("%.2f ×, p99 %.2f ×", rate, tail), rate >= proxyRatio && tail <= proxyTail,
		fmt.Sprintf("medians of %d rounds in turns; %.2f × HAProxy; wrk and one backend alone reach %.1f times the edge's rate", proxyRounds,
			r.Ratio(beside.Edge, beside.HAProxy, rateOf), reserve))
}

// proxyDetails tells what each proxy did.
func proxyDetails(r *beside.Result) row {
	var all []string
	for _, name := range []string{beside.Edge, beside.Nginx, beside.HAProxy, beside.Fasthttp, beside.NetHTTP} {
		all = append(all, fmt.Sprintf("%s %.0f/s, p50 %.1f ms, p99 %.1f ms, %.0f µs CPU, %.0f MiB", name, r.Median(name, rateOf),
			r.Median(name, func(r beside.Round) float64 { return r.P50.Seconds() * 1000 }), r.Median(name, tailOf)*1000,
			r.Median(name, func(r beside.Round) float64 { return r.CPU.Seconds() * 1e6 }),
			r.Median(name, func(r beside.Round) float64 { return r.Memory })))
	}
	return told("proxies: "+r.Scenario.Name, fmt.Sprintf("%.0f requests/s", r.Median(beside.Edge, rateOf)), strings.Join(all, "; "))
}
