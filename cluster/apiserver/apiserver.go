// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package apiserver runs kube-apiserver inside the process.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/pki"
)

// Config of the API server.
type Config struct {
	Listen        func() (net.Listener, error) // asked at the start
	Advertise     net.IP                       // where pods find it; loopback: nowhere
	ServiceCIDR   string
	ClusterDomain string
	PKI           *pki.Bundle
	StoreEndpoint func() string // asked at the start
	AuditPolicy   string        // file; empty: no audit
	AuditLog      string        // file
}

// Server is the API server component.
type Server struct {
	cfg      Config
	task     *component.Task
	listener net.Listener
}

var (
	_ component.Component = (*Server)(nil)
	_ component.Mortal    = (*Server)(nil)
)

// New returns a server that is not started.
func New(cfg Config) *Server { return &Server{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Server) Name() string { return "apiserver" }

// Init has nothing to check that the options do not check themselves.
func (*Server) Init(context.Context) error { return nil }

// needless names admission plugins for features this cluster does not offer.
func needless() []string {
	return []string{"CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest", "PodGroupProtection"}
}

func (s *Server) flags() []string {
	b, port := s.cfg.PKI, s.listener.Addr().(*net.TCPAddr).Port
	args := []string{
		"--etcd-servers=" + s.cfg.StoreEndpoint(),
		"--secure-port=" + strconv.Itoa(port),
		"--bind-address=127.0.0.1",
		"--advertise-address=" + s.cfg.Advertise.String(),
		"--service-cluster-ip-range=" + s.cfg.ServiceCIDR,
		"--allow-privileged=true",
		"--anonymous-auth=false",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--disable-admission-plugins=" + strings.Join(needless(), ","),
		"--client-ca-file=" + b.CA.CertFile,
		"--tls-cert-file=" + b.APIServer.CertFile,
		"--tls-private-key-file=" + b.APIServer.KeyFile,
		"--tls-min-version=VersionTLS12",
		"--kubelet-client-certificate=" + b.KubeletClient.CertFile,
		"--kubelet-client-key=" + b.KubeletClient.KeyFile,
		"--kubelet-certificate-authority=" + b.CA.CertFile,
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + b.FrontProxyCA.CertFile,
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + b.FrontProxy.CertFile,
		"--proxy-client-key-file=" + b.FrontProxy.KeyFile,
		"--service-account-issuer=https://kubernetes.default.svc." + s.cfg.ClusterDomain,
		"--service-account-key-file=" + b.ServiceAccountPublicKeyFile,
		"--service-account-signing-key-file=" + b.ServiceAccountKeyFile,
		"--profiling=false",
		// One user on one machine: fairness between tenants costs more than it gives.
		"--enable-priority-and-fairness=false",
		"--etcd-compaction-interval=5m",
		"--event-ttl=1h",
		"--shutdown-delay-duration=0s",
	}
	// A loopback address is refused in an endpoint, and no pod could use it.
	if s.cfg.Advertise.IsLoopback() {
		args = append(args, "--endpoint-reconciler-type=none")
	}
	if s.cfg.AuditLog != "" {
		args = append(args,
			"--audit-policy-file="+s.cfg.AuditPolicy,
			"--audit-log-path="+s.cfg.AuditLog,
			"--audit-log-mode=batch",
			"--audit-log-batch-max-wait=200ms",
		)
	}
	return args
}

// Start begins to serve.
func (s *Server) Start(ctx context.Context) error {
	var err error
	if s.listener, err = s.cfg.Listen(); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	opts := options.NewServerRunOptions()
	opts.SecureServing.Listener = s.listener
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	sets := opts.Flags()
	for _, set := range sets.FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(s.flags()); err != nil {
		return fmt.Errorf("reading its flags: %w", err)
	}
	completed, err := opts.Complete(ctx)
	if err != nil {
		return fmt.Errorf("completing its options: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return fmt.Errorf("checking its options: %w", errors.Join(errs...))
	}
	s.task.Go(func(ctx context.Context) error { return app.Run(ctx, completed) })
	return nil
}

// Ready waits until /readyz answers 200, start-up hooks included.
func (s *Server) Ready(ctx context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", s.cfg.PKI.Admin)
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	defer client.CloseIdleConnections()
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.Host+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz answers %s", resp.Status)
		}
		return nil
	})
}

// Died yields the error of a server that ended on its own.
func (s *Server) Died() <-chan error { return s.task.Died() }

// graceful is how long watches of parts that stop with us may hold up the end.
const graceful = time.Second

// Stop ends the server and its requests.
func (s *Server) Stop(ctx context.Context) error {
	brief, cancel := context.WithTimeout(ctx, graceful)
	err := s.task.Halt(brief)
	cancel()
	// The kubelet and the proxy never end their watches: they are made to end with a process.
	if l, ok := s.listener.(*listeners); ok && err != nil {
		l.hangUp()
		err = s.task.Halt(ctx)
	}
	if s.listener != nil {
		_ = s.listener.Close() // closed already, unless it failed half way
	}
	return err
}
