// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const (
	statefulSet = "StatefulSet"
	daemonSet   = "DaemonSet"
)

// inPlace is the part of the world that a workload has which replaces its pods in place.
type inPlace struct {
	kind      string
	partition int32  // of a StatefulSet or CloneSet
	share     int32  // of a CloneSet whose partition is a percentage; else 0
	parallel  bool   // its pod management policy
	current   string // its status.currentRevision
	onDelete  bool   // the strategy of a DaemonSet
	known     map[string]bool
	base      int32 // replicas before somebody scaled; 0 where nobody did
}

// becomes makes the workload another kind, at rest with all pods of v1 ready.
func becomes(kind string) func(*world) {
	return func(w *world) {
		w.inPlace = inPlace{kind: kind, current: "v1", known: map[string]bool{"v1": true}}
		w.dep.unavailable = 1
		for i, p := range w.pods {
			if kind != cloneSet {
				p.ordinal = int32(i)
			}
		}
	}
}

// partitionAll is above every ordinal.
const partitionAll = 32767

// close holds what native controllers would replace.
func (w *world) close() {
	switch w.inPlace.kind {
	case statefulSet:
		w.inPlace.partition = partitionAll
	case daemonSet:
		w.inPlace.onDelete = true
	case cloneSet:
		w.inPlace.partition, w.inPlace.share = w.dep.replicas, 100
	}
}

// observeInPlace is what the adapters of these kinds see. It keeps the sizes of the versions too, for the stories.
func (w *world) observeInPlace(o *Workload) {
	in := w.inPlace
	if in.kind == "" {
		return
	}
	good := w.good()
	o.Kind, o.InPlace = in.kind, true
	o.UpOnly = in.kind == daemonSet || good != "" && in.current != good && w.dep.template != good
	o.Forgot = in.kind == statefulSet && o.UpOnly && o.Held && in.current == w.dep.template && in.partition > 0 && w.dep.replicas > 0
	if !in.known[w.dep.template] {
		o.Template = ""
	}
	w.sets = map[string]*set{}
	version := func(hash string) *set {
		if hash == "" {
			return &set{}
		}
		if w.sets[hash] == nil {
			w.sets[hash] = &set{hash: hash}
		}
		return w.sets[hash]
	}
	version(o.Template)
	version(good)
	for _, p := range w.ordinals() {
		if p.terminating || p.asked || p.ordinal >= w.dep.replicas {
			continue
		}
		s := version(p.hash)
		s.pods++
		switch {
		case p.ready:
			s.ready++
		case in.kind == daemonSet:
			s.idle++
		}
		if w.isStuck(p) {
			o.Stuck++
		}
	}
	if in.kind == cloneSet {
		w.shed(o.Template, version)
	}
	w.sizes(o, version)
	if in.kind != daemonSet {
		o.Open, o.Loose = o.Held && w.keeps() < w.dep.replicas, o.Held && w.loose(good)
		if in.current != w.dep.template {
			o.Current = in.current
		}
	}
}

// loose says that the native controller is about to replace pods.
func (w *world) loose(good string) bool {
	if w.inPlace.kind == cloneSet {
		old := int32(0)
		for hash, s := range w.sets {
			if hash != w.dep.template {
				old += s.pods
			}
		}
		return old > w.keeps()
	}
	for _, p := range w.pods {
		if !p.terminating && p.ordinal >= w.inPlace.partition && p.hash != w.dep.template && cmp.Or(good, w.inPlace.current) == w.inPlace.current {
			return true
		}
	}
	return false
}

