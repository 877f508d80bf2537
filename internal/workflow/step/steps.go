// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// Types is the list of step types, in the order in which people are told about them.
func Types() []Type {
	return []Type{
		canaryDeploy(),
		suspend(),
		deploy(),
		applyComponent(),
		stepGroup(),
	}
}

// Type is one step type.
type Type struct {
	Name    string
	Summary string
	// Schema of the properties.
	Schema func() *schema.Schema
	check  func(at string, step v1beta1.StepBase, app *v1beta1.ApplicationSpec) []error
	run    func(env Env, call workflow.Call) workflow.Outcome
}

// named is a name in a step's properties that must be that of something in the application.
type named struct {
	field string
	name  string
}

// references are implemented by parameters that name parts of the application.
type references interface {
	components() []named
	policies() []named
}

func typeOf[P any](name, summary string, run func(Env, workflow.Call, P) workflow.Outcome) Type {
	return Type{
		Name:    name,
		Summary: summary,
		Schema:  schema.Of[P],
		check: func(at string, step v1beta1.StepBase, app *v1beta1.ApplicationSpec) []error {
			params, faults := decode[P](at, step)
			if refs, ok := any(params).(references); ok && app != nil && len(faults) == 0 {
				faults = append(faults, checkReferences(at, refs, *app)...)
			}
			return unlessFilled(faults, at, step.Inputs)
		},
		run: func(env Env, call workflow.Call) workflow.Outcome {
			params, faults := decode[P]("properties", call.Step)
			if len(faults) > 0 {
				return invalid(errors.Join(faults...))
			}
			return run(env, call, params)
		},
	}
}

func decode[P any](at string, step v1beta1.StepBase) (P, []error) {
	var raw []byte
	if step.Properties != nil {
		raw = step.Properties.Raw
	}
	return schema.Decode[P](schema.Of[P](), at, "step type "+step.Type, raw)
}

// unlessFilled drops what is said about properties that an input fills when the step runs; they are checked then.
func unlessFilled(faults []error, at string, inputs []v1beta1.StepInput) []error {
	var out []error
	for _, err := range faults {
		var fault *schema.Fault
		filled := false
		if errors.As(err, &fault) {
			for _, input := range inputs {
				root, _, _ := strings.Cut(strings.ReplaceAll(input.ParameterKey, "[", "."), ".")
				path := schema.Join(at, root)
				filled = filled || root != "" && (fault.Field == path || strings.HasPrefix(fault.Field, path+".") ||
					strings.HasPrefix(fault.Field, path+"["))
			}
		}
		if !filled {
			out = append(out, err)
		}
	}
	return out
}

// Run executes the step of the call once.
func Run(env Env, call workflow.Call) workflow.Outcome {
	for _, t := range Types() {
		if t.Name == call.Step.Type {
			return t.run(env, call)
		}
	}
	return invalid(unknownType("type", call.Step.Type))
}

// Validate checks the type and the properties of one step. What it names in the application is checked by
// ValidateWorkflow.
func Validate(step v1beta1.StepBase) []error {
	return validateStep("", step, nil)
}

func validateStep(at string, step v1beta1.StepBase, app *v1beta1.ApplicationSpec) []error {
	for _, t := range Types() {
		if t.Name == step.Type {
			return t.check(schema.Join(at, "properties"), step, app)
		}
	}
	return []error{unknownType(schema.Join(at, "type"), step.Type)}
}

func unknownType(at, name string) error {
	known := make([]string, 0, len(Types()))
	for _, t := range Types() {
		known = append(known, t.Name)
	}
	if name == "" {
		return schema.Faultf(at, "is missing; write %s", schema.List(known))
	}
	if near := schema.Nearest(name, known); near != "" {
		return schema.Faultf(at, "there is no step type %q; write %s", name, near)
	}
	return schema.Faultf(at, "there is no step type %q; write %s", name, schema.List(known))
}

func checkReferences(at string, refs references, app v1beta1.ApplicationSpec) []error {
	var faults []error
	components := componentNames(app)
	for _, c := range refs.components() {
		faults = append(faults, unknownName(at, c, "component", "spec.components", components)...)
	}
	policies := make([]string, 0, len(app.Policies))
	for i, p := range app.Policies {
		policies = append(policies, workflow.PolicyName(p, i))
	}
	for _, p := range refs.policies() {
		faults = append(faults, unknownName(at, p, "policy", "spec.policies", policies)...)
	}
	return faults
}

func unknownName(at string, ref named, what, where string, known []string) []error {
	for _, k := range known {
		if k == ref.name {
			return nil
		}
	}
	field := at + "." + ref.field
	if near := schema.Nearest(ref.name, known); near != "" {
		return []error{schema.Faultf(field, "there is no %s %q in %s; write %s", what, ref.name, where, near)}
	}
	if len(known) == 0 {
		return []error{schema.Faultf(field, "there is no %s %q in %s; add it there or leave it out here", what, ref.name, where)}
	}
	return []error{schema.Faultf(field, "there is no %s %q in %s; write %s", what, ref.name, where, schema.List(known))}
}

func list(field string, names []string) []named {
	out := make([]named, 0, len(names))
	for i, name := range names {
		out = append(out, named{field: schema.Index(field, i), name: name})
	}
	return out
}

func invalid(err error) workflow.Outcome {
	return workflow.Outcome{Phase: v1beta1.StepFailed, Reason: v1beta1.ReasonProcessParameter, Message: err.Error()}
}

// carryOut deploys and turns the progress into the step's outcome.
func carryOut(env Env, d Deployment) workflow.Outcome {
	if env.Deploy == nil {
		return workflow.Outcome{Err: fmt.Errorf("step %s: nothing can be deployed here", d.StepName)}
	}
	progress, err := env.Deploy(env.Ctx, d)
	var failure *Failure
	switch {
	case errors.As(err, &failure):
		return workflow.Outcome{Phase: v1beta1.StepFailed, Reason: failure.Reason, Message: failure.Error()}
	case err != nil:
		return workflow.Outcome{Err: err}
	case progress.Done:
		return workflow.Outcome{Phase: v1beta1.StepSucceeded, Outputs: progress.Outputs, Message: progress.Message}
	case progress.Message == "":
		return workflow.Outcome{Phase: v1beta1.StepRunning, Message: messageWait}
	}
	return workflow.Outcome{Phase: v1beta1.StepRunning, Message: progress.Message}
}

// messageWait is what a step says while its components are not healthy (kubevela.md 3.9).
const messageWait = "wait healthy"
