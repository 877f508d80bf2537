// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package proxy runs kube-proxy inside the process: it makes Services work,
// with nftables rules in tables of its own.
package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-proxy/app"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Tables are what kube-proxy makes, by nftables family.
func Tables() []string { return []string{"ip kube-proxy", "ip6 kube-proxy"} }

// Config of the proxy.
type Config struct {
	NodeName   string
	NodeIP     net.IP
	PodCIDR    string
	ConfigFile string // written at the start
	PKI        *pki.Bundle
}

// Proxy is the component.
type Proxy struct {
	cfg  Config
	task *component.Task
}

var (
	_ component.Component = (*Proxy)(nil)
	_ component.Mortal    = (*Proxy)(nil)
)

// New returns a proxy that is not started.
func New(cfg Config) *Proxy { return &Proxy{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Proxy) Name() string { return "proxy" }

// Init has nothing to check that the options do not check themselves.
func (*Proxy) Init(context.Context) error { return nil }

func (p *Proxy) healthAddress() string { return net.JoinHostPort(p.cfg.NodeIP.String(), "10256") }

// settings: a change of endpoints is written at once (an endpoint that is gone
// must not get one more connection), and the machine's connection tracking is
// left as it is.
const settings = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: %[1]q, qps: 100, burst: 200}
hostnameOverride: %[2]q
bindAddress: %[3]q
healthzBindAddress: %[4]q
metricsBindAddress: %[5]q
enableProfiling: false
clusterCIDR: %[6]q
detectLocalMode: ClusterCIDR
oomScoreAdj: 0
nodePortAddresses: [primary]
nftables: {minSyncPeriod: 10ms, syncPeriod: 1h}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`

// Start begins to translate Services.
func (p *Proxy) Start(context.Context) error {
	text := fmt.Sprintf(settings, p.cfg.PKI.Proxy, p.cfg.NodeName, p.cfg.NodeIP.String(), p.healthAddress(),
		net.JoinHostPort(p.cfg.NodeIP.String(), "10249"), p.cfg.PodCIDR)
	if err := os.WriteFile(p.cfg.ConfigFile, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing its settings: %w", err)
	}
	opts := app.NewOptions()
	opts.ConfigFile = p.cfg.ConfigFile
	fs := pflag.NewFlagSet("kube-proxy", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	opts.AddFlags(fs)
	if err := fs.Parse([]string{"--config=" + p.cfg.ConfigFile}); err != nil {
		return fmt.Errorf("reading its flags: %w", err)
	}
	if err := opts.Complete(fs); err != nil {
		return fmt.Errorf("completing its options: %w", err)
	}
	if err := opts.Validate(); err != nil {
		return fmt.Errorf("checking its options: %w", err)
	}
	p.task.Go(func(ctx context.Context) error {
		// Run takes no notice of the end of ctx: its goroutines do, it does not.
		ended := make(chan error, 1)
		go func() { ended <- opts.Run(ctx) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	return nil
}

// Ready waits until the first rules are written.
func (p *Proxy) Ready(ctx context.Context) error {
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.healthAddress()+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("its health check answers %s", resp.Status)
		}
		return nil
	})
}

// Died yields the error of a proxy that ended on its own.
func (p *Proxy) Died() <-chan error { return p.task.Died() }

// Stop ends the proxy. Its rules stay: pods may outlive us. The sweep removes them.
func (p *Proxy) Stop(ctx context.Context) error { return p.task.Halt(ctx) }
