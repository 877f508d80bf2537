// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package dns runs CoreDNS inside the process, on the address of the bridge.
// Names of Services are answered from the API server; other names are asked of
// the machine's own resolver, if it has one.
package dns

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/miekg/dns"
	"k8s.io/klog/v2"

	// The directives of the configuration below.
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Config of the name server.
type Config struct {
	Address string // host to listen on, port 53
	Domain  string // such as cluster.local
	// Ranges of pods and Services: names of their addresses are never asked elsewhere.
	Ranges []string
	PKI    *pki.Bundle
	// ResolvConf names the machine's own name servers; empty: none are asked.
	ResolvConf string
}

// Server is the component.
type Server struct {
	cfg      Config
	instance *caddy.Instance
}

var _ component.Component = (*Server)(nil)

// New returns a name server that is not started.
func New(cfg Config) *Server { return &Server{cfg: cfg} }

// Name of the component.
func (*Server) Name() string { return "dns" }

// Init silences what CoreDNS prints to the terminal.
func (*Server) Init(context.Context) error {
	caddy.Quiet, dnsserver.Quiet = true, true
	return nil
}

func (s *Server) corefile() string {
	forward := ""
	if hasServer(s.cfg.ResolvConf, s.cfg.Address) {
		forward = "forward . " + s.cfg.ResolvConf
	}
	return fmt.Sprintf(`.:53 {
	bind %s
	errors
	kubernetes %s %s {
		kubeconfig %s velad
		ttl 5
	}
	cache 5 {
		disable success %[2]s
		disable denial %[2]s
	}
	%[5]s
}
`, s.cfg.Address, s.cfg.Domain, strings.Join(s.cfg.Ranges, " "), s.cfg.PKI.DNS, forward)
}

// hasServer tells whether a resolv.conf names a server other than ourselves.
func hasServer(file, self string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" && f[1] != self {
			return true
		}
	}
	return false
}

// Start opens the port and begins to answer.
func (s *Server) Start(context.Context) error {
	// The plugin takes the whole process's log for itself; it is given back.
	log := klog.Background()
	defer klog.SetLoggerWithOptions(log, klog.ContextualLogger(true))
	instance, err := caddy.Start(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(s.corefile()), ServerTypeName: "dns"})
	if err != nil {
		return fmt.Errorf("starting CoreDNS: %w", err)
	}
	s.instance = instance
	return nil
}

// Ready waits until the name of the API server's Service is answered.
func (s *Server) Ready(ctx context.Context) error {
	question := new(dns.Msg)
	question.SetQuestion("kubernetes.default.svc."+s.cfg.Domain+".", dns.TypeA)
	client := &dns.Client{Timeout: time.Second}
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		answer, _, err := client.ExchangeContext(ctx, question, net.JoinHostPort(s.cfg.Address, "53"))
		if err != nil {
			return err
		}
		if len(answer.Answer) == 0 {
			return fmt.Errorf("no answer for %s yet", question.Question[0].Name)
		}
		return nil
	})
}

// Stop closes the port.
func (s *Server) Stop(context.Context) error {
	if s.instance == nil {
		return nil
	}
	instance := s.instance
	s.instance = nil
	if err := instance.Stop(); err != nil {
		return fmt.Errorf("stopping CoreDNS: %w", err)
	}
	return nil
}
