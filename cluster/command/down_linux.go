// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/cluster/server"
	"github.com/vela-rollouts/vela/cluster/sweep"
)

const downTimeout = 2 * time.Minute

func newDown(streams Streams) *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop the cluster and its containers; the data stays",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			was, err := down(cmd.Context(), dataDir)
			if err != nil {
				return err
			}
			if !was {
				_, _ = fmt.Fprintf(streams.Out, "No cluster runs on %s.\n", dataDir)
				return nil
			}
			_, _ = fmt.Fprintf(streams.Out, "Stopped. velad up starts it again, velad reset removes it.\n")
			return nil
		},
	}
	runningDirFlag(cmd, &dataDir)
	return cmd
}

// down stops the velad of a data directory, or cleans up after one that ended
// suddenly. was tells whether there was anything to stop.
func down(ctx context.Context, dataDir string) (was bool, err error) {
	dataDir, err = filepath.Abs(dataDir)
	if err != nil {
		return false, err
	}
	pid, err := server.Running(dataDir)
	if err != nil {
		return false, err
	}
	if pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return false, fmt.Errorf("stopping process %d: %w", pid, err)
		}
		ctx, cancel := context.WithTimeout(ctx, downTimeout)
		defer cancel()
		err := component.Poll(ctx, 50*time.Millisecond, func(context.Context) error {
			now, err := server.Running(dataDir)
			if err == nil && now != 0 {
				err = fmt.Errorf("process %d still runs; its log is %s", now, server.LogFile(dataDir))
			}
			return err
		})
		if err != nil {
			return false, fmt.Errorf("waiting for velad to stop: %w", err)
		}
	}
	if os.Geteuid() != 0 {
		return pid != 0, nil // a cluster without a node leaves nothing to clean up
	}
	c, ok, err := discovery.Read()
	if err != nil {
		return false, err
	}
	if !ok || c.DataDir != dataDir {
		return pid != 0, nil
	}
	// It ended without cleaning up.
	return true, server.Clean(ctx, dataDir)
}

func newReset(streams Streams) *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Stop the cluster and remove all of it, the data included",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dataDir, err := filepath.Abs(dataDir)
			if err != nil {
				return err
			}
			found, err := exists(dataDir)
			if err != nil {
				return err
			}
			other, elsewhere := elsewhere(dataDir)
			if !found && elsewhere {
				return fmt.Errorf("there is no cluster on %s, but one on %s; remove that one with: velad reset --data-dir %s", dataDir, other, other)
			}
			if err := reset(cmd.Context(), dataDir); err != nil {
				return err
			}
			text := "Removed everything of the cluster on %s.\n"
			if !found {
				text = "There is no cluster on %s; nothing of one was left on this machine either.\n"
			}
			_, _ = fmt.Fprintf(streams.Out, text, dataDir)
			return nil
		},
	}
	dataDirFlag(cmd, &dataDir)
	return cmd
}

func reset(ctx context.Context, dataDir string) error {
	if err := ours(dataDir); err != nil {
		return err
	}
	if _, err := down(ctx, dataDir); err != nil {
		return err
	}
	// Without a node, or with a damaged record, something may still be there.
	if _, there := elsewhere(dataDir); os.Geteuid() == 0 && !there {
		if err := sweep.Machine(ctx, server.PlacesOf(dataDir)); err != nil {
			return err
		}
		if err := os.RemoveAll(discovery.Dir); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dataDir); err != nil {
		return fmt.Errorf("removing the data: %w", err)
	}
	return nil
}

// elsewhere names the data directory of another cluster that has this machine.
func elsewhere(dataDir string) (other string, there bool) {
	c, ok, err := discovery.Read()
	return c.DataDir, err == nil && ok && c.DataDir != dataDir
}

// exists tells whether there is something at a path.
func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ours refuses to remove a directory that no velad has made.
func ours(dataDir string) error {
	entries, err := os.ReadDir(dataDir)
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dataDir, "lock")); err != nil {
		return fmt.Errorf("%s is not a data directory of velad; name the right one with --data-dir", dataDir)
	}
	return nil
}
