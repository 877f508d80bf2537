// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/gateway-api/pkg/client/clientset/versioned"

	"github.com/vela-rollouts/vela/internal/connect"
)

// Command gives the command line of a replica that runs on its own. Its log goes to out as JSON, requests to standard output.
func Command(version string, out io.Writer) *cobra.Command {
	cfg := Config{}
	var kubeconfig string
	var accessLog, verbose bool
	cmd := &cobra.Command{
		Use:           "vela-edge",
		Short:         "Runs a replica of the gateway that leads requests by Ingresses and the Gateway API",
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			if accessLog {
				cfg.AccessLog = os.Stdout
			}
			to, err := connect.Config(kubeconfig)
			if err != nil {
				return err
			}
			e, err := Connect(cfg, to, slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level})))
			if err != nil {
				return err
			}
			return e.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the API server; without it the pod's service account is used")
	f.StringVar(&cfg.HTTPAddr, "http-addr", ":8080", "host:port for plain requests; off when empty")
	f.StringVar(&cfg.HTTPSAddr, "https-addr", ":8443", "host:port for encrypted requests; off when empty")
	f.StringVar(&cfg.AdminAddr, "admin-addr", ":9180", "host:port of the plan, health and metrics; without authentication, so keep it inside the cluster")
	f.IntVar(&cfg.HTTPPort, "http-port", 80, "port by which clients reach --http-addr, as Gateways' listeners name it")
	f.IntVar(&cfg.HTTPSPort, "https-port", 443, "port by which clients reach --https-addr")
	f.StringVar(&cfg.IngressClass, "ingress-class", "nginx", "class of the Ingresses that are served")
	f.StringVar(&cfg.GatewayController, "gateway-controller", "release.oam.dev/edge", "controllerName of the GatewayClasses that are served")
	f.StringVar(&cfg.PublishAddress, "publish-address", "", "IP written to the status of Ingresses and Gateways; none without it")
	f.StringVar(&cfg.Replica, "replica", os.Getenv("POD_NAME"), "name of this process in what it says it serves; the pod's name in POD_NAME by default")
	f.DurationVar(&cfg.DrainTimeout, "drain-timeout", 0, "how long a stop waits for requests in flight; 30 s by default")
	f.BoolVar(&accessLog, "access-log", false, "write a line of JSON for each request to standard output")
	f.BoolVar(&verbose, "verbose", false, "log what is done in detail")
	return cmd
}

// Connect is New for the cluster behind an address.
func Connect(cfg Config, to *rest.Config, log *slog.Logger) (*Edge, error) {
	to = rest.CopyConfig(to)
	to.QPS = -1 // the API server limits by priority and fairness
	to.UserAgent = "vela-edge"
	client, err := kubernetes.NewForConfig(to)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	gateways, err := versioned.NewForConfig(to)
	if err != nil {
		return nil, fmt.Errorf("making a client of the Gateway API: %w", err)
	}
	return New(cfg, client, gateways, log)
}
