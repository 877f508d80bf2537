// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command velad is a Kubernetes cluster on one machine, with vela in it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/vela-rollouts/vela/cluster/command"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// up sends what libraries print to its log; errors are still for the terminal.
	terminal := os.NewFile(dup(os.Stderr), "stderr")
	if err := command.New(version, command.Streams{Out: os.Stdout, Err: os.Stderr}).ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(terminal, "Error:", err)
		os.Exit(1)
	}
}

func dup(f *os.File) uintptr {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return f.Fd()
	}
	syscall.CloseOnExec(fd)
	return uintptr(fd)
}
