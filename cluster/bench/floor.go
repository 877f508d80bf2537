// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// floor is the fewest writes found that release a canary by hand, eight of them. A second Deployment holds the new version and becomes the
// stable one; what it needs is there before, and nothing is waited for but ready pods.
func floor() release { return release{"floor, by hand", false, prepareFloor, playFloor} }

func next(name string) string { return name + "-next" }

func prepareFloor(ctx context.Context, s *stage, name string) error {
	for _, o := range []client.Object{
		deployment(name, "v1", replicas), service(name, name), ingress(name, name, name),
		deployment(next(name), "v1", 0), service(next(name), next(name)),
		canary(ingress(name+canaryIngressOf, name, next(name))),
	} {
		if err := s.client.Create(ctx, o); err != nil {
			return fmt.Errorf("preparing %s: %w", name, err)
		}
	}
	return s.steady(ctx, name)
}

func playFloor(ctx context.Context, s *stage, name string) (lap, error) {
	scale := func(count int) string { return fmt.Sprintf(`{"spec":{"replicas":%d}}`, count) }
	deploy := func(name, patch string) error {
		return s.patch(ctx, &appsv1.Deployment{ObjectMeta: named(name)}, patch)
	}
	weigh := func(weight int) error {
		return s.patch(ctx, &networkingv1.Ingress{ObjectMeta: named(name + canaryIngressOf)},
			fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, canaryWeight, weight))
	}
	ready := func(pods int) error {
		return s.board.wait(ctx, name, fmt.Sprintf("%d new pods are ready", pods), func(v view) bool { return v.readyNew >= pods })
	}
	rise := func(pods, weight int, begin func() error) error {
		if err := begin(); err != nil {
			return err
		}
		if err := ready(pods); err != nil {
			return err
		}
		return weigh(weight)
	}
	approvals := 0
	return s.play(ctx, name, course{
		backend: next(name),
		change: func() error {
			return rise(1, 20, func() error {
				return deploy(next(name), `{"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"demo","image":"demo:v2"}]}}}}`)
			})
		},
		waits: func(int32) func(view) bool { return func(view) bool { return true } },
		approve: func() error {
			if approvals++; approvals == 1 {
				return rise(3, 50, func() error { return deploy(next(name), scale(3)) })
			}
			if err := deploy(next(name), scale(replicas)); err != nil {
				return err
			}
			if err := ready(replicas); err != nil {
				return err
			}
			if err := s.patch(ctx, &corev1.Service{ObjectMeta: named(name)}, `{"spec":{"selector":{"app":"`+next(name)+`"}}}`); err != nil {
				return err
			}
			if err := weigh(0); err != nil {
				return err
			}
			return deploy(name, scale(0))
		},
		finished: routesBack,
	})
}
