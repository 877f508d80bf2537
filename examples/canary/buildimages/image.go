// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// versions are the tags that the YAML files of the example use. What each one does is told by DEMO_VERSION in its image.
func versions() []string { return []string{"v1", "v2", "v3", "broken"} }

func imageName(version string) string { return "wangyikewyk/canarydemo:" + version }

func archiveName(version string) string { return "canarydemo-" + version + ".tar" }

// writeArchive writes an image with the program as its only file. The archive appears whole or not at all.
func writeArchive(archive string, program []byte, version, arch string) error {
	image, err := demoImage(program, version, arch)
	if err != nil {
		return fmt.Errorf("making image %s: %w", imageName(version), err)
	}
	tag, err := name.NewTag(imageName(version))
	if err != nil {
		return fmt.Errorf("making image %s: %w", imageName(version), err)
	}
	if err := tarball.WriteToFile(archive+".new", tag, image); err != nil {
		return fmt.Errorf("writing image %s: %w", imageName(version), err)
	}
	if err := os.Rename(archive+".new", archive); err != nil {
		return fmt.Errorf("writing image %s: %w", imageName(version), err)
	}
	return nil
}

// demoImage has no time of its building in it: equal programs give equal images.
func demoImage(program []byte, version, arch string) (v1.Image, error) {
	layer, err := programLayer(program)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.Entrypoint = []string{"/canary"}
	config.Config.Env = []string{"DEMO_VERSION=" + version}
	config.Config.User = "65532:65532" // nobody in particular; the program needs no rights
	config.Config.WorkingDir = "/"
	config.Config.ExposedPorts = map[string]struct{}{"8090/tcp": {}}
	return mutate.ConfigFile(image, config)
}

// programLayer is the same for all versions, so a node stores it once.
func programLayer(program []byte) (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	header := &tar.Header{
		Name: "canary", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program)),
		ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	}
	if err := w.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buffer.Bytes())), nil
	})
}
