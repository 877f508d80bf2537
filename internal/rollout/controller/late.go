// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// lookEvery is how often it is asked whether the cluster knows a kind by now.
const lookEvery = 10 * time.Second

// latecomers are kinds that a cluster may not know, or not yet: those of the Gateway API. Each is watched from the moment on
// that the cluster knows it; until then nothing is asked about its objects.
type latecomers struct {
	mapper meta.RESTMapper
	clock  clock.WithTicker
	watch  func(traffic.Kind) error

	mu    sync.RWMutex
	known map[traffic.Kind]bool
}

// watcher is a controller that watches sources, and how it maps an object of a kind to its own.
type watcher struct {
	watch func(source.Source) error
	by    func(kind string, name func(client.Object) string) handler.EventHandler
}

// watchLate watches the kinds of the Gateway API with controllers, now or when they come.
func watchLate(ctx context.Context, mgr ctrl.Manager, all map[string]watcher) (*latecomers, error) {
	l := &latecomers{mapper: mgr.GetRESTMapper(), clock: clock.RealClock{}, known: map[traffic.Kind]bool{}}
	l.watch = func(kind traffic.Kind) error {
		for of, w := range all {
			if err := w.watch(source.Kind[client.Object](mgr.GetCache(), routeOf(kind), w.by(string(kind), client.Object.GetName))); err != nil {
				return fmt.Errorf("for %s: %w", of, err)
			}
		}
		return nil
	}
	l.look(ctx)
	return l, mgr.Add(l)
}

// routeOf is an empty route of a kind.
func routeOf(kind traffic.Kind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(gateway.GroupVersionKind(kind))
	return o
}

// Knows says that objects of a kind can be read. An Ingress always can.
func (l *latecomers) Knows(kind traffic.Kind) bool {
	if l == nil || kind == traffic.KindIngress {
		return true
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.known[kind]
}

// Start looks until all kinds are known.
func (l *latecomers) Start(ctx context.Context) error {
	ticker := l.clock.NewTicker(lookEvery)
	defer ticker.Stop()
	for !l.look(ctx) {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
	return nil
}

// look watches the kinds that came, and says whether all are there.
func (l *latecomers) look(ctx context.Context) (all bool) {
	all = true
	for _, kind := range gateway.Kinds() {
		if l.Knows(kind) {
			continue
		}
		gvk := gateway.GroupVersionKind(kind)
		if _, err := l.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); err != nil {
			if !meta.IsNoMatchError(err) {
				ctrl.LoggerFrom(ctx).V(1).Info("whether the cluster knows a kind can't be asked", "kind", kind, "error", err.Error())
			}
			all = false
			continue
		}
		if err := l.watch(kind); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "watching a kind that came", "kind", kind)
			all = false
			continue
		}
		l.mu.Lock()
		l.known[kind] = true
		l.mu.Unlock()
	}
	return all
}
