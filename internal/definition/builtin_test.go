// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// TestSchemas compares the JSON schema of every built-in definition with testdata/<sort>-<name>.schema.json; forms and
// documentation are made from them. Run with -update after a change of parameters.
func TestSchemas(t *testing.T) {
	registry := definition.Builtin()
	schemas := map[string]*schema.Schema{}
	for _, c := range registry.Components {
		schemas["component-"+c.Name] = c.Schema()
	}
	for _, c := range registry.Traits {
		schemas["trait-"+c.Name] = c.Schema()
	}
	for _, c := range registry.Policies {
		schemas["policy-"+c.Name] = c.Schema()
	}
	for name, s := range schemas {
		t.Run(name, func(t *testing.T) {
			undescribed(t, name, s)
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(s); err != nil {
				t.Fatal(err)
			}
			golden := "testdata/" + name + ".schema.json"
			if flag.Lookup("update").Value.String() == "true" {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("no golden file; run with -update: %v", err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("the schema of %s differs (-want +got); run with -update if that is meant:\n%s", name, diff)
			}
		})
	}
}

// undescribed fails for a parameter without description, or with a required name that is no field.
func undescribed(t *testing.T, at string, s *schema.Schema) {
	t.Helper()
	for name, property := range s.Properties {
		if property.Description == "" {
			t.Errorf("%s.%s has no doc tag; say what it is in one sentence", at, name)
		}
		undescribed(t, at+"."+name, property)
	}
	if s.Items != nil {
		undescribed(t, at+"[]", s.Items)
	}
}

func TestListsAreSorted(t *testing.T) {
	registry := definition.Builtin()
	var components, traits, policies []string
	for _, c := range registry.Components {
		components = append(components, c.Name)
	}
	for _, c := range registry.Traits {
		traits = append(traits, c.Name)
	}
	for _, c := range registry.Policies {
		policies = append(policies, c.Name)
	}
	for _, names := range [][]string{components, traits, policies} {
		if !slices.IsSorted(names) {
			t.Errorf("%v is not sorted; sentences list it as it is", names)
		}
	}
}
