// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// patience is for the end of processes that were killed. A group that is still
// not free then holds one whose parent never asks for its result, as some
// programs that are process 1 of a container; an empty group harms nobody.
const patience = 5 * time.Second

// groups removes the cgroups that containers were put in, of both versions of
// the hierarchy. One that holds a living process is another containerd's and
// stays, and so does what is above it.
func groups(ctx context.Context, root string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, pattern := range []string{"k8s.io", "*/k8s.io"} {
		tops, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		for _, top := range tops {
			for _, g := range slices.Backward(tree(top)) {
				removeGroup(ctx, g)
			}
		}
	}
	return nil
}

// tree lists a group and all that are below it, the deepest last.
func tree(group string) []string {
	out := []string{group}
	entries, _ := os.ReadDir(group) // gone meanwhile
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, tree(filepath.Join(group, e.Name()))...)
		}
	}
	return out
}

// removeGroup waits for processes that are on their way out: they are still in
// their group for as long as the kernel takes to free their memory.
func removeGroup(ctx context.Context, group string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := os.Remove(group)
		if err == nil || errors.Is(err, fs.ErrNotExist) || inUse(group) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// inUse tells whether a group has groups below it or a process that lives.
func inUse(group string) bool {
	if len(tree(group)) > 1 {
		return true
	}
	procs, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	if err != nil {
		return false // gone meanwhile
	}
	return slices.ContainsFunc(strings.Fields(string(procs)), func(s string) bool {
		pid, err := strconv.Atoi(s)
		if err != nil {
			return true
		}
		_, lives := inspect(pid)
		return lives
	})
}
