// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package command_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machine lists what a cluster could leave behind, one line for each thing.
func machine(t *testing.T) []string {
	t.Helper()
	var out []string
	list := func(kind string, args ...string) {
		text, err := exec.Command(args[0], args[1:]...).Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		for line := range strings.Lines(string(text)) {
			out = append(out, kind+": "+strings.TrimSpace(line))
		}
	}
	list("link", "sh", "-c", "ls /sys/class/net")
	list("route", "ip", "-4", "route", "show", "table", "all")
	list("rule", "ip", "-4", "rule")
	list("firewall", "nft", "list", "tables")
	list("mount", "sh", "-c", "cut -d' ' -f5 /proc/self/mountinfo")
	list("process", "sh", "-c", "for p in /proc/[0-9]*; do readlink $p/exe; done | grep -E 'containerd|runc|pause|velad|probe' || true")
	for _, pattern := range []string{"/run/velad*", "/run/netns/*", "/var/run/netns/*", "/sys/fs/cgroup/k8s.io/*", "/sys/fs/cgroup/*/k8s.io*", "/var/lib/cni/*", "/var/log/containers*", "/var/log/pods*", "/var/lib/kubelet*", "/run/containerd*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			out = append(out, "file: "+f)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// extra is what is in after and not in before.
func extra(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
