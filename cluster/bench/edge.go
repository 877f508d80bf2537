// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/vela-rollouts/vela/internal/test/load"
)

// Budgets of the edge.
const (
	shareError      = 0.5 // points
	throughputRatio = 0.9
)

// measureEdge sends requests through the edge to pods of two versions.
func measureEdge(ctx context.Context, set settings) (rows []row, err error) {
	s, err := open(ctx, set, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	name := releaseName(0)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := prepareFloor(ctx, s, name); err != nil {
		return nil, err
	}
	// Five pods of the new version beside the five of the old one.
	next := deployment(next(name), "v2", replicas)
	if err := s.client.Update(ctx, next); err != nil {
		return nil, fmt.Errorf("scaling the new version: %w", err)
	}
	if err := s.served.endpoints(ctx, next.Name, replicas); err != nil {
		return nil, err
	}
	share, err := s.shares(ctx, name)
	if err != nil {
		return nil, err
	}
	rows = append(rows, share)
	removed, err := s.removal(ctx, name)
	if err != nil {
		return rows, err
	}
	rows = append(rows, removed)
	speed, err := s.throughput(ctx, name)
	if err != nil {
		return rows, err
	}
	return append(rows, speed), nil
}

// shares compares what answers with what is asked for, over 1,000 requests at each weight.
func (s *stage) shares(ctx context.Context, name string) (row, error) {
	const count, clients = 1_000, 10
	worst, remarks := 0.0, ""
	for _, weight := range []int{0, 1, 20, 33, 50, 99, 100} {
		if err := s.weigh(ctx, name, weight); err != nil {
			return row{}, err
		}
		var fresh, bad atomic.Int64
		var group sync.WaitGroup
		for range clients {
			client := &http.Client{Transport: &http.Transport{}}
			group.Go(func() {
				defer client.CloseIdleConnections()
				for range count / clients {
					switch body, err := fetch(ctx, client, "http://"+s.gateway+"/version", host(name)); {
					case err != nil:
						bad.Add(1)
					case body == "Demo: V2\n":
						fresh.Add(1)
					}
				}
			})
		}
		group.Wait()
		if bad.Load() > 0 {
			return row{}, fmt.Errorf("%d of %d requests failed at weight %d", bad.Load(), count, weight)
		}
		got := 100 * float64(fresh.Load()) / count
		worst = max(worst, math.Abs(got-float64(weight)))
		remarks += fmt.Sprintf("%d: %s %%, ", weight, short(got))
		if weight == 0 && got != 0 {
			return row{}, fmt.Errorf("weight 0 must be exactly 0, and %s %% went to the new version", short(got))
		}
	}
	return within("edge: share against weight, 1,000 requests", "within 0.5 points", short(worst)+" points", worst <= shareError,
		"weight: measured; "+remarks[:len(remarks)-2]), nil
}

// weigh sets a weight by hand and waits until it is served.
func (s *stage) weigh(ctx context.Context, name string, weight int) error {
	err := s.patch(ctx, &networkingv1.Ingress{ObjectMeta: named(name + canaryIngressOf)},
		fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, canaryWeight, weight))
	if err != nil {
		return err
	}
	return s.served.weight(ctx, name, weight)
}

// removal scales the new version down and up under load: no request may fail when pods go and come.
func (s *stage) removal(ctx context.Context, name string) (row, error) {
	if err := s.weigh(ctx, name, 50); err != nil {
		return row{}, err
	}
	run, err := load.Start(ctx, s.target(name), steadyLoad())
	if err != nil {
		return row{}, err
	}
	for range 5 {
		for _, count := range []int32{1, replicas} {
			if err := s.scale(ctx, next(name), count); err != nil {
				run.Stop()
				return row{}, err
			}
		}
	}
	totals := run.Stop()
	return failures("pods go and come ten times under load: failed requests", totals), nil
}

// scale changes the number of pods and waits until the edge reaches as many.
func (s *stage) scale(ctx context.Context, name string, count int32) error {
	if err := s.patch(ctx, deployment(name, "v2", count), fmt.Sprintf(`{"spec":{"replicas":%d}}`, count)); err != nil {
		return err
	}
	return s.served.endpoints(ctx, name, int(count))
}

func (s *stage) target(name string) load.Target {
	return load.Target{Address: s.gateway, Host: host(name), Path: "/version"}
}

// steadyLoad is constant load that leaves most of the machine to others.
func steadyLoad() load.Mix {
	return load.Mix{NewConnections: 2, KeptAlive: 4, Pause: 10 * time.Millisecond, MaxDuration: 10 * time.Minute}
}

// failures is a row that allows none.
func failures(what string, t load.Totals) row {
	note := fmt.Sprintf("of %d", t.Sent())
	if len(t.Failures) > 0 {
		note += "; the first: " + t.Failures[0]
	}
	return within(what, "0", fmt.Sprint(t.Failed()), t.Failed() == 0 && t.Sent() > 0, note)
}

// throughput compares the edge with a bare reverse proxy of the standard library before one of the same pods, in turns.
func (s *stage) throughput(ctx context.Context, name string) (row, error) {
	const rounds = 5
	pod := fmt.Sprintf("198.18.0.1:%d", podPort)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: pod})
	proxy.Transport = &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}
	server := &http.Server{Addr: "127.0.0.1:0", Handler: proxy}
	bare, stop, err := serve(server)
	if err != nil {
		return row{}, err
	}
	defer stop()
	if err := s.weigh(ctx, name, 20); err != nil {
		return row{}, err
	}
	var ours, theirs, ratios []float64
	for range rounds {
		e, err := rate(ctx, "http://"+s.gateway+"/version", host(name))
		if err != nil {
			return row{}, fmt.Errorf("through the edge: %w", err)
		}
		b, err := rate(ctx, "http://"+bare+"/version", host(name))
		if err != nil {
			return row{}, fmt.Errorf("through the bare proxy: %w", err)
		}
		ours, theirs, ratios = append(ours, e), append(theirs, b), append(ratios, e/b)
	}
	slices.Sort(ratios)
	slices.Sort(ours)
	slices.Sort(theirs)
	ratio := ratios[rounds/2]
	return within("edge: throughput against bare httputil.ReverseProxy", "≥ 0.9", fmt.Sprintf("%.2f", ratio), ratio >= throughputRatio,
		fmt.Sprintf("%.0f against %.0f requests/s, 64 kept-alive connections; median of %d rounds in turns, %.2f to %.2f",
			ours[rounds/2], theirs[rounds/2], rounds, ratios[0], ratios[rounds-1])), nil
}

// rate is requests per second over kept-alive connections.
func rate(ctx context.Context, target, host string) (float64, error) {
	const clients, span = 64, 1500 * time.Millisecond
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var done atomic.Int64
	var failure atomic.Value
	var group sync.WaitGroup
	started := time.Now()
	for range clients {
		group.Go(func() {
			for time.Since(started) < span {
				if _, err := fetch(ctx, client, target, host); err != nil {
					failure.Store(err.Error())
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	if text, ok := failure.Load().(string); ok {
		return 0, errors.New(text)
	}
	return float64(done.Load()) / time.Since(started).Seconds(), nil
}

func fetch(ctx context.Context, client *http.Client, target, host string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", err
	}
	req.Host = host
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return string(body), err
}
