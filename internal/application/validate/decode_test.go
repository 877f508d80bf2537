// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

func TestDecode(t *testing.T) {
	cases := map[string]struct {
		reason string
		input  string
		want   string
	}{
		"indented by three":        {"the page's YAML", "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n   name: demo\n", ""},
		"JSON":                     {"YAML contains JSON", `{"apiVersion": "core.oam.dev/v1beta1", "kind": "Application", "metadata": {"name": "demo"}}`, ""},
		"markers around":           {"empty documents are passed over", "---\n# a comment\n---\n" + head + "---\n", ""},
		"what kubectl prints":      {"status and server fields are no faults", head + "  components: []\nstatus: {anything: [1]}\n", ""},
		"empty":                    {"there is nothing to deploy", " \n# nothing\n", "the input is empty; write an Application that begins with apiVersion: core.oam.dev/v1beta1"},
		"a text":                   {"a path instead of its content, for example", "app.yaml\n", "line 1: the document is no map of fields; begin it with apiVersion: core.oam.dev/v1beta1"},
		"two applications":         {"Decode reads one", head + "---\n" + head, "the input holds 2 Applications, and one is expected; put each into a file of its own"},
		"another kind":             {"the fields of another kind are not looked at", "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 1}\n", "apiVersion: \"apps/v1\" is not an Application's; write apiVersion: core.oam.dev/v1beta1\nkind: \"Deployment\" is not an Application's; write kind: Application"},
		"no kind":                  {"both are needed", "metadata: {name: demo}\n", "apiVersion: is missing; add apiVersion: core.oam.dev/v1beta1\nkind: is missing; add kind: Application"},
		"a misspelt field":         {"the nearest is proposed", head + "  component: []\n", "spec.component: an Application has no such field; write components instead"},
		"a field at wrong depth":   {"the path says where it is", head + "  components: [{name: web, type: webservice, image: demo}]\n", "spec.components[0].image: an Application has no such field; remove it or use dependsOn, externalRevision, inputs, name, outputs, properties, traits or type"},
		"a map for a list":         {"the mend is the dash", head + "  components: {name: web}\n", `spec.components: must be a list, but is a map of fields; put a "- " before each entry`},
		"an annotation of numbers": {"annotations are texts", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/publishVersion: 2}}", 1), `metadata.annotations["app.oam.dev/publishVersion"]: must be a text, but is the number 2; put it in quotes: "2"`},
		"a tab":                    {"YAML has no tabs", "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n\tname: demo\n", "line 4: this is not valid YAML (found character that cannot start any token); indent with blanks instead of tabs"},
		"a missing colon":          {"the line is named", "apiVersion: core.oam.dev/v1beta1\nkind Application\nmetadata:\n", "line 2: this is not valid YAML (could not find expected ':'); put a colon after the name of the field"},
		"a colon in a value":       {"the line is named", "kind: Application\nmetadata:\n  name: a: b\n", `line 3: this is not valid YAML (mapping values are not allowed in this context); check the indentation, and put a value that contains ": " in quotes`},
		"a bad indentation":        {"the line is named", "kind: Application\nmetadata:\n   name: demo\n  labels: {}\n", "line 4: this is not valid YAML (did not find expected key); check the indentation, quotes and brackets from that line on"},
		"an outdented rest":        {"nothing is dropped in silence", " kind: Application\nspec: {}\n", "line 2: this is not valid YAML (did not find expected <document start>); begin each document with a line ---, and its first field at the start of a line"},
		"a repeated field":         {"one of them would win by chance", "kind: Application\nspec: {}\nkind: Application\n", `line 3: the field "kind" is there twice; remove one of them`},
		"a mistake further down":   {"lines count from the top of the file", head + "---\nkind: Application\nkind: Application\n", `document 2: line 7: the field "kind" is there twice; remove one of them`},
		"one of two is wrong":      {"the document is named", head + "---\nkind: Application\n", "document 2: apiVersion: is missing; add apiVersion: core.oam.dev/v1beta1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := validate.Decode([]byte(tc.input))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("%s:\n got %s\nwant %s", tc.reason, got, tc.want)
			}
		})
	}
}

// FuzzDecodeApplication feeds anything to the whole way from text to objects. Nothing panics, and what is found to be
// without fault renders.
func FuzzDecodeApplication(f *testing.F) {
	seeds, err := filepath.Glob("../render/testdata/*.in.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]\n---\n<<: {}\n"))
	registry, workflow := definition.Builtin(), step.ValidateWorkflow(expression.New().Check)
	f.Fuzz(func(t *testing.T, data []byte) {
		apps, err := validate.DecodeAll(data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a sentence")
			}
			return
		}
		for _, app := range apps {
			if len(validate.Application(registry, app, workflow)) > 0 {
				continue
			}
			components, err := render.Override(app.Spec.Components, app.Spec.Policies)
			if err != nil {
				t.Fatalf("validated, but: %v", err)
			}
			for _, comp := range components {
				c := render.Context{AppName: app.Name, Namespace: "default", Revision: app.Name + "-v1", AppAnnotations: app.Annotations, AppLabels: app.Labels}
				if _, err := render.Component(registry, c, comp); err != nil {
					t.Errorf("validated, but: %v", err)
				}
			}
		}
	})
}
