// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"crypto/rand"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/apply"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
)

// actionPriority puts what a person asks for before everything else in the queue.
const actionPriority = 100

// Options of the controller.
type Options struct {
	// Concurrency is how many Applications are worked on at a time; 8 unless given.
	Concurrency int
	Definitions *definition.Registry
}

// Setup adds the controller of Applications to mgr.
func Setup(ctx context.Context, mgr ctrl.Manager, opts Options) error {
	if err := Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	if opts.Concurrency == 0 {
		opts.Concurrency = 8
	}
	r := New(mgr.GetClient(), mgr.GetAPIReader(), opts.Definitions, clock.RealClock{})
	r.events = mgr.GetEventRecorder(apply.FieldManager)
	owned := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request { return requestFor(ownerOf(o)) })
	gone := builder.WithPredicates(predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	})
	b := ctrl.NewControllerManagedBy(mgr).Named("application").For(&v1beta1.Application{}).
		Watches(&v1alpha1.ReleaseAction{}, askedFor{}).
		Watches(&v1beta1.ApplicationRevision{}, owned, gone).
		Watches(&v1beta1.ResourceTracker{}, owned, gone).
		WithOptions(controller.Options{MaxConcurrentReconciles: opts.Concurrency})
	for _, kind := range watched() {
		b = b.Watches(kind, owned)
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("setting up the controller of Applications: %w", err)
	}
	return nil
}

// watched are the kinds whose drift and health are seen as they happen. A definition that renders another kind needs it
// here.
func watched() []client.Object {
	return append(Supplies(), &appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &corev1.Service{}, &networkingv1.Ingress{}, &rolloutsv1beta1.Rollout{})
}

// Supplies are the kinds of what pods need beside their image. Clusters are full of such objects of others, some of them
// secret, so the cache is to hold only those with the label of an Application (v1beta1.LabelAppName).
func Supplies() []client.Object {
	return []client.Object{&corev1.ConfigMap{}, &corev1.Secret{}, &corev1.PersistentVolumeClaim{}}
}

// New returns a Reconciler that reads and writes through c, and reads past its cache with direct. Its events go nowhere until
// Setup says where.
func New(c client.Client, direct client.Reader, definitions *definition.Registry, now clock.PassiveClock) *Reconciler {
	return &Reconciler{
		client: c, direct: direct, applier: apply.New(c, direct), definitions: definitions, evaluator: expression.New(),
		clock: now, events: silent{}, newID: newID, pace: newPace(),
	}
}

// Index adds the indexes that gather reads by.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	byOwner := func(o client.Object) []string { return keyOf(ownerOf(o)) }
	for _, i := range []struct {
		kind  client.Object
		field string
		of    client.IndexerFunc
	}{
		{&v1beta1.ApplicationRevision{}, indexApplication, byOwner},
		{&v1beta1.ResourceTracker{}, indexApplication, byOwner},
		{&rolloutsv1beta1.Rollout{}, indexApplication, byOwner},
		{&v1alpha1.ReleaseAction{}, indexApplication, func(o client.Object) []string { return keyOf(subject(o)) }},
		{&v1alpha1.ReleaseAction{}, indexPending, func(o client.Object) []string {
			if a, ok := o.(*v1alpha1.ReleaseAction); !ok || isFinal(a) {
				return nil
			}
			return keyOf(subject(o))
		}},
	} {
		if err := indexer.IndexField(ctx, i.kind, i.field, i.of); err != nil {
			return fmt.Errorf("indexing %T: %w", i.kind, err)
		}
	}
	return nil
}

// subject is the Application that a ReleaseAction is about.
func subject(o client.Object) apply.Owner {
	a, ok := o.(*v1alpha1.ReleaseAction)
	if !ok {
		return apply.Owner{}
	}
	return apply.Owner{Namespace: a.Namespace, Name: a.Spec.Application}
}

func keyOf(o apply.Owner) []string {
	if o.Name == "" {
		return nil
	}
	return []string{types.NamespacedName(o).String()}
}

func requestFor(o apply.Owner) []reconcile.Request {
	if o.Name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName(o)}}
}

// askedFor puts the Application of an open ReleaseAction first in the queue.
type askedFor struct{}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func (h askedFor) Create(_ context.Context, e event.CreateEvent, q queue) { h.add(e.Object, q) }
func (h askedFor) Update(_ context.Context, e event.UpdateEvent, q queue) { h.add(e.ObjectNew, q) }
func (askedFor) Delete(context.Context, event.DeleteEvent, queue)         {}
func (askedFor) Generic(context.Context, event.GenericEvent, queue)       {}

func (askedFor) add(o client.Object, q queue) {
	if a, ok := o.(*v1alpha1.ReleaseAction); !ok || isFinal(a) {
		return
	}
	requests := requestFor(subject(o))
	if p, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		priority := actionPriority
		p.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, requests...)
		return
	}
	for _, r := range requests {
		q.Add(r)
	}
}

// newID is ten random characters of [a-z0-9].
func newID() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails, since Go 1.24
	for i := range raw {
		raw[i] = letters[int(raw[i])%len(letters)]
	}
	return string(raw[:])
}
