// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/internal/edge"
)

// edgeConfig is what an edge in a process of its own is told.
type edgeConfig struct {
	Kubeconfig, HTTP, Admin, Replica string
}

// runEdge is a second replica of the edge: this test binary, run once more.
func runEdge(text string) int {
	var c edgeConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg.QPS = -1
	client, err := kubernetes.NewForConfig(cfg)
	if err == nil {
		var e *edge.Edge
		if e, err = edge.New(edge.Config{HTTPAddr: c.HTTP, AdminAddr: c.Admin, Replica: c.Replica}, client, nil, slog.New(slog.NewTextHandler(os.Stderr, nil))); err == nil {
			err = e.Run(ctx)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