// sizes shares the replicas between the versions.
func (w *world) sizes(o *Workload, version func(string) *set) {
	rest := w.dep.replicas
	for _, s := range w.sets {
		if s.hash != o.Template {
			s.spec = s.pods
			rest -= s.pods
		}
	}
	good := w.good()
	if o.Template == "" {
		return
	}
	if o.UpOnly || good == "" || good == o.Template {
		version(o.Template).spec = max(rest, 0)
		return
	}
	current := version(o.Template)
	current.spec = max(w.dep.replicas-w.keeps(), current.pods, 0)
	rest = w.dep.replicas
	for _, s := range w.sets {
		if s.hash != good {
			rest -= s.spec
		}
	}
	stable := version(good)
	stable.spec = max(rest, 0)
	if stable.idle = max(stable.spec-stable.ready, 0); w.inPlace.kind == statefulSet {
		stable.idle = w.idleBelow(w.keeps())
	}
}

// good is the version that the mark or the status names.
func (w *world) good() string {
	if w.dep.stable == "" && w.status.CanaryStatus != nil {
		return w.status.CanaryStatus.StableRevision
	}
	return w.dep.stable
}

// idleBelow counts the ordinals below the partition, from the highest down, at which no pod is ready.
func (w *world) idleBelow(partition int32) (idle int32) {
	for i := partition - 1; i >= 0; i-- {
		if slices.ContainsFunc(w.pods, func(p *pod) bool { return p.ordinal == i && p.ready }) {
			break
		}
		idle++
	}
	return idle
}

// due is the version that a pod is made anew with.
func (w *world) due(ordinal int32) string {
	if w.inPlace.kind == statefulSet && ordinal < w.inPlace.partition {
		return w.inPlace.current
	}
	return w.dep.template
}

// ordinals gives the pods from the highest ordinal down.
func (w *world) ordinals() []*pod {
	all := slices.Clone(w.pods)
	slices.SortStableFunc(all, func(a, b *pod) int { return int(b.ordinal - a.ordinal) })
	return all
}

func (w *world) kill(p *pod) { p.terminating, p.ready, p.goneAt = true, false, w.now.Add(podStop) }

// replace makes the writes that the adapters do for a new size of a version (workload/inplace.go).
func (w *world) replace(s Scale) {
	if live := w.sets[s.Hash]; live == nil || live.spec != s.From {
		w.tell("   ! %s is to go from %d to %d, and is at %+v: the write is refused", s.Hash, s.From, s.To, live)
		panic(refused{})
	}
	if s.To == 0 {
		w.mayVanish(s.Hash)
	}
	if s.To >= w.dep.replicas && w.dep.stable != "" {
		w.mayVanish(w.dep.stable)
	}
	version, count, below := s.Hash, s.From-s.To, int32(partitionAll)
	if w.inPlace.kind == statefulSet {
		partition := int32(partitionAll)
		switch {
		case s.Hash == w.dep.template:
			partition = w.dep.replicas - s.To
			below = partition
		case w.inPlace.current != w.good():
			partition = 0 // below it the native controller knows only what it has completed
		}
		if w.inPlace.partition != partition {
			w.inPlace.partition = partition
			w.dep.generation++
			w.wrote("partition %d", partition)
		}
	} else if count < 0 {
		version, count = "", -count
	}
	var doomed []*pod
	for _, p := range w.ordinals() {
		if !p.terminating && (p.hash == version || version == "" && p.hash != s.Hash) && p.ordinal < below {
			doomed = append(doomed, p)
		}
	}
	if w.inPlace.kind == statefulSet && s.Hash != w.dep.template && w.inPlace.current == w.good() {
		slices.Reverse(doomed)
	}
	slices.SortStableFunc(doomed, func(a, b *pod) int { return rank(a) - rank(b) })
	if w.inPlace.kind == statefulSet { // sizes that pods never came to are given up for nothing
		count = w.sets[s.Hash].pods - s.To
	}
	for _, p := range doomed[:max(min(int(count), len(doomed)), 0)] {
		w.kill(p)
		w.wrote("delete pod %d of %s", p.ordinal, p.hash)
	}
}

