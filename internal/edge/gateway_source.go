// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/client/clientset/versioned"
	"sigs.k8s.io/gateway-api/pkg/client/informers/externalversions"
	gatewaylisters "sigs.k8s.io/gateway-api/pkg/client/listers/apis/v1"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

const (
	// lookForGateways is how often the edge asks whether the cluster serves the Gateway API, until it does.
	lookForGateways = 5 * time.Second
	// firstGateways is how long a start waits for the first reading of a Gateway API that is served.
	firstGateways = 10 * time.Second
)

// gatewaySource follows the objects of the Gateway API, from when the cluster serves them.
type gatewaySource struct {
	client     versioned.Interface
	log        *slog.Logger
	touch      func()
	namespaces corelisters.NamespaceLister
	fixed      table.Gateways // what does not come from objects

	mu      sync.Mutex
	listers *gatewayListers // nil before the objects were read
}

// gatewayListers read what the cluster serves; those of kinds that it does not serve are nil.
type gatewayListers struct {
	classes    gatewaylisters.GatewayClassLister
	gateways   gatewaylisters.GatewayLister
	httpRoutes gatewaylisters.HTTPRouteLister
	grpcRoutes gatewaylisters.GRPCRouteLister
	grants     gatewaylisters.ReferenceGrantLister
}

func newGatewaySource(cfg Config, client versioned.Interface, s *source, log *slog.Logger) *gatewaySource {
	g := &gatewaySource{client: client, log: log, touch: func() { s.touch("") }, namespaces: s.namespaces}
	g.fixed = table.Gateways{Controller: cfg.GatewayController, Pool: cfg.GatewayPool, Address: cfg.PublishAddress}
	if cfg.GatewayPool.IsValid() {
		g.fixed.Leases = table.NewLeases()
	}
	if _, err := netip.ParseAddr(cfg.PublishAddress); err != nil {
		g.fixed.Address = ""
	}
	return g
}

// start reads the objects if the cluster serves them, so that a new edge does not answer 404 for what it has not read yet;
// otherwise it goes on asking behind the start.
func (g *gatewaySource) start(ctx context.Context) error {
	served, err := g.served()
	if err != nil {
		g.log.Warn("asking whether the cluster serves the Gateway API", "error", err)
	}
	first := make(chan struct{})
	go func() {
		defer close(first)
		if len(served) > 0 {
			g.follow(ctx, served)
		}
	}()
	select {
	case <-first:
	case <-time.After(firstGateways):
		g.log.Warn("the objects of the Gateway API are not read yet; starting without them")
	case <-ctx.Done():
		return ctx.Err()
	}
	if len(served) == 0 {
		go g.wait(ctx)
	}
	return nil
}

// wait asks until the cluster serves the Gateway API, then follows it.
func (g *gatewaySource) wait(ctx context.Context) {
	again := time.NewTicker(lookForGateways)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		served, err := g.served()
		if err != nil {
			g.log.Debug("asking whether the cluster serves the Gateway API", "error", err)
		}
		if len(served) > 0 {
			g.log.Info("the cluster serves the Gateway API now")
			g.follow(ctx, served)
			return
		}
	}
}

// served gives the resources of the Gateway API's v1 that the cluster serves; none unless those that every route needs are there.
func (g *gatewaySource) served() ([]string, error) {
	list, err := g.client.Discovery().ServerResourcesForGroupVersion(gatewayv1.GroupVersion.String())
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range list.APIResources {
		out = append(out, r.Name)
	}
	for _, needed := range []string{"gatewayclasses", "gateways", "httproutes"} {
		if !slices.Contains(out, needed) {
			return nil, nil
		}
	}
	return out, nil
}

// follow starts to watch what is served and returns when all of it was read once.
func (g *gatewaySource) follow(ctx context.Context, served []string) {
	factory := externalversions.NewSharedInformerFactoryWithOptions(g.client, 0, externalversions.WithTransform(strip))
	api := factory.Gateway().V1()
	l := &gatewayListers{classes: api.GatewayClasses().Lister(), gateways: api.Gateways().Lister(), httpRoutes: api.HTTPRoutes().Lister()}
	informers := []cache.SharedIndexInformer{api.GatewayClasses().Informer(), api.Gateways().Informer(), api.HTTPRoutes().Informer()}
	if slices.Contains(served, "grpcroutes") {
		l.grpcRoutes = api.GRPCRoutes().Lister()
		informers = append(informers, api.GRPCRoutes().Informer())
	}
	if slices.Contains(served, "referencegrants") {
		l.grants = api.ReferenceGrants().Lister()
		informers = append(informers, api.ReferenceGrants().Informer())
	}
	var synced []cache.InformerSynced
	for _, i := range informers {
		handle, err := i.AddEventHandler(handler(func(metav1.Object) { g.touch() }))
		if err != nil { // only of an informer that was stopped
			g.log.Error("following the Gateway API", "error", err)
			return
		}
		synced = append(synced, handle.HasSynced)
	}
	factory.StartWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return
	}
	g.mu.Lock()
	g.listers = l
	g.mu.Unlock()
	g.touch()
}

func (g *gatewaySource) current() *gatewayListers {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.listers
}

// read gives the Gateway API's part of a table's input; empty while the cluster does not serve it.
func (g *gatewaySource) read() (table.Gateways, error) {
	l := g.current()
	if l == nil {
		return table.Gateways{}, nil
	}
	out, everything := g.fixed, labels.Everything()
	var errs [6]error
	out.Classes, errs[0] = l.classes.List(everything)
	out.Gateways, errs[1] = l.gateways.List(everything)
	out.HTTPRoutes, errs[2] = l.httpRoutes.List(everything)
	if l.grpcRoutes != nil {
		out.GRPCRoutes, errs[3] = l.grpcRoutes.List(everything)
	}
	if l.grants != nil {
		out.Grants, errs[4] = l.grants.List(everything)
	}
	out.Namespaces, errs[5] = g.namespaces.List(everything)
	return out, errors.Join(errs[:]...)
}
