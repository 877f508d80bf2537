// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ack

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// The time between two attempts to reach a replica doubles from the first to the second.
const (
	shortestRetry = 50 * time.Millisecond
	longestRetry  = 5 * time.Second
)

// The kinds of Keys. Routes of the Gateway API have the names of their kinds.
const (
	KindIngress = "Ingress"
	KindService = "Service"
)

// Key names something in a plan: an Ingress, a route of the Gateway API or a Service, as namespace/name.
type Key struct{ Kind, Name string }

// routeKey is the Key of a route by its key in a plan, kind/namespace/name.
func routeKey(in string) Key {
	kind, name, _ := strings.Cut(in, "/")
	return Key{kind, name}
}

// Edges follows the replicas of an edge.
type Edges struct {
	client *http.Client
	log    *slog.Logger
	moved  chan struct{} // has an entry when urls is another set than Run knows

	mu    sync.RWMutex
	there bool // that there is an edge at all, with replicas or without
	urls  []string
	plans map[string]plan.Plan // by URL; absent while the replica is not known
}

// New follows the replicas whose admin listeners are at urls, such as http://10.0.0.7:9180; without any there is no edge. The
// client must not have an overall timeout.
func New(client *http.Client, urls []string, log *slog.Logger) *Edges {
	return &Edges{client: client, log: log, moved: make(chan struct{}, 1), there: len(urls) > 0, urls: slices.Clone(urls), plans: map[string]plan.Plan{}}
}

// Follow has other replicas followed from now on. There is an edge, also while it has none: then nobody serves what is written.
func (e *Edges) Follow(urls []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.there = true
	if slices.Equal(e.urls, urls) {
		return
	}
	e.urls = slices.Clone(urls)
	select {
	case e.moved <- struct{}{}:
	default:
	}
}

// URLs are the replicas that are followed.
func (e *Edges) URLs() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Clone(e.urls)
}

// stream is one that is kept open.
type stream struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// Run keeps the streams open until ctx ends, and calls changed for each key that a replica serves differently than
// before, or that is known now where it was not. changed must not block.
func (e *Edges) Run(ctx context.Context, changed func(Key)) {
	streams := map[string]stream{}
	for {
		urls := e.URLs()
		left := false
		for url, s := range streams {
			if slices.Contains(urls, url) {
				continue
			}
			s.cancel()
			<-s.ended
			delete(streams, url)
			left = true
		}
		for _, url := range urls {
			if _, open := streams[url]; open {
				continue
			}
			own, cancel := context.WithCancel(ctx)
			s := stream{cancel, make(chan struct{})}
			streams[url] = s
			go func() {
				defer close(s.ended)
				defer cancel()
				e.follow(own, url, changed)
			}()
		}
		if left {
			e.tellAll(changed) // one that did not tell may have kept the others from being believed
		}
		select {
		case <-e.moved:
		case <-ctx.Done():
			for _, s := range streams {
				<-s.ended
			}
			return
		}
	}
}

// tellAll calls changed for all that any replica serves.
func (e *Edges) tellAll(changed func(Key)) {
	e.mu.RLock()
	var all []Key
	for _, p := range e.plans {
		all = append(all, keys(plan.Event{Plan: p})...)
	}
	e.mu.RUnlock()
	for _, key := range all {
		changed(key)
	}
}

// follow keeps the stream of one replica open.
func (e *Edges) follow(ctx context.Context, url string, changed func(Key)) {
	wait := shortestRetry
	for ctx.Err() == nil {
		err := plan.Watch(ctx, e.client, url, func(event plan.Event) {
			wait = shortestRetry
			for _, key := range e.learn(url, event) {
				changed(key)
			}
		})
		lost := e.forget(url)
		for _, key := range lost {
			changed(key)
		}
		if ctx.Err() != nil {
			return
		}
		if lost != nil {
			e.log.Warn("what an edge replica serves is unknown until it answers again", "url", url, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, longestRetry)
	}
}

// learn applies an event and returns the keys that it touches.
func (e *Edges) learn(url string, event plan.Event) []Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.plans[url]
	e.plans[url] = before.Apply(event)
	gone := plan.Event{RemovedIngresses: event.RemovedIngresses, RemovedRoutes: event.RemovedRoutes, RemovedServices: event.RemovedServices}
	if event.Full {
		gone = plan.Event{Plan: before}
	}
	return append(keys(gone), keys(plan.Event{Plan: event.Plan})...)
}

// forget drops what is known about a replica and returns all that was; nil when nothing was known.
func (e *Edges) forget(url string) []Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	before, known := e.plans[url]
	delete(e.plans, url)
	if !known {
		return nil
	}
	return append([]Key{}, keys(plan.Event{Plan: before})...)
}

// keys are all that an event tells of.
func keys(e plan.Event) []Key {
	var all []Key
	for _, name := range slices.AppendSeq(slices.Clone(e.RemovedIngresses), maps.Keys(e.Plan.Ingresses)) {
		all = append(all, Key{KindIngress, name})
	}
	for _, key := range slices.AppendSeq(slices.Clone(e.RemovedRoutes), maps.Keys(e.Plan.Routes)) {
		all = append(all, routeKey(key))
	}
	for _, name := range slices.AppendSeq(slices.Clone(e.RemovedServices), maps.Keys(e.Plan.Services)) {
		all = append(all, Key{KindService, name})
	}
	return all
}

// State is how much is known.
type State string

// The states of knowledge.
const (
	// None holds when there is no edge that could tell.
	None State = "none"
	// Unknown holds while a replica does not answer, or the edge has none.
	Unknown State = "unknown"
	// Known holds when every replica told.
	Known State = "known"
)

// Serves is what one replica serves of a route and of some Services.
type Serves struct {
	Replica string
	// Ingress and Route are nil where the replica does not have it in its plan, or it is of the other kind.
	Ingress *plan.Ingress
	Route   *plan.Route
	// Services by namespace/name; one that is absent gets nothing from this replica and has nothing in flight there.
	Services map[string]plan.Service
}

// Seen returns what each replica serves of a route and of services (namespace/name each), in the order of the URLs.
// It is complete only in state Known.
func (e *Edges) Seen(route Key, services ...string) ([]Serves, State) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if !e.there {
		return nil, None
	}
	state := Known
	if len(e.urls) == 0 {
		state = Unknown
	}
	var seen []Serves
	for _, url := range e.urls {
		p, known := e.plans[url]
		if !known {
			state = Unknown
			continue
		}
		s := Serves{Replica: p.Replica, Services: map[string]plan.Service{}}
		if i, has := p.Ingresses[route.Name]; has && route.Kind == KindIngress {
			s.Ingress = &i
		}
		if r, has := p.Routes[route.Kind+"/"+route.Name]; has {
			s.Route = &r
		}
		for _, name := range services {
			if service, has := p.Services[name]; has {
				s.Services[name] = service
			}
		}
		seen = append(seen, s)
	}
	return seen, state
}
