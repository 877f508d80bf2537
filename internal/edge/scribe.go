// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/client/clientset/versioned"

	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

// scribe writes what the table says of Gateways and routes into their status, where it does not stand there yet.
//
// Every replica writes the same, for the table is the same: who comes second finds it written, or is refused for an outdated
// resourceVersion, looks again and finds it written. Should two replicas ever say different things, each write of the same
// content over another's waits longer than the one before it.
type scribe struct {
	client     versioned.Interface
	controller string
	source     *gatewaySource
	clock      clock.PassiveClock
	log        *slog.Logger
	queue      workqueue.TypedRateLimitingInterface[string]

	mu     sync.Mutex
	wanted table.Statuses
	notes  map[string]note // by key of queue
}

// note is what was last written into an object.
type note struct {
	from string // its resourceVersion before
	told string // the content
}

// page is the status of one object: as it is, and as it is to be.
type page struct {
	version string
	differs bool
	status  any // what is patched in
	want    any // what is said, without times and what others say
	write   func(ctx context.Context, patch []byte) error
}

func newScribe(client versioned.Interface, controller string, source *gatewaySource, clock clock.PassiveClock, log *slog.Logger) *scribe {
	return &scribe{
		client: client, controller: controller, source: source, clock: clock, log: log, notes: map[string]note{},
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
	}
}

// The keys of the queue: plan.RouteKey's for routes, and these before the names of classes and Gateways.
const (
	classKey   = "GatewayClass/"
	gatewayKey = "Gateway/"
)

// look queues the objects whose status is not as it should be.
func (s *scribe) look(want table.Statuses) {
	s.mu.Lock()
	s.wanted = want
	s.mu.Unlock()
	for name := range want.Classes {
		s.consider(classKey + name)
	}
	for key := range want.Gateways {
		s.consider(gatewayKey + key)
	}
	for _, key := range s.routes(want) {
		s.consider(key)
	}
}

// routes gives the routes of which something is said, and those in whose status something stands that we said before.
func (s *scribe) routes(want table.Statuses) []string {
	keys := map[string]bool{}
	for key := range want.Routes {
		keys[key] = true
	}
	l := s.source.current()
	if l == nil {
		return nil
	}
	note := func(kind string, o metav1.Object, status *gatewayv1.RouteStatus) {
		if slices.ContainsFunc(status.Parents, s.ours) {
			keys[plan.RouteKey(kind, o.GetNamespace(), o.GetName())] = true
		}
	}
	in, err := s.source.read()
	if err != nil {
		return nil
	}
	for _, r := range in.HTTPRoutes {
		note("HTTPRoute", r, &r.Status.RouteStatus)
	}
	for _, r := range in.GRPCRoutes {
		note("GRPCRoute", r, &r.Status.RouteStatus)
	}
	return slices.Sorted(maps.Keys(keys))
}

func (s *scribe) ours(p gatewayv1.RouteParentStatus) bool {
	return string(p.ControllerName) == s.controller
}

// consider queues one object, unless its status is right or our last write is still on its way back.
func (s *scribe) consider(key string) {
	p, err := s.page(key)
	if err != nil || p == nil || !p.differs {
		return
	}
	s.mu.Lock()
	last := s.notes[key]
	s.mu.Unlock()
	switch {
	case last.told != text(p.want):
		s.queue.Forget(key)
		s.queue.Add(key)
	case last.from == p.version: // not read back yet
	default: // somebody wrote over it
		s.queue.AddRateLimited(key)
	}
}

// run writes what is queued until the context ends.
func (s *scribe) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.queue.ShutDown)
	defer stop()
	for {
		key, over := s.queue.Get()
		if over {
			return
		}
		if err := s.write(ctx, key); err != nil && ctx.Err() == nil {
			if !apierrors.IsConflict(err) {
				s.log.Warn("writing a status", "object", key, "error", err)
			}
			s.queue.AddRateLimited(key)
		}
		s.queue.Done(key)
	}
}

