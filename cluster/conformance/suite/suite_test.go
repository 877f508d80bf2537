// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build conformance

package suite

import (
	"flag"
	"net/netip"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance"
	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"

	"github.com/vela-rollouts/vela/cluster/bootstrap"
)

var pool = flag.String("gateway-pool", "", "range of the Gateways' addresses")

// TestConformance tests what the GatewayClass says that the edge supports.
func TestConformance(t *testing.T) {
	o := conformance.DefaultOptions(t)
	o.GatewayClassName = bootstrap.GatewayClass
	o.ConformanceProfiles = []suite.ConformanceProfileName{suite.GatewayHTTPConformanceProfileName, suite.GatewayGRPCConformanceProfileName}
	version := o.Implementation.Version
	o.Implementation = conformancev1.Implementation{
		Organization: "vela-rollouts", Project: "vela", URL: "https://github.com/vela-rollouts/vela", Version: version,
		Contact: []string{"https://github.com/vela-rollouts/vela/issues"},
	}
	addresses := netip.MustParsePrefix(*pool)
	kind := gatewayv1.IPAddressType
	// The last address of the range is free: the edge gives the lowest ones first. That of documentation (RFC 5737) is nobody's.
	last := addresses.Addr()
	for addresses.Contains(last.Next()) {
		last = last.Next()
	}
	o.UsableNetworkAddresses = []gatewayv1.GatewaySpecAddress{{Type: &kind, Value: last.Prev().String()}}
	o.UnusableNetworkAddresses = []gatewayv1.GatewaySpecAddress{{Type: &kind, Value: "192.0.2.1"}}
	conformance.RunConformanceWithOptions(t, o)
}
