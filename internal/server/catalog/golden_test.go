// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/server/api"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestThePagesAreTestedWithTheTypesAsTheyAre: testdata/definitions.json is what the server answers; the tests of the pages read it.
func TestThePagesAreTestedWithTheTypesAsTheyAre(t *testing.T) {
	const golden = "testdata/definitions.json"
	c := New(definition.Builtin())
	var all []api.Definition
	for _, e := range c.entries {
		got, err := c.GetDefinition(t.Context(), api.GetDefinitionRequestObject{Type: e.kind, Name: e.name})
		if err != nil {
			t.Fatal(err)
		}
		d, ok := got.(api.GetDefinition200JSONResponse)
		if !ok {
			t.Fatalf("%s: %T", e.name, got)
		}
		all = append(all, api.Definition(d))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(all); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil { //nolint:gosec // read by other tests
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s is not what the server answers (%v); go test ./internal/server/catalog -update writes it anew", golden, err)
	}
}
