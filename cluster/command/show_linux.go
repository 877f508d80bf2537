// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	kubeversion "k8s.io/component-base/version"

	"github.com/vela-rollouts/vela/cluster/payload"
	"github.com/vela-rollouts/vela/cluster/runtime"
	"github.com/vela-rollouts/vela/cluster/server"
)

func newKubeconfig(streams Streams) *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the administrator's kubeconfig",
		Example: "  velad kubeconfig > ~/.kube/config",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := os.ReadFile(server.Kubeconfig(dataDir))
			if os.IsNotExist(err) {
				return fmt.Errorf("there is no cluster in %s; start one with: velad up --data-dir %s", dataDir, dataDir)
			}
			if err != nil {
				return err
			}
			_, err = streams.Out.Write(data)
			return err
		},
	}
	runningDirFlag(cmd, &dataDir)
	return cmd
}

func newImage(streams Streams) *cobra.Command {
	var dataDir string
	load := &cobra.Command{
		Use:     "load FILE...",
		Short:   "Give the cluster images from OCI or Docker archives",
		Example: "  velad image load demo-v1.tar demo-v2.tar",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			dir, err := filepath.Abs(dataDir)
			if err != nil {
				return err
			}
			pid, err := server.Running(dir)
			if err != nil {
				return err
			}
			if pid == 0 {
				return fmt.Errorf("no cluster runs on %s; start it with: velad up --detach --data-dir %s", dir, dir)
			}
			client, err := runtime.Connect(server.PlacesOf(dir).RunDir)
			if err != nil {
				return err
			}
			defer func() { _ = client.Close() }()
			for _, file := range files {
				names, err := runtime.Load(cmd.Context(), client, file)
				if err != nil {
					return fmt.Errorf("loading %s: %w", file, err)
				}
				for _, name := range names {
					_, _ = fmt.Fprintf(streams.Out, "%s  %s\n", file, name)
				}
			}
			return nil
		},
	}
	runningDirFlag(load, &dataDir)
	cmd := &cobra.Command{Use: "image", Short: "Images that containers are made from"}
	cmd.AddCommand(load)
	return cmd
}

func newVersion(version string, streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of velad and of what is in it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, _ = fmt.Fprintf(streams.Out, "velad       %s\nkubernetes  %s\n", version, kubeversion.Get().GitVersion)
			versions := payload.Versions()
			for _, name := range slices.Sorted(maps.Keys(versions)) {
				_, _ = fmt.Fprintf(streams.Out, "%-11s %s\n", name, versions[name])
			}
			return nil
		},
	}
}
