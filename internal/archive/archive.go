// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package archive makes container images of one program each, without a registry and without a base image.
package archive

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

// Image is an image with a program, linked statically, as its only file.
type Image struct {
	// Program is the binary, Path where it stands in the image, without a slash before it.
	Program []byte
	Path    string
	// Arch is the processor architecture, such as amd64.
	Arch  string
	Env   []string
	User  string
	Ports []string // such as 8090/tcp
}

// Write writes the image under all of its names into one archive, which appears whole or not at all. Equal programs give equal
// archives: no time of the building is in them.
func Write(archive string, image Image, names ...string) error {
	made, err := image.make()
	if err != nil {
		return fmt.Errorf("making image %s: %w", names[0], err)
	}
	refs := map[name.Reference]v1.Image{}
	for _, n := range names {
		tag, err := name.NewTag(n)
		if err != nil {
			return fmt.Errorf("making image %s: %w", n, err)
		}
		refs[tag] = made
	}
	if err := tarball.MultiRefWriteToFile(archive+".new", refs); err != nil {
		return fmt.Errorf("writing image %s: %w", names[0], err)
	}
	if err := os.Rename(archive+".new", archive); err != nil {
		return fmt.Errorf("writing image %s: %w", names[0], err)
	}
	return nil
}

func (i Image) make() (v1.Image, error) {
	layer, err := i.layer()
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
	config.OS, config.Architecture = "linux", i.Arch
	config.Config.Entrypoint = []string{"/" + i.Path}
	config.Config.Env = i.Env
	config.Config.User = i.User
	config.Config.WorkingDir = "/"
	for _, port := range i.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[port] = struct{}{}
	}
	return mutate.ConfigFile(image, config)
}

// layer depends on the program alone: images of one program with different settings share it.
func (i Image) layer() (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	header := &tar.Header{
		Name: i.Path, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(i.Program)),
		ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	}
	if err := w.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := w.Write(i.Program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buffer.Bytes())), nil
	})
}
