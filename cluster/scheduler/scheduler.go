// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package scheduler runs kube-scheduler inside the process.
package scheduler

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Scheduler is the scheduler component.
type Scheduler struct {
	bundle *pki.Bundle
	task   *component.Task
}

var (
	_ component.Component = (*Scheduler)(nil)
	_ component.Mortal    = (*Scheduler)(nil)
)

// New returns a scheduler that is not started.
func New(bundle *pki.Bundle) *Scheduler {
	return &Scheduler{bundle: bundle, task: component.NewTask()}
}

// Name of the component.
func (*Scheduler) Name() string { return "scheduler" }

// Init has nothing to check that the options do not check themselves.
func (*Scheduler) Init(context.Context) error { return nil }

func (s *Scheduler) flags() []string {
	return []string{
		"--kubeconfig=" + s.bundle.Scheduler,
		"--secure-port=0",
		"--leader-elect=false",
		"--profiling=false",
		"--kube-api-qps=500", "--kube-api-burst=1000",
	}
}

// Start begins to place pods.
func (s *Scheduler) Start(context.Context) error {
	opts := options.NewOptions()
	fs := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, set := range opts.Flags.FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(s.flags()); err != nil {
		return fmt.Errorf("reading its flags: %w", err)
	}
	name, err := cache.NewInformerName("kube-scheduler")
	if err != nil {
		return fmt.Errorf("naming its informers: %w", err)
	}
	opts.InformerName = name
	s.task.Go(func(ctx context.Context) error {
		cfg, scheduler, err := app.Setup(ctx, opts)
		if err != nil {
			return fmt.Errorf("checking its options: %w", err)
		}
		return app.Run(ctx, cfg, scheduler)
	})
	return nil
}

// Ready has nothing to wait for: a pod created now is placed when the caches are filled.
func (*Scheduler) Ready(context.Context) error { return nil }

// Died yields the error of a scheduler that ended on its own.
func (s *Scheduler) Died() <-chan error { return s.task.Died() }

// Stop ends the scheduler.
func (s *Scheduler) Stop(ctx context.Context) error { return s.task.Halt(ctx) }
