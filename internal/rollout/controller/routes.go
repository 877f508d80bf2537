// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// routed is what a pass knows of the routes of a Rollout.
type routed struct {
	// all are those that the spec names, or that are left of a spec which names none any more.
	all []traffic.Routing
	// dropped are of ours and the spec names them no more, but others: they are given back.
	dropped []traffic.Routing
}

// gatherRoutes reads what the Rollout routes, and what is left of routes that its spec names no more.
func (r *Reconciler) gatherRoutes(ctx context.Context, w *world) error {
	targets, problem := w.targets()
	if problem != "" {
		w.seen.Routes.Problem = problem
		return nil
	}
	left, err := r.left(ctx, w.rollout, targets)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		targets, left = left, nil
	}
	if w.routes.all, err = r.read(ctx, targets); err != nil {
		return err
	}
	if w.routes.dropped, err = r.read(ctx, left); err != nil {
		return err
	}
	seen := make([]traffic.Seen, 0, len(targets))
	for _, routing := range w.routes.all {
		seen = append(seen, r.served(routing.Target))
	}
	w.seen.Routes = routes(traffic.Observe(w.routes.all, seen))
	return nil
}

// targets are the routes that a Rollout leads, or a sentence about why they can't be led.
func (w *world) targets() ([]traffic.Target, string) {
	plan, field := w.seen.Spec.Strategy.Plan(), validate.Field(w.seen.Spec.Strategy)
	if len(w.ways) == 0 {
		return nil, ""
	}
	var asked [][]v1beta1.HTTPRouteMatch
	for i, s := range plan.Steps {
		if fault := validate.Requests(schema.Index(field+".steps", i), s, field, plan.TrafficRoutings, CanLead); fault != nil {
			return nil, fault.Error()
		}
		if len(s.Matches) > 0 {
			asked = append(asked, s.Matches)
		}
	}
	var all []traffic.Target
	for _, way := range w.ways {
		if fault := validate.Routing(way.at, way.TrafficRouting); fault != nil {
			return nil, fault.Error()
		}
		for kind, name := range names(way.TrafficRouting) {
			t := target(w.rollout, kind, name, way.Service, way.at)
			t.Matches = asked
			all = append(all, t)
		}
	}
	return all, ""
}

// CanLead says why routes can't lead the requests of a step as it asks; nil where they can.
func CanLead(r v1beta1.TrafficRouting, s v1beta1.Step) error {
	for kind := range names(r) {
		fault := gateway.CanLead(kind, s)
		if kind == traffic.KindIngress {
			fault = ingress.CanLead(s)
		}
		if fault != nil {
			return fault
		}
	}
	return nil
}

// names are the routes of an entry, by their kinds.
func names(routing v1beta1.TrafficRouting) iter.Seq2[traffic.Kind, string] {
	return func(yield func(traffic.Kind, string) bool) {
		if routing.Ingress != nil && !yield(traffic.KindIngress, routing.Ingress.Name) || routing.Gateway == nil {
			return
		}
		if name := routing.Gateway.HTTPRouteName; name != nil && !yield(traffic.KindHTTPRoute, *name) {
			return
		}
		if name := routing.Gateway.GRPCRouteName; name != nil {
			yield(traffic.KindGRPCRoute, *name)
		}
	}
}

func target(ro *v1beta1.Rollout, kind traffic.Kind, route, service, at string) traffic.Target {
	return traffic.Target{Namespace: ro.Namespace, Rollout: ro.Name, Service: service, Kind: kind, Route: route, At: at,
		VersionLabel: workload.VersionLabel(ro.Spec.WorkloadRef.Kind)}
}

// served gives what each replica of the edge says it serves, and how much is known.
func (r *Reconciler) served(t traffic.Target) traffic.Seen {
	if r.routers == nil {
		return traffic.Seen{Ack: traffic.AckNone}
	}
	stable, canary := t.Namespace+"/"+traffic.StableService(t.Service), t.Namespace+"/"+traffic.CanaryService(t.Service)
	users, state := r.routers.Seen(ack.Key{Kind: string(t.Kind), Name: t.Namespace + "/" + t.Route}, stable, canary)
	if t.Kind != traffic.KindIngress {
		seen := traffic.Seen{Ack: traffic.Ack(state)}
		for _, u := range users {
			seen.Replicas = append(seen.Replicas, traffic.Replica{Route: servedRoute(u.Route), Stable: use(u.Services, stable), Canary: use(u.Services, canary)})
		}
		return seen
	}
	ours, also := r.routers.Seen(ack.Key{Kind: string(t.Kind), Name: t.Namespace + "/" + t.Canary})
	if state != also || len(users) != len(ours) {
		return traffic.Seen{Ack: traffic.AckUnknown}
	}
	seen := traffic.Seen{Ack: traffic.Ack(state)}
	for i := range users {
		seen.Replicas = append(seen.Replicas, traffic.Replica{
			Route: servedIngress(users[i].Ingress), CanaryRoute: servedIngress(ours[i].Ingress),
			Stable: use(users[i].Services, stable), Canary: use(users[i].Services, canary),
		})
	}
	return seen
}

