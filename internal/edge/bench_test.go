// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

const benchConnections = 64

// rawBackend answers every request with the same bytes, so that the proxies are what is measured.
func rawBackend(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answerForever(conn)
		}
	}()
	return l.Addr().String()
}

func answerForever(conn net.Conn) {
	defer conn.Close()
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: 9\r\n\r\nDemo: V1\n")
	in := bufio.NewReader(conn)
	for {
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) <= 2 {
				break
			}
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// hammer sends requests over kept connections for a while and gives how many a second were answered with 200.
func hammer(tb testing.TB, address string, duration time.Duration) float64 {
	tb.Helper()
	request := []byte("GET /version HTTP/1.1\r\nHost: demo.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	var answered atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range benchConnections {
		group.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				tb.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for time.Since(began) < duration {
				if _, err := conn.Write(request); err != nil {
					tb.Error(err)
					return
				}
				if err := readAnswer(in); err != nil {
					tb.Error(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	group.Wait()
	return float64(answered.Load()) / time.Since(began).Seconds()
}

func readAnswer(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answered %q", line)
	}
	length := 0
	for len(line) > 2 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, in, int64(length))
	return err
}

// BenchmarkThroughput compares the edge, as it is used (two versions, counters, retries, forwarding headers), with a bare
// httputil.ReverseProxy in the same run, in turns. The bare one is measured with net/http's own transport and with one
// that keeps as many idle connections as the edge's. Goal: at least 0.9 of the better one.
func BenchmarkThroughput(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.HTTPSAddr = "" })
	backends := []string{rawBackend(b), rawBackend(b)}
	w.service("stable", backends[0])
	w.service("canary", backends[1])
	w.ingress("web", "stable")
	w.weight(20)
	w.ready(map[string]int{"stable": 1, "canary": 1})
	target := &url.URL{Scheme: "http", Host: backends[0]}
	plain := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	defer plain.Close()
	tuned := httputil.NewSingleHostReverseProxy(target)
	tuned.Transport = &http.Transport{MaxIdleConnsPerHost: 1024}
	kept := httptest.NewServer(tuned)
	defer kept.Close()

	targets := []string{strings.TrimPrefix(w.url, "http://"), plain.Listener.Addr().String(), kept.Listener.Addr().String()}
	rates := make([][]float64, len(targets))
	for b.Loop() {
		for i, target := range targets {
			rates[i] = append(rates[i], hammer(b, target, 500*time.Millisecond))
		}
	}
	median := func(all []float64) float64 {
		slices.Sort(all)
		return all[len(all)/2]
	}
	ours, bare, bareKept := median(rates[0]), median(rates[1]), median(rates[2])
	b.ReportMetric(ours, "edge-req/s")
	b.ReportMetric(bare, "bare-req/s")
	b.ReportMetric(bareKept, "bare-tuned-req/s")
	b.ReportMetric(ours/max(bare, bareKept), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRebuild1000 is one change among 1,000 Ingresses, from the informers' caches to the published plan.
func BenchmarkRebuild1000(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.HTTPSAddr = "" })
	backend := rawBackend(b)
	for i := range 1_000 {
		name := fmt.Sprintf("app-%d", i)
		w.service(name, backend)
		w.ingressFor(name, name+".example", name)
	}
	w.await("all Ingresses", func(p plan.Plan) bool { return len(p.Ingresses) == 1_000 })
	for b.Loop() {
		if err := w.edge.rebuild(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAcknowledge is the time from a weight's write until the stream says that it is served.
func BenchmarkAcknowledge(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.HTTPSAddr = "" })
	w.service("stable", rawBackend(b))
	w.service("canary", rawBackend(b))
	w.ingress("web", "stable")
	w.weight(0)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	served := make(chan string, 1000)
	go plan.Watch(ctx, http.DefaultClient, w.admin, func(e plan.Event) {
		if i, changed := e.Plan.Ingresses["demo/web-canary"]; changed {
			served <- i.ResourceVersion
		}
	})
	<-served
	weight := 0
	for b.Loop() {
		weight++
		version := w.ingress("web-canary", "canary", "canary", "true", "canary-weight", strconv.Itoa(weight%101))
		for <-served != version {
			continue
		}
	}
}
