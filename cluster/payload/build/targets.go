// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

// target is one Go program of the payload.
type target struct {
	path   string   // where it goes when unpacked
	pkg    string   // import path
	module string   // module whose version it has; empty for a program of ours
	tags   []string // build tags
	// setVersion is the variable that the program prints as its version. Those without one embed their version themselves.
	setVersion string
	cgo        bool // needs a C compiler and is linked statically
}

const (
	containerdModule = "github.com/containerd/containerd/v2"
	runcModule       = "github.com/opencontainers/runc"
	cniModule        = "github.com/containernetworking/plugins"
)

// targets are in the order of the longest first: what can fail fails early.
func targets() []target {
	list := []target{
		{
			// The overlay snapshotter and CRI stay; other snapshotters and tracing only cost size and memory.
			path: manifest.BinDir + "/containerd", pkg: containerdModule + "/cmd/containerd", module: containerdModule,
			tags:       []string{"no_btrfs", "no_devmapper", "no_zfs", "no_aufs", "no_tracing"},
			setVersion: containerdModule + "/version.Version",
		},
		{
			path: manifest.BinDir + "/containerd-shim-runc-v2", pkg: containerdModule + "/cmd/containerd-shim-runc-v2", module: containerdModule,
			tags:       []string{"no_tracing"},
			setVersion: containerdModule + "/version.Version",
		},
		{
			// Without seccomp no pod with a seccomp profile starts. Static, so that the machine needs neither libseccomp nor this glibc.
			path: manifest.BinDir + "/runc", pkg: runcModule, module: runcModule,
			tags: []string{"seccomp", "urfave_cli_no_docs", "netgo", "osusergo"},
			cgo:  true,
		},
	}
	for _, plugin := range []string{"main/bridge", "ipam/host-local", "main/loopback", "meta/portmap"} {
		pkg := cniModule + "/plugins/" + plugin
		list = append(list, target{
			path: manifest.CNIDir + "/" + path.Base(plugin), pkg: pkg, module: cniModule,
			setVersion: cniModule + "/pkg/utils/buildversion.BuildVersion",
		})
	}
	return list
}
