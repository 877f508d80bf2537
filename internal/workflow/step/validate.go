// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// pathSteps is where an application's steps are.
const pathSteps = "spec.workflow.steps"

// placed is a step with its path and its neighbours.
type placed struct {
	at    string
	step  v1beta1.StepBase
	peers []string // names of the steps of the level, in order
	index int      // in peers
	mode  v1beta1.StepMode
}

// ConditionCheck tells what is wrong with the `if` of a step (expression.Evaluator has it); scope holds the steps there are.
type ConditionCheck func(condition string, scope workflow.Scope) error

// ValidateWorkflow gives the check of an application's workflow before it runs. Each error is a sentence that begins with
// the path of the field and ends with the mend. Conditions come as a func because what evaluates them is large, and the
// command line does without it: with nil they are not looked at.
func ValidateWorkflow(conditions ConditionCheck) func(app v1beta1.ApplicationSpec) []error {
	return func(app v1beta1.ApplicationSpec) []error { return validateWorkflow(app, conditions) }
}

func validateWorkflow(app v1beta1.ApplicationSpec, conditions ConditionCheck) []error {
	wf := app.Workflow
	if wf == nil {
		return nil
	}
	var faults []error
	if wf.Ref != "" && len(wf.Steps) > 0 {
		faults = append(faults, schema.Faultf("spec.workflow.ref", "%v; keep one of them", workflow.ErrStepsAndRef))
	}
	if wf.Mode != nil {
		faults = append(faults, checkMode("spec.workflow.mode.steps", wf.Mode.Steps)...)
		faults = append(faults, checkMode("spec.workflow.mode.subSteps", wf.Mode.SubSteps)...)
	}
	if len(wf.Steps) == 0 {
		return faults
	}
	spec, err := workflow.Generate(v1beta1.ApplicationSpec{Workflow: &v1beta1.Workflow{Mode: wf.Mode, Steps: wf.Steps}}, nil)
	if err != nil {
		return append(faults, schema.Faultf("spec.workflow", "%v", err))
	}
	steps := place(spec)
	faults = append(faults, checkGroups(spec)...)
	faults = append(faults, checkNames(steps)...)
	outputs := outputNames(steps)
	scope := scopeOf(steps)
	for _, s := range steps {
		faults = append(faults, validateStep(s.at, s.step, &app)...)
		faults = append(faults, checkTimeout(s)...)
		faults = append(faults, checkDependsOn(s)...)
		faults = append(faults, checkData(s, outputs)...)
		if conditions == nil || !hasCondition(s.step) {
			continue
		}
		if err := conditions(s.step.If, scope); err != nil {
			faults = append(faults, schema.Faultf(s.at+".if", "%v", err))
		}
	}
	faults = append(faults, checkCycles(steps)...)
	return append(faults, checkWeights(steps, app)...)
}

// HasConditions says that a step of the workflow has an `if` to be checked.
func HasConditions(app v1beta1.ApplicationSpec) bool {
	if app.Workflow == nil {
		return false
	}
	return slices.ContainsFunc(app.Workflow.Steps, func(s v1beta1.WorkflowStep) bool {
		return hasCondition(s.StepBase) || slices.ContainsFunc(s.SubSteps, hasCondition)
	})
}

func hasCondition(step v1beta1.StepBase) bool { return step.If != "" && step.If != "always" }

func place(spec workflow.Spec) []placed {
	var out []placed
	var names []string
	for _, s := range spec.Steps {
		names = append(names, s.Name)
	}
	for i, s := range spec.Steps {
		at := schema.Index(pathSteps, i)
		out = append(out, placed{at: at, step: s.StepBase, peers: names, index: i, mode: spec.Mode.Steps})
		mode := s.Mode
		if mode == "" {
			mode = spec.Mode.SubSteps
		}
		var subNames []string
		for _, sub := range s.SubSteps {
			subNames = append(subNames, sub.Name)
		}
		for j, sub := range s.SubSteps {
			out = append(out, placed{at: schema.Index(at+".subSteps", j), step: sub, peers: subNames, index: j, mode: mode})
		}
	}
	return out
}

