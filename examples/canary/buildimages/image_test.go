// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestArchivesHoldTheVersionTheyAreNamedFor(t *testing.T) {
	dir := t.TempDir()
	layers := map[string]bool{}
	for _, version := range versions() {
		archive := filepath.Join(dir, archiveName(version))
		if err := writeArchive(archive, []byte("a program"), version, "amd64"); err != nil {
			t.Fatal(err)
		}
		tag, err := name.NewTag("wangyikewyk/canarydemo:" + version)
		if err != nil {
			t.Fatal(err)
		}
		image, err := tarball.ImageFromPath(archive, &tag)
		if err != nil {
			t.Fatalf("the archive of %s must hold the name that the YAML uses: %v", version, err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if env := config.Config.Env; len(env) != 1 || env[0] != "DEMO_VERSION="+version {
			t.Errorf("image %s sets %v, want DEMO_VERSION=%s: the program has nothing else to know its version by", version, env, version)
		}
		for _, id := range config.RootFS.DiffIDs {
			layers[id.String()] = true
		}
	}
	if len(layers) != 1 {
		t.Errorf("the images have %d different layers, want one that all share", len(layers))
	}
}

func TestTheSameProgramGivesTheSameArchive(t *testing.T) {
	dir := t.TempDir()
	var archives [2][]byte
	for i := range archives {
		archive := filepath.Join(dir, "image.tar")
		if err := writeArchive(archive, []byte("a program"), "v1", "amd64"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = data
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same program differ: something depends on the time or on chance")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) > 0 {
		t.Errorf("temporary files %v (%v) are left behind", left, err)
	}
}
