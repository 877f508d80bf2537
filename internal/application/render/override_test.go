// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
)

func TestOverride(t *testing.T) {
	const base = `
- {name: web, type: webservice, properties: {image: a, env: [{name: A}]}, traits: [{type: gateway, properties: {http: {/: 80}}}, {type: scaler}, {type: gateway, properties: {name: b, http: {/b: 80}}}]}
- {name: web2, type: worker, properties: {image: b}}`
	cases := map[string]struct{ reason, override, want, err string }{
		"a list is replaced": {
			"merging lists by position would surprise", `components: [{name: web, properties: {env: [{name: B}]}}]`, `
- {name: web, type: webservice, properties: {image: a, env: [{name: B}]}, traits: [{type: gateway, properties: {http: {/: 80}}}, {type: scaler}, {type: gateway, properties: {name: b, http: {/b: 80}}}]}
- {name: web2, type: worker, properties: {image: b}}`, "",
		},
		"the second trait of a type goes with the second": {
			"traits have a position beside their type", `components: [{name: web, traits: [{type: gateway, disable: true}, {type: gateway, properties: {name: c}}]}]`, `
- {name: web, type: webservice, properties: {image: a, env: [{name: A}]}, traits: [{type: scaler}, {type: gateway, properties: {name: c, http: {/b: 80}}}]}
- {name: web2, type: worker, properties: {image: b}}`, "",
		},
		"a trait that is not there is added": {
			"and removing one that is not there does nothing", `components: [{name: web2, traits: [{type: gateway, disable: true}, {type: scaler, properties: {replicas: 2}}]}]`, `
- {name: web, type: webservice, properties: {image: a, env: [{name: A}]}, traits: [{type: gateway, properties: {http: {/: 80}}}, {type: scaler}, {type: gateway, properties: {name: b, http: {/b: 80}}}]}
- {name: web2, type: worker, properties: {image: b}, traits: [{type: scaler, properties: {replicas: 2}}]}`, "",
		},
		"another type replaces the component whole": {
			"properties of one type mean nothing to another", `{components: [{name: web, type: worker, properties: {image: c}}], selector: [web]}`, `
- {name: web, type: worker, properties: {image: c}}`, "",
		},
		"a selector of nobody": {
			"a misspelt name would deploy nothing", `selector: [wep]`, "",
			`policy p, properties.selector[0]: there is no component "wep"; write the name of one or remove it`,
		},
		"no pattern": {
			"the name is an expression", `components: [{name: "we[b"}]`, "",
			`policy p, properties.components[0].name: "we[b" is no pattern; write a component's name, in which * stands for any text`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			components := componentsOf(t, base)
			raw, err := yaml.YAMLToJSON([]byte(tc.override))
			if err != nil {
				t.Fatal(err)
			}
			got, err := render.Override(components, []v1beta1.Policy{
				{Name: "elsewhere", Type: "topology"},
				{Name: "p", Type: "override", Properties: &runtime.RawExtension{Raw: raw}},
			})
			if err != nil || tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("%s:\n got %v\nwant %s", tc.reason, err, tc.err)
				}
				return
			}
			if diff := gocmp.Diff(text(t, componentsOf(t, tc.want)), text(t, got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if diff := gocmp.Diff(text(t, componentsOf(t, base)), text(t, components)); diff != "" {
				t.Errorf("the given components were changed (-want +got):\n%s", diff)
			}
		})
	}
}

func componentsOf(t *testing.T, document string) []v1beta1.Component {
	t.Helper()
	var out []v1beta1.Component
	if err := yaml.UnmarshalStrict([]byte(document), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t *testing.T, components []v1beta1.Component) string {
	t.Helper()
	out, err := yaml.Marshal(components)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
