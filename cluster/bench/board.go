// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// view is what the API server says about one release.
type view struct {
	readyNew, readyOld int
	weight             int // annotation of the canary Ingress; -1 without one
	ingress            bool
	rollout            *rolloutsv1beta1.Rollout
	app                *corev1beta1.Application
}

// board follows all releases by watches and wakes whoever waits for one.
type board struct {
	mu    sync.Mutex
	pods  map[string]map[types.UID]bool // release -> ready pods, whether new
	views map[string]*view
	wake  map[string]chan struct{}
}

// nameLength of a release: one letter, a hyphen, four digits, as in c-0001. Whatever belongs to it begins with its name.
const nameLength = 6

func releaseName(i int) string { return fmt.Sprintf("c-%04d", i) }

// apart is how the names of releases begin that are there beside those that are measured.
const apart = "r-"

func apartName(i int) string { return fmt.Sprintf(apart+"%04d", i) }

// watchBoard begins to watch the namespace until ctx ends.
func watchBoard(ctx context.Context, cfg *rest.Config) (*board, error) {
	b := &board{pods: map[string]map[types.UID]bool{}, views: map[string]*view{}, wake: map[string]chan struct{}{}}
	all, err := cache.New(cfg, cache.Options{Scheme: scheme(), DefaultNamespaces: map[string]cache.Config{namespace: {}}})
	if err != nil {
		return nil, fmt.Errorf("making the watches: %w", err)
	}
	for _, kind := range []client.Object{&corev1.Pod{}, &networkingv1.Ingress{}, &rolloutsv1beta1.Rollout{}, &corev1beta1.Application{}} {
		informer, err := all.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("watching %T: %w", kind, err)
		}
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { b.seen(o, false) },
			UpdateFunc: func(_, o any) { b.seen(o, false) },
			DeleteFunc: func(o any) { b.seen(o, true) },
		})
		if err != nil {
			return nil, fmt.Errorf("watching %T: %w", kind, err)
		}
	}
	go func() { _ = all.Start(ctx) }()
	if !all.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watching: %w", ctx.Err())
	}
	return b, nil
}

// seen takes in one event.
func (b *board) seen(o any, gone bool) {
	if last, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
		o = last.Obj
	}
	object, ok := o.(client.Object)
	if !ok || len(object.GetName()) < nameLength {
		return
	}
	name := object.GetName()[:nameLength]
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.views[name]
	if v == nil {
		v = &view{weight: -1}
		b.views[name] = v
		b.pods[name] = map[types.UID]bool{}
	}
	switch object := object.(type) {
	case *corev1.Pod:
		b.pod(name, v, object, gone)
	case *networkingv1.Ingress:
		v.take(object, gone)
	case *rolloutsv1beta1.Rollout:
		v.rollout = object
		if gone {
			v.rollout = nil
		}
	case *corev1beta1.Application:
		v.app = object
		if gone {
			v.app = nil
		}
	}
	select {
	case b.waker(name) <- struct{}{}:
	default:
	}
}

func (b *board) pod(name string, v *view, pod *corev1.Pod, gone bool) {
	ready := b.pods[name]
	if gone || pod.DeletionTimestamp != nil || !isReady(pod) {
		delete(ready, pod.UID)
	} else {
		ready[pod.UID] = strings.HasSuffix(pod.Spec.Containers[0].Image, ":v2")
	}
	v.readyNew, v.readyOld = 0, 0
	for _, isNew := range ready {
		if isNew {
			v.readyNew++
			continue
		}
		v.readyOld++
	}
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

const (
	dialect         = "nginx.ingress.kubernetes.io/"
	canaryIngress   = dialect + "canary"
	canaryWeight    = dialect + "canary-weight"
	canaryIngressOf = "-canary"
	canaryServiceOf = "-canary"
)

func (v *view) take(ingress *networkingv1.Ingress, gone bool) {
	if ingress.Annotations[canaryIngress] != "true" {
		v.ingress = !gone
		return
	}
	v.weight = -1
	if weight, err := strconv.Atoi(ingress.Annotations[canaryWeight]); err == nil && !gone {
		v.weight = weight
	}
}

// waker is the channel of one release. The caller holds the lock.
func (b *board) waker(name string) chan struct{} {
	if b.wake[name] == nil {
		b.wake[name] = make(chan struct{}, 1)
	}
	return b.wake[name]
}

// wait returns once the release is as wanted. One caller at a time for one release.
func (b *board) wait(ctx context.Context, name, what string, wanted func(view) bool) error {
	for {
		b.mu.Lock()
		now, wake := view{weight: -1}, b.waker(name)
		if b.views[name] != nil {
			now = *b.views[name]
		}
		b.mu.Unlock()
		if wanted(now) {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return fmt.Errorf("%s: waiting until %s: %w; %s", name, what, ctx.Err(), now.text())
		}
	}
}

// text says how far a release that hangs has come.
func (v view) text() string {
	text := fmt.Sprintf("pods ready: %d new, %d old; weight %d", v.readyNew, v.readyOld, v.weight)
	if v.rollout != nil {
		st := v.rollout.Status
		text += fmt.Sprintf("; Rollout %s, step %d %s: %s", st.Phase, st.CurrentStepIndex, st.CurrentStepState, st.Message)
	}
	if v.app != nil {
		text += fmt.Sprintf("; Application %s", v.app.Status.Phase)
		if w := v.app.Status.Workflow; w != nil {
			text += fmt.Sprintf(", workflow %s: %s", w.Phase, w.Message)
		}
	}
	return text
}