// isStuck says that a pod is not ready, and of a version that is not to be there.
func (w *world) isStuck(p *pod) bool {
	return w.inPlace.kind != cloneSet && !p.ready && p.hash != w.due(p.ordinal) && (w.inPlace.kind != daemonSet || p.hash != w.good())
}

func (w *world) unstick() {
	for _, p := range w.ordinals() {
		if !p.terminating && w.isStuck(p) {
			w.kill(p)
			w.wrote("delete pod %d of %s, which is not ready", p.ordinal, p.hash)
		}
	}
}

func (w *world) make(ordinal int32, hash string) {
	w.nextID++
	starts := w.startup
	if w.rand != nil {
		starts = time.Duration(w.rand.Int63n(int64(w.startup) + 1))
	}
	p := &pod{id: w.nextID, ordinal: ordinal, hash: hash, readyAt: w.now.Add(starts)}
	if w.broken[p.hash] {
		p.readyAt = w.now.Add(24 * 365 * time.Hour)
	}
	w.pods = append(w.pods, p)
}

// statefulSet is the native controller (k8s.io/kubernetes v1.37, pkg/controller/statefulset/stateful_set_control.go): it makes
// pods from the lowest ordinal up and replaces them from the highest down to the partition, one at a time.
func (w *world) statefulSet() (changed bool) {
	if w.inPlace.kind != statefulSet || !w.dep.exists {
		return false
	}
	if w.dep.observedGen != w.dep.generation {
		w.dep.observedGen, w.inPlace.known[w.dep.template], changed = w.dep.generation, true, true
	}
	at := map[int32]*pod{}
	for _, p := range w.pods {
		at[p.ordinal] = p
	}
	for i := range w.dep.replicas {
		p := at[i]
		if p == nil {
			w.make(i, w.due(i))
			changed = true
		}
		if (p == nil || !p.ready) && !w.inPlace.parallel {
			return changed
		}
	}
	if all := w.ordinals(); len(all) > 0 && all[0].ordinal >= w.dep.replicas {
		if !all[0].terminating {
			w.kill(all[0])
			changed = true
		}
		return changed
	}
	updated, ready := int32(0), int32(0)
	for _, p := range w.ordinals() {
		if p.hash == w.dep.template {
			updated++
		}
		if p.ready {
			ready++
		}
	}
	if updated == w.dep.replicas && ready == updated && len(w.pods) == int(w.dep.replicas) && w.inPlace.current != w.dep.template {
		w.inPlace.current, changed = w.dep.template, true
	}
	for i := w.dep.replicas - 1; i >= w.inPlace.partition; i-- {
		p := at[i]
		if p != nil && p.hash != w.dep.template && !p.terminating {
			w.kill(p)
			return true
		}
		if p == nil || !p.ready {
			return changed
		}
	}
	return changed
}

// daemonSet is the native controller with the strategy OnDelete: a pod for each node, made of the newest template. Without a
// hold it replaces one pod at a time.
func (w *world) daemonSet() (changed bool) {
	if w.inPlace.kind != daemonSet || !w.dep.exists {
		return false
	}
	if w.dep.observedGen != w.dep.generation {
		w.dep.observedGen, w.inPlace.known[w.dep.template], changed = w.dep.generation, true, true
	}
	at := map[int32]*pod{}
	for _, p := range w.pods {
		at[p.ordinal] = p
		if p.ordinal >= w.dep.replicas && !p.terminating {
			w.kill(p)
			changed = true
		}
	}
	busy := false
	for i := range w.dep.replicas {
		if at[i] == nil {
			w.make(i, w.due(i))
			changed = true
		}
		busy = busy || at[i] == nil || !at[i].ready
	}
	for _, p := range w.pods {
		if !w.inPlace.onDelete && !busy && !p.terminating && p.hash != w.dep.template {
			w.kill(p)
			return true
		}
	}
	return changed
}

