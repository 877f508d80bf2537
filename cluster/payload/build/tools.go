// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// goTool runs the Go tool in dir and returns what it prints to standard output, trimmed.
func goTool(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOWORK=off"}, env...)...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// checkCTools says which Debian packages a cgo build lacks, all at once, and returns the version of libseccomp.
func checkCTools(ctx context.Context) (string, error) {
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "gcc"
	}
	var missing []string
	if fields := strings.Fields(compiler); len(fields) == 0 || !found(fields[0]) {
		missing = append(missing, "gcc", "libc6-dev")
	}
	seccomp := ""
	if found("pkg-config") {
		out, err := exec.CommandContext(ctx, "pkg-config", "--modversion", "libseccomp").Output()
		if err != nil {
			missing = append(missing, "libseccomp-dev")
		}
		seccomp = strings.TrimSpace(string(out))
	} else {
		missing = append(missing, "pkg-config", "libseccomp-dev")
	}
	if len(missing) > 0 {
		return "", errors.New("runc needs these Debian packages to build: " + strings.Join(missing, " ") +
			"; install them with `apt-get install -y " + strings.Join(missing, " ") + "`")
	}
	return seccomp, nil
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
