// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package preflight looks at the machine before a cluster starts on it. Each
// refusal is one sentence that says what is missing and what to do.
package preflight

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	minDisk   = 2 << 30
	minMemory = 1 << 30
	// overlayMagic is the file system type of overlayfs in statfs(2).
	overlayMagic = 0x794c7630
)

// Port that must be free, and the flag that chooses it.
type Port struct {
	Number int
	Flag   string
}

// Request says what the cluster will need.
type Request struct {
	DataDir string
	Node    bool // containers and networks, not only the control plane
	Ports   []Port
}

// Check returns every refusal; nil means go.
func Check(r Request) error {
	var errs []error
	if r.Node {
		errs = append(errs, root(), nft(), overlay(), cgroup(), layered(r.DataDir))
	}
	errs = append(errs, disk(r.DataDir), memory())
	for _, p := range r.Ports {
		errs = append(errs, free(p))
	}
	return errors.Join(errs...)
}

func root() error {
	if os.Geteuid() == 0 {
		return nil
	}
	return errors.New("velad starts containers and networks, which only root may do; run it with sudo")
}

func nft() error {
	if _, err := exec.LookPath("nft"); err == nil {
		return nil
	}
	return errors.New("the program nft is missing, which makes Services work; install it with: apt-get install nftables")
}

func overlay() error {
	if supported("overlay") {
		return nil
	}
	// The module may only not be loaded yet.
	if err := exec.Command("modprobe", "overlay").Run(); err == nil && supported("overlay") {
		return nil
	}
	return errors.New("the kernel has no overlayfs, on which containers' files are layered; load its module or use a kernel that has it")
}

func supported(filesystem string) bool {
	data, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 && f[len(f)-1] == filesystem {
			return true
		}
	}
	return false
}

func cgroup() error {
	for _, path := range []string{"/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/memory"} {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	return errors.New("no cgroups are mounted at /sys/fs/cgroup, which hold containers; mount them, or start velad outside of this container")
}

// layered refuses a data directory that is itself in a container's layered file system.
func layered(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(existing(dir), &fs); err != nil || fs.Type != overlayMagic {
		return nil // an error is disk's to tell
	}
	return fmt.Errorf("%s is on overlayfs, on which containers' files cannot be layered again; choose a directory on a disk with --data-dir", dir)
}

// existing is the nearest parent of a path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func disk(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(existing(dir), &fs); err != nil {
		return fmt.Errorf("the free space for %s cannot be read (%w); choose another directory with --data-dir", dir, err)
	}
	return enough(uint64(fs.Bsize)*fs.Bavail, minDisk, "on the disk of "+dir, "free some, or choose another disk with --data-dir")
}

func memory() error {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return nil // no reason to refuse
	}
	available, ok := memAvailable(data)
	if !ok {
		return nil
	}
	return enough(available, minMemory, "of memory", "end something else, or use a larger machine")
}

// memAvailable reads /proc/meminfo; the result is in bytes.
func memAvailable(meminfo []byte) (uint64, bool) {
	for line := range bytes.Lines(meminfo) {
		f := strings.Fields(string(line))
		if len(f) < 2 || f[0] != "MemAvailable:" {
			continue
		}
		kib, err := strconv.ParseUint(f[1], 10, 64)
		return kib << 10, err == nil
	}
	return 0, false
}

func enough(have, want uint64, where, mend string) error {
	if have >= want {
		return nil
	}
	return fmt.Errorf("only %d MiB are free %s, and a cluster needs %d MiB; %s", have>>20, where, want>>20, mend)
}
