// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

// Command velad is a Kubernetes cluster on one machine, with vela in it.
package main

import (
	"fmt"
	"os"
)

func main() {
	_, _ = fmt.Fprintln(os.Stderr, "Error: velad runs containers of Linux and needs Linux; use it in a virtual machine, or point vela at any Kubernetes cluster with --kubeconfig")
	os.Exit(1)
}
