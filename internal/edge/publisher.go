// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// publisher keeps the plan that was told last and wakes those who follow it.
type publisher struct {
	compute func() plan.Plan
	wake    chan struct{}

	mu        sync.Mutex
	told      plan.Plan
	followers map[chan struct{}]bool
}

func newPublisher(compute func() plan.Plan) *publisher {
	return &publisher{compute: compute, wake: make(chan struct{}, 1), followers: map[chan struct{}]bool{}}
}

// signal says that the plan may have changed. It never blocks; signals that come close together become one.
func (p *publisher) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run publishes whenever it is woken.
func (p *publisher) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
			p.publish()
		}
	}
}

// publish compares the plan with the one told last and tells followers what changed. It returns the plan of this moment,
// counters included, at the revision that it has.
func (p *publisher) publish() plan.Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.compute()
	now.Revision = p.told.Revision
	if _, changed := plan.Diff(p.told, now); !changed {
		return now
	}
	now.Revision++
	p.told = now
	for f := range p.followers {
		select {
		case f <- struct{}{}:
		default: // it has not looked since the last time, and will see this too
		}
	}
	return now
}

// last gives the plan told last.
func (p *publisher) last() plan.Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

// follow gives a channel that is filled after each publication, and what ends that.
func (p *publisher) follow() (<-chan struct{}, func()) {
	f := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.followers[f] = true
	return f, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.followers, f)
	}
}

// plan gives what is served at this moment, without a revision.
func (e *Edge) plan() plan.Plan {
	m := e.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	out := plan.Plan{Replica: e.config.Replica, Ingresses: map[string]plan.Ingress{}, Routes: map[string]plan.Route{}, Services: map[string]plan.Service{}}
	s := e.snapshot.Load()
	for key, source := range s.table.Sources {
		epoch := s.epochs[key]
		out.Ingresses[key] = plan.Ingress{
			UID:             source.UID,
			ResourceVersion: source.ResourceVersion,
			Accepted:        source.Accepted,
			Problems:        source.Problems,
			Canary:          source.Canary,
			Weight:          source.Weight,
			Total:           source.Total,
			Rules:           source.Rules,
			Since:           epoch.since,
			StableRequests:  epoch.tally.Stable.Load(),
			CanaryRequests:  epoch.tally.Canary.Load(),
		}
	}
	for key, stint := range s.stints {
		out.Routes[key] = stint.describe()
	}
	pools := map[string][]*balance.Pool{}
	for _, pool := range m.pools {
		pools[pool.Service.Name] = append(pools[pool.Service.Name], pool)
	}
	served := maps.Clone(pools)
	for _, pool := range m.departed {
		pools[pool.Service.Name] = append(pools[pool.Service.Name], pool)
	}
	tunnels := e.tunnels.byPod()
	for name, service := range m.services {
		if len(served[name]) == 0 && service.InFlight() == 0 {
			delete(m.services, name)
			continue
		}
		out.Services[name] = describe(service, pools[name], tunnels)
	}
	return out
}

// describe gives an object for the plan.
func (s *stint) describe() plan.Route {
	out := plan.Route{UID: s.object.UID, ResourceVersion: s.object.ResourceVersion, Accepted: s.object.Accepted, Problems: s.object.Problems, Since: s.since}
	for i, targets := range s.object.Rules {
		rule := plan.Rule{}
		for j, t := range targets {
			rule.Backends = append(rule.Backends, plan.Backend{Service: t.Service, Weight: t.Weight, Requests: s.sent[i][j].Load()})
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

// describe counts as in flight the requests that came through the Service, and all upgraded connections to its pods.
func describe(s *balance.Service, pools []*balance.Pool, tunnels map[string]int64) plan.Service {
	all, failed := s.Requests()
	out := plan.Service{InFlight: s.InFlight(), Requests: all, Failed: failed, Weighted: s.Weighted()}
	seen, pods := map[string]int{}, map[string]bool{}
	for _, pool := range pools {
		for _, end := range pool.Endpoints() {
			if pod := podOf(s, end); end.Condition() != balance.Gone && !pods[pod] {
				pods[pod] = true
				out.InFlight += tunnels[pod]
			}
			d, shown := describeEndpoint(end)
			if !shown {
				continue
			}
			key := d.Address + " " + d.PodName
			if at, again := seen[key]; again {
				out.Endpoints[at].InFlight += d.InFlight
				if d.State == plan.Ready {
					out.Endpoints[at].State = plan.Ready
				}
				continue
			}
			seen[key] = len(out.Endpoints)
			out.Endpoints = append(out.Endpoints, d)
		}
	}
	slices.SortFunc(out.Endpoints, func(a, b plan.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.PodName, b.PodName))
	})
	for _, d := range out.Endpoints {
		if d.State == plan.Ready {
			out.Ready++
		}
	}
	return out
}

// describeEndpoint gives an endpoint for the plan. One that leaves is shown while requests are in flight on it.
func describeEndpoint(end *balance.Endpoint) (plan.Endpoint, bool) {
	d := plan.Endpoint{Address: end.Address, PodName: end.Pod, InFlight: end.InFlight()}
	switch {
	case end.Condition() != balance.Up:
		d.State = plan.Draining
		return d, d.InFlight > 0
	case end.Proven():
		d.State = plan.Ready
	default:
		d.State = plan.Probing
	}
	return d, true
}
