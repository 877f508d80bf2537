// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"context"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// patience bounds the wait for a cluster that may not be there.
const patience = 5 * time.Second

// facts are what the command prints.
type facts struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Cluster    string `json:"cluster,omitempty"`
	From       string `json:"from,omitempty"`
	Kubernetes string `json:"kubernetes,omitempty"`
}

// NewCommand is `vela version`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	var format string
	var client bool
	cmd := sh.Command("version", "version", "  vela version\n  vela version --client -o json")
	cmd.Args = sh.NoArguments
	flag.Output(cmd, sh.Text, &format)
	cmd.Flags().BoolVar(&client, "client", false, sh.Text.Of("version.flag.client"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := output.Parse(format)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		v := own(sh)
		if !client {
			v.ask(cmd.Context(), sh)
		}
		if f.Structured() {
			return output.Write(sh.Out, f, v)
		}
		v.print(sh, client)
		return nil
	}
	return cmd
}

// Print is `vela --version`: what is known of vela itself.
func Print(sh *shell.Shell) {
	v := own(sh)
	v.print(sh, true)
}

// own are the facts about vela itself.
func own(sh *shell.Shell) facts {
	return facts{Version: sh.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

// ask fills in what the cluster says; one that is not there is no error here.
func (v *facts) ask(ctx context.Context, sh *shell.Shell) {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return
	}
	v.Cluster, v.From = c.Server, c.Source.String()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if kubernetes, err := c.Version(ctx); err == nil {
		v.Kubernetes = kubernetes
	}
}

func (v *facts) print(sh *shell.Shell, client bool) {
	sh.Printf("CLI Version: %s\nGo:          %s %s\n", v.Version, v.Go, v.Platform)
	switch {
	case client:
	case v.Cluster == "":
		sh.Printf("Cluster:     %s\n", sh.Text.Of("version.no-cluster"))
	case v.Kubernetes == "":
		sh.Printf("Cluster:     %s, from %s, %s\n", v.Cluster, v.From, sh.Text.Of("version.silent"))
	default:
		sh.Printf("Cluster:     %s, from %s\nKubernetes:  %s\n", v.Cluster, v.From, v.Kubernetes)
	}
}
