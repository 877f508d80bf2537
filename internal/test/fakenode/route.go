// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package fakenode

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
)

// RouteLocal makes every address of the range an address of this machine's loopback, so that traffic for it cannot leave. The
// returned function undoes it. It needs root and iproute2.
func RouteLocal(ctx context.Context, addresses netip.Prefix) (undo func() error, err error) {
	route := []string{"local", addresses.String(), "dev", "lo"}
	if out, err := exec.CommandContext(ctx, "ip", append([]string{"route", "replace"}, route...)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("routing %s to this machine: %w: %s", addresses, err, out)
	}
	return func() error {
		out, err := exec.Command("ip", append([]string{"route", "del"}, route...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("removing the route of %s: %w: %s", addresses, err, out)
		}
		return nil
	}, nil
}

// Serve answers on port for every pod, with the version of the pod whose address was connected to.
func (n *Nodes) Serve(ctx context.Context, port int) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return fmt.Errorf("answering for the pods: %w", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		version := ""
		if ok {
			version = n.Version(local.IP.String())
		}
		if version == "" {
			http.Error(w, "no pod has this address", http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "Demo: %s\n", version)
	})}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("answering for the pods: %w", err)
	}
	return nil
}
