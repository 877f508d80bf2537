// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"cmp"
	"errors"
	"io"
	"net/netip"
	"time"
)

// Config is how one replica of the edge runs.
type Config struct {
	// HTTPAddr and HTTPSAddr are where requests come in, as host:port. Either may be empty: then that one is not served,
	// and without HTTPSAddr nothing is redirected to it.
	HTTPAddr, HTTPSAddr string
	// AdminAddr serves the plan, health and metrics, read-only and without authentication. Keep it off public networks.
	AdminAddr string
	// IngressClass is the class served, "nginx" when empty. Ingresses that name no class are served when the cluster's
	// IngressClass of this name is marked as the default.
	IngressClass string
	// PublishAddress is the IP written to status.loadBalancer of Ingresses that are not canaries, and to the status of Gateways that
	// share the edge's address. Empty: none is written.
	PublishAddress string
	// GatewayController is the spec.controllerName of the GatewayClasses served, "release.oam.dev/edge" when empty.
	GatewayController string
	// GatewayPool is the range out of which each Gateway gets an address of its own, on which the edge then listens: they must all be
	// local to the machine, and one replica alone can have them. Zero: all Gateways share the edge's address, and where two
	// claim the same port and hostname the older one has it.
	GatewayPool netip.Prefix
	// HTTPPort and HTTPSPort are the ports of Gateways' listeners that HTTPAddr and HTTPSAddr serve; the ports of those addresses when 0.
	// Ports of other listeners are opened when there is one.
	HTTPPort, HTTPSPort int
	// Replica names this process in its plan.
	Replica string
	// AccessLog gets one line of JSON for each request. Nil: off.
	AccessLog io.Writer
	// NoFastPath serves plain HTTP/1.1 with net/http too.
	NoFastPath bool
	// DrainTimeout bounds how long a stop waits for requests in flight; 30 s when 0.
	DrainTimeout time.Duration
}

func (c Config) withDefaults() (Config, error) {
	c.IngressClass = cmp.Or(c.IngressClass, "nginx")
	c.GatewayController = cmp.Or(c.GatewayController, "release.oam.dev/edge")
	c.Replica = cmp.Or(c.Replica, "edge")
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 30*time.Second)
	if c.HTTPAddr == "" && c.HTTPSAddr == "" {
		return c, errors.New("the edge has nothing to listen on; set HTTPAddr or HTTPSAddr")
	}
	if c.AdminAddr == "" {
		return c, errors.New("the edge cannot say what it serves; set AdminAddr")
	}
	return c, nil
}

// Limits on clients. Those with a counterpart in nginx have its default.
const (
	readHeaderTimeout = 15 * time.Second
	clientIdle        = 75 * time.Second // keepalive_timeout
	maxHeaderBytes    = 64 << 10
	maxStreams        = 250 // concurrent HTTP/2 streams of one connection
)

// Limits towards backends.
const (
	maxAttempts  = 3
	upstreamIdle = 60 * time.Second // keepalive_timeout of an nginx upstream
	maxIdleConns = 1024             // idle connections kept to one endpoint
	copyBuffer   = 32 << 10
)
