// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// The first attempt to reach a new endpoint is made at once; after a failure the pause doubles up to the longest.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
	probeTimeout = time.Second
	probesAtOnce = 256
)

// prober finds out whether endpoints accept connections. It knows an endpoint by address and pod, so that a proof made for
// one Service counts for every other Service of the same pod.
type prober struct {
	ctx     context.Context //nolint:containedctx // the prober lives as long as this context; its goroutines start at any time
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	changed func() // a proof was made or lost
	slots   chan struct{}

	mu      sync.Mutex
	targets map[target]*probe
}

type target struct{ address, pod string }

type probe struct {
	works   bool
	pools   map[*balance.Pool]bool
	stop    context.CancelFunc
	running bool
}

func newProber(ctx context.Context, changed func()) *prober {
	return &prober{
		ctx:     ctx,
		dial:    (&net.Dialer{}).DialContext,
		changed: changed,
		slots:   make(chan struct{}, probesAtOnce),
		targets: map[target]*probe{},
	}
}

// Add begins to prove an endpoint of a pool, unless it is proven already.
func (p *prober) Add(e *balance.Endpoint, pool *balance.Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := target{e.Address, e.Pod}
	known := p.targets[key]
	if known == nil {
		known = &probe{pools: map[*balance.Pool]bool{}}
		p.targets[key] = known
	}
	known.pools[pool] = true
	if known.works {
		pool.Prove(e.Address, true)
		return
	}
	p.start(key, known)
}

// Remove forgets an endpoint of a pool.
func (p *prober) Remove(e *balance.Endpoint, pool *balance.Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := target{e.Address, e.Pod}
	known := p.targets[key]
	if known == nil {
		return
	}
	delete(known.pools, pool)
	if len(known.pools) > 0 {
		return
	}
	if known.running {
		known.stop()
	}
	delete(p.targets, key)
}

// Fail takes the proof away: a connection to the endpoint did not work. It is probed until one does.
func (p *prober) Fail(e *balance.Endpoint) {
	if !e.Proven() {
		return
	}
	p.mu.Lock()
	known := p.targets[target{e.Address, e.Pod}]
	if known == nil || !known.works {
		p.mu.Unlock()
		return
	}
	known.works = false
	for pool := range known.pools {
		pool.Prove(e.Address, false)
	}
	p.start(target{e.Address, e.Pod}, known)
	p.mu.Unlock()
	p.changed()
}

// start runs the probe of a target that has none running. The caller holds the lock.
func (p *prober) start(key target, known *probe) {
	if known.running {
		return
	}
	ctx, stop := context.WithCancel(p.ctx)
	known.stop, known.running = stop, true
	go func() {
		defer stop()
		if p.reach(ctx, key.address) {
			p.succeed(ctx, key, known)
		}
	}()
}

// reach tries until a connection works (true) or the context ends.
func (p *prober) reach(ctx context.Context, address string) bool {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for next := firstPause; ; next = min(2*next, longestPause) {
		select {
		case <-ctx.Done():
			return false
		case <-pause.C:
		}
		if p.once(ctx, address) {
			return true
		}
		pause.Reset(next)
	}
}

func (p *prober) once(ctx context.Context, address string) bool {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := p.dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func (p *prober) succeed(ctx context.Context, key target, known *probe) {
	p.mu.Lock()
	known.running = false
	if ctx.Err() != nil {
		p.mu.Unlock()
		return
	}
	known.works = true
	for pool := range known.pools {
		pool.Prove(key.address, true)
	}
	p.mu.Unlock()
	p.changed()
}
