// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Condition is what the cluster says about an endpoint.
type Condition int32

const (
	// Up is ready and not terminating.
	Up Condition = iota
	// Terminating is still serving while it goes away; used only when no endpoint is Up (KEP-1669).
	Terminating
	// Gone is no longer listed.
	Gone
)

// MarshalText names the condition where a table is printed.
func (c Condition) MarshalText() ([]byte, error) {
	switch c {
	case Up:
		return []byte("up"), nil
	case Terminating:
		return []byte("terminating"), nil
	case Gone:
	}
	return []byte("gone"), nil
}

// Member is an endpoint as the cluster lists it.
type Member struct {
	Address   string    `json:"address"`
	Pod       string    `json:"pod,omitempty"`
	Condition Condition `json:"condition"`
}

// Endpoint is one address of a pool. It is the same value for as long as the address belongs to the same pod.
type Endpoint struct {
	Address string
	Pod     string
	// Handle is what the data path keeps with an endpoint, such as its transport. This package does not look at it.
	Handle any

	condition atomic.Int32
	proven    atomic.Bool
	inFlight  atomic.Int64
	pool      *Pool
}

// Condition tells what the cluster said last.
func (e *Endpoint) Condition() Condition { return Condition(e.condition.Load()) }

// Proven tells whether a connection to the endpoint has worked, and none has failed since.
func (e *Endpoint) Proven() bool { return e.proven.Load() }

// InFlight counts the requests that picked the endpoint and are not done.
func (e *Endpoint) InFlight() int64 { return e.inFlight.Load() }

// Done ends what Pick began.
func (e *Endpoint) Done() {
	if e.inFlight.Add(-1) == 0 && e.Condition() != Up && e.pool.Idle != nil {
		e.pool.Idle(e)
	}
}

// Pool holds the endpoints behind one port of a Service.
type Pool struct {
	Service *Service
	// Idle is called when an endpoint that is not Up has no request in flight: by Set when it already has none, by Done
	// when the last one ends. It must not block. Nil: nobody wants to know.
	Idle func(*Endpoint)

	mu      sync.Mutex
	members []*Endpoint // listed by the cluster, in order of address
	leaving []*Endpoint // Gone, with requests in flight when last looked at
	use     atomic.Pointer[[]*Endpoint]
	cursor  atomic.Uint64
}

// NewPool gives an empty pool.
func NewPool(service *Service) *Pool {
	p := &Pool{Service: service}
	p.use.Store(&[]*Endpoint{})
	return p
}

// Set makes the listed members the pool's endpoints. One with the same address and pod as before stays the same value,
// with its counts and its proof; setUp is called for each new one before it can be picked. It returns the endpoints that
// are new and those that are gone.
func (p *Pool) Set(listed []Member, setUp func(*Endpoint)) (added, gone []*Endpoint) {
	p.mu.Lock()
	before := make(map[[2]string]*Endpoint, len(p.members))
	for _, e := range p.members {
		before[[2]string{e.Address, e.Pod}] = e
	}
	members := make([]*Endpoint, 0, len(listed))
	var left []*Endpoint
	for _, m := range listed {
		key := [2]string{m.Address, m.Pod}
		e := before[key]
		delete(before, key)
		if e == nil {
			e = &Endpoint{Address: m.Address, Pod: m.Pod, pool: p}
			setUp(e)
			added = append(added, e)
		}
		if Condition(e.condition.Swap(int32(m.Condition))) == Up && m.Condition != Up {
			left = append(left, e)
		}
		members = append(members, e)
	}
	for _, e := range p.members {
		if before[[2]string{e.Address, e.Pod}] == nil {
			continue
		}
		e.condition.Store(int32(Gone))
		gone = append(gone, e)
	}
	p.members = members
	p.leaving = append(slices.DeleteFunc(p.leaving, idle), gone...)
	p.refresh()
	p.mu.Unlock()

	for _, e := range append(left, gone...) {
		if p.Idle != nil && idle(e) {
			p.Idle(e)
		}
	}
	return added, gone
}

func idle(e *Endpoint) bool { return e.inFlight.Load() == 0 }

// Prove records whether a connection to an address works. It tells whether that changed anything in this pool.
func (p *Pool) Prove(address string, works bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := false
	for _, e := range p.members {
		if e.Address == address && e.proven.Swap(works) != works {
			changed = true
		}
	}
	if changed {
		p.refresh()
	}
	return changed
}

// refresh chooses the rotation: what is up and proven; else what is up; else what is terminating but serves.
// The caller holds the lock.
func (p *Pool) refresh() {
	var proven, up, terminating []*Endpoint
	for _, e := range p.members {
		switch {
		case e.Condition() == Terminating:
			terminating = append(terminating, e)
		case e.Proven():
			proven = append(proven, e)
			up = append(up, e)
		default:
			up = append(up, e)
		}
	}
	use := proven
	if len(use) == 0 {
		use = up
	}
	if len(use) == 0 {
		use = terminating
	}
	p.use.Store(&use)
}

// Pick chooses an endpoint that is not among those tried before and counts a request on it until Done. Nil: none is left.
func (p *Pool) Pick(tried []*Endpoint) *Endpoint {
	use := *p.use.Load()
	n := uint64(len(use))
	if n == 0 {
		return nil
	}
	turn := p.cursor.Add(1) - 1
	chosen := use[turn%n]
	if n > 1 {
		// The one to compare with stands 1 to n-1 places further, another distance in each round.
		other := use[(turn+1+(turn/n)%(n-1))%n]
		if other.inFlight.Load() < chosen.inFlight.Load() {
			chosen = other
		}
	}
	if slices.Contains(tried, chosen) {
		chosen = nil
		for i := range n {
			if e := use[(turn+i)%n]; !slices.Contains(tried, e) {
				chosen = e
				break
			}
		}
	}
	if chosen != nil {
		chosen.inFlight.Add(1)
	}
	return chosen
}

// Empty tells that there is nothing to pick.
func (p *Pool) Empty() bool { return len(*p.use.Load()) == 0 }

// Endpoints gives the listed endpoints in order of address, then those that are gone and still have requests in flight.
func (p *Pool) Endpoints() []*Endpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = slices.DeleteFunc(p.leaving, idle)
	return slices.Concat(p.members, p.leaving)
}
