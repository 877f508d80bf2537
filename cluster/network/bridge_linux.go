// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vela-rollouts/vela/cluster/component"
)

// Names of what is made on the machine.
const (
	Bridge = "vela0"
	// Table is ours; kube-proxy and the port mapper have their own.
	Table = "velad"
	// PodNetwork is the name of the network in the CNI configuration, and the beginning of the names of what CNI keeps of it.
	PodNetwork = "velad"
)

// Config of the pod network.
type Config struct {
	PodCIDR     string
	ServiceCIDR string
	GatewayPool string // addresses of Gateways, all of them this machine's own; empty: there are none
	Gateway     net.IP // address of the bridge in the pod range
	CNIConfDir  string // gets the file that the container runtime reads
	IPAMDir     string // where addresses in use are noted
}

// Network is the component that makes the bridge.
type Network struct{ cfg Config }

var _ component.Component = (*Network)(nil)

// New returns a network that is not made.
func New(cfg Config) *Network { return &Network{cfg} }

// Name of the component.
func (*Network) Name() string { return "network" }

// Init refuses ranges that another interface of the machine uses.
func (n *Network) Init(context.Context) error {
	for _, r := range []struct{ flag, cidr string }{{"--pod-cidr", n.cfg.PodCIDR}, {"--service-cidr", n.cfg.ServiceCIDR}} {
		if err := unused(r.flag, r.cidr); err != nil {
			return err
		}
	}
	if n.cfg.GatewayPool == "" {
		return nil
	}
	return unused("--gateway-pool", n.cfg.GatewayPool)
}

func unused(flag, cidr string) error {
	_, want, err := net.ParseCIDR(cidr)
	if err != nil {
		return fmt.Errorf("%s: %q is not a range such as 10.244.0.0/24", flag, cidr)
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("reading the machine's routes: %w", err)
	}
	for _, r := range routes {
		if r.Dst == nil || r.Dst.IP.IsUnspecified() || (!r.Dst.Contains(want.IP) && !want.Contains(r.Dst.IP)) {
			continue
		}
		link, err := netlink.LinkByIndex(r.LinkIndex)
		if err != nil || link.Attrs().Name == Bridge {
			continue
		}
		return fmt.Errorf("the range %s is in use: %s is routed to %s; choose another one with %s", cidr, r.Dst, link.Attrs().Name, flag)
	}
	return nil
}

// Start makes the bridge with its address, routes and rules. What is there already is kept.
func (n *Network) Start(ctx context.Context) error {
	if err := n.bridge(); err != nil {
		return err
	}
	if err := n.sysctls(); err != nil {
		return err
	}
	if err := nft(ctx, n.rules()); err != nil {
		return fmt.Errorf("setting the rules of the bridge: %w", err)
	}
	return n.writeCNI()
}

func (n *Network) bridge() error {
	_, pods, err := net.ParseCIDR(n.cfg.PodCIDR)
	if err != nil {
		return err
	}
	_, services, err := net.ParseCIDR(n.cfg.ServiceCIDR)
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName(Bridge)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = Bridge
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return fmt.Errorf("making the bridge %s: %w", Bridge, err)
		}
		link, err = netlink.LinkByName(Bridge)
	}
	if err != nil {
		return fmt.Errorf("looking for the bridge %s: %w", Bridge, err)
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: n.cfg.Gateway, Mask: pods.Mask}}
	if err := dropOther(link, address); err != nil {
		return err
	}
	if err := netlink.AddrReplace(link, address); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", Bridge, address.IPNet, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bringing %s up: %w", Bridge, err)
	}
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: services, Src: n.cfg.Gateway, Scope: netlink.SCOPE_LINK}
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("routing %s to %s: %w", services, Bridge, err)
	}
	return n.pool(link)
}

// pool makes every address of the Gateways' range one of this machine, as `ip route add local` does. The routes go with the bridge.
func (n *Network) pool(link netlink.Link) error {
	var want *net.IPNet
	if n.cfg.GatewayPool != "" {
		_, pool, err := net.ParseCIDR(n.cfg.GatewayPool)
		if err != nil {
			return err
		}
		want = pool
	}
	of := &netlink.Route{LinkIndex: link.Attrs().Index, Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST}
	has, err := netlink.RouteListFiltered(netlink.FAMILY_V4, of, netlink.RT_FILTER_OIF|netlink.RT_FILTER_TYPE|netlink.RT_FILTER_TABLE)
	if err != nil {
		return fmt.Errorf("reading the local routes of %s: %w", Bridge, err)
	}
	for _, r := range has {
		if ones, bits := r.Dst.Mask.Size(); ones == bits || want != nil && r.Dst.String() == want.String() {
			continue // an address of the bridge, or what is to be
		}
		if err := netlink.RouteDel(&r); err != nil {
			return fmt.Errorf("removing the route to %s: %w", r.Dst, err)
		}
	}
	if want == nil {
		return nil
	}
	of.Dst = want
	if err := netlink.RouteReplace(of); err != nil {
		return fmt.Errorf("making %s addresses of this machine: %w", want, err)
	}
	return nil
}

