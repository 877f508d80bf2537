// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package execute

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
	remote "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/pods"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const examples = `  # A shell in a pod of the application
  vela exec canary-demo -- sh

  # One command in one pod
  vela exec canary-demo -p canary-demo-5d8c7b-x2x9z -- env`

// Options are the flags of `vela exec`.
type Options struct {
	pods.Wanted
	Container string
	Stdin     bool
	TTY       bool
	Command   []string

	sh *shell.Shell
}

// NewCommand is `vela exec`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("exec APP [flags] -- COMMAND [ARG...]", "exec", examples)
	cmd.DisableFlagsInUseLine = true
	flag.Component(cmd, sh.Text, &o.Component)
	flag.Pod(cmd, sh.Text, &o.Pod)
	flag.Container(cmd, sh.Text, &o.Container)
	terminal := sh.InTerminal && sh.OutTerminal
	cmd.Flags().BoolVarP(&o.Stdin, "stdin", "i", true, sh.Text.Of("exec.flag.stdin"))
	cmd.Flags().BoolVarP(&o.TTY, "tty", "t", terminal, sh.Text.Of("exec.flag.tty"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.validate(args, cmd.ArgsLenAtDash()); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) validate(args []string, dash int) error {
	if dash < 0 {
		dash = min(len(args), 1)
	}
	o.Command = args[dash:]
	var err error
	if o.Application, err = o.sh.Name(args[:dash], "usage.no-application"); err != nil {
		return err
	}
	if len(o.Command) == 0 {
		return o.sh.Usage("exec.no-command", o.Application+shell.Suffix(o.sh.NamespaceFlag))
	}
	return nil
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	o.Namespace = o.sh.Namespace(c)
	all, err := pods.List(ctx, c, o.Wanted, o.sh.Text)
	if err != nil {
		return err
	}
	pod := pods.Best(all)
	container := pods.Container(pod, o.Container)
	if len(all) > 1 && o.sh.ErrTerminal {
		o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("exec.picked", pod.Name, len(all))))
	}
	address, err := c.PodURL(pod.Namespace, pod.Name, "exec", o.query(container))
	if err != nil {
		return err
	}
	executor, err := newExecutor(c, address)
	if err != nil {
		return err
	}
	return o.failure(o.stream(ctx, executor), pod.Name, container)
}

func (o *Options) query(container string) url.Values {
	q := url.Values{"command": o.Command, "container": {container}, "stdout": {"true"}}
	if o.Stdin {
		q.Set("stdin", "true")
	}
	if o.TTY {
		q.Set("tty", "true")
	} else {
		q.Set("stderr", "true") // with a terminal both are one stream
	}
	return q
}

// newExecutor speaks WebSocket, and SPDY to servers that do not know it yet.
func newExecutor(c *cluster.Cluster, address *url.URL) (remotecommand.Executor, error) {
	spdy, err := remotecommand.NewSPDYExecutor(c.Config, http.MethodPost, address)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(c.Config, http.MethodGet, address.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

func (o *Options) stream(ctx context.Context, executor remotecommand.Executor) error {
	streams := remotecommand.StreamOptions{Stdout: o.sh.Out, Tty: o.TTY}
	if o.Stdin {
		streams.Stdin = o.sh.In
	}
	if !o.TTY {
		streams.Stderr = o.sh.Err
	}
	if in, ok := o.sh.In.(*os.File); ok && o.TTY && o.sh.InTerminal {
		fd := int(in.Fd())
		before, err := term.MakeRaw(fd)
		if err != nil {
			return o.sh.Text.Error("exec.no-raw", err)
		}
		defer term.Restore(fd, before) //nolint:errcheck // there is nothing more to do with the terminal
		sizes := newSizes(fd)
		defer sizes.stop()
		streams.TerminalSizeQueue = sizes
	}
	err := executor.StreamWithContext(ctx, streams)
	var ended remote.ExitError
	if errors.As(err, &ended) && ended.Exited() {
		return exit.With(ended.ExitStatus(), o.sh.Text.Error("exec.ended", ended.ExitStatus()))
	}
	return err
}
