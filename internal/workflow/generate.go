// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// ErrStepsAndRef is why a workflow with both is refused.
var ErrStepsAndRef = errors.New("cannot set steps and ref in workflow at the same time")

// Generate gives the steps of an application and their modes, names filled in (kubevela.md 3.1, 3.2): those of the
// referenced Workflow, its own, a deploy step for each topology policy, or an apply-component step for each component.
// byRef looks up a Workflow object; its modes may be empty.
func Generate(spec v1beta1.ApplicationSpec, byRef func(name string) (Spec, error)) (Spec, error) {
	out, err := generate(spec, byRef)
	if err != nil {
		return Spec{}, err
	}
	for i := range out.Steps {
		step := &out.Steps[i]
		step.Name = stepName(step.Name, i)
		for j := range step.SubSteps {
			step.SubSteps[j].Name = subStepName(step.SubSteps[j].Name, i, j)
		}
	}
	return out, nil
}

func generate(app v1beta1.ApplicationSpec, byRef func(name string) (Spec, error)) (Spec, error) {
	wf := app.Workflow
	if wf == nil {
		wf = &v1beta1.Workflow{}
	}
	switch {
	case wf.Ref != "" && len(wf.Steps) > 0:
		return Spec{}, ErrStepsAndRef
	case wf.Ref != "":
		if byRef == nil {
			return Spec{}, fmt.Errorf("spec.workflow.ref: workflow %q cannot be looked up here; give its steps instead", wf.Ref)
		}
		found, err := byRef(wf.Ref)
		if err != nil {
			return Spec{}, fmt.Errorf("loading workflow %q: %w", wf.Ref, err)
		}
		mode := resolve(wf.Mode, resolve(&found.Mode, v1beta1.WorkflowMode{
			Steps: v1beta1.StepModeStepByStep, SubSteps: v1beta1.StepModeDAG,
		}))
		return Spec{Mode: mode, Steps: copySteps(found.Steps)}, nil
	case len(wf.Steps) > 0:
		mode := resolve(wf.Mode, v1beta1.WorkflowMode{Steps: v1beta1.StepModeStepByStep, SubSteps: v1beta1.StepModeDAG})
		return Spec{Mode: mode, Steps: copySteps(wf.Steps)}, nil
	}
	mode := resolve(wf.Mode, v1beta1.WorkflowMode{Steps: v1beta1.StepModeDAG, SubSteps: v1beta1.StepModeDAG})
	steps, err := deploySteps(app.Policies)
	if err != nil {
		return Spec{}, err
	}
	if len(steps) > 0 {
		return Spec{Mode: mode, Steps: steps}, nil
	}
	steps, err = componentSteps(app.Components)
	if err != nil {
		return Spec{}, err
	}
	return Spec{Mode: mode, Steps: steps}, nil
}

func resolve(given *v1beta1.WorkflowMode, otherwise v1beta1.WorkflowMode) v1beta1.WorkflowMode {
	if given == nil {
		return otherwise
	}
	if given.Steps != "" {
		otherwise.Steps = given.Steps
	}
	if given.SubSteps != "" {
		otherwise.SubSteps = given.SubSteps
	}
	return otherwise
}

// deploySteps gives one deploy step for each topology policy, each with all override policies; one step when there are
// overrides only.
func deploySteps(policies []v1beta1.Policy) ([]v1beta1.WorkflowStep, error) {
	var overrides, topologies []string
	for i, p := range policies {
		switch p.Type {
		case "override":
			overrides = append(overrides, PolicyName(p, i))
		case "topology":
			topologies = append(topologies, PolicyName(p, i))
		}
	}
	if len(topologies) == 0 && len(overrides) == 0 {
		return nil, nil
	}
	if len(topologies) == 0 {
		step, err := newStep("deploy", "deploy", map[string]any{"policies": overrides})
		if err != nil {
			return nil, err
		}
		return []v1beta1.WorkflowStep{step}, nil
	}
	steps := make([]v1beta1.WorkflowStep, 0, len(topologies))
	for _, topology := range topologies {
		names := append(append([]string{}, overrides...), topology)
		step, err := newStep("deploy-"+topology, "deploy", map[string]any{"policies": names})
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func componentSteps(components []v1beta1.Component) ([]v1beta1.WorkflowStep, error) {
	steps := make([]v1beta1.WorkflowStep, 0, len(components))
	for _, c := range components {
		step, err := newStep(c.Name, "apply-component", map[string]any{"component": c.Name})
		if err != nil {
			return nil, err
		}
		step.DependsOn = append([]string(nil), c.DependsOn...)
		step.Inputs = append([]v1beta1.StepInput(nil), c.Inputs...)
		step.Outputs = append([]v1beta1.StepOutput(nil), c.Outputs...)
		steps = append(steps, step)
	}
	return steps, nil
}

func newStep(name, kind string, properties map[string]any) (v1beta1.WorkflowStep, error) {
	raw, err := json.Marshal(properties)
	if err != nil {
		return v1beta1.WorkflowStep{}, fmt.Errorf("writing the properties of step %q: %w", name, err)
	}
	return v1beta1.WorkflowStep{StepBase: v1beta1.StepBase{
		Name: name, Type: kind, Properties: &runtime.RawExtension{Raw: raw},
	}}, nil
}

func copySteps(steps []v1beta1.WorkflowStep) []v1beta1.WorkflowStep {
	out := make([]v1beta1.WorkflowStep, len(steps))
	for i := range steps {
		steps[i].DeepCopyInto(&out[i])
	}
	return out
}

// PolicyName is the name of the policy at that index, or the one that an unnamed policy gets (kubevela.md 1.1).
func PolicyName(p v1beta1.Policy, index int) string {
	if p.Name != "" {
		return p.Name
	}
	return fmt.Sprintf("%s-auto-gen-%d", p.Type, index)
}

// Start gives the status of a run that has not begun. appRevision is the publishVersion, or the revision's name where
// there is none.
func Start(spec Spec, appRevision string, now time.Time) v1beta1.WorkflowStatus {
	return v1beta1.WorkflowStatus{
		AppRevision: appRevision,
		Mode:        fmt.Sprintf("%s-%s", spec.Mode.Steps, spec.Mode.SubSteps),
		Phase:       v1beta1.WorkflowInitializing,
		StartTime:   stamp(now),
	}
}
