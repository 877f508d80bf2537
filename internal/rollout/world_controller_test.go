// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// died is what a crash of the controller looks like from within.
type died struct{}

// refused is a write that somebody else's was faster than; the pass ends there.
type refused struct{}

// control is one pass of the controller. It says whether it wrote anything.
func (w *world) control() (wrote bool) {
	if w.gone {
		return false
	}
	seen := w.observe()
	d := Decide(seen, w.clock())
	if again := Decide(w.observe(), w.clock()); !equality.Semantic.DeepEqual(again, d) {
		w.fail("the same observation gave two decisions: %+v and %+v", d, again)
	}
	w.wake = time.Time{}
	if d.RecheckAfter > 0 {
		w.wake = w.now.Add(d.RecheckAfter)
	}
	before, again := w.writes, false
	defer func() {
		if r := recover(); r != nil {
			switch r.(type) {
			case died:
				w.lazily = time.Time{}
				w.tell("   the controller dies here")
			case refused:
				again = true
			default:
				panic(r)
			}
		}
		if wrote = again || w.writes > before; wrote {
			w.tell("   = %s", w.state())
		}
	}()
	say := func() {
		if w.writes == before {
			w.tell("%7.3fs %s: %s", w.now.Sub(start).Seconds(), d.Rule, d.Why)
		}
	}
	status := func() {
		if equality.Semantic.DeepEqual(d.Status, w.status) {
			w.lazily = time.Time{}
			return
		}
		if d.Lazy {
			if w.lazily.IsZero() {
				w.lazily = w.now
			}
			if due := w.lazily.Add(time.Second); w.now.Before(due) {
				if w.wake.IsZero() || due.Before(w.wake) {
					w.wake = due
				}
				return
			}
		}
		say()
		w.lazily = time.Time{}
		w.status = *d.Status.DeepCopy()
		w.wrote("status %s %s", d.Status.Phase, d.Status.CurrentStepState)
	}
	if d.StatusFirst {
		status()
	}
	if d.Hold != nil {
		say()
		w.dep.held, w.dep.heldFor, w.dep.stable = true, d.Hold.ReleaseID, d.Hold.Stable
		if good := cmp.Or(d.Hold.Stable, w.dep.template); w.sets[good] != nil {
			w.dep.kept = good
		}
		w.dep.generation++
		w.close()
		w.wrote("hold for %q", d.Hold.ReleaseID)
	}
	for _, hash := range d.Unmark {
		say()
		w.sets[hash].marked = false
		w.wrote("unmark %s", hash)
	}
	for _, c := range d.Dress {
		say()
		w.sets[c.Hash].dress = MetadataText(c.With)
		w.wrote("dress %s with %q", c.Hash, MetadataText(c.With))
	}
	if d.Create != nil {
		say()
		hash := w.dep.template
		if d.Create.Stable {
			hash = w.dep.kept
		}
		if w.sets[hash] != nil {
			w.fail("%s is to be made, and is there", hash)
		}
		w.sets[hash] = &set{hash: hash, spec: d.Create.Size, created: len(w.sets), dress: MetadataText(d.Create.With)}
		w.wrote("create %s with %d", hash, d.Create.Size)
	}
	if w.inPlace.kind != "" && len(d.Scale) > 0 && w.dep.replicas != seen.Workload.Replicas {
		panic(refused{})
	}
	if w.inPlace.kind == cloneSet && len(d.Scale) > 0 {
		say()
		w.replaceAsked(d.Scale)
		d.Scale = nil
	}
	for _, s := range d.Scale {
		say()
		if w.inPlace.kind != "" {
			w.replace(s)
			continue
		}
		w.scale(s)
	}
	if d.Close {
		say()
		w.close()
		w.dep.generation++
		w.wrote("close the partition")
	}
	if d.Remind {
		say()
		if all := w.ordinals(); w.readyOf(w.dep.template) == w.dep.replicas && len(all) == int(w.dep.replicas) {
			lowest := all[len(all)-1]
			w.kill(lowest)
			w.wrote("delete pod %d of %s", lowest.ordinal, lowest.hash)
		}
		w.inPlace.current = w.good()
		w.wrote("tell the native controller that it updates from %s", w.good())
	}
	if d.Unstick {
		say()
		w.unstick()
	}
	if d.Join {
		w.mark(d, say)
	}
	if d.Route != nil {
		w.route(*d.Route, say)
	}
	if !d.StatusFirst {
		status()
	}
	if d.Part {
		w.mark(d, say)
	}
	if d.Release {
		say()
		w.dep.held, w.dep.heldFor, w.dep.stable, w.dep.kept, w.paused = false, "", "", "", false
		w.dep.generation++
		w.inPlace.partition, w.inPlace.share, w.inPlace.onDelete = 0, 0, false
		w.wrote("release the workload")
	}
	if d.LetGo {
		say()
		w.gone = true
		w.wrote("drop the finalizer")
	}
	for _, e := range d.Events {
		w.events = append(w.events, e.Reason)
		w.wrote("event %s: %s", e.Reason, e.Message)
	}
	return true
}

