// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/routing"
)

const kindTrafficRouting = "TrafficRouting"

// sharedReconciler carries out one TrafficRouting at a time. It reads and writes as the Reconciler of Rollouts does.
type sharedReconciler struct{ *Reconciler }

// setUpShared adds the controller of TrafficRoutings to mgr.
func setUpShared(mgr ctrl.Manager, r *Reconciler, m mapper) (controller.Controller, error) {
	c, err := ctrl.NewControllerManagedBy(mgr).Named("trafficrouting").For(&v1alpha1.TrafficRouting{}).
		Watches(&v1beta1.Rollout{}, handler.EnqueueRequestsFromMapFunc(m.marked)).
		Watches(&corev1.Service{}, m.sharedBy("Service", client.Object.GetName)).
		Watches(&networkingv1.Ingress{}, m.sharedBy("Ingress", client.Object.GetName)).
		Build(sharedReconciler{r})
	if err != nil {
		return nil, fmt.Errorf("setting up the controller of TrafficRoutings: %w", err)
	}
	return c, nil
}

// marked finds the TrafficRoutings that have the mark of a Rollout.
func (m mapper) marked(ctx context.Context, o client.Object) []reconcile.Request {
	list := &v1alpha1.TrafficRoutingList{}
	mark := v1alpha1.FinalizerProgressing + o.GetName()
	if err := m.reader.List(ctx, list, client.InNamespace(o.GetNamespace()), client.MatchingFields{indexMarks: mark}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing TrafficRoutings of a Rollout", "rollout", o.GetName())
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return out
}

// Reconcile is one pass: gather, decide, write.
func (r sharedReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if r.off() {
		return ctrl.Result{RequeueAfter: offAgain}, nil
	}
	tr := &v1alpha1.TrafficRouting{}
	found, err := r.get(ctx, req.Namespace, req.Name, tr)
	if err != nil || !found {
		return ctrl.Result{}, err
	}
	seen, err := r.observe(ctx, tr)
	if err != nil {
		return ctrl.Result{}, err
	}
	err = r.carryOut(ctx, tr, routing.Decide(seen))
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	return ctrl.Result{}, err
}

// observe reads all that a decision about a TrafficRouting depends on.
func (r sharedReconciler) observe(ctx context.Context, tr *v1alpha1.TrafficRouting) (routing.Observation, error) {
	seen := routing.Observation{Generation: tr.Generation, Deleting: tr.DeletionTimestamp != nil, Finalizers: tr.Finalizers}
	for _, f := range tr.Finalizers {
		name, is := strings.CutPrefix(f, v1alpha1.FinalizerProgressing)
		if !is {
			continue
		}
		found, err := r.get(ctx, tr.Namespace, name, &v1beta1.Rollout{})
		if err != nil {
			return seen, err
		}
		if found {
			seen.Rollouts = append(seen.Rollouts, name)
		}
	}
	if faults := validate.TrafficRouting(tr, CanLead); len(faults) > 0 {
		seen.Problem = faults[0].Error() // admission refuses it; what was stored without is told
		return seen, nil
	}
	all, err := r.read(ctx, targetsOf(tr))
	if err != nil {
		return seen, err
	}
	for _, routing := range all {
		if s := routing.Live.Stable; s != nil && s.Labels[v1beta1.LabelRolloutName] != "" {
			seen.Led = true
			routing.Rollout = s.Labels[v1beta1.LabelRolloutName]
		}
		state := routing.Router.Observe(routing.Target, routing.Live, traffic.Seen{Ack: traffic.AckNone})
		if seen.Problem == "" {
			seen.Problem = state.Problem
		}
	}
	return seen, nil
}

// targetsOf are the routes of a TrafficRouting, as no Rollout in particular leads them.
func targetsOf(tr *v1alpha1.TrafficRouting) []traffic.Target {
	var asked [][]v1beta1.HTTPRouteMatch
	if m := tr.Spec.Strategy.Matches; len(m) > 0 {
		asked = append(asked, m)
	}
	var all []traffic.Target
	for i, ref := range tr.Spec.ObjectRef {
		for kind, name := range names(ref) {
			all = append(all, traffic.Target{Namespace: tr.Namespace, Service: ref.Service, Kind: kind, Route: name, At: schema.Index("spec.objectRef", i), Matches: asked})
		}
	}
	return all
}

// carryOut writes what a decision changes. One that is let go needs no status any more.
func (r sharedReconciler) carryOut(ctx context.Context, tr *v1alpha1.TrafficRouting, d routing.Decision) error {
	goes := tr.DeletionTimestamp != nil && !slices.Contains(d.Finalizers, v1alpha1.FinalizerTrafficRouting)
	if d.Status != tr.Status && !goes {
		next := tr.DeepCopy()
		next.Status = d.Status
		if err := r.client.Status().Patch(ctx, next, client.MergeFromWithOptions(tr, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
			return fmt.Errorf("writing the status: %w", err)
		}
		tr = next
	}
	if slices.Equal(d.Finalizers, tr.Finalizers) {
		return nil
	}
	return client.IgnoreNotFound(r.remark(ctx, tr, d.Finalizers))
}
