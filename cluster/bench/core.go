// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// coreArgs are the flags of vela-core for a stage.
func coreArgs(kubeconfig, edge string, health, webhook int, certificates string) []string {
	return []string{
		"--kubeconfig", kubeconfig,
		"--edge-url", edge,
		"--health-addr", fmt.Sprintf("127.0.0.1:%d", health),
		"--metrics-addr", "0",
		"--webhook-url", fmt.Sprintf("https://127.0.0.1:%d", webhook),
		"--webhook-port", fmt.Sprint(webhook),
		"--webhook-host", "127.0.0.1",
		"--cert-dir", certificates,
	}
}

// awaitCore returns when vela-core says that it is ready.
func (s *stage) awaitCore(ctx context.Context, health int) error {
	var last error
	for {
		if err := s.core.alive(); err != nil {
			return err
		}
		if last = answers(ctx, fmt.Sprintf("http://127.0.0.1:%d/readyz", health)); last == nil {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("starting vela-core: %w; %s", last, s.core.tail())
		}
	}
}

func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// serve runs a server on a free port of loopback; stop ends it.
func serve(server *http.Server) (address string, stop func(), err error) {
	listener, err := listenLoopback()
	if err != nil {
		return "", nil, err
	}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), func() { _ = server.Close() }, nil
}