// changes applies another template, by an update that closes what the workload is held by (admission/mutations.go).
func changes(hash string) func(*world) {
	return func(w *world) {
		w.dep.template = hash
		w.dep.generation++
		if w.dep.held {
			w.close()
		}
	}
}

// checkCapacity holds for what replaces its pods in place: each version has the ready pods that its share needs, but for those
// that may be missing. A release that is taken back sends everything to whoever is good at once.
func (w *world) checkCapacity(i int, service string, share int32) {
	if w.inPlace.kind == "" {
		return
	}
	hash := w.services[service]
	// So does a step for requests that match, of which nobody knows how many there are, and a DaemonSet whose pods become the newest
	// version whenever they are made anew.
	back := w.dep.template == w.dep.stable || len(w.spec.Strategy.Plan().Steps[0].Matches) > 0 || w.inPlace.kind == daemonSet && (w.inPlace.base > 0 || w.dep.template == "v3")
	for _, p := range w.pods {
		back = back || p.hash != w.dep.template && p.hash != w.dep.stable
	}
	if w.emergent || hash == "" || back || share == 0 || !w.dep.held {
		return
	}
	n := w.dep.replicas
	if w.inPlace.base > 0 { // pods that are new in all are still to come
		n = min(n, w.inPlace.base)
	}
	if floor := max(carries(n, share)-w.dep.unavailable, 1); w.readyOf(hash) < floor {
		w.fail("router %d sends %d%% to %s, of which %d pods are ready; want %d at least", i, share, hash, w.readyOf(hash), floor)
	}
}

