// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	accounts "github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/cli/listing"
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
	verb := listing.Verb{Key: "account.list", Examples: "  vela account list\n  vela account list -o json"}
	return listing.List(sh, verb, func(ctx context.Context, asked listing.Asked) error {
		s, _, err := read(ctx, asked.Cluster)
		if err != nil {
			return err
		}
		all, err := entries(s.Data)
		if err != nil {
			return err
		}
		if asked.Format.Structured() {
			return output.Write(sh.Out, asked.Format, all)
		}
		rows := make([][]string, 0, len(all))
		for _, e := range all {
			rows = append(rows, e.row())
		}
		return output.WriteTable(sh.Out, []string{"NAME", "ROLE", "STATE", "DISPLAY_NAME"}, rows)
	})
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