func checkMode(at string, mode v1beta1.StepMode) []error {
	switch mode {
	case "", v1beta1.StepModeDAG, v1beta1.StepModeStepByStep:
		return nil
	default:
		return []error{schema.Faultf(at, "%q is no mode; write StepByStep or DAG", mode)}
	}
}

func checkGroups(spec workflow.Spec) []error {
	var faults []error
	for i, s := range spec.Steps {
		at := schema.Index(pathSteps, i)
		faults = append(faults, checkMode(at+".mode", s.Mode)...)
		if s.Type == workflow.TypeGroup && len(s.SubSteps) == 0 {
			faults = append(faults, schema.Faultf(at+".subSteps", "step-group %s has none; add at least one sub step", s.Name))
		}
		if s.Type != workflow.TypeGroup && len(s.SubSteps) > 0 {
			faults = append(faults, schema.Faultf(at+".subSteps",
				"only a step-group has sub steps; write type: step-group or move them out"))
		}
		for j, sub := range s.SubSteps {
			if sub.Type == workflow.TypeGroup {
				faults = append(faults, schema.Faultf(schema.Index(at+".subSteps", j)+".type",
					"a step-group cannot be a sub step; put its sub steps beside the others"))
			}
		}
	}
	return faults
}

func checkNames(steps []placed) []error {
	var faults []error
	seen := make(map[string]string)
	for _, s := range steps {
		if first, twice := seen[s.step.Name]; twice {
			faults = append(faults, schema.Faultf(s.at+".name", "duplicated step name %q, which %s has already; give it another name",
				s.step.Name, first))
			continue
		}
		seen[s.step.Name] = s.at
	}
	return faults
}

func checkTimeout(s placed) []error {
	if s.step.Timeout == "" {
		return nil
	}
	if _, err := workflow.ParseDuration(s.step.Timeout); err != nil {
		return []error{schema.Faultf(s.at+".timeout", "%v", err)}
	}
	return nil
}

func checkDependsOn(s placed) []error {
	var faults []error
	for i, name := range s.step.DependsOn {
		at := schema.Index(s.at+".dependsOn", i)
		index := slices.Index(s.peers, name)
		switch {
		case index == s.index:
			faults = append(faults, schema.Faultf(at, "step %s waits for itself; remove it", name))
		case index < 0:
			faults = append(faults, unknownPeer(at, name, s))
		case index > s.index && s.mode == v1beta1.StepModeStepByStep:
			faults = append(faults, schema.Faultf(at,
				"step %s comes later in a workflow that goes step by step; move it before %s or write mode DAG", name, s.step.Name))
		}
	}
	return faults
}

func unknownPeer(at, name string, s placed) error {
	var others []string
	for _, peer := range s.peers {
		if peer != s.step.Name {
			others = append(others, peer)
		}
	}
	if near := schema.Nearest(name, others); near != "" {
		return schema.Faultf(at, "there is no step %q beside %s; write %s", name, s.step.Name, near)
	}
	if len(others) == 0 {
		return schema.Faultf(at, "there is no step %q beside %s; remove it", name, s.step.Name)
	}
	return schema.Faultf(at, "there is no step %q beside %s; write %s or remove it", name, s.step.Name, schema.List(others))
}

func outputNames(steps []placed) map[string]string {
	out := make(map[string]string)
	for _, s := range steps {
		for _, o := range s.step.Outputs {
			if _, twice := out[o.Name]; !twice {
				out[o.Name] = s.step.Name
			}
		}
	}
	return out
}

