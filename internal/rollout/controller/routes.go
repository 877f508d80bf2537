// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// gatherRoutes reads what the Rollout routes, or what is left of routes that its spec names no more.
func (r *Reconciler) gatherRoutes(ctx context.Context, w *world) error {
	target, problem, err := r.target(ctx, w.rollout)
	if err != nil {
		return err
	}
	if target == nil {
		w.seen.Routes.Problem = problem
		return nil
	}
	target.VersionLabel = workload.VersionLabel(w.rollout.Spec.WorkloadRef.Kind)
	w.target = target
	o := &w.objects
	for _, one := range []struct {
		name string
		into client.Object
		set  func()
	}{
		{target.Service, &corev1.Service{}, nil},
		{traffic.StableService(target.Service), &corev1.Service{}, nil},
		{traffic.CanaryService(target.Service), &corev1.Service{}, nil},
		{target.Route, &networkingv1.Ingress{}, nil},
		{ingress.CanaryName(target.Route), &networkingv1.Ingress{}, nil},
	} {
		found, err := r.get(ctx, target.Namespace, one.name, one.into)
		if err != nil {
			return err
		}
		if found {
			place(o, target, one.name, one.into)
		}
	}
	if o.StableEndpoints, err = r.endpoints(ctx, target.Namespace, traffic.StableService(target.Service)); err != nil {
		return err
	}
	if o.CanaryEndpoints, err = r.endpoints(ctx, target.Namespace, traffic.CanaryService(target.Service)); err != nil {
		return err
	}
	replicas, known := r.replicas(target)
	w.seen.Routes = routes(r.router.Observe(*target, *o, replicas), known)
	return nil
}

func place(o *traffic.Objects, t *traffic.Target, name string, object client.Object) {
	switch is := object.(type) {
	case *corev1.Service:
		switch name {
		case t.Service:
			o.Service = is
		case traffic.StableService(t.Service):
			o.Stable = is
		default:
			o.Canary = is
		}
	case *networkingv1.Ingress:
		if name == t.Route {
			o.Ingress = is
			return
		}
		o.CanaryIngress = is
	}
}

// target says what the Rollout routes. Without a route in the spec it is what an earlier spec left behind.
func (r *Reconciler) target(ctx context.Context, ro *v1beta1.Rollout) (*traffic.Target, string, error) {
	if plan := ro.Spec.Strategy.Plan(); plan != nil && len(plan.TrafficRoutings) > 0 {
		routing := plan.TrafficRoutings[0]
		if fault := validate.Routing(validate.Field(ro.Spec.Strategy)+".trafficRoutings[0]", routing); fault != nil {
			return nil, fault.Error(), nil
		}
		return &traffic.Target{Namespace: ro.Namespace, Rollout: ro.Name, Service: routing.Service, Route: routing.Ingress.Name}, "", nil
	}
	left := &networkingv1.IngressList{}
	err := r.client.List(ctx, left, client.InNamespace(ro.Namespace), client.MatchingFields{indexRollout: ro.Name}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return nil, "", fmt.Errorf("listing Ingresses of the Rollout: %w", err)
	}
	for i := range left.Items {
		if service := ingress.ReleasedService(&left.Items[i]); service != "" {
			route := strings.TrimSuffix(left.Items[i].Name, ingress.CanaryName(""))
			return &traffic.Target{Namespace: ro.Namespace, Rollout: ro.Name, Service: service, Route: route}, "", nil
		}
	}
	return nil, "", nil
}

// endpoints counts the ready endpoints that the cluster lists behind a Service.
func (r *Reconciler) endpoints(ctx context.Context, namespace, service string) (int32, error) {
	list := &discoveryv1.EndpointSliceList{}
	if err := r.client.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{indexService: service}); err != nil {
		return 0, fmt.Errorf("listing endpoints of %s: %w", service, err)
	}
	pods := map[string]bool{}
	for i := range list.Items {
		for _, e := range list.Items[i].Endpoints {
			if e.Conditions.Ready != nil && !*e.Conditions.Ready || len(e.Addresses) == 0 {
				continue
			}
			key := e.Addresses[0]
			if e.TargetRef != nil {
				key = e.TargetRef.Name // a pod of two address families is one endpoint
			}
			pods[key] = true
		}
	}
	return int32(len(pods)), nil
}