// write patches the status of one object, if the object still is the one that was read.
func (s *scribe) write(ctx context.Context, key string) error {
	p, err := s.page(key)
	if err != nil || p == nil || !p.differs {
		return err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": p.version}, "status": p.status})
	if err != nil {
		return fmt.Errorf("writing the patch of a status: %w", err)
	}
	if err := p.write(ctx, patch); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes[key] = note{from: p.version, told: text(p.want)}
	return nil
}

// page gives the status of the object with a key; nil when there is nothing to say or no such object.
func (s *scribe) page(key string) (*page, error) {
	l := s.source.current()
	if l == nil {
		return nil, nil
	}
	s.mu.Lock()
	want := s.wanted
	s.mu.Unlock()
	kind, rest, _ := strings.Cut(key, "/")
	namespace, name, _ := strings.Cut(rest, "/")
	p, err := (*page)(nil), error(nil)
	switch kind {
	case "GatewayClass":
		p, err = s.classPage(l, rest, want)
	case "Gateway":
		p, err = s.gatewayPage(l, namespace, name, want)
	case "HTTPRoute":
		p, err = s.httpRoutePage(l, namespace, name, want.Routes[key])
	case "GRPCRoute":
		p, err = s.grpcRoutePage(l, namespace, name, want.Routes[key])
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return p, err
}

func (s *scribe) classPage(l *gatewayListers, name string, all table.Statuses) (*page, error) {
	want, said := all.Classes[name]
	class, err := l.classes.Get(name)
	if err != nil || !said {
		return nil, err
	}
	status := gatewayv1.GatewayClassStatus{Conditions: s.merge(class.Status.Conditions, want.Conditions), SupportedFeatures: want.SupportedFeatures}
	return &page{
		version: class.ResourceVersion, differs: !equality.Semantic.DeepEqual(status, class.Status), want: want,
		status: map[string]any{"conditions": status.Conditions, "supportedFeatures": status.SupportedFeatures},
		write: func(ctx context.Context, patch []byte) error {
			_, err := s.client.GatewayV1().GatewayClasses().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "status")
			return err
		},
	}, nil
}

func (s *scribe) gatewayPage(l *gatewayListers, namespace, name string, all table.Statuses) (*page, error) {
	want, said := all.Gateways[namespace+"/"+name]
	gw, err := l.gateways.Gateways(namespace).Get(name)
	if err != nil || !said {
		return nil, err
	}
	status := *gw.Status.DeepCopy()
	status.Addresses = want.Addresses
	status.Conditions = s.merge(gw.Status.Conditions, want.Conditions)
	status.Listeners = nil
	for _, listener := range want.Listeners {
		for _, was := range gw.Status.Listeners {
			if was.Name == listener.Name {
				listener.Conditions = s.merge(was.Conditions, listener.Conditions)
			}
		}
		listener.Conditions = s.merge(nil, listener.Conditions)
		status.Listeners = append(status.Listeners, listener)
	}
	return &page{
		version: gw.ResourceVersion, differs: !equality.Semantic.DeepEqual(status, gw.Status), want: want,
		status: map[string]any{"addresses": status.Addresses, "conditions": status.Conditions, "listeners": status.Listeners},
		write: func(ctx context.Context, patch []byte) error {
			_, err := s.client.GatewayV1().Gateways(namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "status")
			return err
		},
	}, nil
}

func (s *scribe) httpRoutePage(l *gatewayListers, namespace, name string, want []gatewayv1.RouteParentStatus) (*page, error) {
	r, err := l.httpRoutes.HTTPRoutes(namespace).Get(name)
	if err != nil {
		return nil, err
	}
	return s.routePage(r, r.Status.Parents, want, func(ctx context.Context, patch []byte) error {
		_, err := s.client.GatewayV1().HTTPRoutes(namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "status")
		return err
	}), nil
}

func (s *scribe) grpcRoutePage(l *gatewayListers, namespace, name string, want []gatewayv1.RouteParentStatus) (*page, error) {
	if l.grpcRoutes == nil {
		return nil, nil
	}
	r, err := l.grpcRoutes.GRPCRoutes(namespace).Get(name)
	if err != nil {
		return nil, err
	}
	return s.routePage(r, r.Status.Parents, want, func(ctx context.Context, patch []byte) error {
		_, err := s.client.GatewayV1().GRPCRoutes(namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "status")
		return err
	}), nil
}

// routePage puts our entries among those of other controllers, in whose places and words nothing changes.
func (s *scribe) routePage(o metav1.Object, has, want []gatewayv1.RouteParentStatus, write func(context.Context, []byte) error) *page {
	parents := []gatewayv1.RouteParentStatus{}
	for _, p := range has {
		if !s.ours(p) {
			parents = append(parents, p)
		}
	}
	for _, p := range want {
		before := []metav1.Condition(nil)
		for _, was := range has {
			if s.ours(was) && equality.Semantic.DeepEqual(was.ParentRef, p.ParentRef) {
				before = was.Conditions
			}
		}
		p.Conditions = s.timed(before, p.Conditions)
		parents = append(parents, p)
	}
	return &page{
		version: o.GetResourceVersion(), differs: !sameParents(parents, has), want: want,
		status: map[string]any{"parents": parents}, write: write,
	}
}

// sameParents compares without regard to order, which other controllers may change.
func sameParents(a, b []gatewayv1.RouteParentStatus) bool {
	in := func(p gatewayv1.RouteParentStatus, all []gatewayv1.RouteParentStatus) bool {
		return slices.ContainsFunc(all, func(other gatewayv1.RouteParentStatus) bool { return equality.Semantic.DeepEqual(p, other) })
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p gatewayv1.RouteParentStatus) bool { return !in(p, b) })
}

// merge gives conditions as they are to be, among those of types that we do not write.
func (s *scribe) merge(has, want []metav1.Condition) []metav1.Condition {
	out := []metav1.Condition{}
	for _, c := range has {
		if !slices.ContainsFunc(want, func(w metav1.Condition) bool { return w.Type == c.Type }) {
			out = append(out, c)
		}
	}
	out = append(out, s.timed(has, want)...)
	slices.SortFunc(out, func(a, b metav1.Condition) int { return strings.Compare(a.Type, b.Type) })
	return out
}

// timed gives conditions the time of their last change of status: now, unless they had that status before.
func (s *scribe) timed(has, want []metav1.Condition) []metav1.Condition {
	out := slices.Clone(want)
	for i := range out {
		if out[i].LastTransitionTime.IsZero() {
			out[i].LastTransitionTime = metav1.NewTime(s.clock.Now()).Rfc3339Copy()
		}
		for _, was := range has {
			if was.Type == out[i].Type && was.Status == out[i].Status {
				out[i].LastTransitionTime = was.LastTransitionTime
			}
		}
	}
	return out
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil { // values of the API's own types
		return err.Error()
	}
	return string(out)
}
