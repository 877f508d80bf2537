// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1alpha1 "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	application "github.com/vela-rollouts/vela/internal/application/controller"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

// leaseName is that of the process whose controllers work.
const leaseName = "vela-core.release.oam.dev"

// Run runs all controllers until ctx ends or one of them can't go on.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	logger := logr.FromSlogHandler(cfg.Log.Handler())
	log.SetLogger(logger)
	mgr, hooks, err := build(ctx, cfg, logger)
	if err != nil {
		return err
	}
	edges, err := addEdges(mgr, cfg)
	if err != nil {
		return err
	}
	if err := setUp(ctx, mgr, edges, hooks.rival); err != nil {
		return err
	}
	if err := hooks.rival.look(ctx); err != nil {
		return err
	}
	hooks.rival.changed = hooks.register
	if err := mgr.Add(hooks.rival); err != nil {
		return fmt.Errorf("adding the look for OpenKruise Rollouts: %w", err)
	}
	web, err := addUI(ctx, mgr, cfg, edges)
	if err != nil {
		return err
	}
	if err := mgr.Add(&readiness{cache: mgr.GetCache(), webhooks: hooks, web: web, ready: cfg.Ready}); err != nil {
		return fmt.Errorf("adding readiness: %w", err)
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the controllers: %w", err)
	}
	return nil
}

// addUI adds the web UI's server; nil where there is to be none.
func addUI(ctx context.Context, mgr ctrl.Manager, cfg Config, edges *ack.Edges) (*webUI, error) {
	if cfg.UI.Addr == "" {
		return nil, nil //nolint:nilnil // there is to be none
	}
	web, err := newUI(ctx, mgr, cfg, edges)
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(web); err != nil {
		return nil, fmt.Errorf("adding the web UI: %w", err)
	}
	return web, nil
}

func build(ctx context.Context, cfg Config, logger logr.Logger) (ctrl.Manager, *webhooks, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, nil, err
	}
	writes, err := newWrites(metrics.Registry)
	if err != nil {
		return nil, nil, err
	}
	hooks, server, err := newWebhooks(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	cached, err := cacheOptions()
	if err != nil {
		return nil, nil, err
	}
	yes := true
	mgr, err := ctrl.NewManager(clientConfig(cfg.RestConfig, writes), ctrl.Options{
		Scheme: scheme,
		Logger: logger,
		Cache:  cached,
		// A read waits until the cache has our own last write to that object, so that nobody decides twice.
		// Kinds that the scheme does not know, such as those of the Gateway API, are read from caches too.
		Client:                        client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: &yes, Unstructured: true}},
		Metrics:                       metricsserver.Options{BindAddress: cfg.MetricsAddr},
		HealthProbeBindAddress:        cfg.HealthAddr,
		WebhookServer:                 server,
		LeaderElection:                cfg.LeaderElection,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       cfg.LeaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true,
		Controller:                    config.Controller{SkipNameValidation: &yes},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("making the manager: %w", err)
	}
	hooks.attach(mgr)
	if hooks.rival, err = newRival(mgr.GetAPIReader(), logger, metrics.Registry); err != nil {
		return nil, nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, nil, fmt.Errorf("adding the health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("ready", hooks.check); err != nil {
		return nil, nil, fmt.Errorf("adding the readiness check: %w", err)
	}
	if err := mgr.Add(renewal{hooks}); err != nil {
		return nil, nil, fmt.Errorf("adding the renewal of certificates: %w", err)
	}
	return mgr, hooks, nil
}

// cacheOptions keep out of memory who wrote what, and what no Application made of the kinds that clusters are full of.
func cacheOptions() (cache.Options, error) {
	made, err := labels.NewRequirement(v1beta1.LabelAppName, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting what Applications made: %w", err)
	}
	out := cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: map[client.Object]cache.ByObject{}}
	for _, kind := range application.Supplies() {
		out.ByObject[kind] = cache.ByObject{Label: labels.NewSelector().Add(*made)}
	}
	return out, nil
}

// clientConfig leaves fairness to the API server, which knows who else is there, and counts writes.
func clientConfig(given *rest.Config, w *writes) *rest.Config {
	c := rest.CopyConfig(given)
	c.QPS, c.Burst = -1, -1
	c.UserAgent = "vela-core"
	c.Wrap(w.count)
	return c
}

// Scheme has every kind that the controllers and the web UI read or write.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, discoveryv1.AddToScheme, eventsv1.AddToScheme,
		admissionregistrationv1.AddToScheme, rbacv1.AddToScheme, gatewayv1.Install, corev1alpha1.AddToScheme,
		v1beta1.AddToScheme, rolloutsv1beta1.AddToScheme, rolloutsv1alpha1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("building the scheme: %w", err)
		}
	}
	return scheme, nil
}
