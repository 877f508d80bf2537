// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Command makes a cobra command with its texts from the catalogue: <key>.short, <key>.long (if there is one); examples
// are the same in every language.
func (s *Shell) Command(use, key, examples string) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: s.Text.Of(key + ".short"), Example: examples}
	if long := s.Text.Of(key + ".long"); long != key+".long" {
		cmd.Long = cmd.Short + "\n\n" + long
	}
	return cmd
}

// Parent is a command that only holds others: without one of them it shows its help, with an unknown one it says so.
func (s *Shell) Parent(use, key string, below ...*cobra.Command) *cobra.Command {
	cmd := s.Command(use, key, "")
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return s.UnknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	cmd.AddCommand(below...)
	return cmd
}

// NoArguments refuses arguments of a command that takes none.
func (s *Shell) NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return s.Usage("usage.no-arguments", cmd.CommandPath(), args[0])
}

// UnknownCommand says that there is no such command below parent, and which ones may be meant.
func (s *Shell) UnknownCommand(parent *cobra.Command, typed string) error {
	path := strings.TrimPrefix(parent.CommandPath()+" ", parent.Root().Name()+" ") + typed
	meant := alike(parent, typed)
	if len(meant) == 0 {
		return s.Usage("usage.unknown-command", path, parent.CommandPath())
	}
	for i := range meant {
		meant[i] = "`" + meant[i] + "`"
	}
	return s.Usage("usage.meant-command", path, strings.Join(meant, s.Text.Of("usage.or")), parent.CommandPath())
}

// alike are the commands below parent whose names are like what was typed, or, without one, those a level deeper, so
// that `vela rollback` leads to `vela workflow rollback`.
func alike(parent *cobra.Command, typed string) []string {
	const furthest, most = 2, 3
	if typed == "" {
		return nil
	}
	parent.SuggestionsMinimumDistance = min(furthest, len(typed)/2) // two letters of a word of three can be any word
	var meant []string
	for _, name := range parent.SuggestionsFor(typed) {
		meant = append(meant, parent.CommandPath()+" "+name)
	}
	if len(meant) == 0 {
		for _, below := range parent.Commands() {
			meant = append(meant, alike(below, typed)...)
		}
	}
	slices.Sort(meant)
	meant = slices.Compact(meant)
	return meant[:min(most, len(meant))]
}
