// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// podWatches wake the controller when a pod of a release in place changes. Each is for the pods of one workload, by its selector, and
// lasts as long as the release: no cache holds the pods of a cluster.
type podWatches struct {
	open  func(ctx context.Context, namespace string, selector labels.Selector) (watch.Interface, error)
	wake  func(types.NamespacedName)
	clock clock.Clock
	todo  chan podWatch

	mu sync.Mutex
	of map[types.NamespacedName]string // the selectors of what is watched
}

// podWatch is for a Rollout; with a nil selector it ends.
type podWatch struct {
	rollout  types.NamespacedName
	selector labels.Selector
}

// watchPods opens watches by c. What a pod is is read when it is needed: an event only tells of a change.
func watchPods(c client.WithWatch, wake func(types.NamespacedName)) *podWatches {
	open := func(ctx context.Context, namespace string, selector labels.Selector) (watch.Interface, error) {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
		return c.Watch(ctx, list, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector})
	}
	return &podWatches{open: open, wake: wake, clock: clock.RealClock{}, todo: make(chan podWatch), of: map[types.NamespacedName]string{}}
}

// follow watches the pods of a Rollout's workload from now on, and none for a nil selector. What is watched already stays so.
func (p *podWatches) follow(ctx context.Context, rollout types.NamespacedName, selector *metav1.LabelSelector) {
	if p == nil || !p.changes(rollout, selector) {
		return
	}
	w := podWatch{rollout: rollout}
	if by, err := metav1.LabelSelectorAsSelector(selector); err == nil && selector != nil {
		w.selector = by
	}
	select {
	case p.todo <- w:
	case <-ctx.Done():
	}
}

func (p *podWatches) changes(rollout types.NamespacedName, selector *metav1.LabelSelector) bool {
	text := ""
	if selector != nil {
		text = metav1.FormatLabelSelector(selector)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[rollout] == text {
		return false
	}
	if p.of[rollout] = text; selector == nil {
		delete(p.of, rollout)
	}
	return true
}

// Start watches until ctx ends.
func (p *podWatches) Start(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	stops := map[types.NamespacedName]context.CancelFunc{}
	for {
		select {
		case <-ctx.Done():
			for _, stop := range stops {
				stop()
			}
			return nil
		case w := <-p.todo:
			if stop := stops[w.rollout]; stop != nil {
				stop()
				delete(stops, w.rollout)
			}
			if w.selector == nil {
				continue
			}
			one, stop := context.WithCancel(ctx)
			stops[w.rollout] = stop
			all.Go(func() { p.run(one, w) })
		}
	}
}

// run watches the pods of one workload. A watch that ends is opened again, and what happened in between is looked at then.
func (p *podWatches) run(ctx context.Context, of podWatch) {
	pause := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 30 * time.Second}
	delay := pause
	for ctx.Err() == nil {
		w, err := p.open(ctx, of.rollout.Namespace, of.selector)
		if err == nil {
			for range w.ResultChan() {
				p.wake(of.rollout)
			}
			w.Stop()
			delay = pause
		} else if ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).V(1).Info("the pods of a release can't be watched; it is looked at once in a while", "rollout", of.rollout, "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-p.clock.After(delay.Step()):
			p.wake(of.rollout)
		}
	}
}
