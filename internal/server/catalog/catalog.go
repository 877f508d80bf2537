// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

// Catalog answers the operations of this package.
type Catalog struct {
	entries []entry
}

// entry is one definition.
type entry struct {
	kind      api.DefinitionType
	name      string
	summary   string
	workloads []string
	schema    *schema.Schema
}

// New returns a catalog of definitions and of the types of steps.
func New(definitions *definition.Registry) *Catalog {
	c := &Catalog{}
	for _, d := range definitions.Components {
		c.entries = append(c.entries, entry{api.DefinitionTypeComponent, d.Name, d.Summary, nil, d.Schema()})
	}
	for _, d := range definitions.Traits {
		c.entries = append(c.entries, entry{api.DefinitionTypeTrait, d.Name, d.Summary, d.Kinds, d.Schema()})
	}
	for _, d := range definitions.Policies {
		c.entries = append(c.entries, entry{api.DefinitionTypePolicy, d.Name, d.Summary, nil, d.Schema()})
	}
	for _, t := range step.Types() {
		c.entries = append(c.entries, entry{api.DefinitionTypeWorkflowStep, t.Name, t.Summary, nil, t.Schema()})
	}
	return c
}

// ListDefinitions lists types, of one sort or of all.
func (c *Catalog) ListDefinitions(_ context.Context, req api.ListDefinitionsRequestObject) (api.ListDefinitionsResponseObject, error) {
	out := api.ListDefinitions200JSONResponse{Items: []api.DefinitionSummary{}}
	for _, e := range c.entries {
		if req.Params.Type == "" || req.Params.Type == e.kind {
			out.Items = append(out.Items, api.DefinitionSummary{Type: e.kind, Name: e.name, Title: titleOf(e.name), Summary: summaryOf(e), Workloads: e.workloads})
		}
	}
	return out, nil
}

// GetDefinition is one type with the schema of its properties.
func (c *Catalog) GetDefinition(_ context.Context, req api.GetDefinitionRequestObject) (api.GetDefinitionResponseObject, error) {
	for _, e := range c.entries {
		if e.kind != req.Type || e.name != req.Name {
			continue
		}
		raw, err := json.Marshal(e.schema)
		if err != nil {
			return nil, fmt.Errorf("writing the schema of %s: %w", e.name, err)
		}
		out := api.GetDefinition200JSONResponse{
			Type: e.kind, Name: e.name, Title: titleOf(e.name), Summary: summaryOf(e), Workloads: e.workloads,
			UiSchema: hints(e), I18n: labels(e.schema), Help: help(e.schema), Example: example(e.name),
		}
		if err := json.Unmarshal(raw, &out.JsonSchema); err != nil {
			return nil, fmt.Errorf("reading the schema of %s: %w", e.name, err)
		}
		return out, nil
	}
	return nil, problem.NotFound(string(req.Type), req.Name)
}

// walk calls visit for each property, with its pointer and its name.
func walk(s *schema.Schema, at string, visit func(pointer, name string, s *schema.Schema)) {
	if s == nil {
		return
	}
	for _, name := range s.Names() {
		visit(at+"/"+name, name, s.Properties[name])
		walk(s.Properties[name], at+"/"+name, visit)
	}
	walk(s.Items, at+"/items", visit)
	walk(s.Additional, at+"/additionalProperties", visit)
}

// labels of all properties by language.
func labels(s *schema.Schema) map[string]map[string]string {
	en, zh := map[string]string{}, map[string]string{}
	walk(s, "", func(pointer, name string, _ *schema.Schema) {
		w, ok := words()[name]
		if !ok {
			w = api.Words{En: name, Zh: name}
		}
		en[pointer], zh[pointer] = w.En, w.Zh
	})
	return map[string]map[string]string{"en": en, "zh": zh}
}

// hint is how a property is shown in a form.
type hint struct {
	Order    int    `json:"order"`
	Advanced bool   `json:"advanced,omitempty"`
	Widget   string `json:"widget"`
}

// hints of all properties by pointer: those that most people need come first, then what is required, the others are advanced.
func hints(e entry) map[string]any {
	out := map[string]any{}
	essential := essentials()[e.name]
	place := func(name string) (int, bool) {
		for i, n := range essential {
			if n == name {
				return i + 1, true
			}
		}
		return 0, false
	}
	n := len(essential)
	walk(e.schema, "", func(pointer, name string, s *schema.Schema) {
		n++
		h := hint{Order: n, Widget: widget(name, s)}
		if pointer == "/"+name {
			at, first := place(name)
			if first {
				h.Order = at
			}
			h.Advanced = !first && len(essential) > 0
		}
		out[pointer] = h
	})
	return out
}

// widget is what edits a property.
func widget(name string, s *schema.Schema) string {
	switch {
	case name == "image", name == "cpu", name == "memory":
		return name
	case name == "message", name == "description":
		return "textarea"
	case len(s.Enum) > 0:
		return "select"
	}
	switch s.Type {
	case schema.TypeInteger, schema.TypeNumber:
		return "number"
	case schema.TypeBoolean:
		return "switch"
	case schema.TypeArray:
		return "list"
	case schema.TypeObject:
		if len(s.Properties) > 0 {
			return "group"
		}
		return "map"
	default:
		return "text"
	}
}

// essentials are the properties that are shown before a person asks for more, in order. A type that is not here shows all.
func essentials() map[string][]string {
	container := []string{"image", "ports", "cpu", "memory", "env"}
	return map[string][]string{
		"webservice":    container,
		"daemon":        container,
		"statefulset":   append(append([]string{}, container...), "volumes"),
		"worker":        {"image", "cmd", "cpu", "memory", "env"},
		"scaler":        {"replicas"},
		"gateway":       {"domain", "http"},
		"http-route":    {"domains", "rules"},
		"https-route":   {"domains", "rules", "secrets"},
		"storage":       {"configMap", "secret", "pvc", "emptyDir"},
		"canary-deploy": {"weight", "components"},
		"suspend":       {"duration", "message"},
		"deploy":        {"policies"},
	}
}

// example are properties to begin with; nil where a form begins empty.
func example(name string) map[string]any {
	return map[string]map[string]any{
		"webservice":    {"image": "", "ports": []any{map[string]any{"port": 80, "expose": true}}},
		"scaler":        {"replicas": 1},
		"gateway":       {"domain": "", "http": map[string]any{"/": 80}},
		"canary-deploy": {"weight": 20},
	}[name]
}
