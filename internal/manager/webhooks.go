// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1alpha1 "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/admission"
	application "github.com/vela-rollouts/vela/internal/application/controller"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
	rollout "github.com/vela-rollouts/vela/internal/rollout/controller"
	"github.com/vela-rollouts/vela/internal/rollout/conversion"
	rolloutvalidate "github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

// renewEvery is how often certificates are looked at, renewAgain how long after a failure.
const (
	renewEvery = 12 * time.Hour
	renewAgain = time.Minute
)

// webhooks are the admission webhooks of the process: their certificate, their server, their registration.
type webhooks struct {
	user       func(ctx context.Context) (string, error) // that the controllers are to the API server
	dir        string
	vault      *admission.Vault // nil where the process has a certificate of its own
	hosts      []string
	address    admission.Address
	clock      clock.WithTicker
	server     webhook.Server
	client     client.Client
	registered atomic.Bool
	rival      *rival
}

// newWebhooks makes the certificate and the server; without a certificate directory there are no webhooks.
func newWebhooks(ctx context.Context, cfg Config) (*webhooks, webhook.Server, error) {
	h := &webhooks{dir: cfg.CertDir, clock: clock.RealClock{}}
	if cfg.CertDir == "" {
		return h, webhook.NewServer(webhook.Options{Port: -1}), nil
	}
	h.address = admission.Address{URL: strings.TrimSuffix(cfg.WebhookURL, "/")}
	if cfg.WebhookURL != "" {
		at, err := url.Parse(cfg.WebhookURL)
		if err != nil || at.Hostname() == "" || at.Scheme != "https" {
			return nil, nil, fmt.Errorf("webhook URL %q: give one such as https://127.0.0.1:9443", cfg.WebhookURL)
		}
		h.hosts = []string{at.Hostname()}
	} else {
		namespace, name, _ := strings.Cut(cfg.WebhookService, "/")
		h.address.ServiceNamespace, h.address.ServiceName, h.address.ServicePort = namespace, name, 443
		h.hosts = []string{name + "." + namespace + ".svc", name + "." + namespace + ".svc.cluster.local"}
	}
	if err := h.share(cfg); err != nil {
		return nil, nil, err
	}
	if _, _, err := h.certificates(ctx); err != nil {
		return nil, nil, fmt.Errorf("making the webhooks' certificate: %w", err)
	}
	h.server = webhook.NewServer(webhook.Options{Host: cfg.WebhookHost, Port: cfg.WebhookPort, CertDir: h.dir})
	return h, h.server, nil
}

// share has the certificate come from a Secret, where one is named.
func (h *webhooks) share(cfg Config) error {
	if cfg.WebhookSecret == "" {
		return nil
	}
	c, err := client.New(cfg.RestConfig, client.Options{})
	if err != nil {
		return fmt.Errorf("making a client for the webhooks' certificate: %w", err)
	}
	namespace, name, _ := strings.Cut(cfg.WebhookSecret, "/")
	h.vault = &admission.Vault{Reader: c, Writer: c, Secret: types.NamespacedName{Namespace: namespace, Name: name}}
	return nil
}

// certificates makes sure of the certificate that the server has.
func (h *webhooks) certificates(ctx context.Context) (authority []byte, changed bool, err error) {
	if h.vault == nil {
		return admission.Certificates(h.dir, h.hosts, h.clock.Now())
	}
	return h.vault.Certificates(ctx, h.dir, h.hosts, h.clock.Now())
}

