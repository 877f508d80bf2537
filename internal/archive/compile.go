// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Compile builds a program of this repository for Linux, linked statically, and gives its binary. pkg is its import path, arch the
// processor architecture, such as amd64; version goes into its variable main.version, unless it is empty. The same sources give the same
// bytes with the same Go release.
func Compile(ctx context.Context, pkg, arch, version string) ([]byte, error) {
	work, err := os.MkdirTemp("", "vela-image-")
	if err != nil {
		return nil, fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // left-overs in the temporary folder harm nobody
	output, flags := filepath.Join(work, "program"), "-s -w"
	if version != "" {
		flags += " -X main.version=" + version
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", output, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("building %s (in the folder of the vela sources?): %w", pkg, err)
	}
	program, err := os.ReadFile(output)
	if err != nil {
		return nil, fmt.Errorf("reading the built program: %w", err)
	}
	return program, nil
}
