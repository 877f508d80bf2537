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
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/vela-rollouts/vela/internal/archive"
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
	data, err := archive.Compile(ctx, program, arch, "")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making the folder for the archives: %w", err)
	}
	for _, version := range versions() {
		file := filepath.Join(out, archiveName(version))
		if err := writeArchive(file, data, version, arch); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s  %s\n", file, imageName(version))
	}
	return nil
}
