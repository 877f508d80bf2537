// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package store runs etcd inside the process, on a socket that only the owner
// of the data directory can reach: no port, no password, no certificate.
package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/vela-rollouts/vela/cluster/component"
)

// Config of the store.
type Config struct {
	Dir string // data; made with mode 0700
	// Quick leaves out waiting for the disk: for clusters that are thrown away.
	Quick  bool
	Logger *zap.Logger
}

// Store is the etcd component.
type Store struct {
	cfg       Config
	socketDir string
	temporary bool
	task      *component.Task
	server    *embed.Etcd
}

var _ component.Component = (*Store)(nil)

// New returns a store that is not started.
func New(cfg Config) *Store { return &Store{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Store) Name() string { return "etcd" }

// longestSocket is below the 108 bytes that Linux allows for a socket's path.
const longestSocket = 100

// Endpoint is the address clients use, good after Init.
func (s *Store) Endpoint() string { return "unix://" + filepath.Join(s.socketDir, "client.sock") }

// Init makes the directories and removes sockets of an earlier run.
func (s *Store) Init(context.Context) error {
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	s.socketDir = s.cfg.Dir
	if len(filepath.Join(s.cfg.Dir, "client.sock")) > longestSocket {
		dir, err := os.MkdirTemp("", "velad-etcd-")
		if err != nil {
			return fmt.Errorf("making a directory for the socket: %w", err)
		}
		s.socketDir, s.temporary = dir, true
	}
	for _, name := range []string{"client.sock", "peer.sock"} {
		if err := os.Remove(filepath.Join(s.socketDir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing an old socket: %w", err)
		}
	}
	return nil
}

func (s *Store) config() *embed.Config {
	client := url.URL{Scheme: "unix", Path: filepath.Join(s.socketDir, "client.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(s.socketDir, "peer.sock")}
	cfg := embed.NewConfig()
	cfg.Name = "velad"
	cfg.Dir = filepath.Join(s.cfg.Dir, "data")
	cfg.ListenClientUrls = []url.URL{client}
	cfg.AdvertiseClientUrls = []url.URL{client}
	cfg.ListenPeerUrls = []url.URL{peer}
	cfg.AdvertisePeerUrls = []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.EnableGRPCGateway = false
	cfg.UnsafeNoFsync = s.cfg.Quick
	// One member never loses an election; a short one only saves time at the start.
	cfg.TickMs, cfg.ElectionMs = 50, 250
	// Few entries kept in memory: there is no follower that could fall behind.
	cfg.SnapshotCount, cfg.SnapshotCatchUpEntries = 2000, 500
	cfg.QuotaBackendBytes = 4 << 30
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(s.cfg.Logger)
	return cfg
}

// Start opens the data and begins to serve.
func (s *Store) Start(context.Context) error {
	server, err := embed.StartEtcd(s.config())
	if err != nil {
		return fmt.Errorf("opening the data in %s: %w", s.cfg.Dir, err)
	}
	s.server = server
	s.task.Go(func(ctx context.Context) error {
		select {
		case err := <-server.Err():
			return err
		case <-server.Server.StopNotify():
			return errors.New("the server stopped")
		case <-ctx.Done():
			return nil
		}
	})
	return nil
}

// Ready waits until reads and writes are answered.
func (s *Store) Ready(ctx context.Context) error {
	select {
	case <-s.server.Server.ReadyNotify():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Died yields the error of a server that ended on its own.
func (s *Store) Died() <-chan error { return s.task.Died() }

// Stop closes the data cleanly.
func (s *Store) Stop(ctx context.Context) error {
	err := s.task.Halt(ctx)
	if s.server != nil {
		s.server.Close()
		s.server = nil
	}
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.socketDir))
	}
	return err
}
