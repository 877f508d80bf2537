// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package lasting is what requests have in common that go on for long, such as logs that are followed and shells: how many of them
// there are at a time, and that they end with the right to have them.
package lasting

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// RecheckEvery is how often permissions are looked at again.
const RecheckEvery = time.Minute

// Config of a kind of such requests.
type Config struct {
	Cluster *access.Cluster
	Gather  *gather.Gatherer
	// Again says who the person of a request is by now, or that the session has ended.
	Again func(context.Context) (access.Person, error)
	Clock clock.WithTicker
	Log   *slog.Logger
}

// Refused says why the person of a request may not go on. An API server that does not answer is no reason.
func (c Config) Refused(ctx context.Context, check access.Check) error {
	person, err := c.Again(ctx)
	if err == nil {
		err = c.Cluster.Must(access.WithPerson(ctx, person), check)
	}
	if err == nil || problem.From(err).Status == http.StatusServiceUnavailable {
		return nil
	}
	return err
}

// Places are how many requests of a kind there may be at a time.
type Places struct {
	what                  string
	perSession, perServer int

	mu   sync.Mutex
	open map[string]int // by session
	all  int
}

// NewPlaces returns places that are free; what names the requests, for people.
func NewPlaces(what string, perSession, perServer int) *Places {
	return &Places{what: what, perSession: perSession, perServer: perServer, open: map[string]int{}}
}

// Free is a problem 429 when there is no place for another request of a session.
func (p *Places) Free(session string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.free(session)
}

func (p *Places) free(session string) error {
	if p.open[session] < p.perSession && p.all < p.perServer {
		return nil
	}
	e := problem.New(http.StatusTooManyRequests, api.ProblemCodeTooManyStreams, "there are %d %s in this session already; close one of them", p.open[session], p.what)
	e.RetryAfter = 5 * time.Second
	return e
}

// Take takes a place, if one is free; leave gives it back.
func (p *Places) Take(session string) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.free(session); err != nil {
		return nil, err
	}
	p.open[session]++
	p.all++
	return func() { p.leave(session) }, nil
}

func (p *Places) leave(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.open[session]--; p.open[session] == 0 {
		delete(p.open, session)
	}
}
