// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	catalogue "github.com/vela-rollouts/vela/internal/addon"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/listing"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// NewCommand is `vela addon` with enable, disable, list and status.
func NewCommand(sh *shell.Shell) *cobra.Command {
	return sh.Parent("addon", "addon",
		newDecision(sh, "enable", enable),
		newDecision(sh, "disable", disable),
		newStatus(sh),
		newList(sh),
	)
}

// decision changes the record of one add-on.
type decision func(ctx context.Context, sh *shell.Shell, c *cluster.Cluster, a catalogue.Addon) error

func newDecision(sh *shell.Shell, use string, decide decision) *cobra.Command {
	var yes bool
	cmd := sh.Command(use+" NAME", "addon."+use, "  vela addon "+use+" kruise-rollout")
	flag.Yes(cmd, sh.Text, &yes) // nothing is asked; scripts give it all the same
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, arg := range args[min(1, len(args)):] {
			if strings.Contains(arg, "=") {
				return sh.Usage("addon.no-parameters", args[0], arg)
			}
		}
		a, err := named(sh, args)
		if err != nil {
			return err
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		return decide(cmd.Context(), sh, c, a)
	}
	return cmd
}

func named(sh *shell.Shell, args []string) (catalogue.Addon, error) {
	name, err := sh.Name(args, "addon.no-name")
	if err != nil {
		return catalogue.Addon{}, err
	}
	a, ok := catalogue.Find(name)
	if !ok {
		return a, sh.Text.Error("addon.unknown", name, strings.Join(catalogue.Names(), ", "))
	}
	return a, nil
}

func enable(ctx context.Context, sh *shell.Shell, c *cluster.Cluster, a catalogue.Addon) error {
	if a.Missing {
		return exit.With(exit.Refused, sh.Text.Error(a.Text+".missing"))
	}
	// A cluster without vela's own kinds has no controller either: then it would not be true.
	if _, err := c.Dynamic.Resource(cluster.Rollouts()).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
		return err
	}
	changed, err := set(ctx, sh, c, a.Name, catalogue.Enabled)
	if err != nil {
		return err
	}
	if !changed {
		sh.Printf("%s\n", sh.Text.Of("addon.already", a.Name))
		return nil
	}
	sh.Printf("Addon %s enabled successfully.\n%s\n", a.Name, sh.Text.Of(a.Text+".provides"))
	return nil
}

func disable(ctx context.Context, sh *shell.Shell, c *cluster.Cluster, a catalogue.Addon) error {
	changed, err := set(ctx, sh, c, a.Name, catalogue.Disabled)
	if err != nil {
		return err
	}
	if !changed {
		sh.Printf("%s\n", sh.Text.Of("addon.not-enabled", a.Name))
		return nil
	}
	sh.Printf("Successfully disable addon:%s\n%s\n", a.Name, sh.Text.Of("addon.goes-on"))
	return nil
}

func newStatus(sh *shell.Shell) *cobra.Command {
	cmd := sh.Command("status NAME", "addon.status", "  vela addon status kruise-rollout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := named(sh, args)
		if err != nil {
			return err
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		r, _, err := read(cmd.Context(), c)
		if err != nil {
			return err
		}
		sh.Printf("%s: %s\n%s\n", a.Name, state(sh, a, r), sh.Text.Of(a.Text))
		if r.State(a.Name) == catalogue.Enabled {
			sh.Printf("%s\n", sh.Text.Of(a.Text+".provides"))
		}
		return nil
	}
	return cmd
}

func newList(sh *shell.Shell) *cobra.Command {
	return listing.List(sh, listing.Verb{Key: "addon.list", Examples: "  vela addon list"}, func(ctx context.Context, asked listing.Asked) error {
		r, _, err := read(ctx, asked.Cluster)
		if err != nil {
			return err
		}
		var rows [][]string
		var items []map[string]string
		for _, a := range catalogue.Builtin() {
			rows = append(rows, []string{a.Name, state(sh, a, r), sh.Text.Of(a.Text)})
			items = append(items, map[string]string{"name": a.Name, "status": state(sh, a, r), "description": sh.Text.Of(a.Text)})
		}
		if asked.Format.Structured() {
			return output.Write(sh.Out, asked.Format, items)
		}
		if err := output.WriteTable(sh.Out, []string{"NAME", "STATUS", "DESCRIPTION"}, rows); err != nil {
			return err
		}
		sh.Say(sh.ErrStyle.Faint(sh.Text.Of("addon.built-in")))
		return nil
	})
}

func state(sh *shell.Shell, a catalogue.Addon, r catalogue.Record) string {
	switch s := r.State(a.Name); {
	case a.Missing:
		return "not available"
	case s == catalogue.Enabled:
		return sh.Style.Good(s)
	default:
		return s
	}
}
