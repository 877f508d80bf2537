// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"slices"
)

// cloneSet is the kind of OpenKruise's CloneSets. Its partition is a number of pods, or a share of the replicas.
const cloneSet = "CloneSet"

// keeps is how many pods of another version than the template's the partition keeps: a share is rounded up, but one below all
// leaves one pod of several to be updated.
func (w *world) keeps() int32 {
	in, n := w.inPlace, w.dep.replicas
	if in.share == 0 {
		return min(in.partition, n)
	}
	keep := (n*in.share + 99) / 100
	if n > 1 && keep == n && in.share < 100 {
		keep--
	}
	return keep
}

// keep sets the partition as the adapter does (workload/cloneset.go).
func (w *world) keep(n int32) {
	in, was := &w.inPlace, w.keeps()
	if n == was {
		return
	}
	if in.share = 100; n < w.dep.replicas {
		if in.share = 100 * n / w.dep.replicas; w.keeps() != n {
			in.share = 0
		}
	}
	in.partition = n
	w.dep.generation++
	if in.share > 0 {
		w.wrote("partition %d%%", in.share)
		return
	}
	w.wrote("partition %d", n)
}

// old counts the pods of other versions than the template's that neither go nor were asked to.
func (w *world) old() (n int32) {
	for _, p := range w.pods {
		if !p.terminating && !p.asked && p.hash != w.dep.template {
			n++
		}
	}
	return n
}

// shed leaves out what is beyond the replicas and about to be deleted.
func (w *world) shed(template string, version func(string) *set) {
	total := int32(0)
	for _, s := range w.sets {
		total += s.pods
	}
	excess := max(total-w.dep.replicas, 0)
	former := min(max(w.old()-w.keeps(), 0), excess)
	drop := func(s *set, n int32) int32 {
		n = min(n, s.pods)
		s.pods -= n
		s.ready = min(s.ready, s.pods)
		return n
	}
	drop(version(template), excess-former)
	former -= drop(version(w.good()), former)
	for _, s := range w.sorted() {
		if s.hash != w.dep.template {
			former -= drop(s, former)
		}
	}
}

// replaceAsked makes the writes that the adapter does for new sizes of versions.
func (w *world) replaceAsked(all []Scale) {
	keep, others := w.keeps(), w.old()
	var going []*pod
	for _, s := range all {
		live := w.sets[s.Hash]
		if live == nil || live.spec != s.From {
			w.tell("   ! %s is to go from %d to %d, and is at %+v: the write is refused", s.Hash, s.From, s.To, live)
			panic(refused{})
		}
		if s.To == 0 {
			w.mayVanish(s.Hash)
		}
		if s.To >= w.dep.replicas && w.dep.stable != "" {
			w.mayVanish(w.dep.stable)
		}
		var of []*pod
		for _, p := range w.pods {
			if p.hash == s.Hash && !p.terminating && !p.asked {
				of = append(of, p)
			}
		}
		less := max(len(of)-int(s.To), 0)
		switch {
		case s.Hash == w.dep.template:
			keep = w.dep.replicas - s.To
		case w.dep.template == w.good() && w.inPlace.current != w.good():
			others -= int32(less)
			keep = others
			continue
		default:
			keep = w.dep.replicas
		}
		slices.SortStableFunc(of, func(a, b *pod) int { return cmp.Or(rank(a)-rank(b), b.id-a.id) })
		going = append(going, of[:less]...)
	}
	w.keep(keep)
	for _, p := range going {
		p.asked = true
		w.wrote("ask for a pod of %s to be deleted", p.hash)
	}
}

// cloneSet is the controller of CloneSets (github.com/openkruise/kruise, pkg/controller/cloneset/sync): it makes what is missing,
// of the earlier version as far as the partition keeps pods of it, deletes what was asked to go or is too much, and asks for as
// many pods to go as the partition leaves, never more than may be missing. What it starts it ends before it goes on.
func (w *world) cloneSet() (changed bool) {
	if w.inPlace.kind != cloneSet || !w.dep.exists {
		return false
	}
	if w.dep.observedGen != w.dep.generation {
		w.dep.observedGen, w.inPlace.known[w.dep.template], changed = w.dep.generation, true, true
	}
	c := w.countClones()
	if w.inPlace.current != w.dep.template && c.updated == len(c.all) && len(c.all) == int(w.dep.replicas) {
		w.inPlace.current, changed = w.dep.template, true
	}
	return w.makeClones(c) || w.deleteClones(c) || w.updateClones(c) || changed
}

// clones are the pods that do not terminate.
type clones struct {
	all                   []*pod
	updated, old, missing int // of the template, of others, not ready
	limit                 int // ready ones that may be deleted
}

func (w *world) countClones() clones {
	c := clones{}
	for _, p := range w.pods {
		if p.terminating {
			continue
		}
		c.all = append(c.all, p)
		if c.old++; p.hash == w.dep.template {
			c.updated, c.old = c.updated+1, c.old-1
		}
		if !p.ready && !p.asked {
			c.missing++
		}
	}
	slices.SortStableFunc(c.all, func(a, b *pod) int { return cmp.Or(rank(a)-rank(b), b.id-a.id) })
	c.limit = max(int(w.dep.unavailable)+len(c.all)-int(w.dep.replicas)-c.missing, 0)
	return c
}

func (w *world) makeClones(c clones) bool {
	lack := int(w.dep.replicas) - len(c.all)
	former := max(int(w.keeps())-c.old, 0)
	for i := range lack {
		hash := w.dep.template
		if i < former {
			hash = w.inPlace.current
		}
		w.make(0, hash)
	}
	return lack > 0
}

func (w *world) deleteClones(c clones) (changed bool) {
	asked, old := 0, c.old
	doom := func(p *pod) {
		if p.ready && c.limit == 0 {
			return
		}
		if p.ready {
			c.limit--
		}
		w.kill(p)
		changed = true
	}
	for _, p := range c.all {
		if p.asked {
			asked++
			if p.hash != w.dep.template {
				old--
			}
			doom(p)
		}
	}
	excess := len(c.all) - asked - int(w.dep.replicas)
	former := min(max(old-int(w.keeps()), 0), excess)
	for _, p := range c.all {
		switch updated := p.hash == w.dep.template; {
		case p.asked || excess <= 0:
		case !updated && former > 0:
			former--
			excess--
			doom(p)
		case updated && excess > former:
			excess--
			doom(p)
		}
	}
	return changed
}

func (w *world) updateClones(c clones) (changed bool) {
	diff := int(w.old() - w.keeps())
	may := int(w.dep.unavailable) + len(c.all) - int(w.dep.replicas)
	for _, p := range c.all {
		if diff <= 0 || p.asked || p.hash == w.dep.template {
			continue
		}
		if p.ready && c.missing >= may {
			break
		}
		if p.ready {
			c.missing++
		}
		p.asked, changed = true, true
		diff--
	}
	return changed
}
