// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/vela-rollouts/vela/internal/connect"
)

// Command is vela-core's command line, of a version; its log goes to out as JSON.
func Command(version string, out io.Writer) *cobra.Command {
	cfg := Config{UI: UIConfig{Version: version}}
	var kubeconfig, secretFile string
	var verbose bool
	cmd := &cobra.Command{
		Use:           "vela-core",
		Short:         "Runs the controllers and webhooks of vela in a cluster",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			cfg.Log = slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
			klog.SetSlogLogger(cfg.Log)
			var err error
			if cfg.RestConfig, err = connect.Config(kubeconfig); err != nil {
				return err
			}
			if secretFile != "" {
				secret, err := os.ReadFile(secretFile)
				if err != nil {
					return fmt.Errorf("--oidc-client-secret-file: %w", err)
				}
				cfg.UI.Identity.ClientSecret = strings.TrimSpace(string(secret))
			}
			return Run(cmd.Context(), cfg)
		},
	}
	f := cmd.Flags()
	f.StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the API server; without it the pod's service account is used")
	f.StringSliceVar(&cfg.EdgeURLs, "edge-url", nil, "admin address of an edge replica, such as http://edge-admin:9180 (repeatable)")
	f.StringVar(&cfg.EdgeService, "edge-service", "", "namespace/name of the Service of the edge's replicas, in place of --edge-url; their admin listeners are its port \"admin\"")
	f.StringVar(&cfg.CertDir, "cert-dir", "", "directory for the webhooks' certificate, filled as needed; without it there are no webhooks")
	f.StringVar(&cfg.WebhookSecret, "webhook-secret", "", "namespace/name of the Secret by which several processes share the webhooks' certificate; it is made and renewed as needed")
	f.StringVar(&cfg.WebhookHost, "webhook-host", "", "address the webhooks listen on; all without it")
	f.IntVar(&cfg.WebhookPort, "webhook-port", 9443, "port the webhooks listen on")
	f.StringVar(&cfg.WebhookURL, "webhook-url", "", "where the API server finds the webhooks, such as https://127.0.0.1:9443")
	f.StringVar(&cfg.WebhookService, "webhook-service", "", "namespace/name of the webhooks' Service, in place of a URL")
	f.StringVar(&cfg.UI.Addr, "ui-addr", "", "host:port of the web UI and its API; off without it")
	f.StringVar(&cfg.UI.CertFile, "ui-tls-cert", "", "certificate of the web UI")
	f.StringVar(&cfg.UI.KeyFile, "ui-tls-key", "", "key of that certificate")
	f.BoolVar(&cfg.UI.BehindTLS, "ui-behind-tls", false, "people reach the web UI through something that has TLS, such as a gateway")
	f.BoolVar(&cfg.UI.Shell, "ui-shell", false, "let people who may create pods/exec open shells from the web UI")
	f.StringVar(&cfg.UI.Namespace, "ui-namespace", "vela-system", "namespace of the Secrets of accounts and sessions")
	f.StringVar(&cfg.UI.Identity.Issuer, "oidc-issuer", "", "address of the identity provider by which people may sign in to the web UI")
	f.StringVar(&cfg.UI.Identity.ClientID, "oidc-client-id", "", "what the identity provider knows the web UI by")
	f.StringVar(&secretFile, "oidc-client-secret-file", "", "file with the secret that goes with it")
	f.StringVar(&cfg.UI.Identity.URL, "oidc-url", "", "where people find the web UI, such as https://vela.example.com; the identity provider sends them back to /api/v1/auth/oidc/callback there")
	f.StringVar(&cfg.UI.Identity.Name, "oidc-name", "", "what the button says")
	f.StringVar(&cfg.UI.Identity.UserClaim, "oidc-user-claim", "email", "claim that names the user, who is oidc:NAME in the cluster")
	f.StringVar(&cfg.UI.Identity.GroupsClaim, "oidc-groups-claim", "groups", "claim that lists the groups, which are oidc:GROUP in the cluster")
	f.StringVar(&cfg.MetricsAddr, "metrics-addr", "", "host:port of the metrics; off without it")
	f.StringVar(&cfg.HealthAddr, "health-addr", "", "host:port of /healthz and /readyz; off without it")
	f.BoolVar(&cfg.LeaderElection, "leader-elect", false, "let one of several processes work at a time")
	f.StringVar(&cfg.LeaderElectionNamespace, "leader-election-namespace", "", "namespace of the Lease; the pod's own without it")
	f.BoolVar(&verbose, "verbose", false, "log what is done in detail")
	return cmd
}
