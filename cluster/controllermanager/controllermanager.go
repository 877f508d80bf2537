// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package controllermanager runs kube-controller-manager inside the process,
// without the controllers for features this cluster does not offer.
package controllermanager

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Config of the controllers.
type Config struct {
	PKI *pki.Bundle
	// Without names controllers to leave out besides those that never run here.
	Without []string
}

// Manager is the controller manager component.
type Manager struct {
	cfg  Config
	task *component.Task
}

var (
	_ component.Component = (*Manager)(nil)
	_ component.Mortal    = (*Manager)(nil)
)

// New returns a manager that is not started.
func New(cfg Config) *Manager { return &Manager{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Manager) Name() string { return "controller-manager" }

// Init has nothing to check that the options do not check themselves.
func (*Manager) Init(context.Context) error { return nil }

// needless names controllers that would only hold memory: certificates are
// ours, there is one node with one pod range, and no cloud.
func needless() []string {
	return []string{
		"bootstrap-signer-controller", "token-cleaner-controller",
		"certificatesigningrequest-signing-controller", "certificatesigningrequest-approving-controller",
		"certificatesigningrequest-cleaner-controller", "podcertificaterequest-cleaner-controller",
		"kube-apiserver-serving-clustertrustbundle-publisher-controller",
		"node-ipam-controller", "ttl-controller", "storageversion-garbage-collector-controller",
		"legacy-serviceaccount-token-cleaner-controller", "resourceclaim-controller",
		"persistentvolume-attach-detach-controller", "persistentvolume-expander-controller",
		"endpointslice-mirroring-controller", "replicationcontroller-controller",
	}
}

func (m *Manager) flags() []string {
	args := []string{
		"--kubeconfig=" + m.cfg.PKI.ControllerManager,
		"--secure-port=0",
		"--leader-elect=false",
		"--root-ca-file=" + m.cfg.PKI.CA.CertFile,
		"--service-account-private-key-file=" + m.cfg.PKI.ServiceAccountKeyFile,
		"--use-service-account-credentials=true",
		"--profiling=false",
		"--kube-api-qps=500", "--kube-api-burst=1000",
		"--concurrent-deployment-syncs=20", "--concurrent-replicaset-syncs=20",
		"--concurrent-gc-syncs=10", "--concurrent-endpoint-syncs=5", "--concurrent-service-endpoint-syncs=10",
		// The container runtime keeps what a crashed pod wrote; a thousand dead pods are enough.
		"--terminated-pod-gc-threshold=1000",
		"--controllers=*",
	}
	for _, list := range [][]string{needless(), m.cfg.Without} {
		for _, name := range list {
			args = append(args, "--controllers=-"+name)
		}
	}
	return args
}

// Start begins all controllers.
func (m *Manager) Start(ctx context.Context) error {
	opts, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return fmt.Errorf("making its options: %w", err)
	}
	fs := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	sets := opts.Flags(app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	for _, set := range sets.FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(m.flags()); err != nil {
		return fmt.Errorf("reading its flags: %w", err)
	}
	// Not ctx: the configuration keeps it for its events until the end.
	cfg, err := opts.Config(context.WithoutCancel(ctx), app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	if err != nil {
		return fmt.Errorf("checking its options: %w", err)
	}
	m.task.Go(func(ctx context.Context) error { return app.Run(ctx, cfg.Complete()) })
	return nil
}

// Ready waits for the first thing the controllers make, without which no pod
// can be created: the service account of the default namespace.
func (m *Manager) Ready(ctx context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", m.cfg.PKI.Admin)
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return component.Poll(ctx, 100*time.Millisecond, func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("no service account in the default namespace yet")
		}
		return err
	})
}

// Died yields the error of controllers that ended on their own.
func (m *Manager) Died() <-chan error { return m.task.Died() }

// Stop ends all controllers.
func (m *Manager) Stop(ctx context.Context) error { return m.task.Halt(ctx) }
