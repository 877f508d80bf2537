// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

const head = "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: demo}\nspec:\n"

func TestApplication(t *testing.T) {
	const web = "  components: [{name: web, type: webservice, properties: {image: demo}}]\n"
	cases := map[string]struct {
		reason string
		input  string
		want   []string
	}{
		"no components": {"an empty application is allowed", "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: demo}\n", nil},
		"unknown component type": {"the nearest known type is proposed", head + "  components: [{name: web, type: webservce, properties: {image: demo}}]\n", []string{
			`spec.components[0].type: there is no component type "webservce"; write webservice (known are daemon, statefulset, webservice, worker)`,
		}},
		"pinned component type": {"built-in definitions have no revisions", head + "  components: [{name: web, type: webservice@v2, properties: {image: demo}}]\n", []string{
			`spec.components[0].type: the built-in component webservice has no revision v2; write webservice`,
		}},
		"unknown trait type": {"nothing is near, so all are listed", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: telepathy}]}]\n", []string{
			`spec.components[0].traits[0].type: there is no trait type "telepathy"; write gateway, http-route, https-route, scaler or storage`,
		}},
		"missing image": {"the field that is absent is named", head + "  components: [{name: web, type: webservice, properties: {cmd: [sh]}}]\n", []string{
			`spec.components[0].properties.image: is missing; add image with the name of a container image, for example image: nginx:1.29`,
		}},
		"no properties at all": {"absent properties are empty ones", head + "  components: [{name: web, type: webservice}]\n", []string{
			`spec.components[0].properties.image: is missing; add image with the name of a container image, for example image: nginx:1.29`,
		}},
		"empty image": {"an empty text is no image", head + "  components: [{name: web, type: worker, properties: {image: ''}}]\n", []string{
			`spec.components[0].properties.image: is empty; write a value`,
		}},
		"misspelt parameter": {"the nearest field is proposed", head + "  components: [{name: web, type: webservice, properties: {image: demo, prots: [{port: 80}]}}]\n", []string{
			`spec.components[0].properties.prots: webservice has no such field; write ports instead`,
		}},
		"misspelt nested parameter": {"the path leads to the entry of the list", head + "  components: [{name: web, type: webservice, properties: {image: demo, ports: [{port: 80, exposed: true}]}}]\n", []string{
			`spec.components[0].properties.ports[0].exposed: webservice has no such field; write expose instead`,
		}},
		"a text for a number": {"the mend is the same number without quotes", head + "  components: [{name: web, type: webservice, properties: {image: demo, ports: [{port: '8090'}]}}]\n", []string{
			`spec.components[0].properties.ports[0].port: must be a whole number, but is the text "8090"; write 8090 without quotes`,
		}},
		"a number for a text": {"the mend is the same number in quotes", head + "  components: [{name: web, type: webservice, properties: {image: demo, cpu: 1}}]\n", []string{
			`spec.components[0].properties.cpu: must be a text, but is the number 1; put it in quotes: "1"`,
		}},
		"a word that YAML reads as true": {"the mend is quotes", head + "  components: [{name: web, type: worker, properties: {image: demo, env: [{name: A, value: yes}]}}]\n", []string{
			`spec.components[0].properties.env[0].value: must be a text, but is true; put the word in quotes`,
		}},
		"a port out of range": {"ports end at 65535", head + "  components: [{name: web, type: webservice, properties: {image: demo, ports: [{port: 80900}]}}]\n", []string{
			`spec.components[0].properties.ports[0].port: 80900 is outside 1 to 65535; write a number in that range`,
		}},
		"an unknown choice": {"the nearest choice is proposed", head + "  components: [{name: web, type: webservice, properties: {image: demo, imagePullPolicy: always}}]\n", []string{
			`spec.components[0].properties.imagePullPolicy: "always" is not known; write Always`,
		}},
		"one port twice": {"an object with it would be refused later", head + "  components: [{name: web, type: webservice, properties: {image: demo, ports: [{port: 80}, {port: 81, containerPort: 80}]}}]\n", []string{
			`spec.components[0].properties.ports[1].port: container port 80/TCP is used by ports[0] already; write another or remove one of them`,
		}},
		"a label that the selector needs": {"it would cut the pods off", head + "  components: [{name: web, type: webservice, properties: {image: demo, labels: {app.oam.dev/component: other}}}]\n", []string{
			`spec.components[0].properties.labels["app.oam.dev/component"]: is set by the component itself; remove it`,
		}},
		"an amount that is none": {"quantities have units", head + "  components: [{name: web, type: worker, properties: {image: demo, memory: lots}}]\n", []string{
			`spec.components[0].properties.memory: "lots" is not an amount; write for example 128Mi`,
		}},
		"a probe that asks nothing": {"it needs one way to ask", head + "  components: [{name: web, type: worker, properties: {image: demo, readinessProbe: {periodSeconds: 5}}}]\n", []string{
			`spec.components[0].properties.readinessProbe: needs exactly one way to ask; write one of exec, httpGet or tcpSocket`,
		}},
		"a variable twice": {"server-side apply refuses it", head + "  components: [{name: web, type: worker, properties: {image: demo, env: [{name: A, value: a}, {name: A, value: b}]}}]\n", []string{
			`spec.components[0].properties.env[1].name: "A" is set by env[0] already; remove one of them`,
		}},
		"a gateway without paths": {"http is required", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {domain: demo.com}}]}]\n", []string{
			`spec.components[0].traits[0].properties.http: is missing; add http with a map of fields`,
		}},
		"a gateway to no port": {"ports begin at 1", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {http: {/: 0}}}]}]\n", []string{
			`spec.components[0].traits[0].properties.http["/"]: 0 is outside 1 to 65535; write a number in that range`,
		}},
		"a path without slash": {"the mend is the path with one", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {http: {version: 80}}}]}]\n", []string{
			`spec.components[0].traits[0].properties.http.version: the path "version" does not begin with "/"; write "/version"`,
		}},
		"a domain with a scheme": {"only the host name belongs there", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {domain: 'http://demo.com', http: {/: 80}}}]}]\n", []string{
			`spec.components[0].traits[0].properties.domain: "http://demo.com" is no host name; write it in lower case without scheme, port and path, for example demo.example.com`,
		}},
		"negative replicas": {"there is no such count", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: scaler, properties: {replicas: -1}}]}]\n", []string{
			`spec.components[0].traits[0].properties.replicas: -1 is too small; write 0 or more`,
		}},
		"two gateways of one name": {"their objects would be one", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {http: {/: 80}}}, {type: gateway, properties: {http: {/b: 80}}}]}]\n", []string{
			`spec.components[0]: two gateway traits make Service web; give one of them a name`,
		}},
		"duplicate component": {"names are unique", head + "  components: [{name: web, type: worker, properties: {image: demo}}, {name: web, type: worker, properties: {image: demo}}]\n", []string{
			`spec.components[1].name: duplicated component name web, which components[0] has already; give each component a name of its own`,
		}},
		"unknown dependency": {"the nearest component is proposed", head + "  components: [{name: web, type: worker, properties: {image: demo}, dependsOn: [catche]}, {name: cache, type: worker, properties: {image: demo}}]\n", []string{
			`spec.components[0].dependsOn[0]: component catche not found, which is depended by web; write cache`,
		}},
		"circular dependency": {"none of them could start", head + "  components: [{name: a, type: worker, properties: {image: demo}, dependsOn: [b]}, {name: b, type: worker, properties: {image: demo}, dependsOn: [a]}]\n", []string{
			`spec.components[0].dependsOn: the components a -> b -> a wait for one another; remove one of these dependencies`,
		}},
		"nameless, typeless component": {"both fields are asked for", head + "  components: [{properties: {image: demo}}]\n", []string{
			`spec.components[0].name: is missing; add a name for the component`,
			`spec.components[0].type: is missing; add the type of the component, for example webservice`,
		}},
		"a name that no object can have": {"objects have the component's name", head + "  components: [{name: My_Web, type: worker, properties: {image: demo}}]\n", []string{
			`spec.components[0].name: "My_Web" is no name for objects; write at most 63 of a-z, 0-9 and dashes`,
		}},
		"no name": {"an application has one", "apiVersion: core.oam.dev/v1beta1\nkind: Application\nspec:\n" + web, []string{
			`metadata.name: is missing; add a name for the application`,
		}},
		"autoUpdate and publishVersion": {"they contradict one another", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/autoUpdate: 'true', app.oam.dev/publishVersion: v1}}", 1) + web, []string{
			`metadata.annotations: Application has both autoUpdate and publishVersion annotations, and only one can be present; remove one of them`,
		}},
		"an empty version": {"no version is said by leaving the annotation out", strings.Replace(head, "{name: demo}", `{name: demo, annotations: {app.oam.dev/publishVersion: ""}}`, 1) + web, []string{
			`metadata.annotations["app.oam.dev/publishVersion"]: is empty; write a version such as v1, or remove the annotation so that each change of the spec is published`,
		}},
		"a version with a blank": {"people and scripts type it", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/publishVersion: v1 beta}}", 1) + web, []string{
			`metadata.annotations["app.oam.dev/publishVersion"]: "v1 beta" is no version; write at most 63 of A-Z, a-z, 0-9, '-', '_' and '.'`,
		}},
		"a version of another alphabet": {"only plain letters", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/publishVersion: één}}", 1) + web, []string{
			`metadata.annotations["app.oam.dev/publishVersion"]: "één" is no version; write at most 63 of A-Z, a-z, 0-9, '-', '_' and '.'`,
		}},
		"a version of 64 letters": {"it is too long", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/publishVersion: "+strings.Repeat("a", 64)+"}}", 1) + web, []string{
			`metadata.annotations["app.oam.dev/publishVersion"]: "` + strings.Repeat("a", 64) + `" is no version; write at most 63 of A-Z, a-z, 0-9, '-', '_' and '.'`,
		}},
		"a version of 63 characters": {"all of these are allowed", strings.Replace(head, "{name: demo}", "{name: demo, annotations: {app.oam.dev/publishVersion: v1.2-RC_3"+strings.Repeat("a", 54)+"}}", 1) + web, nil},
		"unknown policy": {"a policy that nobody carries out is refused", head + web + "  policies: [{name: p, type: overide, properties: {selector: [web]}}]\n", []string{
			`spec.policies[0].type: there is no policy type "overide"; write override (known are override, topology)`,
		}},
		"empty override": {"it would do nothing", head + web + "  policies: [{name: p, type: override}]\n", []string{
			`spec.policies[0].properties: an override policy must not have empty properties; add components or a selector`,
		}},
		"two policies of one name": {"steps name policies", head + web + "  policies: [{name: p, type: topology}, {name: p, type: topology}]\n", []string{
			`spec.policies[1].name: duplicated policy name p, which policies[0] has already; give each policy a name of its own`,
		}},
		"unknown cluster": {"there is one cluster", head + web + "  policies: [{name: p, type: topology, properties: {clusters: [local, mars]}}]\n", []string{
			`spec.policies[0].properties.clusters[1]: there is no cluster "mars"; write local`,
		}},
		"an override that fills in the image": {"what is deployed has one", head + "  components: [{name: web, type: webservice}]\n  policies: [{name: p, type: override, properties: {components: [{name: web, properties: {image: demo}}]}}]\n", nil},
		"an override of nothing": {"a new component needs a type", head + web + "  policies: [{name: p, type: override, properties: {components: [{name: wep}]}}]\n", []string{
			`spec.policies[0].properties.components[0].name: no component matches "wep"; write the name of one, or add type for a new component`,
		}},
		"steps and ref": {"only one can say what to do", head + web + "  workflow: {ref: flow, steps: [{name: a, type: suspend}]}\n", []string{
			`spec.workflow.ref: cannot set steps and ref in workflow at the same time; keep one of them`,
		}},
		"a canary of another class": {"no weight can be written there", head + "  components: [{name: web, type: webservice, properties: {image: demo}, traits: [{type: gateway, properties: {class: traefik, http: {/: 80}}}]}]\n  workflow: {steps: [{name: a, type: canary-deploy, properties: {weight: 20}}]}\n", []string{
			`spec.components[0].traits[0].properties.class: a canary release cannot split the requests of class "traefik"; write nginx, or release without canary-deploy`,
		}},
		"several mistakes": {"each has its sentence", head + "  components: [{name: web, type: webservice, properties: {imge: demo}, traits: [{type: scaler, properties: {replica: 3}}]}]\n", []string{
			`spec.components[0].properties.image: is missing; add image with the name of a container image, for example image: nginx:1.29`,
			`spec.components[0].properties.imge: webservice has no such field; write image instead`,
			`spec.components[0].traits[0].properties.replica: scaler has no such field; write replicas instead`,
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			app, err := validate.Decode([]byte(tc.input))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, fault := range validate.Application(definition.Builtin(), app, step.ValidateWorkflow(expression.New().Check)) {
				got = append(got, fault.Error())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// The page's own applications are without fault.
func TestPage(t *testing.T) {
	for _, name := range []string{"page-v1", "page-v2"} {
		data, err := os.ReadFile("../render/testdata/" + name + ".in.yaml")
		if err != nil {
			t.Fatal(err)
		}
		app, err := validate.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if faults := validate.Application(definition.Builtin(), app, step.ValidateWorkflow(expression.New().Check)); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}
