// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/admission"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/server"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/logs"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/server/shell"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/server/system"
	"github.com/vela-rollouts/vela/internal/server/topics"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
	"github.com/vela-rollouts/vela/internal/workflow/step"
	"github.com/vela-rollouts/vela/ui"
)

// identityTimeout bounds each request to the identity provider.
const identityTimeout = 10 * time.Second

// UIConfig is what the web UI's server is told; without an Addr there is none.
type UIConfig struct {
	// Addr is host:port.
	Addr string
	// CertFile and KeyFile are for TLS; without them it is plain HTTP, and Addr is to be on loopback or behind something that
	// has TLS (BehindTLS).
	CertFile, KeyFile string
	BehindTLS         bool
	// Namespace of the Secrets of accounts and sessions.
	Namespace string
	// FirstAccount is called once with the account that was made because there was none; nil: there has to be one.
	FirstAccount func(name, password string)
	// Shell lets those who may exec into pods open shells from the page.
	Shell bool
	// Identity is the identity provider by which people may sign in; none without an issuer.
	Identity session.IdentityConfig
	// Version is shown.
	Version string
}

// secure says that people come by TLS.
func (c *UIConfig) secure() bool { return c.BehindTLS || c.CertFile != "" }

// validate says in a sentence what is missing.
func (c *UIConfig) validate() error {
	if c.Addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("the address of the web UI: %q is not host:port; write one such as 127.0.0.1:9082", c.Addr)
	}
	ip := net.ParseIP(host)
	if loopback := host == "localhost" || ip != nil && ip.IsLoopback(); !loopback && !c.secure() {
		return fmt.Errorf("the address of the web UI: %s can be reached from elsewhere, and passwords would travel in the clear; "+
			"listen on 127.0.0.1, give a certificate, or say that it is behind TLS", c.Addr)
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("the certificate of the web UI: give both a certificate and its key")
	}
	if c.Identity.Issuer == "" {
		return nil
	}
	return c.Identity.Validate()
}

// webUI is the web UI's server in the process.
type webUI struct {
	cfg      UIConfig
	session  *session.Session
	stream   *stream.Hub
	handler  http.Handler
	listener net.Listener
}

// newUI puts the server together and opens its port.
func newUI(ctx context.Context, mgr ctrl.Manager, cfg Config, edges *ack.Edges) (*webUI, error) {
	clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return nil, fmt.Errorf("making a client for the web UI: %w", err)
	}
	now := clock.RealClock{}
	reviewer := access.NewReviewer(func(ctx context.Context, r *authorizationv1.SubjectAccessReview) error {
		made, err := clientset.AuthorizationV1().SubjectAccessReviews().Create(ctx, r, metav1.CreateOptions{})
		if err == nil {
			r.Status = made.Status
		}
		return err
	}, now)
	u := &webUI{cfg: cfg.UI, session: session.New(session.Config{
		Secrets:     session.Secrets{Reader: mgr.GetAPIReader(), Writer: mgr.GetClient(), Namespace: cfg.UI.Namespace},
		ReviewToken: reviewToken(clientset), Identity: identityOf(cfg.UI.Identity, now), Secure: cfg.UI.secure(), Clock: now, Log: cfg.Log,
	})}
	cluster := access.NewCluster(mgr.GetCache(), mgr.GetScheme(), mgr.GetRESTMapper(), reviewer,
		access.Impersonation(mgr.GetConfig(), mgr.GetScheme(), mgr.GetRESTMapper()))
	var edge *gather.Edge
	if edges != nil {
		edge = gather.NewEdge(&http.Client{}, edges.URLs, now)
	}
	sys := system.New(system.Config{
		Clientset: clientset, Reader: mgr.GetCache(), Edge: edge, Leading: mgr.Elected(), LeaseNamespace: cfg.LeaderElectionNamespace, LeaseName: leaseName,
		Webhooks: admission.ConfigName, TLS: cfg.UI.secure(), Exec: cfg.UI.Shell, Version: cfg.UI.Version, Streams: func() int { return u.stream.Streams() }, Clock: now,
	})
	u.stream = stream.New(stream.Config{
		Source: stream.Informers{Cache: mgr.GetCache()}, Feeds: topics.Feeds(mgr.GetCache(), edge, sys, now), Cluster: cluster, Again: u.session.Again,
		Version: cfg.UI.Version, Clock: now, Log: cfg.Log,
	})
	registry, workflow := definition.Builtin(), step.ValidateWorkflow(expression.New().Check)
	var run shell.Run
	if cfg.UI.Shell {
		run = shell.Impersonated(mgr.GetConfig())
	}
	u.handler, err = server.New(server.Deps{
		Cluster: cluster, Reviewer: reviewer, Session: u.session, Stream: u.stream, System: sys, Edge: edge, OpenLog: logs.Impersonated(mgr.GetConfig()), Shell: run,
		Definitions: registry, Check: func(app *v1beta1.Application) []error { return validate.Application(registry, app, workflow) },
		Files: ui.Files(), Secure: cfg.UI.secure(), Version: cfg.UI.Version, Clock: now, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	if u.listener, err = listen.Listen(ctx, "tcp", cfg.UI.Addr); err != nil {
		return nil, fmt.Errorf("opening the port of the web UI: %w", err)
	}
	if cfg.UI.CertFile == "" {
		return u, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.UI.CertFile, cfg.UI.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the web UI: %w", err)
	}
	u.listener = tls.NewListener(u.listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	return u, nil
}

// identityOf is the identity provider; nil where there is none.
func identityOf(cfg session.IdentityConfig, now clock.PassiveClock) *session.Identity {
	if cfg.Issuer == "" {
		return nil
	}
	return session.NewIdentity(cfg, &http.Client{Timeout: identityTimeout}, now.Now)
}

func reviewToken(clientset kubernetes.Interface) session.ReviewToken {
	return func(ctx context.Context, token string) (authenticationv1.UserInfo, bool, error) {
		review, err := clientset.AuthenticationV1().TokenReviews().Create(ctx,
			&authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
		if err != nil {
			return authenticationv1.UserInfo{}, false, err
		}
		return review.Status.User, review.Status.Authenticated, nil
	}
}

// NeedLeaderElection is false: every process answers.
func (*webUI) NeedLeaderElection() bool { return false }

// Start answers until ctx ends.
func (u *webUI) Start(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return u.stream.Run(ctx) })
	all.Go(func() error { return server.Serve(ctx, u.listener, u.handler) })
	return all.Wait()
}

// accounts makes the first account where there is none.
func (u *webUI) accounts(ctx context.Context) error {
	if u.cfg.FirstAccount == nil {
		return nil
	}
	password, err := u.session.EnsureFirst(ctx)
	if err != nil {
		return fmt.Errorf("making the first account of the web UI: %w", err)
	}
	if password != "" {
		u.cfg.FirstAccount(account.First, password)
	}
	return nil
}
