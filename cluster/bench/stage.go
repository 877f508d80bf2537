// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/edge"
	"github.com/vela-rollouts/vela/internal/test/fakenode"
)

const (
	// namespace of everything that is measured.
	namespace = "bench"
	// podPort is where pods answer.
	podPort = 18090
	// podRange is a part of what RFC 2544 sets apart for measuring; it is routed to the loopback device.
	podRange = "198.18.0.0/16"
	// fakeNodes have room for 5,000 pods each.
	fakeNodes = 4
)

// stage is a control plane with fake nodes, the edge, and if wanted vela's controllers.
type stage struct {
	set    settings
	plane  *plane
	core   *process
	client client.Client
	nodes  *fakenode.Nodes
	board  *board
	served *served

	gateway string // host:port of the edge
	admin   string // URL of what the edge says it serves
	undo    []func() error
}

// open builds a stage. The caller closes it.
func open(ctx context.Context, set settings, withCore bool) (*stage, error) {
	s := &stage{set: set}
	if err := s.build(ctx, withCore); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// close takes everything down in reverse, whatever the state.
func (s *stage) close() error {
	var all []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		all = append(all, s.undo[i]())
	}
	s.undo = nil
	return errors.Join(all...)
}

func (s *stage) build(ctx context.Context, withCore bool) error {
	var err error
	if s.plane, err = startPlane(ctx, s.set); err != nil {
		return err
	}
	s.undo = append(s.undo, s.plane.stop)
	if set := s.set; set.keep {
		set.say("  logs are in %s", s.plane.dir)
	}
	// Everything in this process ends before the control plane does.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.undo = append(s.undo, func() error { cancel(); return nil })
	cfg, err := s.plane.config("admin")
	if err != nil {
		return err
	}
	if s.client, err = client.New(cfg, client.Options{Scheme: scheme()}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := s.pods(ctx); err != nil {
		return err
	}
	if err := s.router(ctx); err != nil {
		return err
	}
	if withCore {
		if err := s.controllers(ctx); err != nil {
			return err
		}
	}
	err = s.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	if err != nil {
		return fmt.Errorf("making the namespace: %w", err)
	}
	s.board, err = watchBoard(ctx, cfg)
	return err
}

// pods starts the fake nodes and answers for their pods.
func (s *stage) pods(ctx context.Context) error {
	undo, err := fakenode.RouteLocal(ctx, netip.MustParsePrefix(podRange))
	if err != nil {
		return err
	}
	s.undo = append(s.undo, undo)
	listener, err := fakenode.Listen(ctx, podPort)
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() error { _ = listener.Close(); return nil })
	cfg, err := s.plane.config("admin")
	if err != nil {
		return err
	}
	cfg.UserAgent = "fakenode"
	direct, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client of the nodes: %w", err)
	}
	s.nodes, err = fakenode.Start(ctx, direct, fakenode.Config{
		Nodes: fakeNodes, Range: netip.MustParsePrefix(podRange), Linger: 5 * time.Second,
		Now: time.Now, Log: slog.New(slog.NewTextHandler(s.set.progress, nil)),
	})
	if err != nil {
		return err
	}
	go func() { _ = s.nodes.Serve(ctx, listener) }()
	return nil
}

// router runs the edge in this process.
func (s *stage) router(ctx context.Context) error {
	cfg, err := s.plane.config("edge")
	if err != nil {
		return err
	}
	direct, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client of the edge: %w", err)
	}
	e, err := edge.New(edge.Config{
		HTTPAddr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", Replica: "bench", PublishAddress: "127.0.0.1", DrainTimeout: time.Second,
	}, direct, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("making the edge: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	s.undo = append(s.undo, func() error { cancel(); return <-ended })
	select {
	case <-e.Ready():
	case err := <-ended:
		ended <- err
		return fmt.Errorf("starting the edge: %w", err)
	}
	http, _, admin := e.Addrs()
	s.gateway, s.admin = http.String(), "http://"+admin.String()
	s.served = watchServed(ctx, s.admin)
	return nil
}

// controllers runs vela-core in a process of its own, as the user that is counted.
func (s *stage) controllers(ctx context.Context) error {
	health, err := freePort()
	if err != nil {
		return err
	}
	webhook, err := freePort()
	if err != nil {
		return err
	}
	args := coreArgs(s.plane.kubeconfig("manager"), s.admin, health, webhook, filepath.Join(s.plane.dir, "webhook"))
	s.core, err = start(filepath.Join(s.plane.dir, "vela-core.out"), nil, filepath.Join(s.set.bin, "vela-core"), args...)
	if err != nil {
		return err
	}
	s.undo = append(s.undo, s.core.stop)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return s.awaitCore(ctx, health)
}