// checkData checks inputs and outputs of a step against the outputs of all steps.
func checkData(s placed, outputs map[string]string) []error {
	var faults []error
	for i, o := range s.step.Outputs {
		at := schema.Index(s.at+".outputs", i)
		switch {
		case o.Name == "":
			faults = append(faults, schema.Faultf(at+".name", "is missing; name the output"))
		case outputs[o.Name] != s.step.Name:
			faults = append(faults, schema.Faultf(at+".name", "step %s gives an output named %q already; give it another name",
				outputs[o.Name], o.Name))
		}
		if strings.TrimSpace(o.ValueFrom) == "" {
			faults = append(faults, schema.Faultf(at+".valueFrom", "is missing; write a path such as output.status.readyReplicas"))
		}
	}
	for i, in := range s.step.Inputs {
		at := schema.Index(s.at+".inputs", i) + ".from"
		if strings.HasPrefix(in.From, "context.") {
			continue
		}
		switch giver, known := outputs[in.From]; {
		case in.From == "":
			faults = append(faults, schema.Faultf(at, "is missing; name an output of another step, or context.<name>"))
		case !known:
			faults = append(faults, schema.Faultf(at, "no step gives an output named %q; name an output of another step, or context.<name>", in.From))
		case giver == s.step.Name:
			faults = append(faults, schema.Faultf(at, "step %s gives %q itself; name an output of another step", giver, in.From))
		}
	}
	return faults
}

// checkCycles looks for steps of one level that wait for one another.
func checkCycles(steps []placed) []error {
	byName := make(map[string]placed)
	for _, s := range steps {
		byName[s.step.Name] = s
	}
	var faults []error
	done := make(map[string]bool)
	for _, s := range steps {
		if ring := cycle(s.step.Name, byName, done, nil); ring != nil {
			faults = append(faults, schema.Faultf(byName[ring[0]].at+".dependsOn",
				"steps %s wait for one another; remove one of the dependencies", strings.Join(ring, " → ")))
		}
	}
	return faults
}

// cycle gives the steps of a ring that can be reached from the step, the first one again at the end.
func cycle(name string, steps map[string]placed, done map[string]bool, path []string) []string {
	if i := slices.Index(path, name); i >= 0 {
		return append(slices.Clone(path[i:]), name)
	}
	if done[name] {
		return nil
	}
	s := steps[name]
	for _, dep := range s.step.DependsOn {
		if dep == name || !slices.Contains(s.peers, dep) {
			continue // said already
		}
		if ring := cycle(dep, steps, done, append(path, name)); ring != nil {
			done[name] = true
			return ring
		}
	}
	done[name] = true
	return nil
}

func scopeOf(steps []placed) workflow.Scope {
	scope := workflow.Scope{Status: make(map[string]workflow.StepScope), Inputs: make(map[string]any)}
	for _, s := range steps {
		scope.Status[s.step.Name] = workflow.StepScope{}
		for _, in := range s.step.Inputs {
			scope.Inputs[in.From] = nil
		}
	}
	return scope
}

// checkWeights refuses a canary-deploy step with a lower weight than an earlier one for the same component: pods and
// traffic go back by a rollback, not by a step.
func checkWeights(steps []placed, app v1beta1.ApplicationSpec) []error {
	type reached struct {
		weight int32
		name   string
	}
	all := componentNames(app)
	last := make(map[string]reached)
	var faults []error
	for _, s := range steps {
		if s.step.Type != v1beta1.StepTypeCanaryDeploy {
			continue
		}
		p, wrong := decode[CanaryDeploy]("", s.step)
		if len(wrong) > 0 {
			continue // said about the properties, or filled by an input
		}
		components := p.Components
		if len(components) == 0 {
			components = all
		}
		told := false
		for _, c := range components {
			if before := last[c]; p.Weight < before.weight && !told {
				told = true
				faults = append(faults, schema.Faultf(s.at+".properties.weight",
					"step %s has weight %d, which is lower than %d of step %s before it; write %d or more, or go back with vela workflow rollback",
					s.step.Name, p.Weight, before.weight, before.name, before.weight))
			}
			if p.Weight >= last[c].weight {
				last[c] = reached{weight: p.Weight, name: s.step.Name}
			}
		}
	}
	return faults
}

// Sentences joins what is wrong into one text, a sentence a line.
func Sentences(faults []error) string {
	lines := make([]string, 0, len(faults))
	for _, f := range faults {
		lines = append(lines, fmt.Sprint(f))
	}
	return strings.Join(lines, "\n")
}
