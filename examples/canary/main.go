// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command canary is the program of the canary example: it says which version it is, over HTTP, WebSocket and gRPC, and
// ends without breaking off a request. All versions are one program; the image says which one by the variable DEMO_VERSION.
//
//	GET /version   answers "Demo: V1"
//	POST /version  reads the body first
//	GET /          answers the version and the name of the pod
//	GET /healthz   answers "ok"
//	GET /ws        WebSocket; answers every message with "Demo: V1"
//	gRPC           UnaryCall and FullDuplexCall of grpc.testing.TestService, on the same port, without TLS (h2c)
//
// The version "broken" is for the story of a release that goes wrong: it ends at once with an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// errBroken is how the version "broken" ends.
var errBroken = errors.New("this version is broken on purpose; roll back to the one before")

func main() {
	address := flag.String("listen", ":8090", "address to listen on")
	version := flag.String("version", os.Getenv("DEMO_VERSION"), "version to answer with, such as v1; the default is DEMO_VERSION")
	flag.Parse()

	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("DEMO_ABRUPT") != "" {
		// As a program that knows nothing of SIGTERM: what it is working on is lost.
		context.AfterFunc(ctx, func() { os.Exit(128 + int(syscall.SIGTERM)) })
	}
	if err := run(ctx, log, *address, *version); err != nil {
		fmt.Fprintln(os.Stderr, "canary:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger, address, version string) error {
	switch version {
	case "broken":
		return errBroken
	case "":
		return errors.New("no version is given; set DEMO_VERSION or -version, for example to v1")
	}
	hostname, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("reading the name of this machine: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", address, err)
	}
	log.Info("serving", "version", version, "address", listener.Addr().String())
	d := newDemo(version, hostname)
	err = serve(ctx, listener, d, d.handler())
	log.Info("stopped", "version", version)
	return err
}

// answer is what the demo says for a version: "Demo: V1" for v1.
func answer(version string) string {
	return "Demo: " + strings.ToUpper(version)
}
