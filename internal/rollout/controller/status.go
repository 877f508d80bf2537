// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/rollout"
)

// lasting is how long a passing state has to last to be written.
const lasting = time.Second

// patience remembers since when each Rollout has a status that is not written. Losing it costs a second.
type patience struct {
	mu    sync.Mutex
	since map[types.NamespacedName]time.Time
}

// due says whether a status that may wait is to be written now, and otherwise when.
func (p *patience) due(key types.NamespacedName, now time.Time) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, waiting := p.since[key]
	if !waiting {
		p.since[key] = now
		return lasting
	}
	return since.Add(lasting).Sub(now)
}

func (p *patience) over(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.since, key)
}

// report writes the status of a decision, unless it may wait; then it says how long.
func (r *Reconciler) report(ctx context.Context, w *world, d rollout.Decision) (wait time.Duration, err error) {
	key := client.ObjectKeyFromObject(w.rollout)
	if equality.Semantic.DeepEqual(w.rollout.Status, d.Status) || d.LetGo {
		r.patience.over(key)
		return 0, nil
	}
	if d.Lazy {
		if wait = r.patience.due(key, r.clock.Now()); wait > 0 {
			return wait, nil
		}
	}
	next := w.rollout.DeepCopy()
	next.Status = *d.Status.DeepCopy()
	// An approval that came in between must not be overwritten, so the write is about what was read.
	patch := client.MergeFromWithOptions(w.rollout, client.MergeFromWithOptimisticLock{})
	if err := r.client.Status().Patch(ctx, next, patch, fieldManager); err != nil {
		return 0, fmt.Errorf("writing the status: %w", err)
	}
	r.patience.over(key)
	w.rollout = next
	return 0, nil
}

// announce tells events; each belongs to a write that is done and won't be decided again.
func (r *Reconciler) announce(w *world, d rollout.Decision) {
	for _, e := range d.Events {
		kind := corev1.EventTypeNormal
		if e.Warning {
			kind = corev1.EventTypeWarning
		}
		r.events.Eventf(w.rollout, nil, kind, e.Reason, "Release", "%s", e.Message)
	}
}
