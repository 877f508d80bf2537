// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	accounts "github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// NewCommand is `vela account` with all that is below it.
func NewCommand(sh *shell.Shell) *cobra.Command {
	return sh.Parent("account", "account", newList(sh), newAdd(sh), newPassword(sh), newSwitch(sh, true), newSwitch(sh, false), newRemove(sh))
}

func newAdd(sh *shell.Shell) *cobra.Command {
	var role, shown string
	var typed bool
	cmd := sh.Command("add NAME", "account.add", "  vela account add eve --role developer\n  echo \"$PASSWORD\" | vela account add eve --role viewer --password-stdin")
	cmd.Flags().StringVar(&role, "role", "", sh.Text.Of("account.flag.role"))
	cmd.Flags().StringVar(&shown, "display-name", "", sh.Text.Of("account.flag.display-name"))
	cmd.Flags().BoolVar(&typed, "password-stdin", false, sh.Text.Of("account.flag.password-stdin"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := sh.Name(args, "account.no-name")
		if err != nil {
			return err
		}
		if err := accounts.CheckName(name); err != nil {
			return exit.With(exit.Usage, err)
		}
		if !slices.Contains(accounts.Roles(), role) {
			return sh.Usage("account.role", role, strings.Join(accounts.Roles(), ", "))
		}
		password, err := choose(sh.In, typed)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		made := accounts.Account{Hash: accounts.Hash(password), Groups: []string{accounts.GroupOf(role)}, DisplayName: shown}
		err = change(cmd.Context(), c, func(data map[string][]byte) error {
			if _, there := data[name]; there {
				return exit.With(exit.Refused, sh.Text.Error("account.there", name))
			}
			return accounts.Write(data, name, made)
		})
		if err != nil {
			return err
		}
		sh.Printf("%s\n", sh.Text.Of("account.added", name, role))
		tell(sh, password, typed)
		return nil
	}
	return cmd
}

func newPassword(sh *shell.Shell) *cobra.Command {
	var typed bool
	cmd := sh.Command("password NAME", "account.password", "  vela account password admin")
	cmd.Flags().BoolVar(&typed, "password-stdin", false, sh.Text.Of("account.flag.password-stdin"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		password, err := choose(sh.In, typed)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		hash := accounts.Hash(password)
		name, err := edit(cmd, sh, args, func(a *accounts.Account) { a.Hash, a.Since = hash, sh.Now().Unix() })
		if err != nil {
			return err
		}
		sh.Printf("%s\n", sh.Text.Of("account.password.done", name))
		tell(sh, password, typed)
		return nil
	}
	return cmd
}

// newSwitch is `vela account enable`, or disable.
func newSwitch(sh *shell.Shell, on bool) *cobra.Command {
	verb := "enable"
	if !on {
		verb = "disable"
	}
	cmd := sh.Command(verb+" NAME", "account."+verb, "  vela account "+verb+" eve")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := edit(cmd, sh, args, func(a *accounts.Account) { a.Disabled = !on })
		if err != nil {
			return err
		}
		sh.Printf("%s\n", sh.Text.Of("account."+verb+".done", name))
		return nil
	}
	return cmd
}

func newRemove(sh *shell.Shell) *cobra.Command {
	cmd := sh.Command("remove NAME", "account.remove", "  vela account remove eve")
	cmd.Aliases = []string{"rm"}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := sh.Name(args, "account.no-name")
		if err != nil {
			return err
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		err = change(cmd.Context(), c, func(data map[string][]byte) error {
			if _, there := data[name]; !there {
				return sh.Text.Error("account.not-found", name)
			}
			if len(data) == 1 {
				return exit.With(exit.Refused, sh.Text.Error("account.last", name))
			}
			delete(data, name)
			return nil
		})
		if err != nil {
			return err
		}
		sh.Printf("%s\n", sh.Text.Of("account.removed", name))
		return nil
	}
	return cmd
}

// edit changes the account that the arguments name.
func edit(cmd *cobra.Command, sh *shell.Shell, args []string, how func(*accounts.Account)) (string, error) {
	name, err := sh.Name(args, "account.no-name")
	if err != nil {
		return "", err
	}
	c, err := sh.Cluster(cmd.Context())
	if err != nil {
		return "", err
	}
	return name, change(cmd.Context(), c, func(data map[string][]byte) error {
		a, err := accounts.Read(data, name)
		if err != nil {
			return err
		}
		if a == nil {
			return sh.Text.Error("account.not-found", name)
		}
		how(a)
		return accounts.Write(data, name, *a)
	})
}

// choose gives the first line of in, or a password that nobody could guess.
func choose(in io.Reader, typed bool) (string, error) {
	if !typed {
		return accounts.NewPassword(), nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 2*accounts.LongestPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	return password, accounts.CheckPassword(password)
}

// tell shows a password that was chosen here: it is nowhere else.
func tell(sh *shell.Shell, password string, typed bool) {
	if !typed {
		sh.Printf("%s\n", sh.Text.Of("account.password.is", password))
	}
}
