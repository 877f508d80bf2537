// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/api/crds"
	"github.com/vela-rollouts/vela/cluster/apiserver"
	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/globals"
	"github.com/vela-rollouts/vela/cluster/vela"
)

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 15 * time.Second
)

// Options of a control plane in the caller's process.
type Options struct {
	// DataDir holds everything; a new one means a new cluster.
	DataDir string
	// AuditLog is a file that gets one line for each request, without bodies. Empty: none.
	AuditLog string
	// WithVela runs vela's own controllers in it too.
	WithVela bool
	// EdgeURLs are admin addresses of edges that acknowledge weights, for WithVela.
	EdgeURLs []string
	// Durable waits for the disk at each write, as a real cluster does.
	// Otherwise the data is for throwing away.
	Durable bool
	// WithoutScheduler leaves pods where they are.
	WithoutScheduler bool
	// WithoutControllers names controllers of Kubernetes to leave out, such as
	// "node-lifecycle-controller" where nodes are fake.
	WithoutControllers []string
	// Report is called at each change of a component's state; nil: not.
	Report func(component.Event)
}

// ControlPlane is one that runs.
type ControlPlane struct {
	// Config has all rights and no limit of requests per second.
	Config *rest.Config
	// Kubeconfig is the file with the same rights.
	Kubeconfig string

	supervisor *component.Supervisor
	log        *os.File
}

// Start runs a control plane on free ports of the loopback address and
// returns when it answers and serves vela's kinds. ctx bounds the start.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(o.DataDir, "velad.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	c := &ControlPlane{log: log, supervisor: component.New(o.Report, stopTimeout)}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, o Options) error {
	logger := slog.New(slog.NewTextHandler(c.log, nil))
	zapLogger, err := globals.Setup(logger, c.log)
	if err != nil {
		return err
	}
	listener, err := apiserver.Listen(0, "127.0.0.1")
	if err != nil {
		return fmt.Errorf("opening a port for the API server: %w", err)
	}
	plan := &Plan{
		DataDir:            o.DataDir,
		Port:               listener.Addr().(*net.TCPAddr).Port,
		Listen:             func() (net.Listener, error) { return listener, nil },
		Advertise:          net.IPv4(127, 0, 0, 1),
		ServiceCIDR:        DefaultServiceCIDR,
		ClusterDomain:      DefaultClusterDomain,
		AuditLog:           o.AuditLog,
		Quick:              !o.Durable,
		CRDs:               []fs.FS{crds.FS, crds.Gateway},
		WithoutScheduler:   o.WithoutScheduler,
		WithoutControllers: o.WithoutControllers,
		Logger:             zapLogger,
	}
	if err := plan.Prepare(time.Now()); err != nil {
		return errors.Join(err, listener.Close())
	}
	plan.AddTo(c.supervisor)
	if o.WithVela {
		c.supervisor.Add(vela.New(vela.Config{
			Kubeconfig: plan.PKI.Manager, CertDir: filepath.Join(o.DataDir, "webhooks"), EdgeURLs: o.EdgeURLs, Log: logger,
		}), Objects)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.supervisor.Start(ctx); err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	c.Kubeconfig = plan.PKI.Admin
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return errors.Join(fmt.Errorf("reading the admin's kubeconfig: %w", err), c.supervisor.Stop())
	}
	c.Config.QPS = -1
	return nil
}

// Stop ends everything that Start began. The data stays.
func (c *ControlPlane) Stop() error {
	return errors.Join(c.supervisor.Stop(), c.log.Close())
}
