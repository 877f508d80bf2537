// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// governed is the workload of a Rollout as one pass has read it, by its kind.
type governed interface {
	// object is the workload itself.
	object() client.Object
	// podLabels are those that its pods have by its template.
	podLabels() map[string]string
	// observe tells the engine of it, for its Rollout.
	observe(ro *v1beta1.Rollout, now time.Time) (rollout.Workload, []rollout.ReplicaSet)
	// holdPatch and releasePatch are JSON patches (RFC 6902) of the object; nil where there is nothing to write.
	holdPatch(rolloutName string, h rollout.Hold) ([]byte, error)
	releasePatch() ([]byte, error)
	// resize makes the writes of a decision that are about the versions' pods.
	resize(ctx context.Context, r *Reconciler, d rollout.Decision) error
}

// workload reads the workload that a Rollout refers to; nil when there is none.
func (r *Reconciler) workload(ctx context.Context, ro *v1beta1.Rollout) (governed, error) {
	switch ro.Spec.WorkloadRef.Kind {
	case workload.KindStatefulSet:
		return r.statefulSet(ctx, ro)
	case workload.KindDaemonSet:
		return r.daemonSet(ctx, ro)
	case workload.KindCloneSet:
		return r.cloneSet(ctx, ro)
	}
	return r.deployment(ctx, ro.Namespace, ro.Spec.WorkloadRef.Name)
}
