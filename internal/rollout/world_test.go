// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"math/rand"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// world is a cluster without machines: everything that a release touches, each part moved by an actor of its own, in
// virtual time. What the engine decides is written by the controller actor one write at a time; it may die in between.
type world struct {
	t    *testing.T
	now  time.Time
	rand *rand.Rand // nil: default order

	spec       v1beta1.RolloutSpec
	status     v1beta1.RolloutStatus
	generation int64
	deleting   bool
	gone       bool // the Rollout is gone

	dep    deployment
	sets   map[string]*set
	pods   []*pod
	nextID int

	backend  string // of the user's Ingress: svc or svc-stable
	canary   *canaryIngress
	collect  time.Time         // when the garbage collector has seen that the canary route is gone
	services map[string]string // svc-stable, svc-canary: selected hash
	slices   map[string][]*pod // service → ready pods as listed
	routers  []*router
	noEdge   bool

	app      application
	beats    []beat
	broken   map[string]bool // hashes whose pods never become ready
	startup  time.Duration
	writes   int
	crashAt  int  // die after that write; 0 never
	crashes  int  // seeded: per mille after each write
	emergent bool // capacity is allowed to be missing: pods were killed by the scenario
	lazily   time.Time
	wake     time.Time
	events   []string
	story    strings.Builder
	failed   bool
}

type deployment struct {
	exists                  bool
	template, label         string
	replicas                int32
	surge, unavailable      int32
	deadline                int32
	held                    bool
	heldFor, stable         string
	generation, observedGen int64
}

type set struct {
	hash        string
	spec        int32
	marked      bool
	created     int
	pods, ready int32 // as its status says
}

type pod struct {
	id          int
	hash        string
	ready       bool
	readyAt     time.Time
	terminating bool
	goneAt      time.Time
}

type canaryIngress struct{ weight int32 }

// router is one replica of the edge: what it serves lags behind what is written.
type router struct {
	backend   string
	canary    *int32
	endpoints map[string][]*pod
	due       time.Time
	lag       time.Duration
	behind    int                  // how often its routes came later than its endpoints
	last      map[string]time.Time // service → when it was last sent a request
}

// application stands for the application controller: it applies a template once the workload is held for it.
type application struct{ release, template string }

// beat is one move of a person.
type beat struct {
	name string
	when func(*world) bool
	do   func(*world)
}

const (
	requestTime = 40 * time.Millisecond
	collection  = 100 * time.Millisecond
	podStop     = 200 * time.Millisecond
)

// start is when people come in.
var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant of the tests

func newWorld(t *testing.T, replicas int32) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), backend: "svc",
		sets: map[string]*set{}, services: map[string]string{}, slices: map[string][]*pod{}, broken: map[string]bool{},
		startup: 2 * time.Second, generation: 1,
	}
	w.dep = deployment{exists: true, template: "v1", label: "app-v1", replicas: replicas, surge: ceil(replicas, 25), unavailable: replicas * 25 / 100, deadline: 600, generation: 1, observedGen: 1}
	w.sets["v1"] = &set{hash: "v1", spec: replicas, marked: true}
	w.spec.WorkloadRef = v1beta1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "demo"}
	w.plan(20)
	w.spec.Strategy.Canary.TrafficRoutings = []v1beta1.TrafficRouting{{Service: "svc", Ingress: &v1beta1.IngressRouting{Name: "demo"}}}
	for i := range 2 {
		w.routers = append(w.routers, &router{backend: "svc", endpoints: map[string][]*pod{}, last: map[string]time.Time{}, lag: time.Duration(5+10*i) * time.Millisecond})
	}
	w.spec.ReleaseID = "app-v1"
	for range 40 {
		w.replicaSets()
		w.kubelet()
		w.endpoints()
		for _, r := range w.routers {
			w.serve(r)
		}
		w.now = w.now.Add(200 * time.Millisecond)
	}
	w.now = start
	return w
}

func ceil(n, percent int32) int32 { return (n*percent + 99) / 100 }

// plan replaces the steps by one for each percentage.
func (w *world) plan(percents ...int) {
	var steps []v1beta1.Step
	for _, p := range percents {
		text := fmt.Sprintf("%d%%", p)
		steps = append(steps, v1beta1.Step{Traffic: &text, Replicas: &intstr.IntOrString{Type: intstr.String, StrVal: text}})
	}
	if w.spec.Strategy.Canary == nil {
		w.spec.Strategy.Canary = &v1beta1.CanaryStrategy{}
	}
	w.spec.Strategy.Canary.Steps = steps
	w.generation++
}

