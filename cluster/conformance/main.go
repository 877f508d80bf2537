// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs the official conformance suite of the Gateway API against the edge: in a velad of its own with real
// containers, whose images are built from the suite's Go module. It writes the suite's report, prints it as a table and removes
// the velad. It exits non-zero when a test failed. `make conformance` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vela-rollouts/vela/internal/test/play"
)

// options are how one run goes.
type options struct {
	cluster play.Config
	pool    string
	report  string
	log     string
	run     string
	keep    bool
	version string
}

func main() {
	o := options{cluster: play.Config{Bin: "../bin"}}
	flags := flag.NewFlagSet("conformance", flag.ExitOnError) // the suite has put its own flags among the global ones
	flags.StringVar(&o.cluster.DataDir, "data-dir", "/var/lib/vela-conformance", "velad's data directory; what is in it is removed first")
	flags.IntVar(&o.cluster.HTTPPort, "http-port", 28080, "the edge's own port; Gateways have addresses and ports of their own")
	flags.IntVar(&o.cluster.HTTPSPort, "https-port", 28443, "the edge's own TLS port")
	flags.IntVar(&o.cluster.APIPort, "api-port", 26443, "the API server's port")
	flags.StringVar(&o.pool, "gateway-pool", "10.243.0.0/24", "range of the Gateways' addresses")
	flags.StringVar(&o.report, "report", "", "file to write the suite's report into; empty: none is kept")
	flags.StringVar(&o.log, "log", "../bin/conformance.log", "file to write what the suite says into; with -run it is printed")
	flags.StringVar(&o.version, "version", "dev", "version of vela in the report")
	flags.StringVar(&o.run, "run", "", "one test of the suite instead of all")
	flags.BoolVar(&o.keep, "keep", false, "leave the velad running at the end")
	_ = flags.Parse(os.Args[1:]) // it exits on an error

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.conform(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func (o *options) conform(ctx context.Context) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("it starts containers and needs root: run `sudo make conformance`")
	}
	work, err := os.MkdirTemp("", "vela-conformance-")
	if err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // left-overs in the temporary folder harm nobody
	fmt.Println("building the suite's images")
	if err := buildImages(ctx, work); err != nil {
		return err
	}
	fmt.Println("starting velad")
	o.cluster.Images = work
	o.cluster.UpArgs = []string{"--gateway-pool", o.pool}
	cluster, err := play.Start(ctx, o.cluster)
	if err != nil {
		return err
	}
	if !o.keep {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			err = errors.Join(err, cluster.Reset(ctx))
		}()
	}
	fmt.Println("running the suite")
	report := filepath.Join(work, "report.yaml")
	failed := o.suite(ctx, cluster.Kubeconfig(), report)
	if _, err := os.Stat(report); err != nil {
		return errors.Join(errors.New("the suite wrote no report"), failed)
	}
	read, err := readReport(report)
	if err != nil {
		return err
	}
	if n := show(os.Stdout, read); n > 0 {
		return fmt.Errorf("%d tests failed", n)
	}
	if failed != nil {
		return failed
	}
	return o.save(report)
}

// suite runs the suite as the Go test that it is.
func (o *options) suite(ctx context.Context, kubeconfig, report string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-tags", "conformance", "-count=1", "-timeout", "60m", "-v", "./conformance/suite",
		"-args", "-gateway-pool="+o.pool, "-report-output="+report, "-run-test="+o.run, "-version="+o.version)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if o.run == "" {
		log, err := os.Create(o.log)
		if err != nil {
			return fmt.Errorf("making the suite's log: %w", err)
		}
		defer log.Close() //nolint:errcheck // the suite's result does not hang on its log
		cmd.Stdout, cmd.Stderr = log, log
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the suite (%s has what it said): %w", o.log, err)
	}
	return nil
}

// save keeps the report of a whole run.
func (o *options) save(report string) error {
	if o.report == "" || o.run != "" {
		return nil
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return fmt.Errorf("reading the suite's report: %w", err)
	}
	if err := os.WriteFile(o.report, data, 0o644); err != nil { //nolint:gosec // everybody may read it
		return fmt.Errorf("writing the report: %w", err)
	}
	fmt.Println("report:", o.report)
	return nil
}
