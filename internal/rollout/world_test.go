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

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// world is a cluster without machines: everything that a release touches, each part moved by an actor of its own, in
// virtual time. What the engine decides is written by the controller actor one write at a time; it may die in between.
type world struct {
	t    *testing.T
	now  time.Time
	jump clockJump
	rand *rand.Rand // nil: default order

	spec       v1beta1.RolloutSpec
	shared     *trafficRouting // that the Rollout names; nil where it names none
	status     v1beta1.RolloutStatus
	generation int64
	deleting   bool
	gone       bool   // the Rollout is gone
	watch      func() // looks at each state
	retry      string
	batches    bool                                      // a rollback goes in steps
	verdict    func(step int32) (AnalysisResult, string) // of the analysis; nil where there is none
	judged     int32                                     // the step that the analysis looked at last

	dep    deployment
	sets   map[string]*set
	pods   []*pod
	nextID int

	backend  string // of the user's Ingress: svc or svc-stable
	canary   *canaryIngress
	real     *routes           // real ones in the place of the Ingress; nil for none
	orphan   bool              // svc-canary has lost its owner, an earlier svc-stable
	collect  time.Time         // when the garbage collector sees that
	services map[string]string // svc-stable, svc-canary: selected hash
	slices   map[string][]*pod // service → ready pods as listed
	routers  []*router
	noEdge   bool
	paused   bool // the workload lost its marks only: it still is paused

	inPlace  inPlace // of a workload that replaces its pods in place; its kind is empty for a Deployment
	scaler   scaler
	app      application
	beats    []beat
	broken   map[string]bool // hashes whose pods never become ready
	startup  time.Duration
	began    int32 // replicas that are never to be missing while the route is the user's own; 0 where a rollback may trade them for speed
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
	heldFor, stable, kept   string
	generation, observedGen int64
}

type set struct {
	hash        string
	spec        int32
	marked      bool
	dress       string // the metadata on its pods
	idle        int32
	created     int
	pods, ready int32 // as its status says
}

type pod struct {
	id          int
	ordinal     int32 // of a StatefulSet; the node of a DaemonSet
	hash        string
	ready       bool
	readyAt     time.Time
	asked       bool // a pod of a CloneSet that is asked to go
	terminating bool
	goneAt      time.Time
}

type canaryIngress struct {
	weight  int32
	matches []v1beta1.HTTPRouteMatch
}

// router is one replica of the edge: what it serves lags behind what is written.
type router struct {
	backend   string
	canary    *canaryIngress
	serves    written // where the world has real routes
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
var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

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
	if w.spec.Strategy.Plan() == nil {
		w.spec.Strategy.Canary = &v1beta1.CanaryStrategy{}
	}
	w.steps(steps...)
}

// steps replaces the steps of the plan.
func (w *world) steps(steps ...v1beta1.Step) {
	if b := w.spec.Strategy.BlueGreen; b != nil {
		b.Steps = steps
	} else {
		w.spec.Strategy.Canary.Steps = steps
	}
	w.generation++
}

