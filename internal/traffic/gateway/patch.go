// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/vela-rollouts/vela/internal/traffic"
)

// changedRules gives the operations that lead from one list of rules to another. The user's rules keep their order, and of
// them only backendRefs change; rules of ours may come and go between them.
func changedRules(from, to []any) []traffic.Op {
	if ops, aligned := inPlace(from, to); aligned {
		return ops
	}
	var ops []traffic.Op
	kept := slices.Clone(from)
	for i := len(kept) - 1; i >= 0; i-- {
		if find(to, kept[i]) < 0 {
			ops = append(ops, traffic.Op{Op: "test", Path: rulePath(i), Value: kept[i]}, traffic.Op{Op: "remove", Path: rulePath(i)})
			kept = slices.Delete(kept, i, i+1)
		}
	}
	for i, want := range to {
		if i < len(kept) && sameButRefs(kept[i], want) {
			ops = append(ops, changedRefs(i, kept[i], want)...)
			continue
		}
		ops = append(ops, traffic.Op{Op: "add", Path: rulePath(i), Value: want})
		kept = slices.Insert(kept, i, want)
	}
	for i := len(kept) - 1; i >= len(to); i-- {
		ops = append(ops, traffic.Op{Op: "test", Path: rulePath(i), Value: kept[i]}, traffic.Op{Op: "remove", Path: rulePath(i)})
	}
	return ops
}

// inPlace gives the operations where the rules are the same but for their backendRefs.
func inPlace(from, to []any) ([]traffic.Op, bool) {
	if len(from) != len(to) {
		return nil, false
	}
	var ops []traffic.Op
	for i := range to {
		if !sameButRefs(from[i], to[i]) {
			return nil, false
		}
		ops = append(ops, changedRefs(i, from[i], to[i])...)
	}
	return ops, true
}

func changedRefs(at int, from, to any) []traffic.Op {
	a, _ := from.(object)
	b, _ := to.(object)
	if equality.Semantic.DeepEqual(a["backendRefs"], b["backendRefs"]) {
		return nil
	}
	path := rulePath(at) + "/backendRefs"
	return []traffic.Op{
		// The matches tell that it is the same rule still, whatever was put before it.
		{Op: "test", Path: rulePath(at) + "/matches", Value: a["matches"]},
		{Op: "test", Path: path, Value: a["backendRefs"]}, {Op: "replace", Path: path, Value: b["backendRefs"]},
	}
}

// find gives the place of the rule that is the same but for its backendRefs; below 0 where there is none.
func find(rules []any, rule any) int {
	return slices.IndexFunc(rules, func(r any) bool { return sameButRefs(r, rule) })
}

func sameButRefs(a, b any) bool {
	x, _ := a.(object)
	y, _ := b.(object)
	x, y = maps.Clone(x), maps.Clone(y)
	delete(x, "backendRefs")
	delete(y, "backendRefs")
	return equality.Semantic.DeepEqual(x, y)
}

func rulePath(i int) string { return fmt.Sprintf("/spec/rules/%d", i) }

// changedAnnotations gives the operations that lead from one set of annotations to another.
func changedAnnotations(from, to map[string]string) []traffic.Op {
	if len(from) == 0 && len(to) > 0 {
		// That there still are none is what a test for null says.
		return []traffic.Op{{Op: "test", Path: "/metadata/annotations"}, {Op: "add", Path: "/metadata/annotations", Value: to}}
	}
	var ops []traffic.Op
	for _, key := range slices.Sorted(maps.Keys(to)) {
		path := annotationPath(key)
		switch was, there := from[key]; {
		case !there:
			ops = append(ops, traffic.Op{Op: "add", Path: path, Value: to[key]})
		case was != to[key]:
			ops = append(ops, traffic.Op{Op: "test", Path: path, Value: was}, traffic.Op{Op: "replace", Path: path, Value: to[key]})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if _, stays := to[key]; !stays {
			ops = append(ops, traffic.Op{Op: "test", Path: annotationPath(key), Value: from[key]}, traffic.Op{Op: "remove", Path: annotationPath(key)})
		}
	}
	return ops
}

// annotationPath is the JSON pointer (RFC 6901) of an annotation.
func annotationPath(key string) string {
	return "/metadata/annotations/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