func (w *world) scale(s Scale) {
	live := w.sets[s.Hash]
	if live == nil {
		w.fail("%s is to be scaled, and there is no such ReplicaSet", s.Hash)
		return
	}
	if live.spec != s.From {
		w.tell("   ! %s has %d replicas and not %d any more: the write is refused", s.Hash, live.spec, s.From)
		panic(refused{})
	}
	if s.To == 0 {
		w.mayVanish(s.Hash)
	}
	w.mayShrink(s)
	live.spec = s.To
	w.wrote("scale %s from %d to %d", s.Hash, s.From, s.To)
}

// mayShrink checks that where pods come on top the stable version keeps all of its own as long as it has any traffic.
func (w *world) mayShrink(s Scale) {
	if w.spec.Strategy.Style() == v1beta1.StylePartition || s.Hash != w.services["svc-stable"] || s.To >= min(s.From, w.dep.replicas) || w.noEdge {
		return
	}
	for i, r := range w.routers {
		if r.shares()["svc-stable"] > 0 {
			w.fail("the stable version goes from %d to %d pods while router %d sends it traffic: %v", s.From, s.To, i, r.shares())
		}
	}
}

// mayVanish checks law 2 for the last step of it: no router sends the version anything, and nothing is in flight.
func (w *world) mayVanish(hash string) {
	if !w.routed() || w.noEdge || w.dep.replicas == 0 {
		return
	}
	for service, selects := range w.services {
		if selects != hash {
			continue
		}
		for i, r := range w.routers {
			cs := w.status.Release()
			overdue := cs != nil && cs.DrainingSince != nil && !w.now.Before(cs.DrainingSince.Add(drainLimit))
			if r.shares()[service] > 0 || !r.idle(w.now, service) && !overdue {
				w.fail("%s goes to 0 pods while router %d still uses it: %v", hash, i, r.shares())
			}
		}
	}
}

