// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package revision

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/view"
)

const diffExamples = `  # What is changed and not released yet
  vela revision diff canary-demo

  # What another version changed
  vela revision diff canary-demo canary-demo-v1 canary-demo-v2
  vela revision diff canary-demo canary-demo-v1 deployed -o json`

// compared is what `vela revision diff` tells.
type compared struct {
	Left    string        `json:"left"`
	Right   string        `json:"right"`
	Changes []view.Change `json:"changes"`
}

func newDiff(sh *shell.Shell) *cobra.Command {
	var format string
	cmd := sh.Command("diff APP [LEFT [RIGHT]]", "revision.diff", diffExamples)
	flag.Output(cmd, sh.Text, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sides := []string{view.Deployed, view.Stored}
		if len(args) > 1 {
			if len(args) > 3 {
				return sh.Usage("revision.diff.too-many", args[3])
			}
			copy(sides, args[1:])
			args = args[:1]
		}
		name, err := sh.Name(args, "usage.no-application")
		if err != nil {
			return err
		}
		f, err := output.Parse(format)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		return diff(cmd.Context(), sh, name, sides, f)
	}
	return cmd
}

func diff(ctx context.Context, sh *shell.Shell, name string, sides []string, f output.Format) error {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return err
	}
	app, all, err := read(ctx, sh, c, name)
	if err != nil {
		return err
	}
	seen := view.Seen{App: app, Revisions: all, Now: sh.Now()}
	seen.Actions, err = cluster.List[v1alpha1.ReleaseAction](ctx, c, cluster.Actions(), app.Namespace,
		metav1.ListOptions{LabelSelector: v1alpha1.LabelApplication + "=" + name})
	if err != nil {
		return err
	}
	specs := make([]v1beta1.ApplicationSpec, len(sides))
	for i, side := range sides {
		spec, ok := view.Spec(seen, side)
		if !ok {
			return sh.Text.Error("revision.diff.no-side", name, side, name+shell.Suffix(app.Namespace))
		}
		specs[i] = spec
	}
	changes := view.Changes(specs[0], specs[1])
	if f.Structured() {
		if changes == nil {
			changes = []view.Change{}
		}
		return output.Write(sh.Out, f, compared{sides[0], sides[1], changes})
	}
	if len(changes) == 0 {
		sh.Say(sh.ErrStyle.Faint(sh.Text.Of("revision.diff.equal", sides[0], sides[1])))
		return nil
	}
	rows := make([][]string, 0, len(changes))
	for _, c := range changes {
		where := strings.Join(strings.Fields(c.Trait+" "+cmp.Or(c.Field, c.Kind)), " ")
		rows = append(rows, []string{c.Op, cmp.Or(c.Component, "-"), where, cmp.Or(c.From, "-"), cmp.Or(c.To, "-")})
	}
	return output.WriteTable(sh.Out, []string{"CHANGE", "COMPONENT", "WHAT", "FROM", "TO"}, rows)
}
