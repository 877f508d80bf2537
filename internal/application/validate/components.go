// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

func components(reg *definition.Registry, app *v1beta1.Application) []error {
	var faults []error
	var names []string
	first, needs := map[string]int{}, map[string][]string{}
	for i, comp := range app.Spec.Components {
		at := schema.Index("spec.components", i)
		if earlier, repeated := first[comp.Name]; repeated {
			faults = append(faults, schema.Faultf(at+".name", "duplicated component name %s, which components[%d] has already; give each component a name of its own", cut(comp.Name), earlier))
		} else {
			first[comp.Name] = i
			names = append(names, comp.Name)
		}
		needs[comp.Name] = comp.DependsOn
	}
	for i, comp := range app.Spec.Components {
		at := schema.Index("spec.components", i)
		faults = append(faults, componentName(at, comp)...)
		for j, needed := range comp.DependsOn {
			if _, found := first[needed]; !found {
				faults = append(faults, schema.Faultf(schema.Index(at+".dependsOn", j),
					"component %s not found, which is depended by %s; write %s", cut(needed), cut(comp.Name), otherNames(needed, comp.Name, names)))
			}
		}
		if !repaired(reg, app, comp) {
			faults = append(faults, parameters(reg, at, comp)...)
		}
	}
	if found := loop(names, needs); found != nil {
		at := schema.Index("spec.components", first[found[0]]) + ".dependsOn"
		faults = append(faults, schema.Faultf(at, "the components %s wait for one another; remove one of these dependencies", cut(strings.Join(found, " -> "))))
	}
	return faults
}

func componentName(at string, comp v1beta1.Component) []error {
	if comp.Name == "" {
		return []error{schema.Faultf(at+".name", "is missing; add a name for the component")}
	}
	if len(validation.IsDNS1123Label(comp.Name)) > 0 {
		return []error{schema.Faultf(at+".name", "%q is no name for objects; write at most 63 of a-z, 0-9 and dashes", cut(comp.Name))}
	}
	return nil
}

// otherNames proposes names for one that is not there.
func otherNames(wrong, own string, names []string) string {
	others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == own })
	if near := schema.Nearest(wrong, others); near != "" {
		return near
	}
	if len(others) == 0 {
		return "a component for it, or remove the dependency"
	}
	return cut(schema.List(others))
}

// repaired tells whether the override policies fill in what the component lacks: an application may leave, say, the image
// to its policies.
func repaired(reg *definition.Registry, app *v1beta1.Application, comp v1beta1.Component) bool {
	if !slices.ContainsFunc(app.Spec.Policies, func(p v1beta1.Policy) bool { return p.Type == "override" }) {
		return false
	}
	merged, err := render.Override(app.Spec.Components, app.Spec.Policies)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(merged, func(c v1beta1.Component) bool { return c.Name == comp.Name })
	return i >= 0 && len(parameters(reg, "", merged[i])) == 0
}

// parameters checks the types and properties of a component and its traits.
func parameters(reg *definition.Registry, at string, comp v1beta1.Component) []error {
	var faults []error
	if comp.Type == "" {
		faults = append(faults, schema.Faultf(at+".type", "is missing; add the type of the component, for example webservice"))
	} else if def, err := reg.Component(comp.Type); err != nil {
		faults = append(faults, schema.FaultOf(schema.UnknownType, at+".type", "%v", err))
	} else {
		faults = append(faults, def.Check(at+".properties", comp.Properties)...)
	}
	for i, trait := range comp.Traits {
		at := schema.Index(at+".traits", i)
		if trait.Type == "" {
			faults = append(faults, schema.Faultf(at+".type", "is missing; add the type of the trait, for example scaler"))
			continue
		}
		def, err := reg.Trait(trait.Type)
		if err != nil {
			faults = append(faults, schema.FaultOf(schema.UnknownType, at+".type", "%v", err))
			continue
		}
		faults = append(faults, def.Check(at+".properties", trait.Properties)...)
	}
	return faults
}
