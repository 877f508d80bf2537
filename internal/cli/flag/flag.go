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

// Timeout adds --timeout with a default. A negative one is refused.
func Timeout(cmd *cobra.Command, t text.Text, to *time.Duration, byDefault time.Duration) {
	*to = byDefault
	cmd.Flags().Var(&timeout{to, t}, "timeout", t.Of("flag.timeout"))
}

// timeout is the value of a flag: a time that is not negative.
type timeout struct {
	to   *time.Duration
	text text.Text
}

func (v *timeout) String() string {
	if v.to == nil { // the flag package asks an empty value what it is like
		return ""
	}
	return v.to.String()
}

func (*timeout) Type() string { return "duration" }

func (v *timeout) Set(typed string) error {
	d, err := time.ParseDuration(typed)
	if err != nil {
		return err
	}
	if d < 0 {
		return v.text.Error("flag.negative")
	}
	*v.to = d
	return nil
}

// Wait adds -w.
func Wait(cmd *cobra.Command, t text.Text, to *bool, byDefault bool) {
	cmd.Flags().BoolVarP(to, "wait", "w", byDefault, t.Of("flag.wait"))
}

// Yes adds -y.
func Yes(cmd *cobra.Command, t text.Text, to *bool) {
	cmd.Flags().BoolVarP(to, "yes", "y", false, t.Of("flag.yes"))
}

// File adds -f, which may be given several times.
func File(cmd *cobra.Command, t text.Text, to *[]string) {
	cmd.Flags().StringArrayVarP(to, "file", "f", nil, t.Of("flag.file"))
}
