// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// newPause is `vela rollout pause`, or resume.
func newPause(sh *shell.Shell, paused bool) *cobra.Command {
	verb, asked := "pause", "suspend"
	if !paused {
		verb, asked = "resume", "resume"
	}
	cmd := sh.Command(verb+" ROLLOUT", "rollout."+verb, "  vela rollout "+verb+" canary-demo")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := sh.Name(args, "rollout.no-name")
		if err != nil {
			return err
		}
		c, r, err := own(cmd.Context(), sh, name, asked)
		if err != nil {
			return err
		}
		if r.Spec.Strategy.Paused == paused {
			sh.Printf("%s\n", sh.Text.Of("rollout."+verb+".already", name))
			return nil
		}
		// The field may be absent, which add replaces as well (RFC 6902 section 4.1).
		ops := []cluster.Op{{Op: "add", Path: "/spec/strategy/paused", Value: paused}}
		if _, err := cluster.Patch[v1beta1.Rollout](cmd.Context(), c, cluster.Rollouts(), r.Namespace, r.Name, ops); err != nil {
			return err
		}
		sh.Printf("%s\n", sh.Text.Of("rollout."+verb+".done", name))
		return nil
	}
	return cmd
}
