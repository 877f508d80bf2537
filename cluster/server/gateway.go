// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"log/slog"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/internal/edge"
)

// gateway is the edge as a component.
type gateway struct {
	config     edge.Config
	kubeconfig string
	log        *slog.Logger
	edge       *edge.Edge
	task       *component.Task
}

var (
	_ component.Component = (*gateway)(nil)
	_ component.Mortal    = (*gateway)(nil)
)

// Name of the component.
func (*gateway) Name() string { return "edge" }

// Init has nothing to check that the edge does not check itself.
func (*gateway) Init(context.Context) error { return nil }

// Start opens the ports.
func (g *gateway) Start(context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", g.kubeconfig)
	if err != nil {
		return fmt.Errorf("reading its kubeconfig: %w", err)
	}
	if g.edge, err = edge.Connect(g.config, cfg, g.log); err != nil {
		return err
	}
	g.task.Go(g.edge.Run)
	return nil
}

// Ready waits for the first routing table.
func (g *gateway) Ready(ctx context.Context) error {
	select {
	case <-g.edge.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Died yields the error of an edge that ended on its own.
func (g *gateway) Died() <-chan error { return g.task.Died() }

// Stop drains what is in flight and closes the ports.
func (g *gateway) Stop(ctx context.Context) error { return g.task.Halt(ctx) }
