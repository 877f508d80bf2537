// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/vela-rollouts/vela/api/crds"
	"github.com/vela-rollouts/vela/cluster/apiserver"
	"github.com/vela-rollouts/vela/cluster/bootstrap"
	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/controlplane"
	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/cluster/dns"
	"github.com/vela-rollouts/vela/cluster/network"
	"github.com/vela-rollouts/vela/cluster/node"
	"github.com/vela-rollouts/vela/cluster/payload"
	"github.com/vela-rollouts/vela/cluster/preflight"
	"github.com/vela-rollouts/vela/cluster/proxy"
	"github.com/vela-rollouts/vela/cluster/runtime"
	"github.com/vela-rollouts/vela/cluster/sweep"
	"github.com/vela-rollouts/vela/cluster/vela"
	"github.com/vela-rollouts/vela/internal/edge"
)

const (
	startTimeout = 3 * time.Minute
	stopTimeout  = 20 * time.Second
	// drainTimeout is how long requests in flight hold up the end of the cluster.
	drainTimeout = 5 * time.Second
)

// Loggers of the parts.
type Loggers struct {
	Own  *slog.Logger
	Etcd *zap.Logger
}

// Server is one velad.
type Server struct {
	cfg  Config
	logs Loggers
	plan *controlplane.Plan
	sup  *component.Supervisor
	// account is the first one of the web UI, where it was made in this start.
	account Account
}

// Account is one that signs in to the web UI.
type Account struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Preflight refuses a machine on which the cluster cannot run.
func Preflight(cfg Config) error {
	if !cfg.ControlPlaneOnly {
		// First: another cluster is the reason for ports that are taken.
		if err := alone(cfg.DataDir); err != nil {
			return err
		}
	}
	return preflight.Check(preflight.Request{DataDir: cfg.DataDir, Node: !cfg.ControlPlaneOnly, Ports: cfg.ports()})
}

// New puts the components together. report is told of each change of state.
func New(cfg Config, logs Loggers, now time.Time, report func(component.Event)) (*Server, error) {
	s := &Server{cfg: cfg, logs: logs}
	s.sup = component.New(func(e component.Event) {
		logs.Own.Info("component", "name", e.Component, "state", e.State, "took", e.Took.Round(time.Millisecond).String(), "error", e.Error)
		report(e)
	}, stopTimeout)
	s.plan = &controlplane.Plan{
		DataDir:       cfg.DataDir,
		Port:          cfg.APIPort,
		Advertise:     net.IPv4(127, 0, 0, 1),
		ServiceCIDR:   cfg.ServiceCIDR,
		ClusterDomain: cfg.ClusterDomain,
		AuditLog:      cfg.AuditLog,
		CRDs:          []fs.FS{crds.FS, crds.Gateway},
		Logger:        logs.Etcd,
		Listen:        func() (net.Listener, error) { return apiserver.Listen(cfg.APIPort, "127.0.0.1") },
	}
	if !cfg.ControlPlaneOnly {
		s.planNode()
	}
	if err := s.plan.Prepare(now); err != nil {
		return nil, err
	}
	var edges []string
	if cfg.ControlPlaneOnly {
		s.plan.AddTo(s.sup)
	} else {
		s.addNode()
		edges = []string{"http://" + cfg.edgeAdmin()}
	}
	if !cfg.WithoutVela {
		s.sup.Add(vela.New(vela.Config{
			Kubeconfig: s.plan.PKI.Manager, CertDir: cfg.path("webhooks"), EdgeURLs: edges, Log: logs.Own,
			UIAddr: cfg.uiAddr(), UIShell: cfg.UIShell, Version: cfg.Version,
			FirstAccount: func(name, password string) { s.account = Account{name, password} },
		}), controlplane.Objects)
	}
	return s, nil
}

// planNode makes the control plane one that pods can reach.
func (s *Server) planNode() {
	gateway := s.cfg.gateway()
	s.plan.Advertise = gateway
	s.plan.NodeName = s.cfg.NodeName
	s.plan.Listen = func() (net.Listener, error) {
		return apiserver.Listen(s.cfg.APIPort, "127.0.0.1", gateway.String())
	}
	s.plan.Node = &bootstrap.Node{
		DNSServiceIP: s.cfg.dnsIP().String(),
		DNSAddress:   gateway.String(),
		EdgeAddress:  gateway.String(),
		EdgePort:     edgeAdminPort,
	}
}

