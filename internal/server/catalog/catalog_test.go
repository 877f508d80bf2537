// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/server/api"
)

func TestEverythingHasWordsInBothLanguages(t *testing.T) {
	used := map[string]bool{}
	for _, e := range New(definition.Builtin()).entries {
		if titles()[e.name].Zh == "" || titles()[e.name].En == "" || summaries()[e.name] == "" || e.summary == "" {
			t.Errorf("%s %s has no title or no summary in both languages", e.kind, e.name)
		}
		walk(e.schema, "", func(pointer, name string, _ *schema.Schema) {
			used[name] = true
			if w := words()[name]; w.En == "" || w.Zh == "" {
				t.Errorf("%s of %s has no label in both languages", pointer, e.name)
			}
		})
	}
	chinese := explanations()
	explained := map[string]bool{}
	for _, e := range New(definition.Builtin()).entries {
		walk(e.schema, "", func(pointer, _ string, s *schema.Schema) {
			explained[s.Description] = true
			if s.Description != "" && chinese[s.Description] == "" {
				t.Errorf("%s of %s is explained in English alone: %s", pointer, e.name, s.Description)
			}
		})
	}
	for english := range chinese {
		if !explained[english] {
			t.Errorf("%q explains no property", english)
		}
	}
	for name := range words() {
		if !used[name] {
			t.Errorf("the label of %s is of no property", name)
		}
	}
}

func TestWhatIsShownFirstIsThere(t *testing.T) {
	byName := map[string]entry{}
	for _, e := range New(definition.Builtin()).entries {
		byName[e.name] = e
	}
	for name, properties := range essentials() {
		e, ok := byName[name]
		if !ok {
			t.Errorf("there is no type %s", name)
			continue
		}
		for i, property := range properties {
			if e.schema.Properties[property] == nil {
				t.Errorf("%s has no property %s", name, property)
				continue
			}
			h, _ := hints(e)["/"+property].(hint)
			if h.Order != i+1 || h.Advanced {
				t.Errorf("%s of %s is shown at %d, advanced %v", property, name, h.Order, h.Advanced)
			}
		}
		for _, required := range e.schema.Required {
			if h, _ := hints(e)["/"+required].(hint); h.Advanced {
				t.Errorf("%s of %s is required and is not shown", required, name)
			}
		}
	}
}

func TestADefinitionIsFoundByItsSort(t *testing.T) {
	c := New(definition.Builtin())
	got, err := c.GetDefinition(t.Context(), api.GetDefinitionRequestObject{Type: api.DefinitionTypeTrait, Name: "scaler"})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := got.(api.GetDefinition200JSONResponse)
	if !ok || d.JsonSchema["type"] != "object" || d.I18n["zh"]["/replicas"] != "副本数" || d.Help["zh"]["/replicas"] != "Pod 的数量。" || len(d.Workloads) == 0 {
		t.Errorf("%+v", got)
	}
	if _, err := c.GetDefinition(t.Context(), api.GetDefinitionRequestObject{Type: api.DefinitionTypeComponent, Name: "scaler"}); err == nil {
		t.Error("a trait was found as a component")
	}
}
