// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package portforward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/pods"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// pause is how long a forward that lost its pod waits before it looks for another.
const pause = time.Second

const examples = `  # The component's own port on this machine
  vela port-forward canary-demo

  # Another local port, or any that is free
  vela port-forward canary-demo 9000:8090
  vela port-forward canary-demo :8090`

// Options are the flags of `vela port-forward`.
type Options struct {
	pods.Wanted
	Ports     Ports
	Addresses []string

	sh *shell.Shell
}

// NewCommand is `vela port-forward`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("port-forward APP [LOCAL:REMOTE]", "port-forward", examples)
	flag.Component(cmd, sh.Text, &o.Component)
	flag.Pod(cmd, sh.Text, &o.Pod)
	cmd.Flags().StringSliceVar(&o.Addresses, "address", []string{"127.0.0.1"}, sh.Text.Of("port-forward.flag.address"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.validate(args); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) validate(args []string) error {
	var given string
	if len(args) == 2 {
		args, given = args[:1], args[1]
	}
	var err error
	if o.Application, err = o.sh.Name(args, "usage.no-application"); err != nil {
		return err
	}
	o.Ports, err = ParsePorts(given, o.sh.Text)
	return exit.With(exit.Usage, err)
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	o.Namespace = o.sh.Namespace(c)
	for first := true; ; first = false {
		target, err := o.target(ctx, c)
		if err != nil && first {
			return err
		}
		if err == nil {
			err = o.forward(ctx, c, target)
			if err != nil && !errors.Is(err, portforward.ErrLostConnectionToPod) {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("port-forward.again", o.Application)))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (o *Options) target(ctx context.Context, c *cluster.Cluster) (Target, error) {
	all, err := pods.List(ctx, c, o.Wanted, o.sh.Text)
	if err != nil {
		return Target{}, err
	}
	var services []corev1.Service
	if o.Pod == "" {
		services, err = cluster.List[corev1.Service](ctx, c, cluster.Services(), o.Namespace, metav1.ListOptions{LabelSelector: o.Selector()})
		if err != nil {
			return Target{}, err
		}
	}
	return Choose(services, all, o.Ports.Remote, o.sh.Text)
}

// forward listens until the context ends or the pod is lost. A local port that was chosen once is kept.
func (o *Options) forward(ctx context.Context, c *cluster.Cluster, target Target) error {
	dialer, err := newDialer(c, o.Namespace, target.Pod)
	if err != nil {
		return err
	}
	local := Local(o.Ports, target.Shown)
	ready := make(chan struct{})
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(ctx, dialer, o.Addresses,
		[]string{fmt.Sprintf("%d:%d", local, target.Port)}, ready, io.Discard, o.sh.Err)
	if err != nil {
		return o.sh.Text.Error("port-forward.failed", local, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		if err == nil || errors.Is(err, portforward.ErrLostConnectionToPod) {
			return err
		}
		return o.sh.Text.Error("port-forward.failed", local, err)
	case <-ready:
	}
	if ports, err := forwarder.GetPorts(); err == nil && len(ports) > 0 {
		local = int(ports[0].Local)
		o.Ports.Local, o.Ports.Free = local, false
	}
	o.sh.Printf("Forward successfully! http://%s:%d -> %s:%d\n", o.Addresses[0], local, target.Name, target.Shown)
	return <-ended
}

// newDialer tunnels through WebSocket, and through SPDY on servers that do not know it yet.
func newDialer(c *cluster.Cluster, namespace, pod string) (httpstream.Dialer, error) {
	address, err := c.PodURL(namespace, pod, "portforward", nil)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return nil, fmt.Errorf("forwarding to pod %s: %w", pod, err)
	}
	plain := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	tunnel, err := portforward.NewSPDYOverWebsocketDialerForStreaming(address, c.Config)
	if err != nil {
		return nil, fmt.Errorf("forwarding to pod %s: %w", pod, err)
	}
	return portforward.NewFallbackDialerForStreaming(tunnel, plain, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
