// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gather

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

const (
	// edgePatience bounds how long a page waits for what the edge says; without an answer it is unknown.
	edgePatience = time.Second
	// edgeFresh is how old what the edge said may be, so that many viewers of one release do not ask more than one does.
	edgeFresh = 500 * time.Millisecond
)

// Edge asks the replicas of the edge for their plans, which hold what they counted.
type Edge struct {
	client *http.Client
	urls   func() []string
	clock  clock.PassiveClock

	mu    sync.Mutex
	plans []plan.Plan
	err   error
	asked time.Time
}

// NewEdge asks the replicas with the admin addresses that urls gives.
func NewEdge(client *http.Client, urls func() []string, clock clock.PassiveClock) *Edge {
	return &Edge{client: client, urls: urls, clock: clock}
}

// Plans are what all replicas serve; an error when one of them does not answer.
func (e *Edge) Plans(ctx context.Context) ([]plan.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.clock.Now(); now.Sub(e.asked) < edgeFresh && !e.asked.IsZero() {
		return e.plans, e.err
	}
	// One asks for all who wait, so that the end of one request is no answer to the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), edgePatience)
	defer cancel()
	urls := e.urls()
	plans, errs := make([]plan.Plan, len(urls)), make([]error, len(urls))
	var wait sync.WaitGroup
	for i, url := range urls {
		wait.Go(func() { plans[i], errs[i] = plan.Get(ctx, e.client, url, "", "") })
	}
	wait.Wait()
	if len(urls) == 0 {
		errs = append(errs, errors.New("the edge has no replica that serves"))
	}
	e.plans, e.err, e.asked = plans, errors.Join(errs...), e.clock.Now()
	if e.err != nil {
		e.plans = nil
	}
	return e.plans, e.err
}
