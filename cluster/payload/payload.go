// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

//go:embed all:bin
var embedded embed.FS

// ErrEmpty says that velad was compiled before its payload was built.
var ErrEmpty = errors.New("this velad carries no containerd, runc and network plugins; build it with `make build`, which builds them first")

// Paths are the places of the unpacked programs, all absolute.
type Paths struct {
	Containerd        string // the containerd program
	ContainerdShim    string // containerd-shim-runc-v2
	Runc              string // runc, built with seccomp
	BinDir            string // folder of the three above
	CNIDir            string // folder of the network plugins: bridge, host-local, loopback, portmap
	PauseImageArchive string // image archive (tar) to import into containerd
	PauseImage        string // name of the image in that archive
}

// Unpack writes the payload into dir, which is made if missing, and returns where everything is. It may be called at every
// start: files that are already right are left alone, programs that run are replaced without disturbing them.
// The error is ErrEmpty if velad was compiled without its payload.
func Unpack(dir string) (Paths, error) {
	packed, err := fs.Sub(embedded, "bin")
	if err != nil {
		return Paths{}, fmt.Errorf("opening the payload: %w", err)
	}
	return unpack(packed, dir)
}

// Versions returns the version of each program by its name ("containerd": "v2.4.2"); it is empty without a payload.
func Versions() map[string]string {
	packed, err := fs.Sub(embedded, "bin")
	if err != nil {
		return map[string]string{}
	}
	return versions(packed)
}

func versions(packed fs.FS) map[string]string {
	out := map[string]string{}
	m, err := manifest.Read(packed)
	if err != nil {
		return out
	}
	for _, f := range m.Files {
		out[f.Name()] = f.Version
	}
	return out
}

// load reads the manifest and checks that the payload is there, whole and for this machine.
func load(packed fs.FS) (manifest.Manifest, error) {
	m, err := manifest.Read(packed)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest.Manifest{}, ErrEmpty
	}
	if err != nil {
		return manifest.Manifest{}, err
	}
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		return manifest.Manifest{}, fmt.Errorf("the programs in this velad are for %s/%s, this is %s/%s; run `make build` on this machine",
			m.OS, m.Arch, runtime.GOOS, runtime.GOARCH)
	}
	for _, p := range needed() {
		if _, ok := m.Find(p); !ok {
			return manifest.Manifest{}, fmt.Errorf("this velad was compiled from a payload without %s; run `make build` to the end", p)
		}
	}
	return m, nil
}

// needed are the files that Paths promises, relative to the folder.
func needed() []string {
	return []string{
		manifest.BinDir + "/containerd",
		manifest.BinDir + "/containerd-shim-runc-v2",
		manifest.BinDir + "/runc",
		manifest.CNIDir + "/bridge",
		manifest.CNIDir + "/host-local",
		manifest.CNIDir + "/loopback",
		manifest.CNIDir + "/portmap",
		manifest.PauseImage,
	}
}

func paths(dir string, m manifest.Manifest) Paths {
	bin := filepath.Join(dir, manifest.BinDir)
	return Paths{
		Containerd:        filepath.Join(bin, "containerd"),
		ContainerdShim:    filepath.Join(bin, "containerd-shim-runc-v2"),
		Runc:              filepath.Join(bin, "runc"),
		BinDir:            bin,
		CNIDir:            filepath.Join(dir, manifest.CNIDir),
		PauseImageArchive: filepath.Join(dir, filepath.FromSlash(manifest.PauseImage)),
		PauseImage:        m.PauseImage,
	}
}
