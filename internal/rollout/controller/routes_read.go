// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

// left are the routes that the Rollout leads, and that are not among named.
func (r *Reconciler) left(ctx context.Context, ro *v1beta1.Rollout, named []traffic.Target) ([]traffic.Target, error) {
	var all []traffic.Target
	add := func(kind traffic.Kind, route, service string) {
		if service != "" && !slices.ContainsFunc(named, func(t traffic.Target) bool { return t.Kind == kind && t.Route == route && t.Service == service }) {
			all = append(all, target(ro, kind, route, service, validate.Field(ro.Spec.Strategy)+".trafficRoutings"))
		}
	}
	canaries := &networkingv1.IngressList{}
	err := r.client.List(ctx, canaries, client.InNamespace(ro.Namespace), client.MatchingFields{indexRollout: ro.Name}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return nil, fmt.Errorf("listing Ingresses of the Rollout: %w", err)
	}
	for i := range canaries.Items {
		if route := ingress.RouteOf(&canaries.Items[i]); route != "" {
			add(traffic.KindIngress, route, ingress.ReleasedService(&canaries.Items[i]))
		}
	}
	for _, kind := range gateway.Kinds() {
		if !r.kinds.Knows(kind) {
			continue
		}
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gateway.GroupVersionKind(kind))
		err := r.client.List(ctx, list, client.InNamespace(ro.Namespace), client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency)
		if err != nil {
			return nil, fmt.Errorf("listing %ss: %w", kind, err)
		}
		for i := range list.Items {
			for _, service := range gateway.Released(&list.Items[i], ro.Name) {
				add(kind, list.Items[i].GetName(), service)
			}
		}
	}
	return all, nil
}

// read gives the routings of targets with all that is live of them. Each Service is read once.
func (r *Reconciler) read(ctx context.Context, targets []traffic.Target) ([]traffic.Routing, error) {
	services := map[string]traffic.Objects{}
	var taken []string // names of canary Ingresses
	var all []traffic.Routing
	for _, t := range targets {
		live, known := services[t.Service]
		if !known {
			var err error
			if live, err = r.services(ctx, t); err != nil {
				return nil, err
			}
			services[t.Service] = live
		}
		if t.Kind == traffic.KindIngress {
			err := r.readIngresses(ctx, &t, &live, taken)
			if err != nil {
				return nil, err
			}
			taken = append(taken, t.Canary)
		} else if err := r.readRoute(ctx, t, &live); err != nil {
			return nil, err
		}
		all = append(all, traffic.Routing{Target: t, Live: live, Router: r.providers[t.Kind]})
	}
	return all, nil
}

// services reads the user's Service and those of both versions, with their endpoints.
func (r *Reconciler) services(ctx context.Context, t traffic.Target) (traffic.Objects, error) {
	o := traffic.Objects{}
	stable, canary := traffic.StableService(t.Service), traffic.CanaryService(t.Service)
	for _, one := range []struct {
		name string
		into **corev1.Service
	}{{t.Service, &o.Service}, {stable, &o.Stable}, {canary, &o.Canary}} {
		s := &corev1.Service{}
		found, err := r.get(ctx, t.Namespace, one.name, s)
		if err != nil {
			return o, err
		}
		if found {
			*one.into = s
		}
	}
	var err error
	if o.StableEndpoints, err = r.endpoints(ctx, t.Namespace, stable); err != nil {
		return o, err
	}
	o.CanaryEndpoints, err = r.endpoints(ctx, t.Namespace, canary)
	return o, err
}

// readRoute reads the user's route of the Gateway API.
func (r *Reconciler) readRoute(ctx context.Context, t traffic.Target, o *traffic.Objects) error {
	if o.NoKind = !r.kinds.Knows(t.Kind); o.NoKind {
		return nil
	}
	route := routeOf(t.Kind)
	found, err := r.get(ctx, t.Namespace, t.Route, route)
	if found {
		o.Route = route
	}
	return err
}

// readIngresses reads the user's Ingress and all canary Ingresses beside it, and names that of the target. taken are names that
// other targets of the Rollout have.
func (r *Reconciler) readIngresses(ctx context.Context, t *traffic.Target, o *traffic.Objects, taken []string) error {
	user := &networkingv1.Ingress{}
	found, err := r.get(ctx, t.Namespace, t.Route, user)
	if err != nil {
		return err
	}
	if found {
		o.Ingress = user
	}
	all := map[string]*networkingv1.Ingress{}
	for _, name := range ingress.Names(*t) {
		i := &networkingv1.Ingress{}
		there, err := r.get(ctx, t.Namespace, name, i)
		if err != nil {
			return err
		}
		if there {
			all[name] = i
		}
	}
	t.Canary = ingress.Choose(*t, all, taken)
	o.CanaryIngress = all[t.Canary]
	list := &networkingv1.IngressList{}
	err = r.client.List(ctx, list, client.InNamespace(t.Namespace), client.MatchingFields{indexBeside: t.Route}, client.DisableReadYourWritesConsistency)
	if err != nil {
		return fmt.Errorf("listing canary Ingresses of %s: %w", t.Route, err)
	}
	for i := range list.Items {
		if list.Items[i].Name != t.Canary {
			o.Others = append(o.Others, &list.Items[i])
		}
	}
	return nil
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