func servedIngress(i *plan.Ingress) *traffic.Served {
	if i == nil {
		return nil
	}
	s := &traffic.Served{UID: i.UID, ResourceVersion: i.ResourceVersion, Accepted: i.Accepted, Problems: i.Problems, Rules: i.Rules}
	if i.Total > 0 {
		s.Percent = int32(100 * i.Weight / i.Total)
	}
	return s
}

func servedRoute(r *plan.Route) *traffic.Served {
	if r == nil {
		return nil
	}
	s := &traffic.Served{UID: r.UID, ResourceVersion: r.ResourceVersion, Accepted: r.Accepted, Problems: r.Problems}
	for _, rule := range r.Rules {
		var shares []traffic.Share
		for _, b := range rule.Backends {
			shares = append(shares, traffic.Share{Service: b.Service, Weight: b.Weight})
		}
		s.Shares = append(s.Shares, shares)
	}
	return s
}

func use(all map[string]plan.Service, name string) traffic.Use {
	s, there := all[name]
	return traffic.Use{Ready: int32(s.Ready), Drained: !there || s.Drained()}
}

// routes tells the rollout engine what the traffic engine saw.
func routes(s traffic.State) rollout.Routes {
	return rollout.Routes{
		Problem: s.Problem, Canary: s.Canary, Weight: s.Weight, Matches: s.Matches, Modifier: s.Modifier,
		Services: s.Services, AnyService: s.AnyService, StableHash: s.StableHash, CanaryHash: s.CanaryHash,
		Switched: s.Switched, StableEndpoints: s.StableEndpoints, CanaryEndpoints: s.CanaryEndpoints,
		Ack: rollout.Ack(s.Ack), CanaryServed: s.CanaryServed, SwitchServed: s.SwitchServed, WeightLow: s.WeightLow, WeightHigh: s.WeightHigh,
		CanaryRefused: s.CanaryRefused, RouteRefused: s.RouteRefused, MatchesServed: s.MatchesServed, AnyMatches: s.AnyMatches,
		StableSeen: s.StableSeen, CanarySeen: s.CanarySeen, StableDrained: s.StableDrained, CanaryDrained: s.CanaryDrained,
		Rejected: s.Rejected,
	}
}

// route leads all routes to what a decision wants. What is in the way of one of them keeps no other one from it.
func (r *Reconciler) route(ctx context.Context, w *world, want rollout.Route) error {
	writes, fault := traffic.Plan(w.routes.all, traffic.Intent{
		Canary: want.Canary, Services: want.Services, Switched: want.Switched, Weight: want.Weight, Matches: want.Matches, Modifier: want.Modifier,
		StableHash: want.StableHash, CanaryHash: want.CanaryHash,
	})
	if err := r.write(ctx, w.routes.all, writes); err != nil {
		return err
	}
	if fault != nil && w.seen.Routes.Problem == "" { // otherwise the status tells it
		return fmt.Errorf("planning routes: %w", fault)
	}
	return nil
}

// giveBack leaves nothing of ours on routes that the spec names no more, and of their Services none that another route needs.
func (r *Reconciler) giveBack(ctx context.Context, w *world) error {
	for _, dropped := range w.routes.dropped {
		needed := slices.ContainsFunc(w.routes.all, func(other traffic.Routing) bool { return other.Service == dropped.Service })
		writes, fault := traffic.Plan([]traffic.Routing{dropped}, traffic.Intent{Services: needed})
		if fault != nil {
			return fmt.Errorf("planning to give %s %s back: %w", dropped.Kind, dropped.Route, fault)
		}
		if err := r.write(ctx, nil, writes); err != nil {
			return err
		}
	}
	return nil
}

// write makes writes of the traffic engine, in order.
func (r *Reconciler) write(ctx context.Context, all []traffic.Routing, writes []traffic.Write) error {
	owners := map[string]*corev1.Service{}
	for _, routing := range all {
		if s := routing.Live.Stable; s != nil {
			owners[s.Name] = s
		}
	}
	for _, write := range writes {
		log.FromContext(ctx).V(1).Info("route", "write", write.What)
		if write.OwnedBy != "" && owners[write.OwnedBy] == nil {
			return fmt.Errorf("routing: %s: its owner is not there", write.What)
		}
		created, err := r.writeOne(ctx, write, owners[write.OwnedBy])
		if err != nil {
			return fmt.Errorf("routing: %s: %w", write.What, err)
		}
		if service, is := created.(*corev1.Service); is {
			owners[service.Name] = service
		}
	}
	return nil
}

// writeOne makes one write of the traffic engine and gives the object that it created.
func (r *Reconciler) writeOne(ctx context.Context, write traffic.Write, owner *corev1.Service) (client.Object, error) {
	switch {
	case write.Create != nil:
		o, ok := write.Create.DeepCopyObject().(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object of the API", write.Create)
		}
		if owner != nil {
			o.SetOwnerReferences([]metav1.OwnerReference{traffic.OwnerReference(owner)})
		}
		return o, r.client.Create(ctx, o, fieldManager)
	case write.Patch != nil:
		o, ok := write.Patch.Object.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object of the API", write.Patch.Object)
		}
		return nil, r.patchOps(ctx, o, write.Patch.Ops)
	case write.Delete != nil:
		o, ok := write.Delete.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object of the API", write.Delete)
		}
		uid := o.GetUID()
		err := r.client.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
		return nil, client.IgnoreNotFound(err)
	}
	return nil, nil
}