// addNode adds everything, in the order in which it is stopped backwards.
func (s *Server) addNode() {
	cfg, places, gatewayIP := s.cfg, PlacesOf(s.cfg.DataDir), s.cfg.gateway()
	net := network.New(network.Config{
		PodCIDR: cfg.PodCIDR, ServiceCIDR: cfg.ServiceCIDR, Gateway: gatewayIP,
		CNIConfDir: cfg.path("cni", "net.d"), IPAMDir: places.IPAMDir, GatewayPool: cfg.GatewayPool,
	})
	containerd := runtime.New(runtime.Config{
		DataDir: cfg.path("containerd"), RunDir: places.RunDir, LogFile: cfg.path("containerd.log"), CNIDir: cfg.path("cni", "net.d"),
		Payload: func() (payload.Paths, error) { return payload.Unpack(cfg.path("payload")) },
	})
	s.sup.Add(net)
	s.sup.Add(containerd)
	s.plan.AddTo(s.sup, net.Name())

	pki := s.plan.PKI
	s.sup.Add(node.New(node.Config{
		Name: cfg.NodeName, IP: gatewayIP, DataDir: cfg.path("kubelet"), RuntimeSocket: runtime.Socket(places.RunDir),
		DNS: cfg.dnsIP().String(), ClusterDomain: cfg.ClusterDomain, PKI: pki,
	}), controlplane.APIServer, containerd.Name())
	s.sup.Add(proxy.New(proxy.Config{
		NodeName: cfg.NodeName, NodeIP: gatewayIP, PodCIDR: cfg.PodCIDR, ConfigFile: cfg.path("proxy.yaml"), PKI: pki,
	}), "kubelet")
	s.sup.Add(dns.New(dns.Config{
		Address: gatewayIP.String(), Domain: cfg.ClusterDomain, Ranges: []string{cfg.PodCIDR, cfg.ServiceCIDR},
		PKI: pki, ResolvConf: "/etc/resolv.conf",
	}), controlplane.Objects)
	s.sup.Add(&gateway{
		config: edge.Config{
			HTTPAddr: ":" + strconv.Itoa(cfg.HTTPPort), HTTPSAddr: ":" + strconv.Itoa(cfg.HTTPSPort),
			AdminAddr: cfg.edgeAdmin(), IngressClass: bootstrap.IngressClass, PublishAddress: gatewayIP.String(),
			GatewayController: bootstrap.IngressController, GatewayPool: cfg.gatewayPool(),
			Replica: cfg.NodeName, DrainTimeout: drainTimeout, NoFastPath: cfg.NoFastPath,
		},
		kubeconfig: pki.Edge, log: s.logs.Own, task: component.NewTask(),
	}, controlplane.Objects)
}

// FirstAccount is the account of the web UI that was made in this start; the zero one when there was one already. It is known when
// everything serves, and nowhere else.
func (s *Server) FirstAccount() Account { return s.account }

// Run starts everything, calls up when it serves, and stops everything when
// ctx ends or a component dies; then nothing of it is left on the machine.
// The error names the component.
func (s *Server) Run(ctx context.Context, up func() error) error {
	if !s.cfg.ControlPlaneOnly {
		// Before anything is made: after a sudden end others must know whose it is.
		if err := discovery.Write(s.current(false)); err != nil {
			return fmt.Errorf("telling where this cluster is: %w", err)
		}
	}
	err := s.serve(ctx, up)
	if err != nil {
		s.logs.Own.Error("stopping", "reason", err)
	}
	return errors.Join(err, s.sup.Stop(), s.cleanUp())
}

func (s *Server) serve(ctx context.Context, up func() error) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.sup.Start(starting); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while it started
		}
		return err
	}
	if !s.cfg.ControlPlaneOnly {
		if err := discovery.Write(s.current(true)); err != nil {
			return fmt.Errorf("telling where this cluster is: %w", err)
		}
	}
	if err := up(); err != nil {
		return err
	}
	return s.sup.Wait(ctx)
}

func (s *Server) current(ready bool) discovery.Current {
	return discovery.Current{
		DataDir: s.cfg.DataDir, Kubeconfig: s.plan.PKI.Admin, PID: os.Getpid(),
		HTTPPort: s.cfg.HTTPPort, HTTPSPort: s.cfg.HTTPSPort, EdgeAdmin: s.cfg.edgeAdmin(), Ready: ready,
	}
}

func (s *Server) cleanUp() error {
	if s.cfg.ControlPlaneOnly {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return Clean(ctx, s.cfg.DataDir)
}

// Clean removes what a cluster has on the machine besides its data, and the
// file by which it is found.
func Clean(ctx context.Context, dataDir string) error {
	if err := sweep.Machine(ctx, PlacesOf(dataDir)); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	c, ok, err := discovery.Read()
	if err != nil || !ok || c.DataDir != dataDir {
		return err
	}
	if err := os.RemoveAll(discovery.Dir); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}
