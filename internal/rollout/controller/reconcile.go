// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"k8s.io/client-go/tools/events"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

// again is the wait after a write that somebody else's was faster than.
const again = 10 * time.Millisecond

// offAgain is the wait while Rollouts are somebody else's.
const offAgain = 30 * time.Second

// Routers tell what they serve; ack.Edges does.
type Routers interface {
	// Seen returns what each replica serves of a route and of Services (namespace/name each).
	Seen(route ack.Key, services ...string) ([]ack.Serves, ack.State)
}

// Reconciler carries out one Rollout at a time.
type Reconciler struct {
	client    client.Client
	live      client.Reader // past the caches
	off       func() bool   // Rollouts are somebody else's at the moment
	providers map[traffic.Kind]traffic.Router
	kinds     *latecomers // nil: the cluster knows all kinds
	follows   *podWatches // nil: nothing wakes for pods
	routers   Routers     // nil: no router tells
	events    events.EventRecorder
	clock     clock.PassiveClock
	patience  patience
}

// Reconcile is one pass: gather, decide, act, report.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if r.off() {
		return ctrl.Result{RequeueAfter: offAgain}, nil
	}
	ro := &v1beta1.Rollout{}
	found, err := r.get(ctx, req.Namespace, req.Name, ro)
	if err != nil || !found {
		r.patience.over(req.NamespacedName)
		if err == nil {
			r.follows.follow(ctx, req.NamespacedName, nil)
		}
		return ctrl.Result{}, err
	}
	wait, err := r.pass(ctx, ro)
	if overtaken(err) {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	return ctrl.Result{RequeueAfter: wait}, err
}

func (r *Reconciler) pass(ctx context.Context, ro *v1beta1.Rollout) (time.Duration, error) {
	if ro.DeletionTimestamp == nil && !slices.Contains(ro.Finalizers, v1beta1.Finalizer) {
		if err := r.keep(ctx, ro); err != nil {
			return 0, err
		}
	}
	w, err := r.gather(ctx, ro)
	if err != nil {
		return 0, err
	}
	d := rollout.Decide(w.seen, r.clock.Now())
	r.follows.follow(ctx, client.ObjectKeyFromObject(ro), podsOf(w, d))
	if d.Writes() {
		log.FromContext(ctx).Info(d.Why, "rule", d.Rule)
	}
	if d.StatusFirst {
		if _, err := r.report(ctx, w, d); err != nil {
			return 0, err
		}
	}
	if err := r.act(ctx, w, d); refused(err) {
		return r.tell(ctx, w, d, err)
	} else if err != nil {
		return 0, err
	}
	var wait time.Duration
	if !d.StatusFirst {
		if wait, err = r.report(ctx, w, d); err != nil {
			return 0, err
		}
	}
	if err := r.leave(ctx, w, d); err != nil {
		return 0, err
	}
	r.announce(w, d)
	if d.RecheckAfter > 0 && (wait == 0 || d.RecheckAfter < wait) {
		wait = d.RecheckAfter
	}
	return wait, nil
}

// overtaken says that somebody else's write was faster: by the version of an object, or by the test in a JSON patch, which the API server
// answers as something invalid without saying of which field.
func overtaken(err error) bool {
	var status apierrors.APIStatus
	if apierrors.IsInvalid(err) && errors.As(err, &status) {
		details := status.Status().Details
		return details == nil || len(details.Causes) == 0
	}
	return apierrors.IsConflict(err)
}

// keep adds the finalizer, so that a Rollout can't go before it gave everything back.
func (r *Reconciler) keep(ctx context.Context, ro *v1beta1.Rollout) error {
	before := ro.DeepCopy()
	ro.Finalizers = append(ro.Finalizers, v1beta1.Finalizer)
	if err := r.client.Patch(ctx, ro, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}
