// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// describe says in a few words what was measured where.
func describe(ctx context.Context, set settings) []string {
	return []string{
		fmt.Sprintf("%d CPUs %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name")),
		"memory " + field("/proc/meminfo", "MemTotal"),
		"kernel " + strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		runtime.Version(),
		firstLine(ctx, filepath.Join(set.bin, "velad"), "version"),
		firstLine(ctx, "git", "describe", "--tags", "--always", "--dirty"),
	}
}

func read(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return string(data)
}

// field reads "name : value" from a file of /proc.
func field(file, name string) string {
	lines := bufio.NewScanner(strings.NewReader(read(file)))
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return filepath.Base(name) + " unknown"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.Join(strings.Fields(line), " ")
}
