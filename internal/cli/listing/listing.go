// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package listing is what the verbs that list things have in common: no names, -A and -o, where to look, and a table with
// namespaces where all of them were looked at.
package listing

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// Verb is one that lists.
type Verb struct {
	// Use, Key and Examples are those of shell.Command.
	Use, Key, Examples string
	// Namespaced adds -A.
	Namespaced bool
}

// Asked is what a person wants to see.
type Asked struct {
	Cluster *cluster.Cluster
	// Namespace to look in; empty: all of them.
	Namespace string
	Format    output.Format

	sh *shell.Shell
}

// Command makes the command of a verb, which shows what is asked for.
func Command(sh *shell.Shell, v Verb, show func(context.Context, Asked) error) *cobra.Command {
	var everywhere bool
	var format string
	cmd := sh.Command(v.Use, v.Key, v.Examples)
	if v.Namespaced {
		flag.AllNamespaces(cmd, sh.Text, &everywhere)
	}
	flag.Output(cmd, sh.Text, &format)
	cmd.Args = sh.NoArguments
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := output.Parse(format)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		asked := Asked{Cluster: c, Format: f, sh: sh}
		if !everywhere {
			asked.Namespace = sh.Namespace(c)
		}
		return show(cmd.Context(), asked)
	}
	return cmd
}

// List is a Command that is called list.
func List(sh *shell.Shell, v Verb, show func(context.Context, Asked) error) *cobra.Command {
	v.Use = "list"
	cmd := Command(sh, v, show)
	cmd.Aliases = []string{"ls"}
	return cmd
}

// Row is one thing of a list.
type Row struct {
	Namespace string
	Cells     []string
}

// Table writes rows, with their namespaces where all of them were looked at. That there are none is said by the text key, or by
// key-anywhere.
func (a Asked) Table(key string, header []string, rows []Row) error {
	if len(rows) == 0 {
		none := a.sh.Text.Of(key + "-anywhere")
		if a.Namespace != "" {
			none = a.sh.Text.Of(key, a.Namespace)
		}
		a.sh.Say(a.sh.ErrStyle.Faint(none))
		if a.sh.OutTerminal {
			return nil // a header is for scripts
		}
	}
	if a.Namespace == "" {
		header = append([]string{"NAMESPACE"}, header...)
	}
	cells := make([][]string, 0, len(rows))
	for _, r := range rows {
		if a.Namespace == "" {
			r.Cells = append([]string{r.Namespace}, r.Cells...)
		}
		cells = append(cells, r.Cells)
	}
	return output.WriteTable(a.sh.Out, header, cells)
}