// route makes the writes that the traffic engine would, in its order.
func (w *world) route(want Route, say func()) {
	if w.real != nil {
		w.routeReal(want, say)
		return
	}
	if want.Canary {
		if w.canary == nil {
			say()
			w.canary = &canaryIngress{weight: want.Weight, matches: want.Matches}
			w.wrote("canary route with weight %d", want.Weight)
		}
		adopts := w.orphan && w.services["svc-stable"] != ""
		for _, s := range []struct{ name, hash string }{{"svc-stable", want.StableHash}, {"svc-canary", want.CanaryHash}} {
			if w.services[s.name] != s.hash {
				say()
				w.orphan = w.orphan && w.services["svc-canary"] != ""
				w.repoint(s.name, s.hash)
				w.wrote("Service %s selects %s", s.name, s.hash)
			}
		}
		if adopts && w.orphan {
			say()
			w.orphan = false
			w.wrote("Service svc-canary belongs to this svc-stable")
		}
	}
	backend := "svc"
	if want.Switched {
		backend = "svc-stable"
	}
	if w.backend != backend {
		say()
		w.backend = backend
		w.wrote("user's route leads to %s", backend)
	}
	if want.Canary && (w.canary.weight != want.Weight || !sameMatches(w.canary.matches, want.Matches)) {
		say()
		w.weigh(want.Weight, want.Matches)
	}
	if !want.Canary && w.canary != nil {
		say()
		w.canary = nil
		w.wrote("canary route removed")
	}
	if !want.Canary && !want.Services && w.services["svc-stable"] != "" {
		say()
		w.loseServices()
		w.wrote("Services removed")
	}
}

// repoint makes a Service select a version. What carries traffic stays as it is.
func (w *world) repoint(name, hash string) {
	if was := w.services[name]; was != "" && was != hash {
		for i, r := range w.routers {
			if r.shares()[name] > 0 && !w.noEdge {
				w.fail("%s carries traffic of router %d and is re-pointed", name, i)
			}
		}
	}
	w.services[name] = hash
}

// loseServices removes that of the stable version; the other one goes with its owner.
func (w *world) loseServices() {
	w.orphan, w.collect = w.services["svc-canary"] != "", w.now.Add(collection)
	if w.rand != nil { // the garbage collector may be as fast as it likes
		w.collect = w.now.Add(time.Duration(w.rand.Int63n(int64(collection))) - collection/2)
	}
	delete(w.services, "svc-stable")
}

// mayWeigh checks law 1: a share grows only where ready pods can carry it, one pod of rounding aside.
func (w *world) mayWeigh(to int32, matches []v1beta1.HTTPRouteMatch) {
	from, n := w.canary.weight, w.dep.replicas
	if to > from && !w.emergent && w.readyOf(w.services["svc-canary"])*100 < to*n-100 && w.spec.Strategy.Plan().FailureThreshold == nil {
		w.fail("weight %d with %d of %d pods of the new version ready", to, w.readyOf(w.services["svc-canary"]), n)
	}
	back := w.dep.template == w.services["svc-stable"] || w.dep.template != w.services["svc-canary"]
	if cs := w.status.Release(); cs != nil && cs.Abort != nil {
		back = true // a version that is given up goes like one that is rolled back
	}
	shared := w.backend == "svc" // restored: what the canary route gives up goes to every pod
	if to < from && !back && !shared && !w.emergent && w.readyOf(w.services["svc-canary"]) > 0 && w.readyOf(w.services["svc-stable"])*100 < (100-to)*n-100 {
		w.fail("weight %d with %d of %d pods of the stable version ready", to, w.readyOf(w.services["svc-stable"]), n)
	}
	if len(matches) > 0 && !w.emergent && w.readyOf(w.services["svc-canary"]) == 0 {
		w.fail("requests that match go to the new version, of which no pod is ready")
	}
}

func (w *world) weigh(to int32, matches []v1beta1.HTTPRouteMatch) {
	w.mayWeigh(to, matches)
	w.canary.weight, w.canary.matches = to, matches
	if len(matches) > 0 {
		w.wrote("weight %d and matches", to)
		return
	}
	w.wrote("weight %d", to)
}

// wrote counts a write, lets the rest of the world run on, and may kill the controller.
func (w *world) wrote(format string, args ...any) {
	w.writes++
	w.tell("   + "+format, args...)
	w.check()
	if w.writes == w.crashAt || w.rand != nil && w.crashes > 0 && w.rand.Intn(1000) < w.crashes {
		panic(died{})
	}
	if w.rand != nil {
		for range w.rand.Intn(3) {
			w.others()[w.rand.Intn(len(w.others()))]()
			w.check()
		}
	}
}
