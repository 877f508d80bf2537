// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	core "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// world is all that one pass reads.
type world struct {
	rollout    *v1beta1.Rollout
	deployment *appsv1.Deployment // nil: there is none
	sets       []*appsv1.ReplicaSet
	target     *traffic.Target // nil: only pods
	objects    traffic.Objects
	seen       rollout.Observation
}

func (r *Reconciler) gather(ctx context.Context, ro *v1beta1.Rollout) (*world, error) {
	w := &world{rollout: ro, seen: rollout.Observation{
		Generation: ro.Generation, Deleting: ro.DeletionTimestamp != nil, WithRun: ro.Annotations[core.AnnotationPausedWithRun] != "",
		Spec: ro.Spec, Status: ro.Status,
	}}
	w.seen.Routes.Ack = rollout.AckNone
	// Admission refuses these; what was stored without it is told by the status.
	fault := validate.Workload(ro.Spec.WorkloadRef)
	if fault == nil {
		fault = validate.Plan(ro.Spec.Strategy.Canary)
	}
	if fault != nil {
		w.seen.Workload.Problem = fault.Error()
	} else if err := r.gatherWorkload(ctx, w); err != nil {
		return nil, err
	}
	if err := r.gatherRoutes(ctx, w); err != nil {
		return nil, err
	}
	return w, nil
}

func (r *Reconciler) gatherWorkload(ctx context.Context, w *world) error {
	d := &appsv1.Deployment{}
	found, err := r.get(ctx, w.rollout.Namespace, w.rollout.Spec.WorkloadRef.Name, d)
	if err != nil || !found {
		return err
	}
	list := &appsv1.ReplicaSetList{}
	// Only what this pass needs has to be as new as our own writes: the sets are read one by one below.
	err = r.client.List(ctx, list, client.InNamespace(d.Namespace), client.MatchingFields{indexOwner: string(d.UID)}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return fmt.Errorf("listing ReplicaSets of %s: %w", d.Name, err)
	}
	names := map[string]bool{workload.Name(d, workload.Hash(d.Spec.Template, d.Status.CollisionCount)): true}
	for i := range list.Items {
		names[list.Items[i].Name] = true
	}
	for name := range names {
		s := &appsv1.ReplicaSet{}
		there, err := r.get(ctx, d.Namespace, name, s)
		if err != nil {
			return err
		}
		if there && s.DeletionTimestamp == nil && controlledBy(s, d.UID) {
			w.sets = append(w.sets, s)
		}
	}
	w.deployment = d
	w.seen.Workload, w.seen.Sets = workload.Observe(d, w.sets, w.rollout.Name)
	return nil
}

func controlledBy(o client.Object, owner types.UID) bool {
	for _, ref := range o.GetOwnerReferences() {
		if ref.Controller != nil && *ref.Controller {
			return ref.UID == owner
		}
	}
	return false
}

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
	if c := ro.Spec.Strategy.Canary; c != nil && len(c.TrafficRoutings) > 0 {
		routing := c.TrafficRoutings[0]
		if fault := validate.Routing("spec.strategy.canary.trafficRoutings[0]", routing); fault != nil {
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

// get reads an object; false when there is none.
func (r *Reconciler) get(ctx context.Context, namespace, name string, into client.Object) (bool, error) {
	err := r.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %T %s/%s: %w", into, namespace, name, err)
	}
	return true, nil
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