// replicas gives what each replica of the edge says it serves, and how much is known.
func (r *Reconciler) replicas(t *traffic.Target) ([]traffic.Replica, ack.State) {
	if r.routers == nil {
		return nil, ack.None
	}
	stable, canary := t.Namespace+"/"+traffic.StableService(t.Service), t.Namespace+"/"+traffic.CanaryService(t.Service)
	users, state := r.routers.Seen(t.Namespace+"/"+t.Route, stable, canary)
	ours, also := r.routers.Seen(t.Namespace + "/" + ingress.CanaryName(t.Route))
	if state != also || len(users) != len(ours) {
		return nil, ack.Unknown
	}
	var out []traffic.Replica
	for i := range users {
		out = append(out, traffic.Replica{
			Route: served(users[i].Ingress), CanaryRoute: served(ours[i].Ingress),
			Stable: use(users[i].Services, stable), Canary: use(users[i].Services, canary),
		})
	}
	return out, state
}

func served(i *plan.Ingress) *traffic.Served {
	if i == nil {
		return nil
	}
	s := &traffic.Served{UID: i.UID, ResourceVersion: i.ResourceVersion, Accepted: i.Accepted, Problems: i.Problems, Rules: i.Rules}
	if i.Total > 0 {
		s.Percent = int32(100 * i.Weight / i.Total)
	}
	return s
}

func use(all map[string]plan.Service, name string) traffic.Use {
	s, there := all[name]
	return traffic.Use{Ready: int32(s.Ready), Drained: !there || s.Drained()}
}

// routes tells the rollout engine what the traffic engine saw.
func routes(s traffic.State, known ack.State) rollout.Routes {
	out := rollout.Routes{
		Problem: s.Problem, Canary: s.Canary, Weight: s.Weight, Matches: s.Matches, Services: s.Services, AnyService: s.AnyService, StableHash: s.StableHash, CanaryHash: s.CanaryHash,
		Switched: s.Switched, StableEndpoints: s.StableEndpoints, CanaryEndpoints: s.CanaryEndpoints,
		CanaryServed: s.CanaryServed, SwitchServed: s.SwitchServed, WeightLow: s.WeightLow, WeightHigh: s.WeightHigh,
		CanaryRefused: s.CanaryRefused, RouteRefused: s.RouteRefused, MatchesServed: s.MatchesServed, AnyMatches: s.AnyMatches,
		StableSeen: s.StableSeen, CanarySeen: s.CanarySeen, StableDrained: s.StableDrained, CanaryDrained: s.CanaryDrained,
		Rejected: s.Rejected,
	}
	switch known {
	case ack.Unknown:
		out.Ack = rollout.AckUnknown
	case ack.Known:
		// Replicas that do not have the user's Ingress are of another class: they can't tell.
		out.Ack = rollout.AckNone
		if s.Asked {
			out.Ack = rollout.AckKnown
		}
	default:
		out.Ack = rollout.AckNone
	}
	return out
}

func (r *Reconciler) route(ctx context.Context, w *world, want rollout.Route) error {
	intent := traffic.Intent{Canary: want.Canary, Services: want.Services, Switched: want.Switched, Weight: want.Weight, Matches: want.Matches, StableHash: want.StableHash, CanaryHash: want.CanaryHash}
	writes, err := r.router.Plan(*w.target, w.objects, intent)
	if err != nil {
		return fmt.Errorf("planning routes: %w", err)
	}
	stable := w.objects.Stable
	for _, write := range writes {
		log.FromContext(ctx).V(1).Info("route", "write", write.What)
		if write.OwnedByStable && stable == nil {
			return fmt.Errorf("routing: %s: its owner is not there", write.What)
		}
		created, err := r.write(ctx, write, stable)
		if err != nil {
			return fmt.Errorf("routing: %s: %w", write.What, err)
		}
		if service, is := created.(*corev1.Service); is && stable == nil {
			stable = service
		}
	}
	return nil
}

// write makes one write of the traffic engine and gives the object that it created.
func (r *Reconciler) write(ctx context.Context, write traffic.Write, stable *corev1.Service) (client.Object, error) {
	switch {
	case write.Create != nil:
		o, ok := write.Create.DeepCopyObject().(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object of the API", write.Create)
		}
		if write.OwnedByStable {
			o.SetOwnerReferences([]metav1.OwnerReference{traffic.OwnerReference(stable)})
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
