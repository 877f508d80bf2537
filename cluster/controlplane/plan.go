// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/vela-rollouts/vela/cluster/apiserver"
	"github.com/vela-rollouts/vela/cluster/bootstrap"
	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/controllermanager"
	"github.com/vela-rollouts/vela/cluster/pki"
	"github.com/vela-rollouts/vela/cluster/scheduler"
	"github.com/vela-rollouts/vela/cluster/store"
)

// Defaults of every cluster.
const (
	DefaultServiceCIDR   = "10.96.0.0/16"
	DefaultClusterDomain = "cluster.local"
)

// auditPolicy records who did what to which object, and no bodies. Reads are
// in it: counting them is what it is for.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  nonResourceURLs: ["/healthz*", "/readyz*", "/livez*", "/version"]
- level: Metadata
`

// Plan is everything the control plane is made from.
type Plan struct {
	DataDir       string
	Port          int                          // of the API server on loopback
	Listen        func() (net.Listener, error) // opens it
	Advertise     net.IP                       // where pods find the API server; loopback without a node
	ServiceCIDR   string
	ClusterDomain string
	AuditLog      string // file; empty: no audit
	Quick         bool   // the store does not wait for the disk
	NodeName      string // empty without a node
	CRDs          []fs.FS
	Node          *bootstrap.Node // nil without a node

	WithoutScheduler   bool
	WithoutControllers []string
	Logger             *zap.Logger

	// PKI is filled by Prepare.
	PKI *pki.Bundle
}

// Names of the components, for those that must start after them.
const (
	APIServer = "apiserver"
	Objects   = "objects"
)

// Prepare makes the directory, the certificates and the files the components read.
func (p *Plan) Prepare(now time.Time) error {
	if err := os.MkdirAll(p.DataDir, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	service, err := firstAddress(p.ServiceCIDR)
	if err != nil {
		return err
	}
	ips := []net.IP{net.IPv4(127, 0, 0, 1), service}
	if !p.Advertise.IsLoopback() {
		ips = append(ips, p.Advertise)
	}
	p.PKI, err = pki.Ensure(pki.Config{
		Dir:           filepath.Join(p.DataDir, "pki"),
		Server:        fmt.Sprintf("https://127.0.0.1:%d", p.Port),
		APIServerIPs:  ips,
		NodeName:      p.NodeName,
		NodeIP:        p.Advertise,
		ClusterDomain: p.ClusterDomain,
	}, now)
	if err != nil {
		return fmt.Errorf("preparing certificates: %w", err)
	}
	if p.AuditLog == "" {
		return nil
	}
	if err := os.WriteFile(p.auditPolicyFile(), []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	return nil
}

func (p *Plan) auditPolicyFile() string { return filepath.Join(p.DataDir, "audit-policy.yaml") }

// firstAddress of a range is the one the API server's own Service gets.
func firstAddress(cidr string) (net.IP, error) { return Address(cidr, 1) }

// Address is the n-th address of an IPv4 range.
func Address(cidr string, n byte) (net.IP, error) {
	_, network, err := net.ParseCIDR(cidr)
	if err != nil || network.IP.To4() == nil {
		return nil, fmt.Errorf("%q is not an IPv4 range such as 10.96.0.0/16", cidr)
	}
	ip := append(net.IP(nil), network.IP.To4()...)
	ip[3] += n
	if !network.Contains(ip) {
		return nil, fmt.Errorf("the range %s is too small; give it at least /28", cidr)
	}
	return ip, nil
}

// AddTo adds the components to a supervisor. before names components that the
// API server needs, such as the bridge it listens on.
func (p *Plan) AddTo(s *component.Supervisor, before ...string) {
	etcd := store.New(store.Config{Dir: filepath.Join(p.DataDir, "etcd"), Quick: p.Quick, Logger: p.Logger})
	s.Add(etcd)
	s.Add(apiserver.New(apiserver.Config{
		Listen:        p.Listen,
		Advertise:     p.Advertise,
		ServiceCIDR:   p.ServiceCIDR,
		ClusterDomain: p.ClusterDomain,
		PKI:           p.PKI,
		StoreEndpoint: etcd.Endpoint,
		AuditPolicy:   p.auditPolicyFile(),
		AuditLog:      p.AuditLog,
	}), append(before, etcd.Name())...)
	s.Add(controllermanager.New(controllermanager.Config{PKI: p.PKI, Without: p.WithoutControllers}), APIServer)
	if !p.WithoutScheduler {
		s.Add(scheduler.New(p.PKI), APIServer)
	}
	s.Add(bootstrap.New(func() string { return p.PKI.Admin }, p.CRDs, p.Node), APIServer)
}
