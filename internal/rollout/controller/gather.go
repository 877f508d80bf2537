// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	core "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// world is all that one pass reads.
type world struct {
	rollout  *v1beta1.Rollout
	workload governed // nil: there is none
	shared   shared
	ways     []way // the entries of routes that lead to the workload, by the Rollout's own plan or by its TrafficRouting
	routes   routed
	seen     rollout.Observation
}

func (r *Reconciler) gather(ctx context.Context, ro *v1beta1.Rollout) (*world, error) {
	w := &world{rollout: ro, seen: rollout.Observation{
		Generation: ro.Generation, Deleting: ro.DeletionTimestamp != nil, WithRun: ro.Annotations[core.AnnotationPausedWithRun] != "",
		Retry: ro.Annotations[v1beta1.AnnotationRetry], RollbackInBatch: ro.Annotations[v1beta1.AnnotationRollbackInBatch] == "true",
		Spec: ro.Spec, Status: ro.Status,
	}}
	w.seen.Routes.Ack = rollout.AckNone
	// Admission refuses these; what was stored without it is told by the status.
	fault := validate.Workload(ro.Spec.WorkloadRef)
	if fault == nil {
		fault = validate.Plan(ro.Spec.Strategy)
	}
	if fault != nil {
		w.seen.Workload.Problem = fault.Error()
	} else if err := r.gatherWorkload(ctx, w); err != nil {
		return nil, err
	}
	if err := r.gatherShared(ctx, w); err != nil {
		return nil, err
	}
	if err := r.gatherRoutes(ctx, w); err != nil {
		return nil, err
	}
	return w, nil
}

func (r *Reconciler) gatherWorkload(ctx context.Context, w *world) error {
	if kind := workload.CloneSetKind(); w.rollout.Spec.WorkloadRef.Kind == kind.Kind {
		there, err := r.kinds.There(ctx, kind)
		if err != nil {
			return err
		}
		if !there {
			w.seen.Workload.Problem = fmt.Sprintf("spec.workloadRef: the cluster does not know the kind %s of %s; install OpenKruise, and the Rollout goes on by itself",
				kind.Kind, w.rollout.Spec.WorkloadRef.APIVersion)
			return nil
		}
	}
	is, err := r.workload(ctx, w.rollout)
	if err != nil || is == nil {
		return err
	}
	w.workload = is
	w.seen.Workload, w.seen.Sets = is.observe(w.rollout, r.clock.Now())
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
