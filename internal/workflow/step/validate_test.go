// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
)

// app reads the part of an Application's spec below `workflow:`, with two components and one policy around it.
func app(t *testing.T, workflow string) v1beta1.ApplicationSpec {
	t.Helper()
	spec := v1beta1.ApplicationSpec{
		Components: []v1beta1.Component{{Name: "web", Type: "webservice"}, {Name: "api", Type: "webservice"}},
		Policies:   []v1beta1.Policy{{Name: "east", Type: "topology"}},
		Workflow:   &v1beta1.Workflow{},
	}
	if err := yaml.UnmarshalStrict([]byte(workflow), spec.Workflow); err != nil {
		t.Fatalf("reading the workflow of the case: %v", err)
	}
	return spec
}

func TestValidateWorkflow(t *testing.T) {
	cases := map[string]struct {
		workflow string
		want     []string
	}{
		"the page's workflow": {workflow: `
steps:
- {type: canary-deploy, name: rollout-20, properties: {weight: 20}}
- {name: suspend-1st, type: suspend}
- {type: canary-deploy, name: rollout-50, properties: {weight: 50}}
- {name: suspend-2nd, type: suspend}
- {type: canary-deploy, name: rollout-100, properties: {weight: 100}}`},
		"everything at once, right": {workflow: `
mode: {steps: DAG, subSteps: StepByStep}
steps:
- {name: a, type: deploy, timeout: 1h30m, properties: {auto: false, policies: [east], parallelism: 2}, outputs: [{name: url, valueFrom: output.url}]}
- {name: b-c, type: suspend, dependsOn: [a], if: 'status.a.succeeded && inputs.url != ""', inputs: [{from: url}], properties: {duration: 1d, message: look}}
- name: g
  type: step-group
  if: always
  subSteps:
  - {type: apply-component, properties: {component: web, cluster: local}}
  - {type: apply-component, if: status.b-c.failed, properties: {component: api}, inputs: [{from: context.appName, parameterKey: namespace}]}`},
		"a weight that an input gives": {workflow: `
steps:
- {name: a, type: suspend, outputs: [{name: w, valueFrom: output.w}]}
- {name: b, type: canary-deploy, inputs: [{from: w, parameterKey: weight}]}`},
		"weights that rise for each component": {workflow: `
steps:
- {name: a, type: canary-deploy, properties: {weight: 100, components: [web]}}
- {name: b, type: canary-deploy, properties: {weight: 20, components: [api]}}`},
		"an unknown step type": {
			workflow: `steps: [{name: a, type: canary-deplyo, properties: {weight: 20}}]`,
			want:     []string{`spec.workflow.steps[0].type: there is no step type "canary-deplyo"; write canary-deploy`},
		},
		"a step type that is like no other": {
			workflow: `steps: [{name: a, type: notification}]`,
			want:     []string{`spec.workflow.steps[0].type: there is no step type "notification"; write canary-deploy, suspend, deploy, apply-component or step-group`},
		},
		"a weight outside the range": {
			workflow: `steps: [{name: a, type: canary-deploy, properties: {weight: 120}}, {name: b, type: canary-deploy, properties: {weight: -1}}]`,
			want: []string{
				`spec.workflow.steps[0].properties.weight: 120 is outside 0 to 100; write a number in that range`,
				`spec.workflow.steps[1].properties.weight: -1 is outside 0 to 100; write a number in that range`,
			},
		},
		"a weight that is no whole number": {
			workflow: `steps: [{name: a, type: canary-deploy, properties: {weight: 12.5}}, {name: b, type: canary-deploy, properties: {weight: "20"}}]`,
			want: []string{
				`spec.workflow.steps[0].properties.weight: must be a whole number, but is the number 12.5; write a whole number`,
				`spec.workflow.steps[1].properties.weight: must be a whole number, but is the text "20"; write 20 without quotes`,
			},
		},
		"no weight": {
			workflow: `steps: [{name: a, type: canary-deploy}]`,
			want:     []string{`spec.workflow.steps[0].properties.weight: is missing; add weight with a whole number`},
		},
		"falling weights": {
			workflow: `steps: [{name: half, type: canary-deploy, properties: {weight: 50}}, {name: fifth, type: canary-deploy, properties: {weight: 20}}]`,
			want: []string{`spec.workflow.steps[1].properties.weight: step fifth has weight 20, which is lower than 50 of step half before it; ` +
				`write 50 or more, or go back with vela workflow rollback`},
		},
		"falling weights of one of two components, in a group": {
			workflow: `steps: [{name: all, type: canary-deploy, properties: {weight: 50}}, {name: g, type: step-group, subSteps: [{name: sub, type: canary-deploy, properties: {weight: 20, components: [api]}}]}]`,
			want: []string{`spec.workflow.steps[1].subSteps[0].properties.weight: step sub has weight 20, which is lower than 50 of step all before it; ` +
				`write 50 or more, or go back with vela workflow rollback`},
		},
		"a parameter that does not exist": {
			workflow: `steps: [{name: a, type: suspend, properties: {duraton: 5s}}]`,
			want:     []string{`spec.workflow.steps[0].properties.duraton: step type suspend has no such field; write duration instead`},
		},
		"durations that cannot be read": {
			workflow: `steps: [{name: a, type: suspend, timeout: 5 minutes, properties: {duration: soon}}]`,
			want: []string{
				`spec.workflow.steps[0].properties.duration: "soon" is no duration; write it as 30s, 10m, 1h or 1d`,
				`spec.workflow.steps[0].timeout: invalid timeout, please use the format of timeout like 1s, 1m, 1h or 1d`,
			},
		},
		"a name twice, once made up": {
			workflow: `steps: [{name: step-1, type: suspend}, {type: suspend}]`,
			want:     []string{`spec.workflow.steps[1].name: duplicated step name "step-1", which spec.workflow.steps[0] has already; give it another name`},
		},
		"unknown components and policies": {
			workflow: `steps: [{name: a, type: canary-deploy, properties: {weight: 1, components: [wbe]}}, {name: b, type: apply-component, properties: {component: database}}, {name: c, type: deploy, properties: {policies: [west]}}]`,
			want: []string{
				`spec.workflow.steps[0].properties.components[0]: there is no component "wbe" in spec.components; write web`,
				`spec.workflow.steps[1].properties.component: there is no component "database" in spec.components; write web or api`,
				`spec.workflow.steps[2].properties.policies[0]: there is no policy "west" in spec.policies; write east`,
			},
		},
		"groups that are none": {
			workflow: `steps: [{name: a, type: step-group}, {name: b, type: suspend, subSteps: [{name: c, type: suspend}]}, {name: d, type: step-group, mode: Dag, subSteps: [{name: e, type: step-group}]}]`,
			want: []string{
				`spec.workflow.steps[0].subSteps: step-group a has none; add at least one sub step`,
				`spec.workflow.steps[1].subSteps: only a step-group has sub steps; write type: step-group or move them out`,
				`spec.workflow.steps[2].mode: "Dag" is no mode; write StepByStep or DAG`,
				`spec.workflow.steps[2].subSteps[0].type: a step-group cannot be a sub step; put its sub steps beside the others`,
			},
		},
		"dependencies that never come": {
			workflow: `{mode: {steps: DAG}, steps: [{name: build, type: suspend, dependsOn: [bild]}, {name: b, type: suspend, dependsOn: [b]}, {name: bild2, type: suspend, dependsOn: [c]}, {name: c, type: suspend, dependsOn: [bild2]}]}`,
			want: []string{
				`spec.workflow.steps[0].dependsOn[0]: there is no step "bild" beside build; write bild2`,
				`spec.workflow.steps[1].dependsOn[0]: step b waits for itself; remove it`,
				`spec.workflow.steps[2].dependsOn: steps bild2 → c → bild2 wait for one another; remove one of the dependencies`,
			},
		},
		"a dependency on a later step": {
			workflow: `steps: [{name: a, type: suspend, dependsOn: [b]}, {name: b, type: suspend}]`,
			want: []string{`spec.workflow.steps[0].dependsOn[0]: step b comes later in a workflow that goes step by step; ` +
				`move it before a or write mode DAG`},
		},
		"data that nobody gives": {
			workflow: `steps: [{name: a, type: suspend, inputs: [{from: x}], outputs: [{name: z, valueFrom: ""}]}, {name: b, type: suspend, outputs: [{name: z, valueFrom: output}]}]`,
			want: []string{
				`spec.workflow.steps[0].outputs[0].valueFrom: is missing; write a path such as output.status.readyReplicas`,
				`spec.workflow.steps[0].inputs[0].from: no step gives an output named "x"; name an output of another step, or context.<name>`,
				`spec.workflow.steps[1].outputs[0].name: step a gives an output named "z" already; give it another name`,
			},
		},
		"conditions that are none": {
			workflow: `steps: [{name: a, type: suspend, if: status.b.failed}, {name: c, type: suspend, if: "status.a.failed =="}]`,
			want: []string{
				`spec.workflow.steps[0].if: there is no step "b"; name a step of this workflow`,
				`spec.workflow.steps[1].if: expected operand, found 'EOF'; write it as status.<step>.succeeded, inputs.<name> == <value>, or always`,
			},
		},
		"steps and a reference": {
			workflow: `{ref: other, steps: [{name: a, type: suspend}]}`,
			want:     []string{`spec.workflow.ref: cannot set steps and ref in workflow at the same time; keep one of them`},
		},
		"another cluster": {
			workflow: `steps: [{name: a, type: apply-component, properties: {component: web, cluster: east}}]`,
			want:     []string{`spec.workflow.steps[0].properties.cluster: there is no cluster "east"; write local or leave it out`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range ValidateWorkflow(expression.New().Check)(app(t, c.workflow)) {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoWorkflowIsRight(t *testing.T) {
	if faults := ValidateWorkflow(expression.New().Check)(v1beta1.ApplicationSpec{}); faults != nil {
		t.Errorf("an application without a workflow: %v", faults)
	}
}

func TestPageIsRight(t *testing.T) {
	page, err := os.ReadFile("../../../examples/canary/v2.yaml")
	if err != nil {
		t.Fatalf("reading the example: %v", err)
	}
	var a v1beta1.Application
	if err := yaml.Unmarshal(page, &a); err != nil {
		t.Fatalf("reading the example: %v", err)
	}
	if faults := ValidateWorkflow(expression.New().Check)(a.Spec); faults != nil {
		t.Errorf("the page's second YAML is refused: %v", faults)
	}
	if a.Spec.Workflow == nil || len(a.Spec.Workflow.Steps) != 5 || !strings.Contains(string(page), "rollout-20") {
		t.Errorf("the example has no workflow of five steps")
	}
}

func FuzzValidateWorkflow(f *testing.F) {
	f.Add(`steps: [{name: a, type: canary-deploy, properties: {weight: 20}, if: status.a.failed, dependsOn: [a]}]`)
	f.Fuzz(func(_ *testing.T, text string) {
		var wf v1beta1.Workflow
		if yaml.Unmarshal([]byte(text), &wf) != nil {
			return
		}
		for _, err := range ValidateWorkflow(expression.New().Check)(v1beta1.ApplicationSpec{Workflow: &wf}) {
			if err.Error() == "" {
				panic("an error without a sentence")
			}
		}
	})
}