// observe is what gather would see.
func (w *world) observe() Observation {
	o := Observation{Generation: w.generation, Deleting: w.deleting, Retry: w.retry, RollbackInBatch: w.batches, Analysis: w.judge(), Spec: w.follow(), Shared: w.observeShared(), Status: *w.status.DeepCopy()}
	d := w.dep
	o.Workload = Workload{
		Exists: d.exists, Observed: d.generation == d.observedGen, Generation: d.generation, Replicas: d.replicas,
		MaxSurge: d.surge, MaxUnavailable: d.unavailable, ProgressDeadline: d.deadline, Template: d.template, AppRevision: d.label,
		Held: d.held, HeldFor: d.heldFor, StableMark: d.stable, Kept: d.kept,
	}
	w.observeInPlace(&o.Workload)
	for _, s := range w.sorted() {
		o.Sets = append(o.Sets, ReplicaSet{Hash: s.hash, Replicas: s.spec, Pods: s.pods, Ready: s.ready, Idle: s.idle, Marked: s.marked, Dress: s.dress})
	}
	o.Routes.Ack = AckNone
	if !o.Routed() && w.canary == nil && w.backend == "svc" && w.services["svc-stable"] == "" {
		return o
	}
	if w.real != nil {
		o.Routes = w.observeReal()
		return o
	}
	r := &o.Routes
	r.Canary, r.Switched = w.canary != nil, w.backend == "svc-stable"
	if r.Canary {
		r.Weight, r.Matches = w.canary.weight, w.canary.matches
	}
	r.StableHash, r.CanaryHash = w.services["svc-stable"], w.services["svc-canary"]
	r.AnyService = r.StableHash != ""
	r.Services = r.StableHash != "" && r.CanaryHash != "" && !w.orphan
	r.StableEndpoints, r.CanaryEndpoints = int32(len(w.slices["svc-stable"])), int32(len(w.slices["svc-canary"]))
	if w.noEdge {
		return o
	}
	r.Ack, r.CanaryServed, r.SwitchServed = AckKnown, true, true
	r.WeightLow, r.StableDrained, r.CanaryDrained = 100, true, true
	r.StableSeen, r.CanarySeen, r.MatchesServed = 1000, 1000, true
	for _, e := range w.routers {
		weight := e.weight()
		r.CanaryServed = r.CanaryServed && (e.canary != nil) == r.Canary
		r.SwitchServed = r.SwitchServed && e.backend == w.backend
		r.WeightLow, r.WeightHigh = min(r.WeightLow, weight), max(r.WeightHigh, weight)
		r.MatchesServed, r.AnyMatches = r.MatchesServed && sameMatches(e.matches(), r.Matches), r.AnyMatches || len(e.matches()) > 0
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
	return r.canary.weight
}

func (r *router) matches() []v1beta1.HTTPRouteMatch {
	if r.canary == nil {
		return nil
	}
	return r.canary.matches
}

// shares gives where a router sends requests.
func (r *router) shares() map[string]int32 {
	out := map[string]int32{r.backend: 100 - r.weight()}
	if r.weight() > 0 || len(r.matches()) > 0 {
		out["svc-canary"] = max(r.weight(), 1)
	}
	return out
}

func (r *router) idle(now time.Time, service string) bool {
	return r.shares()[service] == 0 && !now.Before(r.last[service].Add(requestTime))
}

func (w *world) routed() bool { return len(w.follow().Strategy.Plan().TrafficRoutings) > 0 }

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
	if w.routed() {
		weight := "-"
		if w.canary != nil {
			weight = fmt.Sprint(w.canary.weight)
		}
		if w.canary != nil && len(w.canary.matches) > 0 {
			weight += " and matches"
		}
		parts = append(parts, fmt.Sprintf("%s, weight %s", w.backend, weight))
	}
	return strings.Join(parts, ", ")
}

func (r *router) hearEndpoints(w *world) {
	for name, list := range w.slices {
		r.endpoints[name] = slices.Clone(list)
	}
}

func (r *router) hearRoutes(w *world) {
	if w.real != nil {
		r.serves = w.real.now
		r.backend, r.canary = w.real.leads(r.serves)
		return
	}
	r.backend, r.canary = w.backend, nil
	if w.canary != nil {
		is := *w.canary
		r.canary = &is
	}
}

// proven counts the endpoints of a Service in the router's plan: it is there when a route leads to it, or is about to.
func (r *router) proven(service string) int32 {
	if r.canary == nil && r.backend != service {
		return 0
	}
	return int32(len(r.endpoints[service]))
}

// check holds after every single change: no router sends requests where nobody answers, and none to a version that is not
// asked for.
func (w *world) check() {
	if w.watch != nil {
		w.watch()
	}
	if !w.routed() || w.dep.replicas == 0 || !w.dep.exists {
		return
	}
	for i, r := range w.routers {
		if r.backend == "svc" && r.weight() == 0 && w.began > 0 {
			w.checkShared(i, r)
		}
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
			w.checkCapacity(i, service, share)
			if !answers && !w.emergent {
				w.fail("router %d sends %d%% to %s, where no pod answers", i, share, service)
			}
			native := w.began > 0 && service == "svc" && !versions[w.app.template] // an update of before the hold mixes old versions
			if len(versions) > 1 && w.dep.held && !native && !w.emergent {
				w.fail("router %d sends %d%% to %s, which has pods of %d versions", i, share, service, len(versions))
			}
		}
	}
}

// checkShared holds while all requests go where any pod is: there are never fewer pods to take them than the workload's own
// strategy would leave.
func (w *world) checkShared(i int, r *router) {
	alive := int32(0)
	for _, p := range r.endpoints["svc"] {
		if w.alive(p) { // one that terminates serves until it is gone
			alive++
		}
	}
	if floor := max(min(w.began, w.dep.replicas)-w.dep.unavailable, 1); alive < floor {
		w.fail("router %d has %d pods for all requests, want %d at least", i, alive, floor)
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
			actors := append(w.others(), w.control, w.scales)
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
	if w.rand != nil && w.scaler.left > 0 {
		due(w.now.Add(100 * time.Millisecond))
	}
	if w.orphan {
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
