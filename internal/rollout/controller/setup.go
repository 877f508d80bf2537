// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// The indexes that gather and the watches read by.
const (
	indexOwner   = "rollout.owner"   // ReplicaSets by the UID of their controller
	indexRollout = "rollout.name"    // canary Ingresses by the Rollout that made them
	indexBeside  = "rollout.beside"  // canary Ingresses by the Ingress that they are beside
	indexService = "rollout.service" // EndpointSlices by the Service they are of
	indexObjects = "rollout.objects" // Rollouts and TrafficRoutings by kind/name of what they are about
	indexMarks   = "rollout.marks"   // TrafficRoutings by the marks of Rollouts on them
)

// Options of the controller.
type Options struct {
	// Edges tell what they serve and wake the controller; nil where no router tells. They run as long as the controller.
	Edges *ack.Edges
	// Concurrency is how many Rollouts are carried out at once; 16 unless given.
	Concurrency int
	// Off says that Rollouts are somebody else's at the moment; nil for never.
	Off func() bool
}

// Setup adds the controller of Rollouts to mgr.
func Setup(ctx context.Context, mgr ctrl.Manager, opts Options) error {
	if err := Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = 16
	}
	r := New(mgr.GetClient(), nil, clock.RealClock{})
	r.live = mgr.GetAPIReader()
	if opts.Off != nil {
		r.off = opts.Off
	}
	r.events = mgr.GetEventRecorder("vela-rollout")
	m, b := mapper{mgr.GetCache()}, &bell{}
	pods, err := client.NewWithWatch(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return fmt.Errorf("making a client for the pods of releases: %w", err)
	}
	r.follows = watchPods(pods, func(rollout types.NamespacedName) { b.ring(reconcile.Request{NamespacedName: rollout}) })
	if err := mgr.Add(r.follows); err != nil {
		return fmt.Errorf("adding the watches for the pods of releases: %w", err)
	}
	build := ctrl.NewControllerManagedBy(mgr).Named("rollout").For(&v1beta1.Rollout{}).WatchesRawSource(b.source()).
		Watches(&appsv1.Deployment{}, m.by("Deployment", client.Object.GetName)).
		Watches(&appsv1.ReplicaSet{}, m.by("Deployment", controllerName)).
		Watches(&appsv1.StatefulSet{}, m.by("StatefulSet", client.Object.GetName)).
		Watches(&appsv1.DaemonSet{}, m.by("DaemonSet", client.Object.GetName)).
		Watches(&corev1.Service{}, m.by("Service", client.Object.GetName)).
		Watches(&networkingv1.Ingress{}, m.by("Ingress", client.Object.GetName)).
		Watches(&discoveryv1.EndpointSlice{}, m.by("Endpoints", serviceName)).
		Watches(&v1alpha1.TrafficRouting{}, m.by(kindTrafficRouting, client.Object.GetName)).
		WithOptions(controller.Options{MaxConcurrentReconciles: opts.Concurrency})
	if opts.Edges != nil {
		r.routers = opts.Edges
		build = build.WatchesRawSource(source.Func(func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			go opts.Edges.Run(ctx, func(k ack.Key) {
				for _, req := range m.served(ctx, k) {
					q.Add(req)
				}
			})
			return nil
		}))
	}
	c, err := build.Build(r)
	if err != nil {
		return fmt.Errorf("setting up the controller of Rollouts: %w", err)
	}
	shares, err := setUpShared(mgr, r, m)
	if err != nil {
		return err
	}
	all := map[string]watcher{"Rollouts": {c.Watch, m.by}, "TrafficRoutings": {shares.Watch, m.sharedBy}}
	r.kinds, err = watchLate(ctx, mgr, all, func(ctx context.Context, kind string) { b.ring(m.aboutKind(ctx, kind)...) })
	if err != nil {
		return fmt.Errorf("watching the kinds that a cluster may come to know: %w", err)
	}
	return nil
}

// New returns a Reconciler that reads and writes through c. Its events go nowhere until Setup says where.
func New(c client.Client, routers Routers, now clock.PassiveClock) *Reconciler {
	return &Reconciler{
		client: c, live: c, off: func() bool { return false }, providers: map[traffic.Kind]traffic.Router{
			traffic.KindIngress: ingress.Router{}, traffic.KindHTTPRoute: gateway.Router{}, traffic.KindGRPCRoute: gateway.Router{},
		},
		routers: routers, events: silent{}, clock: now,
		patience: patience{since: map[types.NamespacedName]time.Time{}},
	}
}

