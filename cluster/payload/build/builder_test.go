// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

func TestOnceBuildsOnlyWhatChanged(t *testing.T) {
	built := manifest.File{Path: "bin/runc", Packed: "runc.zst", Inputs: "same"}
	cases := map[string]struct {
		last   manifest.Manifest
		packed bool
		force  bool
		want   bool
		reason string
	}{
		"nothing was built before":               {want: true, reason: "there is nothing to keep"},
		"the same inputs and the file is there":  {last: manifest.Manifest{Files: []manifest.File{built}}, packed: true, reason: "it is up to date"},
		"the same inputs but the file is gone":   {last: manifest.Manifest{Files: []manifest.File{built}}, want: true, reason: "the manifest alone is no payload"},
		"other inputs":                           {last: manifest.Manifest{Files: []manifest.File{{Path: "bin/runc", Inputs: "other"}}}, packed: true, want: true, reason: "a version or a flag changed"},
		"the same inputs, but a build is forced": {last: manifest.Manifest{Files: []manifest.File{built}}, packed: true, force: true, want: true, reason: "-force was given"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := builder{dir: t.TempDir(), out: io.Discard, force: c.force, last: c.last}
			if err := os.Mkdir(b.bin(), 0o755); err != nil {
				t.Fatal(err)
			}
			if c.packed {
				writeFile(t, filepath.Join(b.bin(), built.Packed), "packed before")
			}
			output := filepath.Join(t.TempDir(), "runc")
			did := false
			err := b.once(manifest.File{Path: built.Path, Packed: built.Packed, Inputs: built.Inputs}, output, func() error {
				did = true
				writeFile(t, output, "program")
				return nil
			})
			if err != nil || did != c.want {
				t.Errorf("built: %v (%v), want %v: %s", did, err, c.want, c.reason)
			}
			if len(b.next.Files) != 1 || b.next.Files[0].Inputs != "same" {
				t.Errorf("the new manifest lists %+v, want runc in any case", b.next.Files)
			}
		})
	}
}

func TestAnInterruptedRunKeepsWhatItHas(t *testing.T) {
	b := builder{dir: t.TempDir(), out: io.Discard}
	b.last.Files = []manifest.File{{Path: "bin/runc", Inputs: "old"}, {Path: "cni/bridge", Packed: "bridge.zst", Inputs: "old"}}
	if err := os.Mkdir(b.bin(), 0o755); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "runc")
	err := b.once(manifest.File{Path: "bin/runc", Packed: "runc.zst", Inputs: "new"}, output, func() error {
		writeFile(t, output, "program")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Read(os.DirFS(b.bin()))
	if err != nil {
		t.Fatal(err)
	}
	runc, _ := m.Find("bin/runc")
	bridge, _ := m.Find("cni/bridge")
	if runc.Inputs != "new" || bridge.Inputs != "old" {
		t.Errorf("the manifest after one file lists runc %q, bridge %q; want the new runc and the bridge from before", runc.Inputs, bridge.Inputs)
	}
}

func TestFinishDropsWhatIsNoLongerPartOfThePayload(t *testing.T) {
	b := builder{dir: t.TempDir(), out: io.Discard}
	b.next.Files = []manifest.File{{Path: "bin/runc", Packed: "runc.zst"}}
	if err := os.Mkdir(b.bin(), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".keep", "runc.zst", "gone.zst", "runc.zst.new"} {
		writeFile(t, filepath.Join(b.bin(), name), "x")
	}
	if err := b.finish(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(b.bin(), "*"))
	if err != nil || len(left) != 3 {
		t.Errorf("bin holds %v (%v), want .keep, the manifest and runc.zst", left, err)
	}
}

func TestPauseImageDependsOnTheProgramAlone(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "pause")
	writeFile(t, program, "a program")
	var archives [2][]byte
	for i := range archives {
		name := filepath.Join(dir, "image.tar")
		if err := writePauseImage(program, name, "amd64"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = data
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same program differ; velad would import it again for nothing")
	}
	image, err := tarball.ImageFromPath(filepath.Join(dir, "image.tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.OS != "linux" || config.Architecture != "amd64" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/pause" {
		t.Errorf("the image is for %s/%s and starts %v, want linux/amd64 and /pause", config.OS, config.Architecture, config.Config.Entrypoint)
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