// inPlaceScenarios are the releases of workloads that replace their pods in place.
func inPlaceScenarios() map[string]scenario {
	begin := beat{"releases v2 at 20%", healthyAt("app-v1"), releases("v2", 20)}
	to50 := beat{"goes to 50%", pausedAt(20), weigh(50)}
	to100 := beat{"goes to 100%", pausedAt(50), weigh(100)}
	rollback := beat{"rolls back", pausedAt(50), back}
	late := beat{"rolls back after the deadline", deadlineExceeded, back}
	v3 := beat{"releases v3 at 20%", pausedAt(50), releases("v3", 20)}
	resize := func(n int32) func(*world) {
		return func(w *world) {
			w.inPlace.base, w.dep.replicas, w.dep.generation = w.dep.replicas, n, w.dep.generation+1
		}
	}
	whole := func(hash string) func(*world) bool {
		return func(w *world) bool { return w.readyOf(hash) == w.dep.replicas }
	}
	out := map[string]scenario{}
	for kind, set := range map[string]func(*world){
		"statefulset": becomes(statefulSet), "daemonset": becomes(daemonSet), "cloneset": becomes(cloneSet),
		"parallel-statefulset": func(w *world) { becomes(statefulSet)(w); w.inPlace.parallel = true },
	} {
		and := func(more ...func(*world)) func(*world) {
			return func(w *world) {
				set(w)
				for _, do := range more {
					do(w)
				}
			}
		}
		emergent := func(w *world) { w.emergent = true }
		for name, s := range map[string]scenario{
			"20-50-100": {replicas: 5, set: set, beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
			"of-three": {replicas: 3, set: set, beats: []beat{{"releases v2 at 33%", healthyAt("app-v1"), releases("v2", 33)},
				{"goes to 66%", pausedAt(33), weigh(66)}, {"goes to 100%", pausedAt(66), weigh(100)}}, ends: onlyHas("v2")},
			"of-two": {replicas: 2, set: set, beats: []beat{{"releases v2 at 50%", healthyAt("app-v1"), releases("v2", 50)}, to100}, ends: onlyHas("v2")},
			"of-one": {replicas: 1, set: and(emergent), beats: []beat{begin, {"goes to 100%", func(w *world) bool {
				return w.status.CurrentStepState == v1beta1.StepPaused && w.readyOf("v1") == 1
			}, weigh(100)}}, ends: onlyHas("v2")},
			"without-routes":          {replicas: 5, set: and(unrouted), beats: []beat{begin, {"goes to 50%", pausedAt(20), weigh(50)}, to100}, ends: onlyHas("v2")},
			"two-missing":             {replicas: 10, set: and(func(w *world) { w.dep.unavailable = 2 }), beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
			"rollback-at-50":          {replicas: 5, set: set, beats: []beat{begin, to50, rollback}, ends: onlyHas("v1")},
			"rollback-without-routes": {replicas: 5, set: and(unrouted), beats: []beat{begin, to50, rollback}, ends: onlyHas("v1")},
			"rollback-of-all-pods": {replicas: 5, set: and(emergent), beats: []beat{begin, to50, to100,
				{"rolls back", whole("v2"), back}}, ends: onlyHas("v1")},
			"v2-never-starts": {replicas: 5, set: and(func(w *world) { w.broken["v2"] = true; w.dep.deadline = 60 }), beats: []beat{begin, late}, ends: onlyHas("v1")},
			"v3-mends-v2":     {replicas: 5, set: and(func(w *world) { w.broken["v2"] = true; w.dep.deadline = 60 }), beats: []beat{begin, {"releases v3 at 20%", deadlineExceeded, releases("v3", 20)}, to50, to100}, ends: onlyHas("v3")},
			"v3-during-v2":    {replicas: 5, set: set, beats: []beat{begin, to50, v3, {"goes to 50%", pausedAt(20), weigh(50)}, to100}, ends: onlyHas("v3")},
			"scale-up-at-20": {replicas: 5, set: set, beats: []beat{begin, {"scales to 10", pausedAt(20), resize(10)},
				{"goes to 50%", func(w *world) bool {
					return pausedAt(20)(w) && w.readyOf("v1")+w.readyOf("v2") == 10 && w.readyOf("v2") >= 2
				}, weigh(50)}, to100}, ends: onlyHas("v2")},
			"scale-down-at-50": {replicas: 10, set: and(emergent), beats: []beat{begin, to50, {"scales to 4", pausedAt(50), resize(4)},
				{"goes to 100%", func(w *world) bool { return pausedAt(50)(w) && len(w.pods) == 4 && w.readyOf("v2") >= 2 }, weigh(100)}}, ends: onlyHas("v2")},
			"to-zero-and-back": {replicas: 5, set: and(emergent), beats: []beat{begin, {"scales to zero", pausedAt(20), resize(0)},
				{"scales to 5", func(w *world) bool { return len(w.pods) == 0 && w.inPlace.current == "v2" }, resize(5)},
				{"goes to 100%", func(w *world) bool {
					if w.status.CurrentStepState != v1beta1.StepPaused || w.readyOf("v1")+w.readyOf("v2") != 5 {
						return false
					}
					return kind == "cloneset" || w.readyOf("v1") == 4 // a StatefulSet comes back with the share of the step
				}, weigh(100)}}, ends: onlyHas("v2")},
			"to-zero-and-back-without-routes": {replicas: 5, set: and(emergent, unrouted, func(w *world) { w.spec.ReleaseID = ""; w.plan(20, 100) }), beats: []beat{
				{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, changes("v2")},
				{"scales to zero", pausedAt(20), resize(0)},
				{"scales to 5", func(w *world) bool { return len(w.pods) == 0 && w.inPlace.current == "v2" }, resize(5)},
			}, ends: stays(-1, map[string]int32{"v2": map[bool]int32{true: 1, false: 5}[kind == "statefulset"]})},
			"v3-at-the-end-of-v2": {replicas: 5, set: and(emergent), beats: []beat{begin, to50, to100, {"releases v3 at 20%", whole("v2"), releases("v3", 20)}, to50, to100}, ends: onlyHas("v3")},
			"one-becomes-three": {replicas: 1, set: and(emergent), beats: []beat{begin, {"scales to 3", func(w *world) bool { return w.status.CurrentStepState == v1beta1.StepPaused }, resize(3)},
				{"goes to 50%", func(w *world) bool {
					return pausedAt(20)(w) && w.readyOf("v2") >= 1 && w.readyOf("v1")+w.readyOf("v2") == 3
				}, weigh(50)}, to100}, ends: onlyHas("v2")},
			"deleted-at-50": {replicas: 5, set: set, beats: []beat{begin, to50, {"deletes the Rollout", pausedAt(50), func(w *world) { w.deleting = true }}}, ends: onlyHas("v2")},
			"v2-lost-at-50": {replicas: 5, set: and(emergent), beats: []beat{begin, to50, {"kills all pods of v2", pausedAt(50), killPods("v2")},
				{"goes to 100%", func(w *world) bool { return pausedAt(50)(w) && w.readyOf("v2") == 3 }, weigh(100)}}, ends: onlyHas("v2")},
			"matches":         {replicas: 5, set: set, beats: []beat{{"releases v2 to those who ask for it", healthyAt("app-v1"), func(w *world) { releases("v2", 20)(w); w.match(2) }}, {"rolls back", pausedAt(0), back}}, ends: onlyHas("v1")},
			"no-router-tells": {replicas: 5, set: and(func(w *world) { w.noEdge = true }), beats: []beat{begin, to50, to100}, ends: onlyHas("v2")},
			"newer-version-into-a-step": {replicas: 5, set: and(func(w *world) { w.spec.ReleaseID = ""; w.plan(20, 50, 100) }), beats: []beat{
				{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, changes("v2")},
				{"applies v3 at once", pausedAt(20), changes("v3")},
				{"approves", func(w *world) bool { return pausedAt(20)(w) && w.status.CanaryStatus.CanaryRevision == "v3" }, approve},
			}, ends: stays(50, map[string]int32{"v1": 2, "v3": 3})},
			"every-change-is-a-release": {replicas: 5, set: and(func(w *world) { w.spec.ReleaseID = ""; w.plan(20, 100) }), beats: []beat{
				{"applies v2", func(w *world) bool { return healthyAt("")(w) && w.dep.held }, changes("v2")},
				{"approves", pausedAt(20), approve},
				{"applies v3", func(w *world) bool {
					return healthyAt("")(w) && w.status.CanaryStatus.StableRevision == "v2" && (w.inPlace.onDelete || w.keeps() == 5)
				},
					changes("v3")},
				{"rolls back to v2", pausedAt(20), changes("v2")},
			}, ends: func(w *world) error {
				if !w.dep.held || w.status.Phase != v1beta1.PhaseHealthy || w.backend != "svc" || w.canary != nil || w.readyOf("v2") != 5 {
					return fmt.Errorf("want it held, healthy, without routes: %v %s %s", w.dep.held, w.status.Phase, w.state())
				}
				return nil
			}},
		} {
			// What the order of pods makes a difference to.
			ordered := []string{"20-50-100", "rollback-at-50", "v2-never-starts", "v3-mends-v2", "scale-up-at-20"}
			if kind != "parallel-statefulset" || slices.Contains(ordered, name) {
				out[kind+"-"+name] = s
			}
		}
	}
	delete(out, "daemonset-to-zero-and-back") // a DaemonSet has no replicas to scale
	delete(out, "daemonset-to-zero-and-back-without-routes")
	sets := becomes(statefulSet)
	out["statefulset-falling-weights"] = scenario{replicas: 5, set: sets, beats: []beat{begin, to50, {"goes back to 20%", pausedAt(50), weigh(20)}}, ends: stays(20, map[string]int32{"v1": 4, "v2": 1})}
	return out
}

func deadlineExceeded(w *world) bool {
	for _, c := range w.status.Conditions {
		if c.Reason == v1beta1.ReasonDeadlineExceeded {
			return true
		}
	}
	return false
}
