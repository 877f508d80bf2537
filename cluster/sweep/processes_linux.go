// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is what /proc tells about one.
type process struct {
	pid     int
	exe     string
	cmdline []string
	cgroups string
	// here says that it runs in this network namespace: another one may have a velad of its own.
	here bool
}

// owned tells whether a process belongs to the cluster in the places: its
// program was unpacked by it, its arguments name its sockets, or it runs in the
// cgroup of one of its containers.
func (p process) owned(places Places, containers []string) bool {
	if strings.HasPrefix(p.exe, places.DataDir+"/") {
		return true
	}
	if filepath.Base(p.exe) == "containerd-shim-runc-v2" && p.here {
		for _, arg := range p.cmdline {
			if strings.HasPrefix(arg, places.RunDir+"/") {
				return true
			}
		}
	}
	for _, id := range containers {
		if strings.Contains(p.cgroups, "/"+id) {
			return true
		}
	}
	return false
}

// Processes lists what still runs of the cluster.
func Processes(places Places) ([]int, error) {
	containers, err := places.containers()
	if err != nil {
		return nil, err
	}
	return find(places, containers)
}

// Programs lists the programs of the cluster that run: not what is in its containers.
func Programs(places Places) ([]int, error) { return find(places, nil) }

func find(places Places, containers []string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("reading /proc: %w", err)
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if p, ok := inspect(pid); ok && p.owned(places, containers) {
			out = append(out, pid)
		}
	}
	return out, nil
}

// inspect reads a process; ok is false when it is gone, or only waits for its parent.
func inspect(pid int) (p process, ok bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	exe, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return p, false
	}
	cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	cgroups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
	network, _ := os.Readlink(filepath.Join(dir, "ns", "net"))
	own, err := os.Readlink("/proc/self/ns/net")
	return process{
		pid:     pid,
		exe:     strings.TrimSuffix(exe, " (deleted)"),
		cmdline: strings.Split(string(cmdline), "\x00"),
		cgroups: string(cgroups),
		here:    err == nil && network == own,
	}, true
}

// containers names every container that has a bundle in the run directory.
func (p Places) containers() ([]string, error) {
	dirs, err := filepath.Glob(filepath.Join(p.RunDir, "containerd", "io.containerd.runtime.v2.task", "*", "*"))
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(dirs))
	for _, d := range dirs {
		out = append(out, filepath.Base(d))
	}
	return out, nil
}

// kill ends all processes of the cluster at once. A shim must not see its
// container end and start something: so it looks again until nothing is left.
func kill(ctx context.Context, places Places) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pids, err := Processes(places)
		if err != nil {
			return err
		}
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("ending process %d: %w", pid, err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("processes %v do not end: %w", pids, ctx.Err())
		}
	}
}