// observe is what gather would see.
func (w *world) observe() Observation {
	o := Observation{Generation: w.generation, Deleting: w.deleting, Spec: w.spec, Status: *w.status.DeepCopy()}
	d := w.dep
	o.Workload = Workload{
		Exists: d.exists, Observed: d.generation == d.observedGen, Generation: d.generation, Replicas: d.replicas,
		MaxSurge: d.surge, MaxUnavailable: d.unavailable, ProgressDeadline: d.deadline, Template: d.template, AppRevision: d.label,
		Held: d.held, HeldFor: d.heldFor, StableMark: d.stable,
	}
	for _, s := range w.sorted() {
		o.Sets = append(o.Sets, ReplicaSet{Hash: s.hash, Replicas: s.spec, Pods: s.pods, Ready: s.ready, Marked: s.marked})
	}
	o.Routes.Ack = AckNone
	if !o.Routed() && w.canary == nil && w.backend == "svc" {
		return o
	}
	r := &o.Routes
	r.Canary, r.Switched = w.canary != nil, w.backend == "svc-stable"
	if r.Canary {
		r.Weight = w.canary.weight
	}
	r.StableHash, r.CanaryHash = w.services["svc-stable"], w.services["svc-canary"]
	r.Services = r.StableHash != "" && r.CanaryHash != ""
	r.StableEndpoints, r.CanaryEndpoints = int32(len(w.slices["svc-stable"])), int32(len(w.slices["svc-canary"]))
	if w.noEdge {
		return o
	}
	r.Ack, r.CanaryServed, r.SwitchServed = AckKnown, true, true
	r.WeightLow, r.StableDrained, r.CanaryDrained = 100, true, true
	r.StableSeen, r.CanarySeen = 1000, 1000
	for _, e := range w.routers {
		weight := e.weight()
		r.CanaryServed = r.CanaryServed && (e.canary != nil) == r.Canary
		r.SwitchServed = r.SwitchServed && e.backend == w.backend
		r.WeightLow, r.WeightHigh = min(r.WeightLow, weight), max(r.WeightHigh, weight)
		r.StableSeen, r.CanarySeen = min(r.StableSeen, e.proven("svc-stable")), min(r.CanarySeen, e.proven("svc-canary"))
		r.StableDrained = r.StableDrained && e.idle(w.now, "svc-stable")
		r.CanaryDrained = r.CanaryDrained && e.idle(w.now, "svc-canary")
	}
	return o
}

func (w *world) sorted() []*set {
	var all []*set
	for _, s := range w.sets {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].hash < all[j].hash })
	return all
}

func (r *router) weight() int32 {
	if r.canary == nil {
		return 0
	}
	return *r.canary
}

// shares gives where a router sends requests.
func (r *router) shares() map[string]int32 {
	out := map[string]int32{r.backend: 100 - r.weight()}
	if r.weight() > 0 {
		out["svc-canary"] = r.weight()
	}
	return out
}

func (r *router) idle(now time.Time, service string) bool {
	return r.shares()[service] == 0 && !now.Before(r.last[service].Add(requestTime))
}

// died is what a crash of the controller looks like from within.
type died struct{}

// control is one pass of the controller. It says whether it wrote anything.
func (w *world) control() (wrote bool) {
	if w.gone {
		return false
	}
	seen := w.observe()
	d := Decide(seen, w.now)
	if again := Decide(w.observe(), w.now); !equality.Semantic.DeepEqual(again, d) {
		w.fail("the same observation gave two decisions: %+v and %+v", d, again)
	}
	w.wake = time.Time{}
	if d.RecheckAfter > 0 {
		w.wake = w.now.Add(d.RecheckAfter)
	}
	before := w.writes
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			w.lazily = time.Time{}
			w.tell("   the controller dies here")
		}
		wrote = w.writes > before
		if wrote {
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
		w.dep.generation++
		w.wrote("hold for %q", d.Hold.ReleaseID)
	}
	for _, hash := range d.Unmark {
		say()
		w.sets[hash].marked = false
		w.wrote("unmark %s", hash)
	}
	if d.Create != nil {
		say()
		w.sets[w.dep.template] = &set{hash: w.dep.template, spec: *d.Create, created: len(w.sets)}
		w.wrote("create %s with %d", w.dep.template, *d.Create)
	}
	for _, s := range d.Scale {
		say()
		w.scale(s)
	}
	if d.Route != nil {
		w.route(*d.Route, say)
	}
	if !d.StatusFirst {
		status()
	}
	if d.Release {
		say()
		w.dep.held, w.dep.heldFor, w.dep.stable = false, "", ""
		w.dep.generation++
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
	if live.spec != s.From {
		w.fail("%s has %d replicas, the decision saw %d", s.Hash, live.spec, s.From)
	}
	if s.To == 0 {
		w.mayVanish(s.Hash)
	}
	live.spec = s.To
	w.wrote("scale %s from %d to %d", s.Hash, s.From, s.To)
}

