// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package flag

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Output adds -o.
func Output(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVarP(to, "output", "o", "", t.Of("flag.output"))
}

// Component adds -c.
func Component(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVarP(to, "component", "c", "", t.Of("flag.component"))
}

// Pod adds -p.
func Pod(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVarP(to, "pod", "p", "", t.Of("flag.pod"))
}

// Container adds --container.
func Container(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVar(to, "container", "", t.Of("flag.container"))
}

// AllNamespaces adds -A.
func AllNamespaces(cmd *cobra.Command, t text.Text, to *bool) {
	cmd.Flags().BoolVarP(to, "all-namespaces", "A", false, t.Of("flag.all-namespaces"))
}

// Selector adds -l.
func Selector(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVarP(to, "selector", "l", "", t.Of("flag.selector"))
}

// Timeout adds --timeout with a default.
func Timeout(cmd *cobra.Command, t text.Text, to *time.Duration, byDefault time.Duration) {
	cmd.Flags().DurationVar(to, "timeout", byDefault, t.Of("flag.timeout"))
}

// Wait adds -w.
func Wait(cmd *cobra.Command, t text.Text, to *bool, byDefault bool) {
	cmd.Flags().BoolVarP(to, "wait", "w", byDefault, t.Of("flag.wait"))
}

// Yes adds -y.
func Yes(cmd *cobra.Command, t text.Text, to *bool) {
	cmd.Flags().BoolVarP(to, "yes", "y", false, t.Of("flag.yes"))
}

// File adds -f.
func File(cmd *cobra.Command, t text.Text, to *string) {
	cmd.Flags().StringVarP(to, "file", "f", "", t.Of("flag.file"))
}
