// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// served follows what the edge says it serves.
type served struct {
	mu      sync.Mutex
	now     plan.Plan
	changed chan struct{} // closed at the next change
}

// watchServed follows the plan of the edge at url until ctx ends.
func watchServed(ctx context.Context, url string) *served {
	s := &served{changed: make(chan struct{})}
	go func() {
		for ctx.Err() == nil {
			_ = plan.Watch(ctx, &http.Client{}, url, s.tell)
			_ = pause(ctx, 50*time.Millisecond)
		}
	}()
	return s
}

func (s *served) tell(e plan.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Apply(e)
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns once the plan is as wanted.
func (s *served) wait(ctx context.Context, what string, wanted func(plan.Plan) bool) error {
	for {
		s.mu.Lock()
		now, changed := s.now, s.changed
		s.mu.Unlock()
		if wanted(now) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting until the edge serves %s: %w", what, ctx.Err())
		}
	}
}

// weight waits until the edge serves a release's canary at a weight; 0 is also that there is none.
func (s *served) weight(ctx context.Context, name string, weight int) error {
	return s.wait(ctx, fmt.Sprintf("weight %d of %s", weight, name), func(p plan.Plan) bool {
		ingress, ok := p.Ingresses[namespace+"/"+name+canaryIngressOf]
		if !ok {
			return weight == 0
		}
		return ingress.Accepted && ingress.Weight == weight
	})
}

// proven waits until the edge can reach at least as many pods of a Service.
func (s *served) proven(ctx context.Context, service string, ready int) error {
	return s.wait(ctx, fmt.Sprintf("at least %d pods of %s", ready, service), func(p plan.Plan) bool {
		return p.Services[namespace+"/"+service].Ready >= ready
	})
}

// endpoints waits until the edge can reach as many pods of a Service.
func (s *served) endpoints(ctx context.Context, service string, ready int) error {
	return s.wait(ctx, fmt.Sprintf("%d pods of %s", ready, service), func(p plan.Plan) bool {
		return p.Services[namespace+"/"+service].Ready == ready
	})
}
