// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// A CustomResourceDefinition is there a moment before its kind is served, and nothing tells of that moment: it is asked again
// after firstServed, then after twice as long each time, up to lastServed.
const (
	firstServed = 50 * time.Millisecond
	lastServed  = 5 * time.Minute
)

// latecomers are kinds that a cluster may not know, or not yet, or not any more: those of the Gateway API, and CloneSets. Each is
// watched from the moment on that the cluster serves it, which its CustomResourceDefinition tells; until then nothing is asked
// about its objects.
type latecomers struct {
	mapper  meta.RESTMapper
	reader  client.Reader // of the metadata of CustomResourceDefinitions
	watch   func(schema.GroupVersionKind) error
	forget  func(context.Context, schema.GroupVersionKind) error
	changed func(context.Context, string) // is told the kind that came or went

	mu    sync.RWMutex
	known map[string]bool
	asked map[string]time.Duration // how long it was waited last for a kind to be served
}

// watcher is a controller that watches sources, and how it maps an object of a kind to its own.
type watcher struct {
	watch func(source.Source) error
	by    func(kind string, name func(client.Object) string) handler.EventHandler
}

// lateKinds are all of them.
func lateKinds() []schema.GroupVersionKind {
	all := []schema.GroupVersionKind{workload.CloneSetKind()}
	for _, kind := range gateway.Kinds() {
		all = append(all, gateway.GroupVersionKind(kind))
	}
	return all
}

// definitionOf names the CustomResourceDefinition of a kind.
func definitionOf(gvk schema.GroupVersionKind) string {
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return plural.Resource + "." + gvk.Group
}

// definition is the metadata of a CustomResourceDefinition: that it is there is all that is asked.
func definition() *metav1.PartialObjectMetadata {
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	return o
}

// watchLate watches the kinds that the cluster serves with controllers, now or when they come. changed is told which came or went.
func watchLate(ctx context.Context, mgr ctrl.Manager, all map[string]watcher, changed func(context.Context, string)) (*latecomers, error) {
	l := &latecomers{mapper: mgr.GetRESTMapper(), reader: mgr.GetCache(), known: map[string]bool{}, asked: map[string]time.Duration{}, changed: changed}
	l.watch = func(gvk schema.GroupVersionKind) error {
		for of, w := range all {
			if err := w.watch(source.Kind[client.Object](mgr.GetCache(), objectOf(gvk), w.by(gvk.Kind, client.Object.GetName))); err != nil {
				return fmt.Errorf("for %s: %w", of, err)
			}
		}
		return nil
	}
	l.forget = func(ctx context.Context, gvk schema.GroupVersionKind) error {
		return mgr.GetCache().RemoveInformer(ctx, objectOf(gvk))
	}
	for _, gvk := range lateKinds() {
		if _, err := l.serves(gvk); err != nil { // what the cluster serves already is known before the first Rollout is looked at
			ctrl.LoggerFrom(ctx).V(1).Info("whether the cluster serves a kind can't be asked yet", "kind", gvk.Kind, "error", err.Error())
		}
	}
	named := predicate.NewPredicateFuncs(func(o client.Object) bool { return lateKind(o.GetName()) != nil })
	return l, ctrl.NewControllerManagedBy(mgr).Named("rollout-kinds").For(definition()).WithEventFilter(named).Complete(l)
}

func lateKind(definition string) *schema.GroupVersionKind {
	for _, gvk := range lateKinds() {
		if definitionOf(gvk) == definition {
			return &gvk
		}
	}
	return nil
}

// objectOf is an empty object of a kind.
func objectOf(gvk schema.GroupVersionKind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(gvk)
	return o
}

// routeOf is an empty route of a kind.
func routeOf(kind traffic.Kind) *unstructured.Unstructured {
	return objectOf(gateway.GroupVersionKind(kind))
}

// Knows says that objects of a kind can be read. An Ingress always can.
func (l *latecomers) Knows(kind traffic.Kind) bool {
	return l == nil || kind == traffic.KindIngress || l.isKnown(string(kind))
}

func (l *latecomers) isKnown(kind string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.known[kind]
}

// There says that a kind can be read, and false where its CustomResourceDefinition is not in the cluster. What lies between is an
// error: nothing may be given up because an API server has just started.
func (l *latecomers) There(ctx context.Context, gvk schema.GroupVersionKind) (bool, error) {
	if l == nil || l.isKnown(gvk.Kind) {
		return true, nil
	}
	is := definition()
	err := l.reader.Get(ctx, types.NamespacedName{Name: definitionOf(gvk)}, is)
	switch {
	case apierrors.IsNotFound(err), err == nil && is.DeletionTimestamp != nil:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for the CustomResourceDefinition %s: %w", definitionOf(gvk), err)
	}
	return false, fmt.Errorf("the CustomResourceDefinition %s is there, and %s is not served yet", is.Name, gvk.GroupVersion())
}

// Reconcile sees to one kind, by the name of its CustomResourceDefinition.
func (l *latecomers) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	gvk := lateKind(req.Name)
	if gvk == nil {
		return ctrl.Result{}, nil
	}
	was, is := l.isKnown(gvk.Kind), definition()
	err := l.reader.Get(ctx, req.NamespacedName, is)
	if apierrors.IsNotFound(err) || err == nil && is.DeletionTimestamp != nil {
		l.know(gvk.Kind, false)
		if was {
			err = l.forget(ctx, *gvk)
			l.changed(ctx, gvk.Kind)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading the CustomResourceDefinition %s: %w", req.Name, err)
	}
	served, err := l.serves(*gvk)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !served {
		return ctrl.Result{RequeueAfter: l.later(gvk.Kind)}, nil
	}
	if !was {
		l.changed(ctx, gvk.Kind)
	}
	return ctrl.Result{}, nil
}

// serves says whether the cluster serves a kind, and begins to watch one that it does.
func (l *latecomers) serves(gvk schema.GroupVersionKind) (bool, error) {
	if l.isKnown(gvk.Kind) {
		return true, nil
	}
	if _, err := l.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); meta.IsNoMatchError(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("asking whether the cluster serves %s: %w", gvk, err)
	}
	if err := l.watch(gvk); err != nil {
		return false, fmt.Errorf("watching %s: %w", gvk, err)
	}
	l.know(gvk.Kind, true)
	return true, nil
}

func (l *latecomers) know(kind string, is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[kind] = is
	delete(l.asked, kind)
}

// later is when to ask again whether a kind is served.
func (l *latecomers) later(kind string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[kind] = min(max(2*l.asked[kind], firstServed), lastServed)
	return l.asked[kind]
}
