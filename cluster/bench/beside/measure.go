// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package beside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario is one kind of load.
type Scenario struct {
	Name        string
	Connections int
	Path        string
	// Fresh makes a connection for each request.
	Fresh bool
}

// Scenarios are the kinds of load that are measured.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "64 kept-alive connections, 1 KB", Connections: 64, Path: "/small"},
		{Name: "1,000 kept-alive connections, 1 KB", Connections: 1000, Path: "/small"},
		{Name: "a new connection for each request, 64 at once, 1 KB", Connections: 64, Path: "/small", Fresh: true},
		{Name: "64 kept-alive connections, 1 MB", Connections: 64, Path: "/large"},
	}
}

// The proxies that are measured, and the backend without any.
const (
	Edge     = "edge"
	NetHTTP  = "edge-net-http"
	Nginx    = "nginx"
	HAProxy  = "haproxy"
	Fasthttp = "fasthttp"
	Backend  = "backend"
)

// Round is what one proxy did in one round.
type Round struct {
	Rate     float64       // requests a second
	P50, P99 time.Duration // of all requests of the round
	CPU      time.Duration // processor time of the proxy for a request
	Memory   float64       // of the proxy while it worked, in MiB; what its processes share counts once
}

// Result is the rounds of one scenario, by proxy, in the order in which they were made.
type Result struct {
	Scenario Scenario
	Rounds   map[string][]Round
}

// Median gives the median of a figure over the rounds of a proxy.
func (r *Result) Median(proxy string, figure func(Round) float64) float64 {
	var all []float64
	for _, one := range r.Rounds[proxy] {
		all = append(all, figure(one))
	}
	return median(all)
}

// Ratio gives the median, over all rounds, of a figure of one proxy relative to that of another one in the same round.
func (r *Result) Ratio(proxy, other string, figure func(Round) float64) float64 {
	var all []float64
	for i, one := range r.Rounds[proxy] {
		all = append(all, figure(one)/figure(r.Rounds[other][i]))
	}
	return median(all)
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// Process is a running proxy or backend.
type Process struct {
	Name, Address string
	ID            int
}

// Program is how a process is started: the name of the program, which has to be installed, and its arguments.
type Program struct {
	Name, Address, Command string
	Args                   []string
}

// Missing names the Debian packages of programs that are not there.
func Missing() []string {
	var out []string
	for program, name := range map[string]string{"nginx": "nginx-light", "haproxy": "haproxy", "wrk": "wrk"} {
		if _, err := find(program); err != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// find finds a program also where users' paths do not lead.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", program))
}

// Programs gives what has to run, backends first. Own is this program, which Child makes one of them. Configurations are
// written by the caller, under the names in files.
func Programs(own, dir string) (programs []Program, files map[string]string, err error) {
	addresses, err := freeAddresses(7)
	if err != nil {
		return nil, nil, err
	}
	backends := addresses[:2]
	for _, address := range backends {
		programs = append(programs, Program{Backend, address, own, []string{"child", Backend, address}})
	}
	for i, name := range []string{Edge, NetHTTP, Fasthttp} {
		programs = append(programs, Program{name, addresses[2+i], own, append([]string{"child", name, addresses[2+i]}, backends...)})
	}
	nginx, haproxy := filepath.Join(dir, "nginx.conf"), filepath.Join(dir, "haproxy.cfg")
	files = map[string]string{nginx: nginxConfig(dir, addresses[5], backends), haproxy: haproxyConfig(addresses[6], backends)}
	for name, args := range map[string][]string{Nginx: {"-c", nginx, "-p", dir}, HAProxy: {"-f", haproxy, "-db", "-q"}} {
		command, err := find(name)
		if err != nil {
			return nil, nil, fmt.Errorf("finding %s: %w", name, err)
		}
		address := addresses[5]
		if name == HAProxy {
			address = addresses[6]
		}
		programs = append(programs, Program{name, address, command, args})
	}
	return programs, files, nil
}

// freeAddresses gives addresses of loopback that nobody listens on.
func freeAddresses(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for free ports: %w", err)
		}
		defer func() { _ = l.Close() }()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// Measure asks all processes but the second backend in turns, round after round.
func Measure(ctx context.Context, s Scenario, all []Process, rounds int, span time.Duration) (Result, error) {
	result := Result{Scenario: s, Rounds: map[string][]Round{}}
	for range rounds {
		for i, p := range all {
			if p.Name == Backend && i > 0 {
				continue
			}
			one, err := ask(ctx, s, p, span)
			if err != nil {
				return result, fmt.Errorf("%s, %s: %w", p.Name, s.Name, err)
			}
			result.Rounds[p.Name] = append(result.Rounds[p.Name], one)
		}
	}
	return result, nil
}

// ask runs wrk against one process for a time.
func ask(ctx context.Context, s Scenario, p Process, span time.Duration) (Round, error) {
	wrk, err := find("wrk")
	if err != nil {
		return Round{}, fmt.Errorf("finding wrk: %w", err)
	}
	args := []string{"-t1", "-c" + strconv.Itoa(s.Connections), fmt.Sprintf("-d%ds", int(span.Seconds())), "--latency", "--timeout", "10s", "-H", "Host: " + Host}
	if s.Fresh {
		args = append(args, "-H", "Connection: close")
	}
	before := cpu(p.ID)
	memory := make(chan float64, 1)
	watch := time.AfterFunc(span/2, func() { memory <- resident(p.ID) })
	defer watch.Stop()
	out, err := exec.CommandContext(ctx, wrk, append(args, "http://"+p.Address+s.Path)...).CombinedOutput()
	if err != nil {
		return Round{}, fmt.Errorf("running wrk: %w: %s", err, out)
	}
	used := cpu(p.ID) - before
	one, requests, err := read(string(out))
	if err != nil {
		return one, err
	}
	one.CPU = used / time.Duration(max(requests, 1))
	one.Memory = <-memory
	return one, nil
}

// read reads what wrk prints.
func read(out string) (one Round, requests int64, err error) {
	if bad := regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors:.*)$`).FindString(out); bad != "" {
		return one, 0, fmt.Errorf("requests failed: %s", strings.TrimSpace(bad))
	}
	take := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(out)
		if found == nil {
			err = errors.Join(err, fmt.Errorf("wrk does not say %s", pattern))
			return ""
		}
		return found[1]
	}
	number := func(text string) (n float64) {
		n, _ = strconv.ParseFloat(text, 64) // what was not found is an error already
		return n
	}
	span := func(text string) time.Duration {
		d, _ := time.ParseDuration(text)
		return d
	}
	one.Rate = number(take(`Requests/sec:\s+([\d.]+)`))
	one.P50, one.P99 = span(take(`50%\s+(\S+)`)), span(take(`99%\s+(\S+)`))
	requests = int64(number(take(`(\d+) requests in`)))
	return one, requests, err
}
