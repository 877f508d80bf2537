// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
)

func TestPodsOfAReleaseAreWatchedWhileItLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rollout := types.NamespacedName{Namespace: "default", Name: "demo"}
		var opened []string
		var last *watch.FakeWatcher
		broken, woken := false, 0
		p := &podWatches{
			clock: clock.RealClock{}, todo: make(chan podWatch), of: map[types.NamespacedName]string{},
			wake: func(key types.NamespacedName) {
				if key == rollout {
					woken++
				}
			},
			open: func(ctx context.Context, namespace string, selector labels.Selector) (watch.Interface, error) {
				opened = append(opened, namespace+" "+selector.String())
				if broken {
					return nil, errors.New("no API server")
				}
				w := watch.NewFake()
				last = w
				context.AfterFunc(ctx, w.Stop)
				return w, nil
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Start(ctx) }()
		of := func(app string) *metav1.LabelSelector {
			return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
		}
		follow := func(s *metav1.LabelSelector) {
			p.follow(ctx, rollout, s)
			synctest.Wait()
		}
		follow(nil)
		follow(of("demo"))
		follow(of("demo"))
		if len(opened) != 1 || opened[0] != "default app=demo" {
			t.Fatalf("one watch for the pods of the workload: %q", opened)
		}
		last.Add(&metav1.PartialObjectMetadata{})
		last.Modify(&metav1.PartialObjectMetadata{})
		synctest.Wait()
		if woken != 2 {
			t.Errorf("woken %d times by two events", woken)
		}
		broken = true
		last.Stop()
		time.Sleep(time.Minute) // of the bubble's clock
		again := len(opened)
		if again < 3 || again > 8 {
			t.Errorf("where it can't be opened it is tried %d times in a minute", again-1)
		}
		broken = false
		time.Sleep(time.Minute)
		if woken = 0; len(opened) == again {
			t.Fatal("it is not opened again")
		}
		last.Modify(&metav1.PartialObjectMetadata{})
		synctest.Wait()
		if woken != 1 {
			t.Errorf("woken %d times after it was opened again", woken)
		}
		follow(of("other"))
		if opened[len(opened)-1] != "default app=other" {
			t.Errorf("another selector is another watch: %q", opened)
		}
		follow(nil)
		if !last.IsStopped() {
			t.Error("after the release the watch goes on")
		}
		follow(of("demo"))
		cancel()
		if err := <-ended; err != nil || !last.IsStopped() {
			t.Errorf("at the end nothing is left open: %v", err)
		}
	})
}
