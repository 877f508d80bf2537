// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command images builds the images that the chart runs, one archive for each: a program as the only file, for a user without rights.
//
//	go run ./deploy/images -out bin/images -version v1.2.3
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

func main() {
	out := flag.String("out", "bin/images", "folder to write the archives into")
	arch := flag.String("arch", runtime.GOARCH, "processor architecture of the images: amd64 or arm64")
	version := flag.String("version", "dev", "version of the programs, and tag of the images")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *arch, *version); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, arch, version string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making the folder for the archives: %w", err)
	}
	for _, name := range []string{"vela-core", "vela-edge"} {
		program, err := archive.Compile(ctx, "github.com/vela-rollouts/vela/cmd/"+name, arch, version)
		if err != nil {
			return err
		}
		file, tag := filepath.Join(out, name+".tar"), "vela-rollouts/"+name+":"+version
		if err := archive.Write(file, archive.Image{Program: program, Path: name, Arch: arch, User: "65532:65532"}, tag); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s  %s\n", file, tag)
	}
	return nil
}
