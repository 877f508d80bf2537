// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command buildimages builds the demo program of the canary example and writes one image archive for each of its versions, so
// that the example runs without a registry. The same sources give the same bytes with the same Go release.
//
//	go run ./examples/canary/buildimages -out examples/canary/images
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// program is the import path of the demo.
const program = "github.com/vela-rollouts/vela/examples/canary"

func main() {
	out := flag.String("out", "examples/canary/images", "folder to write the archives into")
	arch := flag.String("arch", runtime.GOARCH, "processor architecture of the images: amd64 or arm64")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *arch); err != nil {
		fmt.Fprintln(os.Stderr, "buildimages:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, arch string) error {
	work, err := os.MkdirTemp("", "canary-images-")
	if err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // left-overs in the temporary folder harm nobody
	binary := filepath.Join(work, "canary")
	if err := compile(ctx, binary, arch); err != nil {
		return err
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("reading the built program: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making the folder for the archives: %w", err)
	}
	for _, version := range versions() {
		archive := filepath.Join(out, archiveName(version))
		if err := writeArchive(archive, data, version, arch); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s  %s\n", archive, imageName(version))
	}
	return nil
}

func compile(ctx context.Context, output, arch string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", output, program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building the demo program (in the folder of the vela sources?): %w", err)
	}
	return nil
}
