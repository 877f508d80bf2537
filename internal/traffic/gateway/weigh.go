// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/internal/traffic"
)

const (
	// maxWeight and maxRefs are limits of the API.
	maxWeight = 1_000_000
	maxRefs   = 16
)

// weighed is a rule of a route in a release.
type weighed struct {
	content object
	rule    rule
	// totals are what the groups of the rule share.
	totals []int64
	factor int64
}

// weigh gives a rule whose groups stand as three. before and next are what the user's backendRefs were.
func (n names) weigh(r rule, s share, before, next map[string]was) (weighed, error) {
	w := weighed{rule: r, factor: 1}
	alone := len(r.groups) == 1 && r.rest() == 0
	for _, g := range r.groups {
		it, total := remembered(g, before[g.key], alone)
		next[g.key] = it
		w.totals = append(w.totals, total)
	}
	if !alone {
		for _, total := range w.totals {
			w.factor = lcm(w.factor, 100/gcd(100, total))
		}
	}
	for i, g := range r.groups {
		if w.totals[i] *= w.factor; alone {
			continue
		}
		it := next[g.key]
		it.Factor *= w.factor
		next[g.key] = it
	}
	if r.heaviest()*w.factor > maxWeight {
		return w, fmt.Errorf("a share of its weights has no whole number below %d; make the weights smaller", maxWeight)
	}
	refs := w.refs(func(i int, g group) []any {
		s.total = w.totals[i]
		return n.three(g, s)
	})
	if len(refs) > maxRefs {
		return w, fmt.Errorf("it has %d backendRefs, and with the versions' Services %d, more than the %d that a rule can have; take some away", len(r.refs), len(refs), maxRefs)
	}
	w.content = maps.Clone(r.content)
	w.content["backendRefs"] = refs
	return w, nil
}

// refs gives the backendRefs of a rule with something in the place of each group.
func (w weighed) refs(instead func(int, group) []any) []any {
	var out []any
	next := 0
	for i := 0; i < len(w.rule.refs); {
		if next < len(w.rule.groups) && w.rule.groups[next].at == i {
			g := w.rule.groups[next]
			out = append(out, instead(next, g)...)
			i += g.size
			next++
			continue
		}
		if !w.rule.strays[i] {
			out = append(out, times(w.rule.refs[i], w.factor))
		}
		i++
	}
	return out
}

// remembered gives what a backendRef was before the release, and what its group shares now.
func remembered(g group, it was, alone bool) (was, int64) {
	switch {
	case g.untouched():
		it = was{Weight: weight(g.user), Factor: 1} // as the user says, also half-way
	case it.Weight == 0 && alone:
		it = was{Weight: 1}
	case it.Weight == 0:
		it = was{Weight: max(g.total(), 1), Factor: 1}
	}
	switch {
	case alone:
		return was{Weight: it.Weight}, 100
	case it.Factor == 0: // it is alone no more: the proportions that somebody saw and chose stay
		return was{Weight: g.total(), Factor: 1}, g.total()
	}
	// Another release may have multiplied the weights once more.
	total, expected := g.total(), it.Weight*it.Factor
	if total == 0 || total%expected != 0 {
		total = expected
	}
	return it, total
}

// rest is the weight of all that is in no group.
func (r rule) rest() int64 {
	sum := int64(0)
	for i, ref := range r.refs {
		if !r.grouped(i) && !r.strays[i] {
			sum += weight(ref)
		}
	}
	return sum
}

func (r rule) grouped(i int) bool {
	for _, g := range r.groups {
		if i >= g.at && i < g.at+g.size {
			return true
		}
	}
	return false
}

func (r rule) heaviest() int64 {
	most := int64(0)
	for i, ref := range r.refs {
		if !r.grouped(i) {
			most = max(most, weight(ref))
		}
	}
	for _, g := range r.groups {
		most = max(most, g.total())
	}
	return most
}

// times is a backendRef with its weight multiplied.
func times(ref object, factor int64) object {
	if factor == 1 || weight(ref) == 0 {
		return ref
	}
	ref = runtime.DeepCopyJSON(ref)
	ref["weight"] = weight(ref) * factor
	return ref
}

// restore gives the rules as they were before the release, with what others changed since. What is remembered of other
// releases is brought up to date.
func restore(t traffic.Target, rules []object, all map[string]memo) []any {
	n, before := namesOf(t, all), all[t.Service].Was
	var out []any
	for i, r := range n.read(rules) {
		switch {
		case r.ours:
			continue
		case len(r.groups) == 0:
			out = append(out, r.content)
			continue
		}
		w := weighed{rule: r, factor: 1}
		alone := len(r.groups) == 1 && r.rest() == 0
		factor := max(before[r.groups[0].key].Factor, 1)
		divided := !alone && factor > 1 && !r.untouched()
		if divided && inherit(t, rules, i, factor, all) {
			divided = false
		}
		divided = divided && r.divisible(factor)
		refs := w.refs(func(_ int, g group) []any {
			it, known := before[g.key]
			switch {
			case g.untouched():
				return []any{g.user}
			case alone && known:
				return []any{g.ref(n.user, it.Weight)}
			case alone:
				return []any{g.ref(n.user, 1)}
			}
			return []any{g.ref(n.user, g.total())}
		})
		if divided {
			for j := range refs {
				ref, _ := refs[j].(object)
				refs[j] = over(ref, factor)
			}
		}
		content := maps.Clone(r.content)
		content["backendRefs"] = refs
		out = append(out, content)
	}
	return out
}

// untouched says that all groups are as a user writes them.
func (r rule) untouched() bool {
	for _, g := range r.groups {
		if !g.untouched() {
			return false
		}
	}
	return true
}

// divisible says that all weights of a rule have a factor.
func (r rule) divisible(factor int64) bool {
	for i, ref := range r.refs {
		if !r.grouped(i) && weight(ref)%factor != 0 {
			return false
		}
	}
	for _, g := range r.groups {
		if g.total()%factor != 0 {
			return false
		}
	}
	return true
}

// over is a backendRef with its weight divided.
func over(ref object, factor int64) object {
	ref = runtime.DeepCopyJSON(ref)
	ref["weight"] = weight(ref) / factor
	return ref
}

// inherit leaves it to another release that is still under way in a rule to divide its weights at the end.
func inherit(t traffic.Target, rules []object, at int, factor int64, all map[string]memo) bool {
	for service, m := range all {
		if service == t.Service {
			continue
		}
		other := t
		other.Service = service
		for _, g := range namesOf(other, all).read(rules)[at].groups {
			it := m.Was[g.key]
			if g.untouched() || it.Factor == 0 || it.Weight%factor != 0 {
				continue
			}
			m.Was = maps.Clone(m.Was)
			m.Was[g.key] = was{Weight: it.Weight / factor, Factor: it.Factor * factor}
			all[service] = m
			return true
		}
	}
	return false
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func lcm(a, b int64) int64 { return a / gcd(a, b) * b }
