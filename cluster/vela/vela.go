// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package vela runs vela's own controllers and webhooks inside the process.
package vela

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/cluster/bootstrap"
	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/internal/manager"
)

// Config of the controllers.
type Config struct {
	Kubeconfig string
	// CertDir keeps the certificate of the webhooks, which listen on loopback.
	CertDir string
	// EdgeURLs are where the edge says what it serves; none without an edge.
	EdgeURLs []string
	// UIAddr is where the web UI listens; empty: nowhere. UIShell says that it opens shells, FirstAccount is called when its first account was made.
	UIAddr       string
	UIShell      bool
	FirstAccount func(name, password string)
	Version      string
	Log          *slog.Logger
}

// Controllers is the component.
type Controllers struct {
	cfg   Config
	task  *component.Task
	ready chan struct{}
	once  sync.Once
}

var (
	_ component.Component = (*Controllers)(nil)
	_ component.Mortal    = (*Controllers)(nil)
)

// New returns controllers that are not started.
func New(cfg Config) *Controllers {
	return &Controllers{cfg: cfg, task: component.NewTask(), ready: make(chan struct{})}
}

// Name of the component.
func (*Controllers) Name() string { return "vela" }

// Init has nothing to check that the manager does not check itself.
func (*Controllers) Init(context.Context) error { return nil }

// Start begins to follow the cluster.
func (c *Controllers) Start(context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", c.cfg.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading its kubeconfig: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	c.task.Go(func(ctx context.Context) error {
		return manager.Run(ctx, manager.Config{
			RestConfig:  cfg,
			EdgeURLs:    c.cfg.EdgeURLs,
			CertDir:     c.cfg.CertDir,
			WebhookHost: "127.0.0.1",
			WebhookPort: port,
			WebhookURL:  fmt.Sprintf("https://127.0.0.1:%d", port),
			UI: manager.UIConfig{
				Addr: c.cfg.UIAddr, Shell: c.cfg.UIShell, Namespace: bootstrap.Namespace, FirstAccount: c.cfg.FirstAccount, Version: c.cfg.Version,
			},
			Log:   c.cfg.Log,
			Ready: func() { c.once.Do(func() { close(c.ready) }) },
		})
	})
	return nil
}

// freePort picks one for the webhooks: they are registered at each start, so
// it may be another one each time.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a port for the webhooks: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Ready waits until the caches are filled and the webhooks are registered.
func (c *Controllers) Ready(ctx context.Context) error {
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Died yields the error of controllers that ended on their own.
func (c *Controllers) Died() <-chan error { return c.task.Died() }

// Stop ends the controllers.
func (c *Controllers) Stop(ctx context.Context) error { return c.task.Halt(ctx) }
