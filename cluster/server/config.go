// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"

	"github.com/vela-rollouts/vela/cluster/controlplane"
	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/cluster/preflight"
	"github.com/vela-rollouts/vela/cluster/sweep"
)

// Config of a velad.
type Config struct {
	DataDir             string
	HTTPPort, HTTPSPort int
	APIPort             int
	UIPort              int // of the web UI, on loopback; 0: none
	// UIShell lets those who may exec into pods open shells from it.
	UIShell          bool
	PodCIDR          string
	ServiceCIDR      string
	GatewayPool      string // empty: Gateways share the edge's address
	ClusterDomain    string
	NodeName         string
	AuditLog         string
	ControlPlaneOnly bool
	// NoFastPath has the gateway serve plain HTTP/1.1 with net/http too.
	NoFastPath bool
	// WithoutVela leaves vela's own controllers out; they run elsewhere.
	WithoutVela bool
	// Version is shown in the web UI.
	Version string
	// Verbose logs what Kubernetes' own parts do, not only what fails.
	Verbose bool
}

// Defaults are the settings of a velad that is told nothing.
func Defaults() Config {
	return Config{
		DataDir:       "/var/lib/velad",
		HTTPPort:      80,
		HTTPSPort:     443,
		APIPort:       6443,
		UIPort:        9082,
		PodCIDR:       "10.244.0.0/24",
		ServiceCIDR:   controlplane.DefaultServiceCIDR,
		ClusterDomain: controlplane.DefaultClusterDomain,
		NodeName:      "velad",
	}
}

// edgeAdminPort is where the edge serves its plan, on the bridge.
const edgeAdminPort = 9180

// Validate returns what is wrong with the settings, and makes paths absolute.
func (c *Config) Validate() error {
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	if dir == "/" {
		return errors.New("--data-dir: the root directory cannot be one; choose a directory for this alone")
	}
	c.DataDir = dir
	if c.AuditLog != "" {
		if c.AuditLog, err = filepath.Abs(c.AuditLog); err != nil {
			return fmt.Errorf("--audit-log: %w", err)
		}
	}
	seen := map[int]string{}
	if c.UIPort < 0 {
		return fmt.Errorf("--ui-port: %d is not a port; choose one from 1 to 65535, or 0 for no web UI", c.UIPort)
	}
	for _, p := range c.ports() {
		if p.Number < 1 || p.Number > 65535 {
			return fmt.Errorf("%s: %d is not a port; choose one from 1 to 65535", p.Flag, p.Number)
		}
		if other := seen[p.Number]; other != "" {
			return fmt.Errorf("%s and %s are both %d; choose another port for one of them", other, p.Flag, p.Number)
		}
		seen[p.Number] = p.Flag
	}
	if _, err := controlplane.Address(c.PodCIDR, 1); err != nil {
		return fmt.Errorf("--pod-cidr: %w", err)
	}
	if _, err := controlplane.Address(c.ServiceCIDR, dnsHost); err != nil {
		return fmt.Errorf("--service-cidr: %w", err)
	}
	_, pods, _ := net.ParseCIDR(c.PodCIDR)
	_, services, _ := net.ParseCIDR(c.ServiceCIDR)
	for flag, ip := range map[string]net.IP{"--pod-cidr": pods.IP, "--service-cidr": services.IP} {
		if !ip.IsGlobalUnicast() {
			return fmt.Errorf("%s: %s cannot be given to anyone; choose a private range such as 10.244.0.0/24", flag, ip)
		}
	}
	if pods.Contains(services.IP) || services.Contains(pods.IP) {
		return fmt.Errorf("--pod-cidr %s and --service-cidr %s overlap; choose ranges apart from each other", c.PodCIDR, c.ServiceCIDR)
	}
	return c.validatePool(pods, services)
}

// validatePool looks at the range of Gateways' addresses.
func (c *Config) validatePool(others ...*net.IPNet) error {
	if c.GatewayPool == "" {
		return nil
	}
	pool, err := netip.ParsePrefix(c.GatewayPool)
	if err != nil || !pool.Addr().Is4() || pool != pool.Masked() || pool.Bits() > 30 {
		return fmt.Errorf("--gateway-pool: %q is not an IPv4 range of at least four addresses; choose one such as 10.243.0.0/24", c.GatewayPool)
	}
	if !pool.Addr().IsGlobalUnicast() {
		return fmt.Errorf("--gateway-pool: %s cannot be given to anyone; choose a private range such as 10.243.0.0/24", pool.Addr())
	}
	_, wide, _ := net.ParseCIDR(c.GatewayPool)
	for _, o := range others {
		if wide.Contains(o.IP) || o.Contains(wide.IP) {
			return fmt.Errorf("--gateway-pool %s overlaps %s; choose ranges apart from each other", c.GatewayPool, o)
		}
	}
	return nil
}

// gatewayPool is zero where Gateways share the edge's address.
func (c *Config) gatewayPool() netip.Prefix {
	pool, _ := netip.ParsePrefix(c.GatewayPool) // checked by Validate
	return pool
}

func (c *Config) ports() []preflight.Port {
	ports := []preflight.Port{{Number: c.APIPort, Flag: "--api-port"}}
	if c.UIPort != 0 && !c.WithoutVela {
		ports = append(ports, preflight.Port{Number: c.UIPort, Flag: "--ui-port"})
	}
	if c.ControlPlaneOnly {
		return ports
	}
	return append(ports, preflight.Port{Number: c.HTTPPort, Flag: "--http-port"}, preflight.Port{Number: c.HTTPSPort, Flag: "--https-port"})
}

// dnsHost is the number of the DNS service's address in the service range.
const dnsHost = 10

// gateway is the address of the bridge, of the node, and of what pods reach on it.
func (c *Config) gateway() net.IP {
	ip, _ := controlplane.Address(c.PodCIDR, 1) // checked by Validate
	return ip
}

func (c *Config) dnsIP() net.IP {
	ip, _ := controlplane.Address(c.ServiceCIDR, dnsHost) // checked by Validate
	return ip
}

func (c *Config) edgeAdmin() string {
	return net.JoinHostPort(c.gateway().String(), strconv.Itoa(edgeAdminPort))
}

// uiAddr is where the web UI listens; empty: nowhere.
func (c *Config) uiAddr() string {
	if c.UIPort == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.UIPort))
}

// UIURL is where people find the web UI; empty where there is none.
func (c *Config) UIURL() string {
	if c.UIPort == 0 || c.WithoutVela {
		return ""
	}
	return "http://" + c.uiAddr()
}

func (c *Config) path(elem ...string) string {
	return filepath.Join(append([]string{c.DataDir}, elem...)...)
}

// Kubeconfig is the admin's file in a data directory.
func Kubeconfig(dataDir string) string { return filepath.Join(dataDir, "pki", "admin.kubeconfig") }

// LogFile is where a velad writes what it does.
func LogFile(dataDir string) string { return filepath.Join(dataDir, "velad.log") }

// PlacesOf names the directories of the cluster in a data directory.
func PlacesOf(dataDir string) sweep.Places {
	return sweep.Places{
		DataDir: dataDir,
		RunDir:  filepath.Join(discovery.Dir, "c"),
		IPAMDir: filepath.Join(dataDir, "cni", "addresses"),
	}
}
