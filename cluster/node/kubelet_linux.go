// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package node runs the kubelet inside the process: it makes this machine the
// one node of the cluster.
package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Config of the node.
type Config struct {
	Name          string
	IP            net.IP // address of the bridge
	DataDir       string
	RuntimeSocket string
	DNS           string // cluster IP of the DNS service
	ClusterDomain string
	PKI           *pki.Bundle
}

// Kubelet is the component.
type Kubelet struct {
	cfg   Config
	task  *component.Task
	begun time.Time
}

var (
	_ component.Component = (*Kubelet)(nil)
	_ component.Mortal    = (*Kubelet)(nil)
)

// New returns a kubelet that is not started.
func New(cfg Config) *Kubelet { return &Kubelet{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Kubelet) Name() string { return "kubelet" }

// Init makes the directory.
func (k *Kubelet) Init(context.Context) error {
	if err := os.MkdirAll(k.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("making its directory: %w", err)
	}
	return nil
}

func (k *Kubelet) flags() *options.KubeletFlags {
	f := options.NewKubeletFlags()
	f.KubeConfig = k.cfg.PKI.Kubelet
	f.HostnameOverride = k.cfg.Name
	f.NodeIP = k.cfg.IP.String()
	f.RootDirectory = k.cfg.DataDir
	f.CertDirectory = filepath.Join(k.cfg.DataDir, "pki")
	return f
}

func (k *Kubelet) configuration() (*kubeletconfig.KubeletConfiguration, error) {
	c, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, fmt.Errorf("making its settings: %w", err)
	}
	// Callers: the API server only, with a certificate of ours.
	c.Address = k.cfg.IP.String()
	c.ReadOnlyPort, c.HealthzPort = 0, 0
	c.Authentication.Anonymous.Enabled = false
	c.Authentication.Webhook.Enabled = true
	c.Authentication.X509.ClientCAFile = k.cfg.PKI.CA.CertFile
	c.Authorization.Mode = kubeletconfig.KubeletAuthorizationModeWebhook
	c.TLSCertFile = k.cfg.PKI.KubeletServing.CertFile
	c.TLSPrivateKeyFile = k.cfg.PKI.KubeletServing.KeyFile
	c.RotateCertificates = false

	c.ContainerRuntimeEndpoint = "unix://" + k.cfg.RuntimeSocket
	c.ImageServiceEndpoint = c.ContainerRuntimeEndpoint
	c.ClusterDNS = []string{k.cfg.DNS}
	c.ClusterDomain = k.cfg.ClusterDomain
	c.PodLogsDir = filepath.Join(k.cfg.DataDir, "logs")
	c.VolumePluginDir = filepath.Join(k.cfg.DataDir, "volume-plugins")
	c.MaxPods = 250

	// The machine is not ours alone: no cgroup tree for quality of service, no
	// firewall chains, no change of the process's own priority.
	c.CgroupsPerQOS = false
	c.EnforceNodeAllocatable = nil
	c.CgroupDriver = "cgroupfs"
	c.FailCgroupV1 = false
	c.FailSwapOn = false
	c.MakeIPTablesUtilChains = false
	c.OOMScoreAdj = 0
	c.LocalStorageCapacityIsolation = false
	// There is no other node that could take what is evicted here.
	c.EvictionHard = map[string]string{}
	// Images are loaded by hand; one that was removed could not be pulled again.
	c.ImageGCHighThresholdPercent, c.ImageGCLowThresholdPercent = 100, 99

	c.KubeAPIQPS, c.KubeAPIBurst = 200, 400
	c.EventRecordQPS, c.EventBurst = 100, 200
	return c, nil
}

// Start begins to run pods.
func (k *Kubelet) Start(context.Context) error {
	cfg, err := k.configuration()
	if err != nil {
		return err
	}
	server := &options.KubeletServer{KubeletFlags: *k.flags(), KubeletConfiguration: *cfg}
	k.begun = time.Now()
	k.task.Go(func(ctx context.Context) error {
		deps, err := app.UnsecuredDependencies(ctx, server, utilfeature.DefaultFeatureGate)
		if err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
		return app.Run(ctx, server, deps, utilfeature.DefaultFeatureGate)
	})
	return nil
}

// Ready waits until the node is Ready by a report of this run.
func (k *Kubelet) Ready(ctx context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", k.cfg.PKI.Admin)
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return component.Poll(ctx, 100*time.Millisecond, func(ctx context.Context) error {
		node, err := client.CoreV1().Nodes().Get(ctx, k.cfg.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if c.Type != corev1.NodeReady {
				continue
			}
			// Times in conditions are whole seconds.
			if c.LastHeartbeatTime.Time.Before(k.begun.Truncate(time.Second)) {
				return fmt.Errorf("the node has not reported yet")
			}
			if c.Status != corev1.ConditionTrue {
				return fmt.Errorf("the node is not ready: %s", c.Message)
			}
			return nil
		}
		return fmt.Errorf("the node has no Ready condition yet")
	})
}

// Died yields the error of a kubelet that ended on its own.
func (k *Kubelet) Died() <-chan error { return k.task.Died() }

// Stop ends the kubelet. Its pods run on.
func (k *Kubelet) Stop(ctx context.Context) error { return k.task.Halt(ctx) }
