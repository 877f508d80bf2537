// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vela-rollouts/vela/cluster/discovery"
)

// Lock makes this process the only velad of a data directory. The kernel
// drops the lock when the process ends, however it ends.
func Lock(dataDir string) (*os.File, error) {
	if err := os.MkdirAll(dataDir, 0o711); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	f, err := os.OpenFile(lockFile(dataDir), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	// One that was killed a moment ago holds on until the kernel has torn it down.
	for wait := 0; errors.Is(err, syscall.EWOULDBLOCK) && dying(holder(f)) && wait < 100; wait++ {
		time.Sleep(50 * time.Millisecond)
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid := holder(f)
		return nil, errors.Join(fmt.Errorf("velad runs already on %s (process %d); stop it with: velad down --data-dir %s", dataDir, pid, dataDir), f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", dataDir, err), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lock: %w", err), f.Close())
	}
	return f, nil
}

func lockFile(dataDir string) string { return filepath.Join(dataDir, "lock") }

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

func holder(f *os.File) int {
	buf := make([]byte, 32)
	n, _ := f.ReadAt(buf, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	return pid
}

// dying tells whether a process has lost its program and only waits to go.
func dying(pid int) bool {
	_, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err != nil
}

// Running returns the process that holds a data directory; 0 when none does.
func Running(dataDir string) (int, error) {
	f, err := os.Open(lockFile(dataDir))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("opening the lock: %w", err)
	}
	defer func() { _ = f.Close() }()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return holder(f), nil
	}
	return 0, err
}

// alone refuses to start a node beside one of another data directory: the
// bridge and the firewall tables of a machine can serve one.
func alone(dataDir string) error {
	c, ok, err := discovery.Read()
	if err != nil || !ok || c.DataDir == dataDir {
		return err
	}
	pid, err := Running(c.DataDir)
	if err != nil {
		return err
	}
	if pid != 0 {
		return fmt.Errorf("velad runs already on this machine, on %s (process %d); stop it with: velad down --data-dir %s", c.DataDir, pid, c.DataDir)
	}
	return fmt.Errorf("containers of the cluster on %s, which ended suddenly, are still on this machine; end them with: velad down --data-dir %s", c.DataDir, c.DataDir)
}
