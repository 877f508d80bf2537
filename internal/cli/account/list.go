// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	accounts "github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// entry is what is told of an account; its hash never is.
type entry struct {
	Name        string   `json:"name"`
	Roles       []string `json:"roles"`
	Groups      []string `json:"groups"`
	DisplayName string   `json:"displayName,omitempty"`
	Disabled    bool     `json:"disabled"`
}

func newList(sh *shell.Shell) *cobra.Command {
	var format string
	cmd := sh.Command("list", "account.list", "  vela account list\n  vela account list -o json")
	cmd.Aliases = []string{"ls"}
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
		s, _, err := read(cmd.Context(), c)
		if err != nil {
			return err
		}
		all, err := entries(s.Data)
		if err != nil {
			return err
		}
		if f.Structured() {
			return output.Write(sh.Out, f, all)
		}
		rows := make([][]string, 0, len(all))
		for _, e := range all {
			rows = append(rows, e.row())
		}
		return output.WriteTable(sh.Out, []string{"NAME", "ROLE", "STATE", "DISPLAY_NAME"}, rows)
	}
	return cmd
}

func entries(data map[string][]byte) ([]entry, error) {
	all := make([]entry, 0, len(data))
	for _, name := range slices.Sorted(maps.Keys(data)) {
		a, err := accounts.Read(data, name)
		if err != nil {
			return nil, err
		}
		e := entry{Name: name, Roles: []string{}, Groups: a.Groups, DisplayName: a.DisplayName, Disabled: a.Disabled}
		for _, group := range a.Groups {
			if role := accounts.RoleOf(group); role != "" {
				e.Roles = append(e.Roles, role)
			}
		}
		all = append(all, e)
	}
	return all, nil
}

func (e entry) row() []string {
	state, roles := "enabled", strings.Join(e.Roles, ",")
	if e.Disabled {
		state = "disabled"
	}
	if roles == "" {
		roles = strings.Join(e.Groups, ",")
	}
	return []string{e.Name, roles, state, e.DisplayName}
}
