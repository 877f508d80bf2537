// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"context"
	"errors"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Seen is one application with the objects that it is made of.
type Seen struct {
	gather.Seen
	Deployments  []appsv1.Deployment
	StatefulSets []appsv1.StatefulSet
	DaemonSets   []appsv1.DaemonSet
	ReplicaSets  []appsv1.ReplicaSet
	Services     []corev1.Service
	Ingresses    []networkingv1.Ingress
	HTTPRoutes   []gatewayv1.HTTPRoute
	GRPCRoutes   []gatewayv1.GRPCRoute
	// Gateways that the routes name.
	Gateways []gatewayv1.Gateway
}

// Kinds are those of which a Seen is made.
func Kinds() []client.Object {
	return []client.Object{
		&v1beta1.Application{}, &v1beta1.ApplicationRevision{}, &rolloutsv1beta1.Rollout{}, &corev1.Pod{},
		&appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &appsv1.ReplicaSet{},
		&corev1.Service{}, &networkingv1.Ingress{}, &gatewayv1.HTTPRoute{}, &gatewayv1.GRPCRoute{},
	}
}

// Read reads what an application is made of by reader. A missing application is a problem 404; what the reader may not see, and kinds that
// are not installed, are left out.
func Read(ctx context.Context, g *gather.Gatherer, reader client.Reader, namespace, name string) (Seen, error) {
	base, err := g.App(ctx, namespace, name)
	if err != nil {
		return Seen{}, err
	}
	s := Seen{Seen: base}
	deployments, statefulSets, daemonSets := &appsv1.DeploymentList{}, &appsv1.StatefulSetList{}, &appsv1.DaemonSetList{}
	replicaSets, services, ingresses := &appsv1.ReplicaSetList{}, &corev1.ServiceList{}, &networkingv1.IngressList{}
	http, grpc := &gatewayv1.HTTPRouteList{}, &gatewayv1.GRPCRouteList{}
	list := func(l client.ObjectList, opts ...client.ListOption) error {
		return ifThere(reader.List(ctx, l, append(opts, client.InNamespace(namespace))...))
	}
	mine := client.MatchingLabels{v1beta1.LabelAppName: name}
	for _, l := range []client.ObjectList{deployments, statefulSets, daemonSets, replicaSets, services, ingresses, http, grpc} {
		if err := list(l, mine); err != nil {
			return s, err
		}
	}
	s.Deployments, s.StatefulSets, s.DaemonSets, s.ReplicaSets = deployments.Items, statefulSets.Items, daemonSets.Items, replicaSets.Items
	s.Services, s.Ingresses, s.HTTPRoutes, s.GRPCRoutes = services.Items, ingresses.Items, http.Items, grpc.Items
	for i := range s.Rollouts {
		helpers, canaries := &corev1.ServiceList{}, &networkingv1.IngressList{}
		made := client.MatchingLabels{rolloutsv1beta1.LabelRolloutName: s.Rollouts[i].Name}
		if err := list(helpers, made); err != nil {
			return s, err
		}
		if err := list(canaries, made); err != nil {
			return s, err
		}
		s.Services, s.Ingresses = append(s.Services, helpers.Items...), append(s.Ingresses, canaries.Items...)
	}
	return s, s.readGateways(ctx, reader)
}

// readGateways reads those that the routes name, for their addresses.
func (s *Seen) readGateways(ctx context.Context, reader client.Reader) error {
	done := map[client.ObjectKey]bool{}
	for _, r := range s.HTTPRoutes {
		for _, ref := range r.Spec.ParentRefs {
			key := client.ObjectKey{Namespace: r.Namespace, Name: string(ref.Name)}
			if ref.Namespace != nil {
				key.Namespace = string(*ref.Namespace)
			}
			if done[key] || ref.Kind != nil && *ref.Kind != "Gateway" {
				continue
			}
			done[key] = true
			g := gatewayv1.Gateway{}
			if err := ifThere(reader.Get(ctx, key, &g)); err != nil {
				return err
			}
			if g.Name != "" {
				s.Gateways = append(s.Gateways, g)
			}
		}
	}
	return nil
}

// ifThere forgets the error for what the person may not read, for a kind that is not installed, and for what is not there.
func ifThere(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Status == http.StatusForbidden || meta.IsNoMatchError(err) || client.IgnoreNotFound(err) == nil {
		return nil
	}
	return err
}
