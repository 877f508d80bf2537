// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/cluster/bench/beside"
)

// settings of a run.
type settings struct {
	bin      string // folder of the binaries
	only     []string
	out      string
	canaries int
	releases int
	apps     int
	rounds   int
	keep     bool
	progress io.Writer
}

func (s settings) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.progress, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// figure is one part of the table and how it is measured.
type figure struct {
	name string
	what string
	// long ones are measured only when they are named.
	long    bool
	measure func(context.Context, settings) ([]row, error)
}

func figures() []figure {
	return []figure{
		{"edge", "edge: share and throughput", false, measureEdge},
		{"proxies", "edge beside nginx and HAProxy", false, measureProxies},
		{"writes", "API writes of one 20/50/100 canary", false, measureWrites},
		{"latency", "resume and rollback to acknowledged weight", false, measureLatency},
		{"fleet", "canaries at once", false, measureFleet},
		{"apps", "Applications at once", false, measureApps},
		{"cluster", "velad: start and idle memory", false, measureCluster},
		{"scale", "hundreds of releases at once", true, measureScale},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || !ok {
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, args []string) (ok bool, err error) {
	if len(args) > 0 && args[0] == "child" {
		return true, beside.Child(args[1:])
	}
	set, err := parse(args)
	if err != nil {
		return false, err
	}
	lock, err := alone(ctx, set)
	if err != nil {
		return false, err
	}
	defer func() { _ = lock.Close() }()
	// Clients complain when a stage is taken down under them; what matters is an error of a call.
	ctrllog.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	machine := describe(ctx, set)
	set.say("%s", strings.Join(machine, "; "))
	var rows []row
	for _, f := range figures() {
		if len(set.only) > 0 && !slices.Contains(set.only, f.name) || len(set.only) == 0 && f.long {
			continue
		}
		set.say("%s ...", f.what)
		started := time.Now()
		part, err := f.measure(ctx, set)
		if err != nil {
			part = append(part, failed(f.what, err))
			set.say("%s: %v", f.what, err)
		}
		rows = append(rows, part...)
		set.say("%s: %.0f s", f.what, time.Since(started).Seconds())
		if ctx.Err() != nil {
			break
		}
	}
	text := "Budgets, measured " + time.Now().UTC().Format("2006-01-02") + " on " + strings.Join(machine, "; ") + "\n\n" + markdown(rows)
	if _, err := fmt.Fprint(os.Stdout, "\n"+text); err != nil {
		return false, err
	}
	if set.out != "" {
		if err := os.WriteFile(set.out, []byte(text), 0o644); err != nil {
			return false, fmt.Errorf("writing the table: %w", err)
		}
	}
	return good(rows), ctx.Err()
}

// alone takes the machine, if need be when another measurement has ended: two would share the pods' addresses and disturb each
// other. The lock ends with the process.
func alone(ctx context.Context, set settings) (io.Closer, error) {
	file, err := os.OpenFile("/run/vela-bench.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	take := func() error { return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
	err = take()
	if err == nil {
		return file, nil
	}
	set.say("another measurement runs on this machine; waiting for its end ...")
	for err != nil {
		if err := pause(ctx, time.Second); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		err = take()
	}
	return file, nil
}

func parse(args []string) (settings, error) {
	set := settings{progress: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "figures to measure, with commas: "+strings.Join(names(), ", "))
	flags.StringVar(&set.out, "out", "", "file that gets the table too")
	flags.StringVar(&set.bin, "bin", "../bin", "folder with velad and vela-core, made by `make build`")
	flags.IntVar(&set.canaries, "canaries", 50, "canaries at once")
	flags.IntVar(&set.releases, "releases", 500, "releases at once, for the figure scale")
	flags.IntVar(&set.apps, "apps", 200, "Applications at once")
	flags.IntVar(&set.rounds, "rounds", 1, "how often many canaries at once are measured; the table has the medians")
	flags.BoolVar(&set.keep, "keep", false, "leave the folders with the logs and the audit log of each control plane behind")
	if err := flags.Parse(args); err != nil {
		return set, err
	}
	if *only != "" {
		set.only = strings.Split(*only, ",")
	}
	for _, name := range set.only {
		if !slices.Contains(names(), name) {
			return set, fmt.Errorf("-only %s: there is no such figure; there are %s", name, strings.Join(names(), ", "))
		}
	}
	if os.Geteuid() != 0 {
		return set, errors.New("it needs root: it routes a range of addresses to the loopback device and starts velad")
	}
	var err error
	if set.bin, err = filepath.Abs(set.bin); err != nil {
		return set, fmt.Errorf("-bin: %w", err)
	}
	for _, name := range []string{"velad", "vela-core"} {
		if _, err := os.Stat(filepath.Join(set.bin, name)); err != nil {
			return set, fmt.Errorf("%s is not in %s: run `make build` first", name, set.bin)
		}
	}
	return set, nil
}

func names() []string {
	var all []string
	for _, f := range figures() {
		all = append(all, f.name)
	}
	return all
}
