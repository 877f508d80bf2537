// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
)

func parse(t *testing.T, text string) *v1beta1.Application {
	t.Helper()
	app := &v1beta1.Application{}
	if err := yaml.UnmarshalStrict([]byte(text), app); err != nil {
		t.Fatal(err)
	}
	return app
}

const gatewayed = head + `  components:
  - name: web
    type: webservice
    properties: {image: "demo:v1", ports: [{port: 8090}]}
    traits: [{type: scaler, properties: {replicas: 5}}, {type: gateway, properties: {domain: demo.example, http: {/version: 8090}}}]
`

const routed = head + `  components:
  - name: web
    type: webservice
    properties: {image: "demo:v1"}
    traits: [{type: http-route, properties: {domains: [demo.example], rules: [{port: 8090}, {path: {value: /a}, headers: [{name: who, value: me}], port: 8090}]}}]
`

const stepped = `  workflow: {steps: [{type: canary-deploy, name: some, properties: {weight: 20}}]}
`

func TestACanaryKeepsTheRoutesThatBothVersionsShare(t *testing.T) {
	t.Parallel()
	change := func(from, to string) string { return strings.Replace(gatewayed, from, to, 1) }
	cases := map[string]struct {
		next, want string
	}{
		"another image":        {change("demo:v1", "demo:v2") + stepped, ""},
		"more pods":            {change("replicas: 5", "replicas: 7") + stepped, ""},
		"another port":         {change("/version: 8090", "/version: 9090") + stepped, "from demo.example/version to port 8090 of web, and would be Ingress web from demo.example/version to port 9090 of web"},
		"another path":         {change("/version: 8090", "/v2: 8090") + stepped, "demo.example/v2"},
		"another path beside":  {change("/version: 8090", "/version: 8090, /v2: 8090") + stepped, "demo.example/version to port 8090 of web, and would be"},
		"another host":         {change("demo.example", "other.example") + stepped, "other.example/version"},
		"another name":         {change("domain:", "name: two, domain:") + stepped, "Ingress web-two"},
		"exact paths":          {change("domain:", "pathType: Exact, domain:") + stepped, "(Exact)"},
		"another port at once": {change("/version: 8090", "/version: 9090"), ""},
		"no gateway any more":  {change(", {type: gateway, properties: {domain: demo.example, http: {/version: 8090}}}", "") + stepped, ""},
		"another component only is released in steps": {change("/version: 8090", "/version: 9090") + strings.Replace(stepped, "weight: 20", "weight: 20, components: [api]", 1), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := validate.RouteChanges(definition.Builtin(), parse(t, gatewayed), parse(t, c.next))
			if c.want == "" && len(faults) == 0 {
				return
			}
			if len(faults) != 1 || c.want == "" {
				t.Fatalf("got %v, want %q", faults, c.want)
			}
			if text := faults[0].Error(); !strings.Contains(text, c.want) || !strings.HasPrefix(text, "spec.components[0].traits[1].properties: ") {
				t.Errorf("got %q, want the gateway's field and %q", text, c.want)
			}
		})
	}
}

func TestACanaryKeepsTheHTTPRoutesThatBothVersionsShare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, want string }{
		"another image":  {"demo:v1", "demo:v2", ""},
		"another host":   {"demo.example", "other.example", "would be HTTPRoute web from other.example/ (PathPrefix) to port 8090 of web"},
		"another port":   {"{port: 8090}", "{port: 9090}", "to port 9090 of web"},
		"another header": {"value: me", "value: you", "with header who: you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := strings.Replace(routed, c.from, c.to, 1) + stepped
			faults := validate.RouteChanges(definition.Builtin(), parse(t, routed), parse(t, next))
			if c.want == "" && len(faults) == 0 {
				return
			}
			if len(faults) != 1 || c.want == "" || !strings.Contains(faults[0].Error(), c.want) || !strings.HasPrefix(faults[0].Error(), "spec.components[0].traits[0].properties: ") {
				t.Errorf("got %v, want the route's field and %q", faults, c.want)
			}
		})
	}
}

func TestAGatewayThatLeadsToNoPortOfItsComponentIsDoubted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"its port":          {gatewayed, nil},
		"its containerPort": {strings.Replace(gatewayed, "{port: 8090}", "{port: 80, containerPort: 8090}", 1), nil},
		"no ports at all":   {strings.Replace(gatewayed, ", ports: [{port: 8090}]", "", 1), nil},
		"another port": {strings.Replace(gatewayed, "/version: 8090", "/version: 9999", 1), []string{
			`spec.components[0].traits[1].properties.http["/version"]: requests go to port 9999, which is not among the ports of component web; ` +
				"if its container does not listen there, write another port"}},
		"a Service of its own": {strings.Replace(gatewayed, "http: {/version: 8090}", "existingServiceName: other, http: {/version: 9999}", 1), nil},
	} {
		if diff := cmp.Diff(c.want, validate.Doubts(parse(t, c.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestStepsThatEndBelowAHundredPercentAreDoubted(t *testing.T) {
	t.Parallel()
	workflow := func(steps string) string { return gatewayed + "\n  workflow: {steps: [" + steps + "]}\n" }
	const said = "this is the last step that releases, and 10 % stay with the earlier version when the workflow ends; add a step with weight 100"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"the last one is 100":                 {workflow("{name: a, type: canary-deploy, properties: {weight: 20}}, {name: b, type: canary-deploy, properties: {weight: 100}}"), nil},
		"the last one is less":                {workflow("{name: a, type: canary-deploy, properties: {weight: 90}}, {name: s, type: suspend}"), []string{"spec.workflow.steps[0].properties.weight: " + said}},
		"in a group":                          {workflow("{name: g, type: step-group, subSteps: [{name: a, type: canary-deploy, properties: {weight: 90}}]}"), []string{"spec.workflow.steps[0].subSteps[0].properties.weight: " + said}},
		"the rest is deployed at once, later": {workflow("{name: a, type: canary-deploy, properties: {weight: 20}}, {name: d, type: deploy}"), nil},
		"no workflow":                         {gatewayed, nil},
	} {
		if diff := cmp.Diff(c.want, validate.Doubts(parse(t, c.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
