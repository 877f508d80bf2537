// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// NewCommand is `vela rollout` with all that is below it.
func NewCommand(sh *shell.Shell) *cobra.Command {
	return sh.Parent("rollout", "rollout", newList(sh), newApprove(sh), newPause(sh, true), newPause(sh, false))
}

// own reads a Rollout that belongs to no Application; for one that does, verb is what to ask of its workflow instead.
func own(ctx context.Context, sh *shell.Shell, name, verb string) (*cluster.Cluster, *v1beta1.Rollout, error) {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return nil, nil, err
	}
	namespace := sh.Namespace(c)
	r, err := cluster.Get[v1beta1.Rollout](ctx, c, cluster.Rollouts(), namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, nil, sh.Text.Error("rollout.not-found", namespace, name)
	}
	if err != nil {
		return nil, nil, err
	}
	if app := r.Labels[corev1beta1.LabelAppName]; app != "" {
		return nil, nil, exit.With(exit.Refused, sh.Text.Error("rollout.of-application", name, app, verb, app+shell.Suffix(namespace)))
	}
	return c, r, nil
}
