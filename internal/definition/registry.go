// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Registry is a set of definitions. Its slices are sorted by name.
type Registry struct {
	Components []Component
	Traits     []Trait
	Policies   []Policy
}

// Scope is what a definition may know about where it is rendered.
type Scope struct {
	AppName   string
	Namespace string
	Component string
	// Revision is the name of the application revision.
	Revision string
}

// Output is one object that a definition makes. Resource is its key within the definition, "" for the workload. The
// object has a kind, a name and a spec; namespace and the common labels are stamped on it later.
type Output struct {
	Resource string
	Object   *unstructured.Unstructured
}

// Seen is what is live of the objects that a definition made.
type Seen struct {
	AppName string
	// Workload is nil while it is absent.
	Workload *unstructured.Unstructured
	// Objects holds the live ones by Output.Resource; Wanted all of them as they were rendered.
	Objects map[string]*unstructured.Unstructured
	Wanted  map[string]*unstructured.Unstructured
}

// Health is the state of a component or a trait, with a message for a person that may be empty.
type Health struct {
	Healthy bool
	Message string
}

// Component makes a workload.
type Component struct {
	Name    string
	Summary string
	Schema  func() *schema.Schema
	// Check returns every fault of the properties, whose path is at.
	Check func(at string, properties *runtime.RawExtension) []error
	// Render returns the workload first. Properties that Check accepts render without error.
	Render func(at string, scope Scope, properties *runtime.RawExtension) ([]Output, error)
	Health func(Seen) Health
}

// Trait adds to a workload: it changes it, or makes objects beside it.
type Trait struct {
	Name    string
	Summary string
	// Kinds of workloads that it applies to.
	Kinds  []string
	Schema func() *schema.Schema
	Check  func(at string, properties *runtime.RawExtension) []error
	// Render may change the workload in place and returns the objects beside it.
	Render func(at string, scope Scope, properties *runtime.RawExtension, workload *unstructured.Unstructured) ([]Output, error)
	Health func(Seen) Health
}

// Policy shapes how components are deployed; it makes no objects.
type Policy struct {
	Name    string
	Summary string
	Schema  func() *schema.Schema
	Check   func(at string, properties *runtime.RawExtension) []error
}

// UnknownType is the error for a type that is in no list.
type UnknownType struct {
	// Sort is component, trait or policy.
	Sort  string
	Type  string
	Known []string
}

// Error says what is unknown and what to write.
func (e *UnknownType) Error() string {
	if base, revision, pinned := strings.Cut(e.Type, "@"); pinned {
		for _, known := range e.Known {
			if base == known {
				return "the built-in " + e.Sort + " " + base + " has no revision " + revision + "; write " + base
			}
		}
	}
	sentence := "there is no " + e.Sort + " type " + quoted(e.Type) + "; "
	if near := schema.Nearest(e.Type, e.Known); near != "" {
		return sentence + "write " + near + " (known are " + strings.Join(e.Known, ", ") + ")"
	}
	return sentence + "write " + schema.List(e.Known)
}

// Component finds a component definition by its type. The error is an *UnknownType.
func (r *Registry) Component(name string) (Component, error) {
	known := make([]string, 0, len(r.Components))
	for _, c := range r.Components {
		if c.Name == name {
			return c, nil
		}
		known = append(known, c.Name)
	}
	return Component{}, &UnknownType{Sort: "component", Type: name, Known: known}
}

// Trait finds a trait definition by its type. The error is an *UnknownType.
func (r *Registry) Trait(name string) (Trait, error) {
	known := make([]string, 0, len(r.Traits))
	for _, t := range r.Traits {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Trait{}, &UnknownType{Sort: "trait", Type: name, Known: known}
}

// Policy finds a policy definition by its type. The error is an *UnknownType.
func (r *Registry) Policy(name string) (Policy, error) {
	known := make([]string, 0, len(r.Policies))
	for _, p := range r.Policies {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Policy{}, &UnknownType{Sort: "policy", Type: name, Known: known}
}

// parameters reads properties of one definition into its struct. The schema is derived once for each registry.
type parameters[P any] struct {
	what   string
	schema func() *schema.Schema
}

func parametersOf[P any](what string) parameters[P] {
	return parameters[P]{what: what, schema: sync.OnceValue(schema.Of[P])}
}

func (p parameters[P]) decode(at string, properties *runtime.RawExtension) (P, []error) {
	var raw []byte
	if properties != nil {
		raw = properties.Raw
	}
	return schema.Decode[P](p.schema(), at, p.what, raw)
}

func (p parameters[P]) check(at string, properties *runtime.RawExtension) []error {
	_, faults := p.decode(at, properties)
	return faults
}

// rendering is how a component is rendered from its parameters, once they are read.
func (p parameters[P]) rendering(render func(P, Scope) ([]Output, error)) func(string, Scope, *runtime.RawExtension) ([]Output, error) {
	return func(at string, scope Scope, properties *runtime.RawExtension) ([]Output, error) {
		params, faults := p.decode(at, properties)
		if len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		return render(params, scope)
	}
}
