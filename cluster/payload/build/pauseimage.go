// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

// pauseImageName is in no registry: the image comes only from the payload.
const pauseImageName = "vela.local/pause:1"

const (
	pauseVersion = "1"
	// pauseUser is the user that the usual pause image has as well: nobody.
	pauseUser = "65535:65535"
)

// pause builds the pause program and the archive of the image that holds nothing else.
func (b *builder) pause(ctx context.Context, program string) error {
	source, err := checksumFiles(filepath.Join(b.dir, "pause", "main.go"))
	if err != nil {
		return err
	}
	file := manifest.File{Path: manifest.PauseImage, Packed: filepath.Base(manifest.PauseImage) + ".zst", Version: pauseVersion, Mode: 0o644}
	file.Inputs = checksum(recipe, source, b.platform.os, b.platform.arch, b.platform.goVersion, linkFlags, pauseImageName, pauseUser)
	archive := program + ".tar"
	return b.once(file, archive, func() error {
		if err := b.compile(ctx, b.dir, target{pkg: "./pause"}, pauseVersion, program); err != nil {
			return err
		}
		return writePauseImage(program, archive, b.platform.arch)
	})
}

// writePauseImage writes an image archive with the program as its only file and entry point. Nothing in it depends on the time
// of the build.
func writePauseImage(program, archive, arch string) error {
	layer, err := oneFileLayer(program)
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.Entrypoint = []string{"/pause"}
	config.Config.User = pauseUser
	config.Config.WorkingDir = "/"
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	tag, err := name.NewTag(pauseImageName)
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	if err := tarball.WriteToFile(archive, tag, image); err != nil {
		return fmt.Errorf("writing the pause image: %w", err)
	}
	return nil
}

func oneFileLayer(program string) (v1.Layer, error) {
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("making the pause image: %w", err)
	}
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	header := &tar.Header{Name: "pause", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(data)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := w.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("making the pause image: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("making the pause image: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("making the pause image: %w", err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buffer.Bytes())), nil
	})
	if err != nil {
		return nil, fmt.Errorf("making the pause image: %w", err)
	}
	return layer, nil
}
