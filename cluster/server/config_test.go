// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"strings"
	"testing"
)

func TestSettingsAreRefusedByTheNameOfTheirFlag(t *testing.T) {
	cases := map[string]struct {
		set  func(c *Config)
		want string
	}{
		"the defaults are good":      {func(*Config) {}, ""},
		"a port that is none":        {func(c *Config) { c.HTTPPort = 70000 }, "--http-port: 70000 is not a port"},
		"two on one port":            {func(c *Config) { c.HTTPSPort = c.HTTPPort }, "--http-port and --https-port are both 80"},
		"unused ports do not matter": {func(c *Config) { c.ControlPlaneOnly, c.HTTPSPort = true, c.HTTPPort }, ""},
		"a range that is none":       {func(c *Config) { c.PodCIDR = "10.244.0.0" }, `--pod-cidr: "10.244.0.0" is not an IPv4 range`},
		"a range of IPv6":            {func(c *Config) { c.ServiceCIDR = "fd00::/112" }, "--service-cidr"},
		"a range that is too small":  {func(c *Config) { c.ServiceCIDR = "10.96.0.0/30" }, "too small"},
		"a range of loopback":        {func(c *Config) { c.PodCIDR = "127.0.0.0/24" }, "--pod-cidr: 127.0.0.0 cannot be given"},
		"a pool that is none":        {func(c *Config) { c.GatewayPool = "10.243.0.1" }, "--gateway-pool"},
		"a pool among the pods":      {func(c *Config) { c.GatewayPool = "10.244.0.128/25" }, "overlaps 10.244.0.0/24"},
		"a pool of loopback":         {func(c *Config) { c.GatewayPool = "127.7.0.0/24" }, "cannot be given"},
		"ranges that overlap":        {func(c *Config) { c.PodCIDR = "10.96.4.0/24" }, "overlap"},
		"the root directory":         {func(c *Config) { c.DataDir = "/" }, "--data-dir"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := Defaults()
			tc.set(&c)
			err := c.Validate()
			if (tc.want == "") != (err == nil) || !strings.Contains(fmt.Sprint(err), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