// attach puts the webhooks on the server.
func (h *webhooks) attach(mgr ctrl.Manager) {
	if h.server == nil {
		return
	}
	h.server = mgr.GetWebhookServer() // asking for it is what makes the manager run it
	h.client = mgr.GetClient()
	who := &identity{config: mgr.GetConfig()}
	h.user = who.user
	registry, workflow := definition.Builtin(), step.ValidateWorkflow(expression.New().Check)
	admission.Serve(h.server, admission.Rules{Applications: admission.ApplicationRules{
		Check: func(app *v1beta1.Application) []error {
			return validate.Application(registry, app, workflow)
		},
		CheckRoutes: func(stable, app *v1beta1.Application) []error { return validate.RouteChanges(registry, stable, app) },
		Doubts: func(ctx context.Context, app *v1beta1.Application) ([]string, error) {
			list := &networkingv1.IngressList{}
			if err := mgr.GetCache().List(ctx, list); err != nil {
				return nil, fmt.Errorf("reading Ingresses: %w", err)
			}
			return append(validate.Doubts(app), validate.Taken(registry, app, list.Items)...), nil
		},
		Revisions: func(ctx context.Context, namespace, app string) ([]v1beta1.ApplicationRevision, error) {
			return application.Revisions(ctx, mgr.GetClient(), types.NamespacedName{Namespace: namespace, Name: app})
		},
		Controller: who.user,
	}, Actions: admission.ActionRules{
		Exists: func(ctx context.Context, namespace, app string) (bool, error) {
			key := types.NamespacedName{Namespace: namespace, Name: app}
			// The cache first; an Application of a moment ago may not be in it yet.
			for _, from := range []client.Reader{mgr.GetCache(), mgr.GetAPIReader()} {
				err := from.Get(ctx, key, &v1beta1.Application{})
				if err == nil {
					return true, nil
				}
				if !apierrors.IsNotFound(err) {
					return false, err
				}
			}
			return false, nil
		},
	}, Rollouts: admission.RolloutRules{
		Check: func(ctx context.Context, ro *rollouts.Rollout) ([]error, error) {
			others, err := leaders(ctx, mgr.GetCache(), ro.Namespace)
			if err != nil {
				return nil, err
			}
			return rolloutvalidate.Rollout(ro, others, rollout.CanLead), nil
		},
		CheckChange: rolloutvalidate.Change,
		Application: func(ctx context.Context, namespace, name string) (*v1beta1.Application, error) {
			app := &v1beta1.Application{}
			if err := mgr.GetCache().Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, app); err != nil {
				return nil, client.IgnoreNotFound(err)
			}
			return app, nil
		},
		Controller: who.user,
	}, TrafficRoutings: admission.TrafficRoutingRules{
		Check: func(ctx context.Context, tr *rolloutsv1alpha1.TrafficRouting) ([]error, error) {
			others, err := leaders(ctx, mgr.GetCache(), tr.Namespace)
			if err != nil {
				return nil, err
			}
			return append(rolloutvalidate.TrafficRouting(tr, rollout.CanLead), rolloutvalidate.Unshared(tr, others)...), nil
		},
		CheckChange: rolloutvalidate.InUse,
	}, Conversion: admission.RolloutConversion{Up: conversion.Up, Down: conversion.Down}})
}

// leaders are all of a namespace that lead routes, from a cache.
func leaders(ctx context.Context, from client.Reader, namespace string) (rolloutvalidate.Others, error) {
	rollouts, shared := &rollouts.RolloutList{}, &rolloutsv1alpha1.TrafficRoutingList{}
	for _, list := range []client.ObjectList{rollouts, shared} {
		if err := from.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return rolloutvalidate.Others{}, fmt.Errorf("reading what leads routes in namespace %s: %w", namespace, err)
		}
	}
	return rolloutvalidate.Others{Rollouts: rollouts.Items, TrafficRoutings: shared.Items}, nil
}

// register waits until the server answers, and tells the API server about it.
func (h *webhooks) register(ctx context.Context) error {
	if h.server == nil {
		h.registered.Store(true)
		return nil
	}
	started := h.server.StartedChecker()
	for started(nil) != nil {
		if err := h.sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	authority, _, err := h.certificates(ctx)
	if err != nil {
		return err
	}
	user, err := h.user(ctx)
	if err != nil {
		return err
	}
	for {
		err := admission.Register(ctx, h.client, h.address, authority, user, !h.rival.there.Load())
		if err == nil {
			break
		}
		if !apierrors.IsConflict(err) {
			return err
		}
		if err := h.sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	h.registered.Store(true)
	return nil
}

// renewal looks after the certificates for as long as the process runs.
type renewal struct{ *webhooks }

// NeedLeaderElection is false: every process has a server.
func (renewal) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (r renewal) Start(ctx context.Context) error {
	if r.server == nil {
		return nil
	}
	wait := renewEvery
	for r.sleep(ctx, wait) == nil {
		wait = renewEvery
		if err := r.renew(ctx); err != nil && ctx.Err() == nil {
			// What is served is good for weeks: that is no reason to stop.
			log.FromContext(ctx).Error(err, "renewing the webhooks' certificate; it is tried again", "in", renewAgain)
			wait = renewAgain
		}
	}
	return nil
}

// renew renews what is due, and tells the API server.
func (h *webhooks) renew(ctx context.Context) error {
	_, changed, err := h.certificates(ctx)
	if err != nil || !changed {
		return err
	}
	return h.register(ctx)
}

func (h *webhooks) sleep(ctx context.Context, d time.Duration) error {
	t := h.clock.NewTicker(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C():
		return nil
	}
}

// check is the readiness probe.
func (h *webhooks) check(*http.Request) error {
	if !h.registered.Load() {
		return errors.New("the webhooks are not registered yet")
	}
	return nil
}

// readiness registers the webhooks when everything else runs, and says so.
type readiness struct {
	cache    cache.Cache
	webhooks *webhooks
	web      *webUI // nil where there is none
	ready    func()
}

// NeedLeaderElection is false: a process that waits for its turn answers the API server all the same.
func (*readiness) NeedLeaderElection() bool { return false }

// Start registers the webhooks and calls ready.
func (r *readiness) Start(ctx context.Context) error {
	if !r.cache.WaitForCacheSync(ctx) {
		return nil
	}
	if err := r.webhooks.register(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("registering the webhooks: %w", err)
	}
	if r.web != nil {
		if err := r.web.accounts(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if r.ready != nil {
		r.ready()
	}
	return nil
}
