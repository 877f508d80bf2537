// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
)

// longestValue is how much of a value a change tells, in characters.
const longestValue = 256

// The operations of a Change.
const (
	ChangeAdded   = "added"
	ChangeRemoved = "removed"
	ChangeChanged = "changed"
)

// The kinds of a Change.
const (
	ChangeImage     = "image"
	ChangeReplicas  = "replicas"
	ChangeComponent = "component"
	ChangeTrait     = "trait"
	ChangePolicy    = "policy"
	ChangeProperty  = "property"
)

// Change is one difference between two specifications that a person would name.
type Change struct {
	// Op and Kind are among the constants above.
	Op   string `json:"op"`
	Kind string `json:"kind"`
	// Component and Trait that it is about, if any.
	Component string `json:"component,omitempty"`
	Trait     string `json:"trait,omitempty"`
	// Path is a JSON pointer into the specification on the right, or on the left for what was removed.
	Path string `json:"path"`
	// Field is what it is called below that component, trait or policy, such as ports[0].port.
	Field string `json:"field,omitempty"`
	// From and To are the values as text.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Changes are what is different between two specifications, in the order of the components. How they are released
// (spec.workflow) is not part of what they are; Released says whether that differs.
func Changes(left, right corev1beta1.ApplicationSpec) []Change {
	var all []Change
	names := orderOf(left.Components, right.Components, func(c corev1beta1.Component) string { return c.Name })
	for _, name := range names {
		l, r := indexOf(left.Components, name), indexOf(right.Components, name)
		switch {
		case l < 0:
			all = append(all, Change{Op: ChangeAdded, Kind: ChangeComponent, Component: name, Path: pathOf("components", r), To: right.Components[r].Type})
		case r < 0:
			all = append(all, Change{Op: ChangeRemoved, Kind: ChangeComponent, Component: name, Path: pathOf("components", l), From: left.Components[l].Type})
		default:
			all = append(all, changesOf(left.Components[l], right.Components[r], pathOf("components", r))...)
		}
	}
	return append(all, policyChanges(left.Policies, right.Policies)...)
}

// Released says that two specifications are released by different steps.
func Released(left, right corev1beta1.ApplicationSpec) bool {
	return textOf(left.Workflow) != textOf(right.Workflow)
}

func changesOf(left, right corev1beta1.Component, path string) []Change {
	var all []Change
	about := Change{Component: right.Name}
	if left.Type != right.Type {
		c := about
		c.Op, c.Kind, c.Path, c.Field, c.From, c.To = ChangeChanged, ChangeProperty, path+"/type", "type", left.Type, right.Type
		all = append(all, c)
	}
	all = append(all, properties(about, left.Properties, right.Properties, path+"/properties")...)
	rest := func(c corev1beta1.Component) corev1beta1.Component {
		c.Type, c.Properties, c.Traits = "", nil, nil
		return c
	}
	if from, to := textOf(rest(left)), textOf(rest(right)); from != to {
		c := about
		c.Op, c.Kind, c.Path, c.Field, c.From, c.To = ChangeChanged, ChangeProperty, path, "dependsOn, inputs, outputs", cutText(from), cutText(to)
		all = append(all, c)
	}
	return append(all, traitChanges(left, right, path)...)
}

// traitChanges compares the n-th trait of a type with the n-th of that type.
func traitChanges(left, right corev1beta1.Component, path string) []Change {
	key := func(traits []corev1beta1.Trait) []string {
		seen, keys := map[string]int{}, make([]string, 0, len(traits))
		for _, t := range traits {
			keys = append(keys, t.Type+"\x00"+strconv.Itoa(seen[t.Type]))
			seen[t.Type]++
		}
		return keys
	}
	lefts, rights := key(left.Traits), key(right.Traits)
	var all []Change
	for _, k := range orderOf(lefts, rights, func(k string) string { return k }) {
		l, r := slices.Index(lefts, k), slices.Index(rights, k)
		kind, _, _ := strings.Cut(k, "\x00")
		about := Change{Component: right.Name, Trait: kind, Kind: ChangeTrait}
		switch {
		case l < 0:
			about.Op, about.Path, about.To = ChangeAdded, path+"/traits/"+strconv.Itoa(r), textOf(right.Traits[r].Properties)
			about.To = cutText(about.To)
			all = append(all, about)
		case r < 0:
			about.Op, about.Path, about.From = ChangeRemoved, path+"/traits/"+strconv.Itoa(l), textOf(left.Traits[l].Properties)
			about.From = cutText(about.From)
			all = append(all, about)
		default:
			all = append(all, properties(about, left.Traits[l].Properties, right.Traits[r].Properties, fmt.Sprintf("%s/traits/%d/properties", path, r))...)
		}
	}
	return all
}

func policyChanges(left, right []corev1beta1.Policy) []Change {
	name := func(p corev1beta1.Policy) string { return first(p.Name, p.Type) }
	find := func(all []corev1beta1.Policy, want string) int {
		return slices.IndexFunc(all, func(p corev1beta1.Policy) bool { return name(p) == want })
	}
	var all []Change
	for _, n := range orderOf(left, right, name) {
		l, r := find(left, n), find(right, n)
		c := Change{Kind: ChangePolicy, Field: n}
		switch {
		case l < 0:
			c.Op, c.Path, c.To = ChangeAdded, pathOf("policies", r), cutText(textOf(right[r]))
		case r < 0:
			c.Op, c.Path, c.From = ChangeRemoved, pathOf("policies", l), cutText(textOf(left[l]))
		default:
			from, to := textOf(left[l]), textOf(right[r])
			if from == to {
				continue
			}
			c.Op, c.Path, c.From, c.To = ChangeChanged, pathOf("policies", r), cutText(from), cutText(to)
		}
		all = append(all, c)
	}
	return all
}

// properties compares two JSON objects leaf by leaf, in the order of their paths.
func properties(about Change, left, right *runtime.RawExtension, path string) []Change {
	lefts, rights := map[string]leaf{}, map[string]leaf{}
	flatten(parsed(left), "", "", lefts)
	flatten(parsed(right), "", "", rights)
	names := slices.Sorted(maps.Keys(lefts))
	for name := range rights {
		if _, ok := lefts[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var all []Change
	for _, name := range names {
		l, inLeft := lefts[name]
		r, inRight := rights[name]
		if inLeft && inRight && l.text == r.text {
			continue
		}
		c := about
		c.Kind, c.Path, c.Field, c.From, c.To = ChangeProperty, path+name, first(r.field, l.field), cutText(l.text), cutText(r.text)
		switch {
		case !inLeft:
			c.Op = ChangeAdded
		case !inRight:
			c.Op = ChangeRemoved
		default:
			c.Op = ChangeChanged
		}
		switch {
		case c.Trait == "" && c.Field == "image":
			c.Kind = ChangeImage
		case c.Trait == "scaler" && c.Field == "replicas":
			c.Kind = ChangeReplicas
		}
		all = append(all, c)
	}
	return all
}

type leaf struct{ field, text string }

// flatten puts the leaves of a JSON value into out, by their pointers.
func flatten(value any, path, field string, out map[string]leaf) {
	switch typed := value.(type) {
	case map[string]any:
		for name, v := range typed {
			escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			below := name
			if field != "" {
				below = field + "." + name
			}
			flatten(v, path+"/"+escaped, below, out)
		}
		if len(typed) == 0 && path != "" {
			out[path] = leaf{field, "{}"}
		}
	case []any:
		for i, v := range typed {
			flatten(v, path+"/"+strconv.Itoa(i), fmt.Sprintf("%s[%d]", field, i), out)
		}
		if len(typed) == 0 {
			out[path] = leaf{field, "[]"}
		}
	case nil:
	case string:
		out[path] = leaf{field, typed}
	default:
		out[path] = leaf{field, textOf(typed)}
	}
}

func parsed(raw *runtime.RawExtension) any {
	if raw == nil || len(raw.Raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw.Raw)))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

// textOf is v as JSON with sorted keys; empty for nothing.
func textOf(v any) string {
	raw, err := json.Marshal(v)
	if err != nil || string(raw) == "null" {
		return ""
	}
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return string(raw)
	}
	sorted, err := json.Marshal(tree)
	if err != nil {
		return string(raw)
	}
	return string(sorted)
}

func cutText(text string) string {
	if runes := []rune(text); len(runes) > longestValue {
		return string(runes[:longestValue]) + "…"
	}
	return text
}

func pathOf(list string, i int) string { return "/" + list + "/" + strconv.Itoa(i) }

func indexOf(all []corev1beta1.Component, name string) int {
	return slices.IndexFunc(all, func(c corev1beta1.Component) bool { return c.Name == name })
}

// orderOf are the names of both, those of the right in their order, then those that only the left has.
func orderOf[T any](left, right []T, name func(T) string) []string {
	var names []string
	for _, list := range [][]T{right, left} {
		for _, one := range list {
			if n := name(one); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}
