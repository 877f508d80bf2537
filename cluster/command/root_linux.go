// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/cluster/globals"
	"github.com/vela-rollouts/vela/cluster/server"
)

// Streams are where commands print.
type Streams struct{ Out, Err io.Writer }

// New returns the command tree. version is that of this program.
func New(version string, streams Streams) *cobra.Command {
	globals.ForgetFlags()
	root := &cobra.Command{
		Use:   "velad",
		Short: "A Kubernetes cluster on this machine, with vela's controllers and gateway in it",
		Example: `  velad up --detach          start it, return when it serves
  velad image load demo.tar  give it an image
  velad status               see how it is
  velad down                 stop it; the data stays
  velad reset                remove all of it`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.AddCommand(newUp(version, streams), newDown(streams), newStatus(streams), newReset(streams),
		newKubeconfig(streams), newImage(streams), newVersion(version, streams))
	return root
}

// runningDirFlag adds the flag to a verb that is about a cluster which is there: without it, the one that runs on this machine.
func runningDirFlag(cmd *cobra.Command, dir *string) {
	at := server.Defaults().DataDir
	if current, running, err := discovery.Read(); err == nil && running && current.DataDir != "" {
		at = current.DataDir
	}
	cmd.Flags().StringVar(dir, "data-dir", at, "directory that holds the cluster (without it the one that runs here)")
}

// dataDirFlag adds the flag to a verb that makes or removes a cluster, which takes its directory by name.
func dataDirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data-dir", server.Defaults().DataDir, "directory that holds the cluster")
}
