// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/globals"
	"github.com/vela-rollouts/vela/cluster/progress"
	"github.com/vela-rollouts/vela/cluster/server"
)

type upOptions struct {
	server.Config
	detach bool
	// progressFD is the open file on which a detached velad tells its parent how the start goes.
	progressFD int
	streams    Streams
}

func newUp(version string, streams Streams) *cobra.Command {
	o := &upOptions{Config: server.Defaults(), streams: streams}
	o.Version = version
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster",
		Long:  "Start the cluster, and run it until Ctrl-C or velad down. The first start makes it in the data directory, the next ones continue it.",
		Example: `  velad up
  velad up --detach --http-port 8080 --https-port 8443
  velad up --control-plane-only --data-dir /tmp/cp --api-port 16443`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.ControlPlaneOnly && !cmd.Flags().Changed("ui-port") {
				o.UIPort = 0
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	dataDirFlag(cmd, &o.DataDir)
	f.BoolVarP(&o.detach, "detach", "d", false, "start in the background, return when everything serves")
	f.IntVar(&o.HTTPPort, "http-port", o.HTTPPort, "port of the gateway for HTTP")
	f.IntVar(&o.HTTPSPort, "https-port", o.HTTPSPort, "port of the gateway for HTTPS")
	f.IntVar(&o.APIPort, "api-port", o.APIPort, "port of the Kubernetes API, on the loopback address and for pods")
	f.IntVar(&o.UIPort, "ui-port", o.UIPort, "port of the web UI on the loopback address; 0: none (default with --control-plane-only)")
	f.BoolVar(&o.UIShell, "ui-shell", false, "let people who may create pods/exec open shells from the web UI")
	f.StringVar(&o.PodCIDR, "pod-cidr", o.PodCIDR, "range of the pods' addresses")
	f.StringVar(&o.ServiceCIDR, "service-cidr", o.ServiceCIDR, "range of the Services' addresses")
	f.StringVar(&o.GatewayPool, "gateway-pool", "", "range out of which each Gateway gets an address of its own on this machine, such as 10.243.0.0/24 (default: all share one)")
	f.BoolVar(&o.NoFastPath, "no-fast-path", false, "serve plain HTTP/1.1 through the gateway's general path too, which is slower: to compare, should answers ever differ")
	f.StringVar(&o.AuditLog, "audit-log", "", "file that gets one line for each API request, without its body")
	f.BoolVar(&o.ControlPlaneOnly, "control-plane-only", false, "no node, no containers, no gateway: only the Kubernetes API and its controllers, on loopback; needs no root")
	f.BoolVar(&o.WithoutVela, "without-vela", false, "leave vela's controllers out, to run them elsewhere")
	f.BoolVar(&o.Verbose, "verbose", false, "log what Kubernetes' own parts do, not only what fails")
	f.IntVar(&o.progressFD, "progress-fd", 0, "")
	_ = f.MarkHidden("progress-fd")
	return cmd
}

func (o *upOptions) run(ctx context.Context) error {
	if err := o.Validate(); err != nil {
		return err
	}
	// First: a cluster that runs already is the reason for ports that are taken.
	lock, err := server.Lock(o.DataDir)
	if err != nil {
		return err
	}
	if o.progressFD == 0 {
		if err := server.Preflight(o.Config); err != nil {
			return err
		}
	}
	if o.detach {
		// The child takes the lock itself.
		if err := lock.Close(); err != nil {
			return err
		}
		return o.detached(ctx)
	}
	defer func() { _ = lock.Close() }()
	return o.foreground(ctx)
}

// foreground is the cluster itself.
func (o *upOptions) foreground(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A terminal that goes away must not take the cluster with it half way.
	signal.Ignore(syscall.SIGHUP)

	terminal, err := globals.Redirect(server.LogFile(o.DataDir))
	if err != nil {
		return err
	}
	logs, err := globals.Loggers(os.Stderr, o.Verbose)
	if err != nil {
		return err
	}
	globals.Tune()
	teller := o.teller(terminal)
	begun := time.Now()
	s, err := server.New(o.Config, server.Loggers{Own: logs.Own, Etcd: logs.Etcd}, begun, teller.event)
	if err == nil {
		err = s.Run(ctx, func() error {
			teller.up(time.Since(begun), s.FirstAccount())
			return nil
		})
	}
	teller.end(err)
	return err
}

// teller shows how it goes: to a person, or to the parent that a detached velad has.
type teller struct {
	event func(component.Event)
	up    func(took time.Duration, first server.Account)
	end   func(err error)
}

func (o *upOptions) teller(terminal *os.File) teller {
	if o.progressFD != 0 {
		return toParent(os.NewFile(uintptr(o.progressFD), "progress"))
	}
	p := progress.New(terminal, term.IsTerminal(int(terminal.Fd())))
	return teller{
		event: p.Show,
		up: func(took time.Duration, first server.Account) {
			p.Total("Everything serves after", took)
			o.hints(terminal, first)
			_, _ = fmt.Fprintln(terminal, "Ctrl-C stops it.")
		},
		end: func(error) {},
	}
}
