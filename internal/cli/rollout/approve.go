// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// waitFor is how long --wait waits unless told otherwise.
const waitFor = 10 * time.Minute

type approval struct {
	sh      *shell.Shell
	name    string
	wait    bool
	timeout time.Duration
}

func newApprove(sh *shell.Shell) *cobra.Command {
	o := &approval{sh: sh}
	cmd := sh.Command("approve ROLLOUT", "rollout.approve", "  vela rollout approve canary-demo\n  vela rollout approve canary-demo --wait")
	cmd.Flags().BoolVar(&o.wait, "wait", false, sh.Text.Of("rollout.flag.wait"))
	flag.Timeout(cmd, sh.Text, &o.timeout, waitFor)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if o.name, err = sh.Name(args, "rollout.no-name"); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *approval) run(ctx context.Context) error {
	c, r, err := own(ctx, o.sh, o.name, "resume")
	if err != nil {
		return err
	}
	st := r.Status
	if st.CurrentStepState != v1beta1.StepPaused {
		return exit.With(exit.Refused, o.sh.Text.Error("rollout.not-paused", o.name, state(st)))
	}
	_, err = cluster.Patch[v1beta1.Rollout](ctx, c, cluster.Rollouts(), r.Namespace, r.Name, approve(st), "status")
	if apierrors.IsInvalid(err) || apierrors.IsConflict(err) {
		return exit.With(exit.Refused, o.sh.Text.Error("rollout.moved-on", o.name))
	}
	if err != nil {
		return err
	}
	o.sh.Printf("%s\n", o.sh.Text.Of("rollout.approved", o.name, st.CurrentStepIndex, steps(r)))
	if !o.wait {
		return nil
	}
	return o.follow(ctx, c, r)
}

// approve is a JSON patch that holds only while the Rollout waits at the step that was seen.
func approve(seen v1beta1.RolloutStatus) []cluster.Op {
	under := "/status/canaryStatus"
	if seen.CanaryStatus == nil {
		under = "/status/blueGreenStatus"
	}
	return []cluster.Op{
		{Op: "test", Path: "/status/currentStepIndex", Value: seen.CurrentStepIndex},
		{Op: "test", Path: "/status/currentStepState", Value: v1beta1.StepPaused},
		{Op: "replace", Path: "/status/currentStepState", Value: v1beta1.StepReady},
		{Op: "replace", Path: under + "/currentStepState", Value: v1beta1.StepReady},
	}
}

// follow says what the release does until it waits again or is over.
func (o *approval) follow(ctx context.Context, c *cluster.Cluster, from *v1beta1.Rollout) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	said, last := "", ""
	err := cluster.Until(ctx, c, cluster.Rollouts(), from.Namespace, from.Name, func(r *v1beta1.Rollout) (bool, error) {
		if r == nil {
			return true, o.sh.Text.Error("rollout.not-found", from.Namespace, from.Name)
		}
		st := r.Status
		if last = st.Message; last != said && o.sh.ErrTerminal {
			said = last
			o.sh.Say(o.sh.ErrStyle.Faint(said))
		}
		waits := st.CurrentStepState == v1beta1.StepPaused && st.CurrentStepIndex != from.Status.CurrentStepIndex
		return waits || st.Phase != v1beta1.PhaseProgressing, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return exit.With(exit.TimedOut, o.sh.Text.Error("rollout.not-there", o.name, o.timeout, last))
	}
	if err != nil {
		return err
	}
	o.sh.Printf("%s\n", last)
	return nil
}

// state is where a Rollout is, in one word.
func state(st v1beta1.RolloutStatus) string {
	if st.Phase == v1beta1.PhaseProgressing && st.CurrentStepState != "" {
		return string(st.CurrentStepState)
	}
	return string(st.Phase)
}

func steps(r *v1beta1.Rollout) int {
	if plan := r.Spec.Strategy.Plan(); plan != nil {
		return len(plan.Steps)
	}
	return 0
}