// mayVanish checks law 2 for the last step of it: no router sends the version anything, and nothing is in flight.
func (w *world) mayVanish(hash string) {
	if len(w.spec.Strategy.Canary.TrafficRoutings) == 0 || w.noEdge || w.dep.replicas == 0 {
		return
	}
	for service, selects := range w.services {
		if selects != hash {
			continue
		}
		for i, r := range w.routers {
			overdue := w.status.CanaryStatus != nil && w.status.CanaryStatus.DrainingSince != nil && !w.now.Before(w.status.CanaryStatus.DrainingSince.Add(drainLimit))
			if r.shares()[service] > 0 || !r.idle(w.now, service) && !overdue {
				w.fail("%s goes to 0 pods while router %d still uses it: %v", hash, i, r.shares())
			}
		}
	}
}

// route makes the writes that the traffic engine would, in its order.
func (w *world) route(want Route, say func()) {
	if want.Canary {
		if w.canary == nil {
			say()
			w.services = map[string]string{} // those of an earlier canary route have another owner
			w.canary = &canaryIngress{weight: want.Weight}
			w.wrote("canary route with weight %d", want.Weight)
		}
		for _, s := range []struct{ name, hash string }{{"svc-canary", want.CanaryHash}, {"svc-stable", want.StableHash}} {
			if w.services[s.name] != s.hash {
				say()
				if w.services[s.name] != "" {
					for i, r := range w.routers {
						if r.shares()[s.name] > 0 && !w.noEdge {
							w.fail("%s carries traffic of router %d and is re-pointed", s.name, i)
						}
					}
				}
				w.services[s.name] = s.hash
				w.wrote("Service %s selects %s", s.name, s.hash)
			}
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
	if want.Canary && w.canary.weight != want.Weight {
		say()
		w.weigh(want.Weight)
	}
	if !want.Canary && w.canary != nil {
		say()
		w.canary, w.collect = nil, w.now.Add(collection)
		w.wrote("canary route removed, its Services with it")
	}
}

// weigh checks law 1: a share grows only where ready pods can carry it, one pod of rounding aside.
func (w *world) weigh(to int32) {
	from, n := w.canary.weight, w.dep.replicas
	if to > from && !w.emergent && w.readyOf(w.services["svc-canary"])*100 < to*n-100 && w.spec.Strategy.Canary.FailureThreshold == nil {
		w.fail("weight %d with %d of %d pods of the new version ready", to, w.readyOf(w.services["svc-canary"]), n)
	}
	back := w.dep.template == w.services["svc-stable"] || w.dep.template != w.services["svc-canary"]
	if to < from && !back && !w.emergent && w.readyOf(w.services["svc-canary"]) > 0 && w.readyOf(w.services["svc-stable"])*100 < (100-to)*n-100 {
		w.fail("weight %d with %d of %d pods of the stable version ready", to, w.readyOf(w.services["svc-stable"]), n)
	}
	w.canary.weight = to
	w.wrote("weight %d", to)
}

func (w *world) readyOf(hash string) (n int32) {
	for _, p := range w.pods {
		if p.hash == hash && p.ready && !p.terminating {
			n++
		}
	}
	return n
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

func (w *world) tell(format string, args ...any) { fmt.Fprintf(&w.story, format+"\n", args...) }

func (w *world) fail(format string, args ...any) {
	if !w.failed {
		w.t.Errorf(format+"\n%s", append(args, w.story.String())...)
	}
	w.failed = true
}

func (w *world) state() string {
	var parts []string
	for _, s := range w.sorted() {
		parts = append(parts, fmt.Sprintf("%s %d/%d", s.hash, w.readyOf(s.hash), s.spec))
	}
	if len(w.spec.Strategy.Canary.TrafficRoutings) > 0 {
		weight := "-"
		if w.canary != nil {
			weight = fmt.Sprint(w.canary.weight)
		}
		parts = append(parts, fmt.Sprintf("%s, weight %s", w.backend, weight))
	}
	return strings.Join(parts, ", ")
}

// others are all actors but the controller. Each says whether it changed anything.
func (w *world) others() []func() bool {
	actors := []func() bool{w.native, w.replicaSets, w.kubelet, w.endpoints, w.garbage}
	for _, r := range w.routers {
		actors = append(actors, func() bool { return w.serve(r) })
	}
	return append(actors, w.applies, w.person)
}

// native is the part of the native Deployment controller that a paused Recreate Deployment still meets, and, for one that
// is not held, just enough of a rolling update.
func (w *world) native() bool {
	if !w.dep.exists {
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
	if !w.dep.held && w.dep.exists {
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

// garbage removes the Services with their owner.
func (w *world) garbage() bool {
	if w.canary != nil || len(w.services) == 0 || w.now.Before(w.collect) {
		return false
	}
	w.services = map[string]string{}
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
	fresh := r.backend == w.backend && (r.canary == nil) == (w.canary == nil) && (r.canary == nil || *r.canary == w.canary.weight)
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

func (r *router) hearEndpoints(w *world) {
	for name, list := range w.slices {
		r.endpoints[name] = slices.Clone(list)
	}
}

func (r *router) hearRoutes(w *world) {
	r.backend, r.canary = w.backend, nil
	if w.canary != nil {
		weight := w.canary.weight
		r.canary = &weight
	}
}

// proven counts the endpoints of a Service in the router's plan: it is there when a route leads to it, or is about to.
func (r *router) proven(service string) int32 {
	if r.canary == nil && r.backend != service {
		return 0
	}
	return int32(len(r.endpoints[service]))
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

// check holds after every single change: no router sends requests where nobody answers, and none to a version that is not
// asked for.
func (w *world) check() {
	if len(w.spec.Strategy.Canary.TrafficRoutings) == 0 || w.dep.replicas == 0 || !w.dep.exists {
		return
	}
	for i, r := range w.routers {
		for service, share := range r.shares() {
			if share == 0 {
				continue
			}
			answers, versions := false, map[string]bool{}
			for _, p := range r.endpoints[service] {
				answers = answers || w.alive(p)
				if w.alive(p) && !p.terminating {
					versions[p.hash] = true
				}
			}
			if !answers && !w.emergent {
				w.fail("router %d sends %d%% to %s, where no pod answers", i, share, service)
			}
			if len(versions) > 1 && w.dep.held && !w.emergent {
				w.fail("router %d sends %d%% to %s, which has pods of %d versions", i, share, service, len(versions))
			}
		}
	}
}

// run lets everything happen until nothing more does.
func (w *world) run() {
	for range 20000 {
		if w.failed {
			return
		}
		changed := false
		if w.rand == nil {
			changed = w.control()
			for _, act := range w.others() {
				changed = act() || changed
				w.check()
			}
			changed = changed && w.progressed()
		} else {
			actors := append(w.others(), w.control)
			for _, i := range w.rand.Perm(len(actors)) {
				changed = actors[i]() || changed
				w.check()
			}
			changed = changed && w.progressed()
		}
		if !changed && !w.advance() {
			return
		}
	}
	w.fail("the release does not come to an end: %s", w.state())
}

// progressed lets a little time pass with each change.
func (w *world) progressed() bool {
	w.now = w.now.Add(time.Millisecond)
	return true
}

// advance goes to the next moment at which something is due, and says whether there is one.
func (w *world) advance() bool {
	var next time.Time
	due := func(at time.Time) {
		if at.After(w.now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, p := range w.pods {
		if !p.ready && !p.terminating && !w.broken[p.hash] {
			due(p.readyAt)
		}
		if p.terminating {
			due(p.goneAt)
		}
	}
	for _, r := range w.routers {
		due(r.due)
		for service, last := range r.last {
			if r.shares()[service] == 0 {
				due(last.Add(requestTime))
			}
		}
	}
	if w.canary == nil && len(w.services) > 0 {
		due(w.collect)
	}
	if len(w.beats) > 0 {
		due(start.Add(2 * time.Second))
	}
	if !w.gone {
		due(w.wake)
	}
	if next.IsZero() {
		return false
	}
	w.now = next
	return true
}
