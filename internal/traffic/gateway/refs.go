// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/internal/traffic"
)

// object is a part of a route with all its fields.
type object = map[string]any

// rule is one rule of a route, looked at for one Service.
type rule struct {
	content object
	refs    []object
	groups  []group
	// strays are the places of our backendRefs that stand in no group.
	strays map[int]bool
	// ours says that it is a rule of this release for requests that match, others that it is one of another release.
	ours, others bool
}

// group is a backendRef to the released Service, as the user wrote it or as the three of a release, or what somebody left of
// them.
type group struct {
	at, size int
	key      string
	// user, stable and canary are the backendRefs that are there.
	user, stable, canary object
	switched             bool // the stable version's comes before the user's
}

// intact says that all three are there.
func (g group) intact() bool { return g.user != nil && g.stable != nil && g.canary != nil }

// untouched says that it is as a user writes it.
func (g group) untouched() bool { return g.stable == nil && g.canary == nil }

// total is the weight of all that is there.
func (g group) total() int64 { return weight(g.user) + weight(g.stable) + weight(g.canary) }

// percent of the total that the new version gets.
func (g group) percent() int32 {
	if g.total() == 0 {
		return 0
	}
	return int32(100 * weight(g.canary) / g.total())
}

// names are the Services of a release. also are those of others on the same route.
type names struct {
	namespace, user, stable, canary string
	also                            []names
}

// namesOf gives the names of a release on a route with those memos.
func namesOf(t traffic.Target, all map[string]memo) names {
	n := names{namespace: t.Namespace, user: t.Service, stable: traffic.StableService(t.Service), canary: traffic.CanaryService(t.Service)}
	for service := range all {
		if service != t.Service {
			t.Service = service
			n.also = append(n.also, namesOf(t, nil))
		}
	}
	return n
}

// is says which of the names a backendRef has; empty for any other object.
func (n names) is(ref object) string {
	name := text(ref, "name")
	if name != n.user && name != n.stable && name != n.canary || !service(ref) || cmp.Or(text(ref, "namespace"), n.namespace) != n.namespace {
		return ""
	}
	return name
}

// service says that a backendRef is to a Service.
func service(ref object) bool {
	return cmp.Or(text(ref, "kind"), "Service") == "Service" && text(ref, "group") == ""
}

// read looks at the rules of a route for one Service. A backendRef that the user gave weight 0 leads nowhere and is left alone.
func (n names) read(rules []object) []rule {
	seen := map[string]int{}
	var out []rule
	for _, content := range rules {
		r := rule{content: content, refs: list(content, "backendRefs"), strays: map[int]bool{}}
		key := identity(content)
		if r.others = n.othersMatch(content); r.others {
			key = "m" + key // it comes and goes, and may match the same as the rule that it is made of
		}
		for i := 0; i < len(r.refs); {
			g := n.group(r.refs, i)
			switch {
			case g.size == 0:
			case g.user == nil && g.stable == nil:
				r.strays[i] = true
			case g.untouched() && weight(g.user) == 0:
			default:
				g.key = fmt.Sprintf("%s.%d", key, seen[key])
				seen[key]++
				r.groups = append(r.groups, g)
			}
			i += max(g.size, 1)
		}
		r.ours = len(r.groups) == 0 && len(r.strays) > 0
		out = append(out, r)
	}
	return out
}

// othersMatch says that a rule is one of another release, for requests that match.
func (n names) othersMatch(content object) bool {
	for _, other := range n.also {
		if other.read([]object{content})[0].ours {
			return true
		}
	}
	return false
}

// group is what begins at a place of a list of backendRefs; its size is 0 where that is of somebody else.
func (n names) group(refs []object, at int) group {
	g := group{at: at}
	for _, ref := range refs[at:] {
		into := &g.canary
		switch n.is(ref) {
		case n.user:
			into = &g.user
		case n.stable:
			into = &g.stable
		case n.canary:
		default:
			return g
		}
		if *into != nil || g.size > 0 && number(ref, "port") != number(refs[at], "port") || g.canary != nil {
			return g // it is the next one
		}
		*into = ref
		g.size++
		g.switched = g.stable != nil && (g.user == nil || into == &g.user || g.switched)
	}
	return g
}

// share is what the three of a group get.
type share struct {
	total    int64
	percent  int32
	switched bool
	// modifier is a filter of the new version's backendRef; nil for none.
	modifier object
}

// three gives the backendRefs of a group in a release.
func (n names) three(g group, s share) []any {
	canary := s.total * int64(s.percent) / 100
	first, second := n.user, n.stable
	if s.switched {
		first, second = second, first
	}
	return []any{
		g.ref(first, s.total-canary), g.ref(second, 0), g.newVersion(n.canary, canary, s.modifier),
	}
}

// newVersion is the backendRef of the new version.
func (g group) newVersion(name string, weight int64, modifier object) object {
	ref := g.ref(name, weight)
	if modifier == nil {
		return ref
	}
	filters := items(ref, "filters")
	for _, f := range filters {
		if filter, is := f.(object); is && text(filter, "type") == text(modifier, "type") {
			filter["requestHeaderModifier"] = joined(part(filter, "requestHeaderModifier"), part(modifier, "requestHeaderModifier"))
			return ref
		}
	}
	ref["filters"] = append(filters, modifier)
	return ref
}

// ref is the user's backendRef with another name and weight; where somebody removed it, what is left of it in ours.
func (g group) ref(name string, weight int64) object {
	from := g.user
	if from == nil {
		from = g.stable
	}
	ref := runtime.DeepCopyJSON(from)
	ref["name"], ref["weight"] = name, weight
	return ref
}

// joined is one change of headers after another.
func joined(first, then object) object {
	out := object{}
	for _, key := range []string{"add", "remove", "set"} {
		if all := append(items(first, key), items(then, key)...); len(all) > 0 {
			out[key] = all
		}
	}
	return out
}

// identity tells rules of a route apart by what they match, whatever their place is.
func identity(rule object) string {
	// Marshalling what was read from JSON can't fail.
	raw, _ := json.Marshal([]any{rule["name"], rule["matches"]})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:3])
}

// weight of a backendRef; 1 unless it says so (GEP-718), and 0 for none.
func weight(ref object) int64 {
	if ref == nil {
		return 0
	}
	if _, says := ref["weight"]; !says {
		return 1
	}
	return number(ref, "weight")
}

func number(o object, key string) int64 {
	switch n := o[key].(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

func part(o object, key string) object {
	p, _ := o[key].(object)
	return p
}

func items(o object, key string) []any {
	l, _ := o[key].([]any)
	return l
}

// list gives the objects of a list.
func list(o object, key string) []object {
	var out []object
	for _, item := range items(o, key) {
		is, _ := item.(object)
		out = append(out, is)
	}
	return out
}
