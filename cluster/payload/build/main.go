// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command build makes the payload: it builds the third-party programs from the versions pinned in thirdparty/go.mod, the pause
// program and its image, and writes them compressed into bin/, with a manifest that says what they are. What was built from the
// same inputs before is left alone, so that a second run takes about a second; an interrupted run goes on where it stopped.
//
//	cluster/payload/build.sh
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	dir := flag.String("payload", "payload", "folder of the payload package; results go to its folder bin")
	force := flag.Bool("force", false, "build everything, up to date or not")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := builder{dir: *dir, force: *force, out: os.Stderr}
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "payload:", err)
		os.Exit(1)
	}
}
