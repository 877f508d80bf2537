// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package fakenode

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"syscall"
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
		if err != nil && !bytes.Contains(out, []byte("No such process")) { // ESRCH: it is gone already
			return fmt.Errorf("removing the route of %s: %w: %s", addresses, err, out)
		}
		return nil
	}, nil
}

// Listen opens the port for all pods at once, on the loopback device alone. It needs root.
func Listen(ctx context.Context, port int) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var bound error
		err := raw.Control(func(fd uintptr) { bound = syscall.BindToDevice(int(fd), "lo") })
		if err != nil {
			return err
		}
		return bound
	}}
	listener, err := config.Listen(ctx, "tcp4", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return nil, fmt.Errorf("answering for the pods: %w", err)
	}
	return listener, nil
}

// Serve answers for every pod, with the version of the pod whose address was connected to, until ctx ends.
func (n *Nodes) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: http.HandlerFunc(n.answer)}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("answering for the pods: %w", err)
	}
	return nil
}

func (n *Nodes) answer(w http.ResponseWriter, r *http.Request) {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || n.Image(local.IP.String()) == "" {
		http.Error(w, "no pod has this address", http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintf(w, "Demo: %s\n", n.Version(local.IP.String()))
}
