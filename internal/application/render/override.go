// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Override applies the override policies among policies to components, in order (spec/kubevela.md 4.5). The given
// components are not changed. Two things differ from KubeVela: a name matches whole names only, and the second trait of
// a type in a policy goes with the second trait of that type in the component.
func Override(components []v1beta1.Component, policies []v1beta1.Policy) ([]v1beta1.Component, error) {
	out := make([]v1beta1.Component, len(components))
	for i := range components {
		out[i] = *components[i].DeepCopy()
	}
	for _, policy := range policies {
		if policy.Type != "override" {
			continue
		}
		at := "policy " + policy.Name + ", properties"
		params, faults := definition.DecodeOverride(at, policy.Properties)
		if len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		var err error
		for i, entry := range params.Components {
			if out, err = overrideOne(schema.Index(at+".components", i), out, entry); err != nil {
				return nil, err
			}
		}
		if out, err = selectComponents(at+".selector", out, params.Selector); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func selectComponents(at string, components []v1beta1.Component, names []string) ([]v1beta1.Component, error) {
	if len(names) == 0 {
		return components, nil
	}
	for i, name := range names {
		if !slices.ContainsFunc(components, func(c v1beta1.Component) bool { return c.Name == name }) {
			return nil, schema.Faultf(schema.Index(at, i), "there is no component %q; write the name of one or remove it", name)
		}
	}
	return slices.DeleteFunc(components, func(c v1beta1.Component) bool { return !slices.Contains(names, c.Name) }), nil
}

func overrideOne(at string, components []v1beta1.Component, entry definition.OverrideComponent) ([]v1beta1.Component, error) {
	pattern, err := entry.Pattern()
	if err != nil {
		return nil, fmt.Errorf("%s.name: %w", at, err)
	}
	hit := false
	for i := range components {
		comp := &components[i]
		sameType := entry.Type == "" || entry.Type == comp.Type
		switch {
		case entry.Name == "" && !sameType:
		case entry.Name != "" && !pattern.MatchString(comp.Name):
		case !sameType:
			hit = true
			*comp, err = added(at, entry, comp.Name)
		default:
			hit = true
			err = merge(at, comp, entry)
		}
		if err != nil {
			return nil, err
		}
	}
	if hit || entry.Name == "" {
		return components, nil
	}
	comp, err := added(at, entry, entry.Name)
	if err != nil {
		return nil, err
	}
	return append(components, comp), nil
}

// added is the entry as a component of its own.
func added(at string, entry definition.OverrideComponent, name string) (v1beta1.Component, error) {
	if entry.Type == "" {
		return v1beta1.Component{}, schema.Faultf(at+".name", "no component matches %q; write the name of one, or add type for a new component", entry.Name)
	}
	comp := v1beta1.Component{Name: name, Type: entry.Type}
	err := merge(at, &comp, entry)
	return comp, err
}

func merge(at string, comp *v1beta1.Component, entry definition.OverrideComponent) error {
	if entry.ExternalRevision != "" {
		comp.ExternalRevision = entry.ExternalRevision
	}
	var err error
	if comp.Properties, err = mergeProperties(comp.Properties, entry.Properties); err != nil {
		return fmt.Errorf("%s.properties: %w", at, err)
	}
	nth := map[string]int{}
	var removed []int
	for i, change := range entry.Traits {
		position := traitPosition(comp.Traits, change.Type, nth[change.Type])
		nth[change.Type]++
		switch {
		case change.Disable && position >= 0:
			removed = append(removed, position)
		case change.Disable:
		case position < 0:
			comp.Traits = append(comp.Traits, v1beta1.Trait{Type: change.Type, Properties: change.Properties.DeepCopy()})
		default:
			trait := &comp.Traits[position]
			if trait.Properties, err = mergeProperties(trait.Properties, change.Properties); err != nil {
				return fmt.Errorf("%s.properties: %w", schema.Index(at+".traits", i), err)
			}
		}
	}
	slices.Sort(removed)
	for _, position := range slices.Backward(removed) {
		comp.Traits = slices.Delete(comp.Traits, position, position+1)
	}
	return nil
}

// traitPosition is where the n-th trait of a type is, counted from 0, or -1.
func traitPosition(traits []v1beta1.Trait, kind string, n int) int {
	for i, trait := range traits {
		if trait.Type != kind {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
	return -1
}

// mergeProperties merges maps deeply; lists and single values are replaced.
func mergeProperties(base, over *runtime.RawExtension) (*runtime.RawExtension, error) {
	if over == nil || len(over.Raw) == 0 {
		return base, nil
	}
	if base == nil || len(base.Raw) == 0 {
		return over.DeepCopy(), nil
	}
	below, err := schema.Parse(base.Raw)
	if err != nil {
		return nil, err
	}
	above, err := schema.Parse(over.Raw)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(mergeValues(below, above))
	if err != nil {
		return nil, fmt.Errorf("writing merged properties: %w", err)
	}
	return &runtime.RawExtension{Raw: raw}, nil
}

func mergeValues(below, above any) any {
	belowMap, ok := below.(map[string]any)
	aboveMap, both := above.(map[string]any)
	if !ok || !both {
		return above
	}
	for key, value := range aboveMap {
		belowMap[key] = mergeValues(belowMap[key], value)
	}
	return belowMap
}
