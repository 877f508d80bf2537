// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/definition"
)

func TestRoutesThatNoGatewayCanHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ trait, properties, want string }{
		"a route": {"http-route", `{domains: [shop.example, "*.shop.example"], rules: [{path: {value: /a}, port: 80}]}`, ""},
		"a host with a scheme": {"http-route", `{domains: ["http://shop.example"], rules: [{port: 80}]}`,
			`at.domains[0]: "http://shop.example" is no host name; write it in lower case without scheme, port and path, for example demo.example.com`},
		"a path that no request has": {"http-route", `{domains: [shop.example], rules: [{path: {value: a}, port: 80}]}`,
			`at.rules[0].path.value: the path "a" does not begin with "/"; write "/a"`},
		"a Service that can't be": {"http-route", `{domains: [shop.example], rules: [{serviceName: A_b, port: 80}]}`,
			`at.rules[0].serviceName: "A_b" is no name of a Service; write a-z, 0-9 and dashes`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trait, err := definition.Builtin().Trait(c.trait)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := yaml.YAMLToJSON([]byte(c.properties))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(trait.Check("at", &runtime.RawExtension{Raw: raw})...); c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

func TestARouteIsHealthyOnceEachGatewayTookIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ object, want string }{
		"it is not there":      {"", "waiting for the HTTPRoute to be created"},
		"nobody took it":       {`{metadata: {name: web}, spec: {parentRefs: [{name: a}]}}`, "waiting for the Gateway a to take the HTTPRoute web"},
		"its Gateway took it":  {`{metadata: {name: web}, spec: {hostnames: [shop.example], parentRefs: [{name: a}]}, status: {parents: [{parentRef: {name: a}, conditions: [{type: Accepted, status: "True"}]}]}}`, "Visiting URL: shop.example"},
		"another Gateway did":  {`{metadata: {name: web}, spec: {parentRefs: [{name: a}]}, status: {parents: [{parentRef: {name: b}, conditions: [{type: Accepted, status: "True"}]}]}}`, "waiting for the Gateway a to take the HTTPRoute web"},
		"its Gateway does not": {`{metadata: {name: web}, spec: {parentRefs: [{name: a}]}, status: {parents: [{parentRef: {name: a}, conditions: [{type: Accepted, status: "False", message: no such listener}]}]}}`, "waiting for the Gateway a to take the HTTPRoute web: no such listener"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trait, err := definition.Builtin().Trait("http-route")
			if err != nil {
				t.Fatal(err)
			}
			seen := definition.Seen{Objects: map[string]*unstructured.Unstructured{}}
			if c.object != "" {
				o := &unstructured.Unstructured{}
				if err := yaml.Unmarshal([]byte(c.object), &o.Object); err != nil {
					t.Fatal(err)
				}
				seen.Objects["httpRoute"] = o
			}
			if h := trait.Health(seen); h.Message != c.want || h.Healthy != (name == "its Gateway took it") {
				t.Errorf("healthy %v, it says %q; want %q", h.Healthy, h.Message, c.want)
			}
		})
	}
}
