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
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// podWatches wake the controller when a pod of a release in place changes. Each is for the pods of one workload, by its selector, and
// lasts as long as the release: no cache holds the pods of a cluster.
type podWatches struct {
	open  func(ctx context.Context, namespace string, selector labels.Selector) (watch.Interface, error)
	wake  func(types.NamespacedName)
	clock clock.Clock

	mu sync.Mutex
	of map[types.NamespacedName]podWatch
}

type podWatch struct {
	selector string
	stop     context.CancelFunc
}

// watchPods opens watches by c. What a pod is is read when it is needed: an event only tells of a change.
func watchPods(c client.WithWatch, b *bell) *podWatches {
	return &podWatches{
		open: func(ctx context.Context, namespace string, selector labels.Selector) (watch.Interface, error) {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
			return c.Watch(ctx, list, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector})
		},
		wake:  func(key types.NamespacedName) { b.ring(reconcile.Request{NamespacedName: key}) },
		clock: clock.RealClock{}, of: map[types.NamespacedName]podWatch{},
	}
}

// follow watches the pods of a Rollout's workload; nil for none, and where they are watched already they stay so. ctx is the one of
// the controller's run, not of a pass.
func (p *podWatches) follow(ctx context.Context, key types.NamespacedName, selector *metav1.LabelSelector) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	is, watched := p.of[key]
	by, err := metav1.LabelSelectorAsSelector(selector)
	if selector == nil || err != nil {
		if watched {
			is.stop()
			delete(p.of, key)
		}
		return
	}
	if watched && is.selector == by.String() {
		return
	}
	if watched {
		is.stop()
	}
	ctx, stop := context.WithCancel(ctx)
	p.of[key] = podWatch{selector: by.String(), stop: stop}
	go p.run(ctx, key, by)
}

// run watches until ctx ends. A watch that ends is opened again; what happened in between is looked at then.
func (p *podWatches) run(ctx context.Context, key types.NamespacedName, selector labels.Selector) {
	pause := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 30 * time.Second}
	delay := pause
	for ctx.Err() == nil {
		w, err := p.open(ctx, key.Namespace, selector)
		if err == nil {
			for range w.ResultChan() {
				p.wake(key)
			}
			w.Stop()
			delay = pause
		} else if ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).V(1).Info("the pods of a release can't be watched; it is looked at once in a while", "rollout", key, "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-p.clock.After(delay.Step()):
			p.wake(key)
		}
	}
}
