// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

func TestGenerate(t *testing.T) {
	cases := map[string]struct {
		app  string
		want string
		err  string
	}{
		"a component each, without a workflow": {
			app:  `{components: [{name: web, type: webservice, dependsOn: [db]}, {name: db, type: worker}]}`,
			want: `DAG-DAG: web apply-component {"component":"web"} after [db]; db apply-component {"component":"db"}`,
		},
		"no steps are as no workflow": {
			app:  `{components: [{name: web, type: webservice}], workflow: {steps: []}}`,
			want: `DAG-DAG: web apply-component {"component":"web"}`,
		},
		"steps of its own, names made up": {
			app:  `{workflow: {steps: [{type: suspend}, {type: step-group, subSteps: [{type: suspend}, {name: x, type: suspend}]}]}}`,
			want: `StepByStep-DAG: step-0 suspend; step-1 step-group [step-1-0 x]`,
		},
		"modes of its own": {
			app:  `{workflow: {mode: {steps: DAG, subSteps: StepByStep}, steps: [{name: a, type: suspend}]}}`,
			want: `DAG-StepByStep: a suspend`,
		},
		"a deploy step for each topology": {
			app: `{components: [{name: web, type: webservice}], policies: [{name: east, type: topology}, {type: override}, {type: topology}, {name: gc, type: garbage-collect}]}`,
			want: `DAG-DAG: deploy-east deploy {"policies":["override-auto-gen-1","east"]}; ` +
				`deploy-topology-auto-gen-2 deploy {"policies":["override-auto-gen-1","topology-auto-gen-2"]}`,
		},
		"one deploy step for overrides alone": {
			app:  `{components: [{name: web, type: webservice}], policies: [{name: big, type: override}]}`,
			want: `DAG-DAG: deploy deploy {"policies":["big"]}`,
		},
		"a reference": {
			app:  `{workflow: {ref: shared, mode: {subSteps: StepByStep}}}`,
			want: `DAG-StepByStep: a suspend`,
		},
		"a reference that is not there": {app: `{workflow: {ref: nosuch}}`, err: `loading workflow "nosuch": not found`},
		"a reference and steps": {
			app: `{workflow: {ref: shared, steps: [{name: a, type: suspend}]}}`,
			err: "cannot set steps and ref in workflow at the same time",
		},
		"nothing at all": {app: `{}`, want: "DAG-DAG: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var app v1beta1.ApplicationSpec
			if err := yaml.UnmarshalStrict([]byte(c.app), &app); err != nil {
				t.Fatalf("reading the case: %v", err)
			}
			spec, err := workflow.Generate(app, func(name string) (workflow.Spec, error) {
				if name != "shared" {
					return workflow.Spec{}, errors.New("not found")
				}
				return workflow.Spec{
					Mode:  v1beta1.WorkflowMode{Steps: v1beta1.StepModeDAG},
					Steps: []v1beta1.WorkflowStep{{StepBase: v1beta1.StepBase{Name: "a", Type: "suspend"}}},
				}, nil
			})
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("error %v; want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("generating: %v", err)
			}
			if diff := cmp.Diff(c.want, outline(spec)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func outline(spec workflow.Spec) string {
	var parts []string
	for _, s := range spec.Steps {
		part := s.Name + " " + s.Type
		if s.Properties != nil {
			part += " " + string(s.Properties.Raw)
		}
		if len(s.DependsOn) > 0 {
			part += fmt.Sprintf(" after %v", s.DependsOn)
		}
		if len(s.SubSteps) > 0 {
			var names []string
			for _, sub := range s.SubSteps {
				names = append(names, sub.Name)
			}
			part += fmt.Sprintf(" %v", names)
		}
		parts = append(parts, part)
	}
	return workflow.Start(spec, "v1", time.Unix(0, 0)).Mode + ": " + strings.Join(parts, "; ")
}

func TestAWorkflowWithoutStepsSucceeds(t *testing.T) {
	w := begin(t, workflow.Spec{Mode: v1beta1.WorkflowMode{Steps: "DAG", SubSteps: "DAG"}}, nil)
	w.pass(true)
	if !w.status.Finished || w.status.Phase != v1beta1.WorkflowSucceeded {
		t.Fatalf("status %s", tell(w.status))
	}
}
