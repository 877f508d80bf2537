// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sweep

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestOnlyMountsBelowTheDirectoriesAreTheClusters(t *testing.T) {
	const mountinfo = `21 1 254:0 / / rw - ext4 /dev/vda rw
30 21 0:5 / /run/velad/c/containerd/netns/cni-1 rw - nsfs nsfs rw
31 21 0:6 / /var/lib/velad/kubelet/pods/a\040b rw - tmpfs tmpfs rw
32 21 0:7 / /var/lib/velad-other/x rw - tmpfs tmpfs rw
33 21 0:8 / /var/lib/velad rw - tmpfs tmpfs rw
`
	got := below(mountinfo, "/var/lib/velad", "/run/velad/c")
	want := []string{"/run/velad/c/containerd/netns/cni-1", "/var/lib/velad/kubelet/pods/a b"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: a directory that is itself a mount stays, and so does one with a longer name", got, want)
	}
}

func TestOnlyItsOwnProcessesAreTheClusters(t *testing.T) {
	places := Places{DataDir: "/var/lib/velad", RunDir: "/run/velad/c"}
	containers := []string{"0123abcd"}
	cases := map[string]struct {
		process
		want bool
	}{
		"containerd that it unpacked":                    {process{exe: "/var/lib/velad/payload/bin/containerd"}, true},
		"a shim of an older payload, by its socket":      {process{exe: "/old/containerd-shim-runc-v2", cmdline: []string{"shim", "-address", "/run/velad/c/containerd.sock"}, here: true}, true},
		"a shim of a velad in another network namespace": {process{exe: "/old/containerd-shim-runc-v2", cmdline: []string{"shim", "-address", "/run/velad/c/containerd.sock"}}, false},
		"a program in one of its containers":             {process{exe: "/probe", cgroups: "4:memory:/k8s.io/0123abcd\n"}, true},
		"a containerd of the machine":                    {process{exe: "/usr/bin/containerd"}, false},
		"a shim of the machine":                          {process{exe: "/usr/bin/containerd-shim-runc-v2", cmdline: []string{"shim", "-address", "/run/containerd/containerd.sock"}, here: true}, false},
		"a program in another container":                 {process{exe: "/probe", cgroups: "4:memory:/k8s.io/ffff\n"}, false},
		"one in a directory with a longer name":          {process{exe: "/var/lib/velad-other/bin/containerd"}, false},
		"an editor of its log":                           {process{exe: "/usr/bin/vi", cmdline: []string{"vi", "/var/lib/velad/velad.log"}}, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.owned(places, containers); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestTheDeviceSocketOfAKubeletThatIsGoneIsRemoved(t *testing.T) {
	listen := func() (socket string, close func()) {
		socket = filepath.Join(t.TempDir(), "kubelet", "device-plugins", "kubelet.sock")
		if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
			t.Fatal(err)
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		t.Cleanup(func() { l.Close() })
		return socket, func() { l.Close() }
	}
	there := func(path string) bool { _, err := os.Lstat(path); return err == nil }

	used, _ := listen()
	left, gone := listen()
	gone()
	shared, goneToo := listen()
	goneToo()
	other := filepath.Join(filepath.Dir(shared), "gpu.sock")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, socket := range []string{used, left, shared, left} {
		if err := devices(t.Context(), socket, os.Getpid()+1, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if !there(used) {
		t.Error("a socket that somebody listens on was removed")
	}
	if err := devices(t.Context(), used, os.Getpid(), 100*time.Millisecond); err != nil || there(used) {
		t.Errorf("the socket of this very process is there: %t, %v", there(used), err)
	}
	if there(filepath.Dir(filepath.Dir(left))) {
		t.Error("the directories of the last socket are still there")
	}
	if there(shared) || !there(other) {
		t.Errorf("the socket is there: %t, the plugin beside it: %t", there(shared), there(other))
	}
}

func TestOnlyWhatCNIKeptOfOurPodsIsRemoved(t *testing.T) {
	root := t.TempDir()
	fill := func(name string, files ...string) string {
		dir := filepath.Join(root, name, "results")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	alone, empty, shared := fill("alone", "velad-1-eth0", "velad-2-eth0"), fill("empty"), fill("shared", "velad-1-eth0", "other-1-eth0")
	for _, dir := range []string{alone, empty, shared, filepath.Join(root, "none")} {
		if err := results(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{alone, empty} {
		if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
			t.Errorf("the directories of %s have nothing else in them, and are still there: %v", dir, err)
		}
	}
	left, err := os.ReadDir(shared)
	if err != nil || len(left) != 1 || left[0].Name() != "other-1-eth0" {
		t.Errorf("left is %v, %v; want what is of the other network", left, err)
	}
}
