// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	releasev1alpha1 "github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// plane is a control plane without containers, in a process of its own.
type plane struct {
	proc  *process
	dir   string
	audit *ledger
	keep  bool
}

// startTimeout bounds the start of a control plane.
const startTimeout = 2 * time.Minute

// startPlane runs velad's control plane, with nothing of vela in it, in a new folder.
func startPlane(ctx context.Context, set settings) (*plane, error) {
	dir, err := os.MkdirTemp("", "vela-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a data directory: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	data := filepath.Join(dir, "velad")
	p := &plane{keep: set.keep, dir: dir, audit: &ledger{file: filepath.Join(dir, "audit.log")}}
	p.proc, err = start(filepath.Join(dir, "velad.out"), nil, filepath.Join(set.bin, "velad"), "up",
		"--control-plane-only", "--without-vela", "--data-dir", data, "--api-port", strconv.Itoa(port), "--audit-log", p.audit.file)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := p.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a control plane: %w", err), p.stop())
	}
	return p, nil
}

// await returns when everything is served that the figures need.
func (p *plane) await(ctx context.Context) error {
	var last error
	for {
		if err := p.proc.alive(); err != nil {
			return err
		}
		if last = p.ready(ctx); last == nil {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return errors.Join(last, err)
		}
	}
}

func (p *plane) ready(ctx context.Context) error {
	cfg, err := p.config("admin")
	if err != nil {
		return err
	}
	direct, err := client.New(cfg, client.Options{Scheme: scheme()})
	if err != nil {
		return err
	}
	if err := direct.List(ctx, &rolloutsv1beta1.RolloutList{}); err != nil {
		return err
	}
	if err := direct.Get(ctx, client.ObjectKey{Namespace: "default", Name: "default"}, &corev1.ServiceAccount{}); err != nil {
		return err
	}
	// The last of what velad states about a cluster.
	return direct.Get(ctx, client.ObjectKey{Name: "velad-manager"}, &rbacv1.ClusterRoleBinding{})
}

// config is a client's configuration for one of the users that velad makes, without a limit of requests.
func (p *plane) config(user string) (*rest.Config, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", p.kubeconfig(user))
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig of %s: %w", user, err)
	}
	cfg.QPS = -1
	cfg.UserAgent = userAgent
	return cfg, nil
}

func (p *plane) kubeconfig(user string) string {
	return filepath.Join(p.dir, "velad", "pki", user+".kubeconfig")
}

func (p *plane) stop() error {
	err := p.proc.stop()
	if p.keep {
		return err
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

func listenLoopback() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port: %w", err)
	}
	return l, nil
}

func freePort() (int, error) {
	l, err := listenLoopback()
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// scheme has all kinds that are used here.
func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, corev1beta1.AddToScheme, rolloutsv1beta1.AddToScheme, releasev1alpha1.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err) // the kinds of this module always register
		}
	}
	return s
}
