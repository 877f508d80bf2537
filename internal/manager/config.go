// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"k8s.io/client-go/rest"
)

// Config of the process.
type Config struct {
	// RestConfig is how to reach the API server.
	RestConfig *rest.Config
	// EdgeURLs are the admin addresses of the edge's replicas, such as http://127.0.0.1:9180; none means that weights
	// can't be acknowledged.
	EdgeURLs []string
	// EdgeService is namespace/name of a Service of the edge's replicas in place of EdgeURLs; its port "admin" is that of their admin
	// listeners.
	EdgeService string

	// CertDir holds the webhooks' authority and certificate; it is filled as needed. Empty turns the webhooks off.
	CertDir string
	// WebhookSecret is namespace/name of a Secret by which several processes have the same authority and certificate; CertDir is a copy of
	// it then. Empty: each process has its own.
	WebhookSecret string
	// WebhookHost and WebhookPort are where the webhooks listen.
	WebhookHost string
	WebhookPort int
	// WebhookURL is where the API server finds them, such as https://127.0.0.1:9443.
	WebhookURL string
	// WebhookService is namespace/name of a Service in place of WebhookURL; its port is 443.
	WebhookService string

	// UI is the web UI.
	UI UIConfig

	// MetricsAddr and HealthAddr are host:port; empty or 0 turns each off.
	MetricsAddr string
	HealthAddr  string
	// LeaderElection lets one of several processes work at a time; LeaderElectionNamespace holds its Lease.
	LeaderElection          bool
	LeaderElectionNamespace string

	Log *slog.Logger
	// Ready is called once, when caches are filled and the webhooks are registered; it may be nil.
	Ready func()
}

// validate says in a sentence what is missing.
func (c *Config) validate() error {
	if c.RestConfig == nil {
		return errors.New("no API server to talk to: give a kubeconfig")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, addr := range []*string{&c.MetricsAddr, &c.HealthAddr} {
		if *addr == "" {
			*addr = "0"
		}
	}
	if c.EdgeService != "" && (strings.Count(c.EdgeService, "/") != 1 || len(c.EdgeURLs) > 0) {
		return fmt.Errorf("the edge's Service: %q is to be namespace/name, and no addresses of replicas beside it", c.EdgeService)
	}
	if err := c.UI.validate(); err != nil {
		return err
	}
	if c.CertDir == "" {
		return nil
	}
	if c.WebhookPort == 0 {
		c.WebhookPort = 9443
	}
	if c.WebhookURL == "" && strings.Count(c.WebhookService, "/") != 1 {
		return errors.New("webhooks have a certificate directory but no address: give a webhook URL, or a Service as namespace/name")
	}
	if c.WebhookSecret != "" && strings.Count(c.WebhookSecret, "/") != 1 {
		return fmt.Errorf("the Secret of the webhooks' certificate: %q is not namespace/name", c.WebhookSecret)
	}
	return nil
}