// dropOther removes addresses of an earlier run with another range.
func dropOther(link netlink.Link, keep *netlink.Addr) error {
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("reading the addresses of %s: %w", Bridge, err)
	}
	for _, a := range addresses {
		if a.Equal(*keep) {
			continue
		}
		if err := netlink.AddrDel(link, &a); err != nil {
			return fmt.Errorf("removing the address %s of %s: %w", a.IPNet, Bridge, err)
		}
	}
	return nil
}

func (n *Network) sysctls() error {
	bridge := "net/ipv4/conf/" + Bridge + "/"
	for _, s := range [][2]string{
		{"net/ipv4/ip_forward", "1"},
		{bridge + "rp_filter", "0"},
		{"net/ipv6/conf/" + Bridge + "/disable_ipv6", "1"},
	} {
		path := filepath.Join("/proc/sys", s[0])
		if old, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(old)) == s[1] {
			continue
		}
		err := os.WriteFile(path, []byte(s[1]), 0o644)
		// A kernel without IPv6 has nothing to switch off.
		if err != nil && (!errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(s[0], "net/ipv6")) {
			return fmt.Errorf("setting %s: %w", s[0], err)
		}
	}
	return nil
}

// rules lets pods reach the world under the machine's address, and keeps the
// machine from telling them of the shorter way past it.
func (n *Network) rules() string {
	return fmt.Sprintf(`add table ip %[1]s
flush table ip %[1]s
table ip %[1]s {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %[2]s ip daddr != { %[2]s, %[3]s } oifname != "%[4]s" masquerade
	}
	chain output {
		type filter hook output priority filter; policy accept;
		oifname "%[4]s" icmp type redirect drop
	}
}
`, Table, n.cfg.PodCIDR, n.cfg.ServiceCIDR, Bridge)
}

func nft(ctx context.Context, script string) error {
	cmd := exec.CommandContext(ctx, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (n *Network) writeCNI() error {
	type m = map[string]any
	upper, lower, err := halves(n.cfg.PodCIDR)
	if err != nil {
		return err
	}
	// The lower half last: the gateway is in it, and a gateway that is itself
	// behind a route by way of it is refused.
	routes := []m{{"dst": "0.0.0.0/0"}, {"dst": upper}, {"dst": lower}}
	list := m{
		"cniVersion": "1.0.0", "name": PodNetwork,
		"plugins": []m{
			{
				"type": "bridge", "bridge": Bridge, "isGateway": true, "hairpinMode": true,
				"ipam": m{
					"type": "host-local", "dataDir": n.cfg.IPAMDir,
					"ranges": [][]m{{{"subnet": n.cfg.PodCIDR, "gateway": n.cfg.Gateway.String()}}},
					"routes": routes,
				},
			},
			{"type": "portmap", "capabilities": m{"portMappings": true}, "backend": "nftables"},
		},
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.cfg.CNIConfDir, 0o755); err != nil {
		return fmt.Errorf("writing the pod network's settings: %w", err)
	}
	if err := os.WriteFile(filepath.Join(n.cfg.CNIConfDir, "10-velad.conflist"), append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the pod network's settings: %w", err)
	}
	return nil
}

// halves splits a range in two. Routes to the halves come before the one to
// the whole, which every address brings with it.
func halves(cidr string) (upper, lower string, err error) {
	_, whole, err := net.ParseCIDR(cidr)
	if err != nil {
		return "", "", err
	}
	ones, bits := whole.Mask.Size()
	half := net.IPNet{IP: whole.IP, Mask: net.CIDRMask(ones+1, bits)}
	lower = half.String()
	half.IP = append(net.IP(nil), whole.IP.To4()...)
	half.IP[ones/8] |= 0x80 >> (ones % 8)
	return half.String(), lower, nil
}

// Ready has nothing to wait for.
func (*Network) Ready(context.Context) error { return nil }

// Stop leaves the bridge: pods that outlive us are on it. The sweep removes it.
func (*Network) Stop(context.Context) error { return nil }
