// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/pods"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const examples = `  # The last lines of all pods
  vela logs canary-demo --tail 20

  # Follow them, also through a release
  vela logs canary-demo -f

  # One pod, as it wrote it
  vela logs canary-demo -p canary-demo-5d8c7b-x2x9z -o raw`

// Options are the flags of `vela logs`.
type Options struct {
	pods.Wanted
	Container string
	Follow    bool
	Tail      int64
	Since     time.Duration
	Output    string

	sh *shell.Shell
}

// NewCommand is `vela logs`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("logs APP", "logs", examples)
	flag.Component(cmd, sh.Text, &o.Component)
	flag.Pod(cmd, sh.Text, &o.Pod)
	flag.Container(cmd, sh.Text, &o.Container)
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, sh.Text.Of("logs.flag.follow"))
	cmd.Flags().Int64Var(&o.Tail, "tail", -1, sh.Text.Of("logs.flag.tail"))
	cmd.Flags().DurationVar(&o.Since, "since", 0, sh.Text.Of("logs.flag.since"))
	cmd.Flags().StringVarP(&o.Output, "output", "o", lineDefault, sh.Text.Of("logs.flag.output"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.validate(args); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) validate(args []string) error {
	var err error
	if o.Application, err = o.sh.Name(args, "usage.no-application"); err != nil {
		return err
	}
	switch o.Output {
	case lineDefault, lineRaw, lineJSON:
		return nil
	default:
		return exit.With(exit.Usage, o.sh.Text.Error("logs.output", o.Output))
	}
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	o.Namespace = o.sh.Namespace(c)
	there, err := pods.List(ctx, c, o.Wanted, o.sh.Text)
	if err != nil {
		return err
	}
	out := newLines(o.sh, o.Output)
	if o.Follow {
		return o.follow(ctx, c, out)
	}
	for i := range there {
		if !started(&there[i], o.Container) {
			continue
		}
		if err := o.copy(ctx, c, &there[i], out); err != nil {
			return err
		}
	}
	return nil
}

// follow reads each pod from the moment its container has started until it is gone.
func (o *Options) follow(ctx context.Context, c *cluster.Cluster, out *lines) error {
	var reading sync.WaitGroup
	defer reading.Wait()
	seen := map[string]bool{}
	err := cluster.Each(ctx, c, cluster.Pods(), o.Namespace, o.Selector(), func(pod *corev1.Pod) {
		key := string(pod.UID)
		if !o.Matches(pod) || seen[key] || !started(pod, o.Container) {
			return
		}
		seen[key] = true
		reading.Go(func() {
			if err := o.copy(ctx, c, pod, out); err != nil && ctx.Err() == nil {
				o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("logs.lost", pod.Name, err)))
			}
		})
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// started says that there is a log to read.
func started(pod *corev1.Pod, container string) bool {
	name := pods.Container(pod, container)
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name == name {
			return s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil
		}
	}
	return false
}

func (o *Options) copy(ctx context.Context, c *cluster.Cluster, pod *corev1.Pod, out *lines) error {
	container := pods.Container(pod, o.Container)
	query := url.Values{"container": {container}}
	if o.Follow {
		query.Set("follow", "true")
	}
	if o.Tail >= 0 {
		query.Set("tailLines", strconv.FormatInt(o.Tail, 10))
	}
	if o.Since > 0 {
		query.Set("sinceSeconds", strconv.FormatInt(int64(max(o.Since.Seconds(), 1)), 10))
	}
	address, err := c.PodURL(pod.Namespace, pod.Name, "log", query)
	if err != nil {
		return err
	}
	body, err := c.Stream(ctx, address)
	if err != nil {
		return err
	}
	defer body.Close()
	return out.copy(pod.Name, container, body)
}
