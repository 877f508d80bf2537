// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"time"
)

func (w *world) readyOf(hash string) (n int32) {
	for _, p := range w.pods {
		if p.hash == hash && p.ready && !p.terminating {
			n++
		}
	}
	return n
}

// others are all actors but the controller. Each says whether it changed anything.
func (w *world) others() []func() bool {
	actors := []func() bool{w.native, w.replicaSets, w.statefulSet, w.daemonSet, w.cloneSet, w.kubelet, w.endpoints, w.garbage}
	for _, r := range w.routers {
		actors = append(actors, func() bool { return w.serve(r) })
	}
	return append(actors, w.applies, w.person)
}

// native is the part of the native Deployment controller that a paused Recreate Deployment still meets, and, for one that
// is not held, just enough of a rolling update.
func (w *world) native() bool {
	if !w.dep.exists || w.inPlace.kind != "" {
		return false
	}
	changed := w.dep.observedGen != w.dep.generation
	w.dep.observedGen = w.dep.generation
	var active []*set
	for _, s := range w.sorted() {
		if s.spec > 0 {
			active = append(active, s)
		}
	}
	if len(active) == 1 && active[0].spec != w.dep.replicas && (w.dep.held || active[0].hash == w.dep.template) {
		active[0].spec, active[0].marked = w.dep.replicas, true
		w.tell("   . the native controller scales %s to %d", active[0].hash, w.dep.replicas)
		return true
	}
	current := w.sets[w.dep.template]
	if current != nil && current.marked && current.spec == w.dep.replicas && current.ready == w.dep.replicas && len(active) > 1 {
		for _, s := range active {
			if s != current {
				s.spec, changed = 0, true
				w.mayVanish(s.hash)
				w.tell("   . the native controller removes %s: %s is complete", s.hash, current.hash)
			}
		}
	}
	if !w.dep.held && w.dep.exists && !w.paused {
		if current == nil {
			w.sets[w.dep.template] = &set{hash: w.dep.template, spec: w.dep.replicas, marked: true}
			return true
		}
		if current.spec != w.dep.replicas {
			current.spec, changed = w.dep.replicas, true
		}
		for _, s := range active {
			if s != current && current.ready == w.dep.replicas {
				s.spec, changed = 0, true
			}
		}
	}
	return changed
}

// replicaSets is the native ReplicaSet controller.
func (w *world) replicaSets() (changed bool) {
	if w.inPlace.kind != "" {
		return false
	}
	for _, s := range w.sorted() {
		var mine []*pod
		for _, p := range w.pods {
			if p.hash == s.hash && !p.terminating {
				mine = append(mine, p)
			}
		}
		slices.SortStableFunc(mine, func(a, b *pod) int { return rank(a) - rank(b) })
		for i := len(mine); i < int(s.spec); i++ {
			w.nextID++
			start := w.startup
			if w.rand != nil {
				start = time.Duration(w.rand.Int63n(int64(w.startup) + 1))
			}
			p := &pod{id: w.nextID, hash: s.hash, readyAt: w.now.Add(start)}
			if w.broken[s.hash] {
				p.readyAt = w.now.Add(24 * 365 * time.Hour)
			}
			w.pods, changed = append(w.pods, p), true
		}
		for i := int(s.spec); i < len(mine); i++ {
			mine[i-int(s.spec)].terminating, mine[i-int(s.spec)].goneAt, changed = true, w.now.Add(podStop), true
		}
		count, ready := int32(0), w.readyOf(s.hash)
		for _, p := range w.pods {
			if p.hash == s.hash && !p.terminating {
				count++
			}
		}
		if s.pods != count || s.ready != ready {
			s.pods, s.ready, changed = count, ready, true
		}
	}
	return changed
}

// rank puts the pods to be removed first in front.
func rank(p *pod) int {
	if p.ready {
		return 1
	}
	return 0
}

func (w *world) kubelet() (changed bool) {
	for _, p := range w.pods {
		if !p.ready && !p.terminating && !w.now.Before(p.readyAt) {
			p.ready, changed = true, true
		}
	}
	kept := w.pods[:0:0]
	for _, p := range w.pods {
		if p.terminating && !w.now.Before(p.goneAt) {
			changed = true
			continue
		}
		kept = append(kept, p)
	}
	w.pods = kept
	return changed
}

// garbage removes the new version's Service after its owner.
func (w *world) garbage() bool {
	if !w.orphan || w.now.Before(w.collect) {
		return false
	}
	delete(w.services, "svc-canary")
	w.orphan = false
	return true
}

func (w *world) alive(p *pod) bool { return slices.Contains(w.pods, p) }

func (w *world) endpoints() (changed bool) {
	for _, name := range []string{"svc", "svc-canary", "svc-stable"} {
		hash, exists := w.services[name]
		var ready []*pod
		for _, p := range w.pods {
			if p.ready && !p.terminating && (name == "svc" || exists && p.hash == hash) {
				ready = append(ready, p)
			}
		}
		if !slices.Equal(ready, w.slices[name]) {
			w.slices[name], changed = ready, true
		}
	}
	return changed
}

// serve lets a router catch up with what is written.
func (w *world) serve(r *router) bool {
	for service, share := range r.shares() {
		if share > 0 {
			r.last[service] = w.now
		}
	}
	fresh := r.backend == w.backend && (r.canary == nil) == (w.canary == nil) && (r.canary == nil || r.weight() == w.canary.weight && sameMatches(r.matches(), w.canary.matches))
	if w.real != nil {
		fresh = fresh && r.serves == w.real.now
	}
	for _, name := range []string{"svc", "svc-canary", "svc-stable"} {
		fresh = fresh && slices.Equal(r.endpoints[name], w.slices[name])
	}
	if fresh {
		r.due = time.Time{}
		return false
	}
	if r.due.IsZero() {
		r.due = w.now.Add(r.lag)
		return true
	}
	if w.now.Before(r.due) {
		return false
	}
	r.due = time.Time{}
	// The informers of a router are independent: either endpoints or routes come first, the others maybe later. Of routers
	// that can't tell only the kinder order is played: nobody can wait for what nobody says.
	halves := []func(){func() { r.hearEndpoints(w) }, func() { r.hearRoutes(w) }}
	if w.rand != nil && !w.noEdge {
		w.rand.Shuffle(len(halves), func(i, j int) { halves[i], halves[j] = halves[j], halves[i] })
	}
	halves[0]()
	if w.rand != nil && r.behind < 2 && w.rand.Intn(3) == 0 {
		r.behind++
		return true
	}
	r.behind = 0
	halves[1]()
	return true
}

func (w *world) applies() bool {
	if w.app.release == "" || w.dep.heldFor != w.app.release || !w.dep.held || w.dep.label == w.app.release {
		return false
	}
	w.dep.template, w.dep.label = w.app.template, w.app.release
	w.dep.generation++
	w.tell("   . template %s applied", w.app.template)
	return true
}

func (w *world) person() bool {
	if len(w.beats) == 0 || !w.beats[0].when(w) {
		return false
	}
	b := w.beats[0]
	w.beats = w.beats[1:]
	w.tell("%7.3fs * %s", w.now.Sub(start).Seconds(), b.name)
	b.do(w)
	return true
}