// Index adds the indexes.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	for _, i := range []struct {
		kind  client.Object
		field string
		of    client.IndexerFunc
	}{
		{&appsv1.ReplicaSet{}, indexOwner, func(o client.Object) []string {
			if ref := metav1.GetControllerOf(o); ref != nil {
				return []string{string(ref.UID)}
			}
			return nil
		}},
		{&networkingv1.Ingress{}, indexRollout, func(o client.Object) []string { return filled(o.GetLabels()[v1beta1.LabelRolloutName]) }},
		{&networkingv1.Ingress{}, indexBeside, beside},
		{&discoveryv1.EndpointSlice{}, indexService, func(o client.Object) []string { return filled(serviceName(o)) }},
		{&v1beta1.Rollout{}, indexObjects, subjects},
		{&v1alpha1.TrafficRouting{}, indexObjects, sharedSubjects},
		{&v1alpha1.TrafficRouting{}, indexMarks, client.Object.GetFinalizers},
	} {
		if err := indexer.IndexField(ctx, i.kind, i.field, i.of); err != nil {
			return fmt.Errorf("indexing %T: %w", i.kind, err)
		}
	}
	return nil
}

// subjects are the objects that a Rollout is about, as kind/name.
func subjects(o client.Object) []string {
	ro, ok := o.(*v1beta1.Rollout)
	if !ok {
		return nil
	}
	all := []string{ro.Spec.WorkloadRef.Kind + "/" + ro.Spec.WorkloadRef.Name}
	if name := ro.TrafficRoutingName(); name != "" {
		all = append(all, kindTrafficRouting+"/"+name)
	}
	if plan := ro.Spec.Strategy.Plan(); plan != nil {
		all = append(all, objects(plan.TrafficRoutings)...)
	}
	return all
}

// sharedSubjects are the objects that a TrafficRouting is about, as kind/name.
func sharedSubjects(o client.Object) []string {
	tr, ok := o.(*v1alpha1.TrafficRouting)
	if !ok {
		return nil
	}
	return objects(tr.Spec.ObjectRef)
}

// objects are those that entries of routes are about, as kind/name.
func objects(routings []v1beta1.TrafficRouting) []string {
	var all []string
	for _, t := range routings {
		stable, canary := traffic.StableService(t.Service), traffic.CanaryService(t.Service)
		all = append(all, "Service/"+t.Service, "Service/"+stable, "Service/"+canary, "Endpoints/"+stable, "Endpoints/"+canary)
		for kind, name := range names(t) {
			if all = append(all, string(kind)+"/"+name); kind == traffic.KindIngress {
				for _, canary := range ingress.Names(traffic.Target{Route: name, Service: t.Service}) {
					all = append(all, "Ingress/"+canary)
				}
			}
		}
	}
	return all
}

func beside(o client.Object) []string {
	i, ok := o.(*networkingv1.Ingress)
	if !ok {
		return nil
	}
	return filled(ingress.RouteOf(i))
}

// aboutKind finds the Rollouts that name an object of a kind.
func (m mapper) aboutKind(ctx context.Context, kind string) []reconcile.Request {
	list := &v1beta1.RolloutList{}
	if err := m.reader.List(ctx, list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing Rollouts about a kind", "kind", kind)
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		if slices.ContainsFunc(subjects(&list.Items[i]), func(s string) bool { return strings.HasPrefix(s, kind+"/") }) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return out
}

func filled(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func serviceName(o client.Object) string { return o.GetLabels()[discoveryv1.LabelServiceName] }

func controllerName(o client.Object) string {
	if ref := metav1.GetControllerOf(o); ref != nil && ref.Kind == "Deployment" {
		return ref.Name
	}
	return ""
}

// mapper finds the Rollouts that are about an object.
type mapper struct{ reader client.Reader }

func (m mapper) by(kind string, name func(client.Object) string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		return m.about(ctx, o.GetNamespace(), kind, name(o))
	})
}

// served maps what an edge serves differently than before.
func (m mapper) served(ctx context.Context, k ack.Key) []reconcile.Request {
	namespace, name, _ := strings.Cut(k.Name, "/")
	return m.about(ctx, namespace, k.Kind, name)
}

// about finds the Rollouts that name an object themselves, and those that name a TrafficRouting which does.
func (m mapper) about(ctx context.Context, namespace, kind, name string) []reconcile.Request {
	if name == "" {
		return nil
	}
	out := m.named(ctx, namespace, kind, name)
	for _, tr := range m.sharing(ctx, namespace, kind, name) {
		out = append(out, m.named(ctx, namespace, kindTrafficRouting, tr.Name)...)
	}
	return out
}

func (m mapper) named(ctx context.Context, namespace, kind, name string) []reconcile.Request {
	list := &v1beta1.RolloutList{}
	if err := m.reader.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{indexObjects: kind + "/" + name}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing Rollouts about an object", "kind", kind, "name", name)
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return out
}

// sharing finds the TrafficRoutings that are about an object.
func (m mapper) sharing(ctx context.Context, namespace, kind, name string) []reconcile.Request {
	list := &v1alpha1.TrafficRoutingList{}
	if err := m.reader.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{indexObjects: kind + "/" + name}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing TrafficRoutings about an object", "kind", kind, "name", name)
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return out
}

func (m mapper) sharedBy(kind string, name func(client.Object) string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		if name(o) == "" {
			return nil
		}
		return m.sharing(ctx, o.GetNamespace(), kind, name(o))
	})
}
