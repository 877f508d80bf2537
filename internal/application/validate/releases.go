// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// releases renders everything once, to find what only shows when it is put together. It is asked when nothing else is
// wrong.
func releases(reg *definition.Registry, app *v1beta1.Application) []error {
	merged, rendered, faults := renderAll(reg, app)
	if len(faults) > 0 || app.Spec.Workflow == nil {
		return faults
	}
	for i, step := range app.Spec.Workflow.Steps {
		at := schema.Index("spec.workflow.steps", i)
		faults = append(faults, canary(app, merged, rendered, at, step.StepBase)...)
		for j, sub := range step.SubSteps {
			faults = append(faults, canary(app, merged, rendered, schema.Index(at+".subSteps", j), sub)...)
		}
	}
	return faults
}

// renderAll renders each component, with the policies that override some, or says why it can't be.
func renderAll(reg *definition.Registry, app *v1beta1.Application) ([]v1beta1.Component, map[string][]render.Manifest, []error) {
	merged, err := render.Override(app.Spec.Components, app.Spec.Policies)
	if err != nil {
		return nil, nil, []error{inSpec(app, err)}
	}
	var faults []error
	rendered := map[string][]render.Manifest{}
	for _, comp := range merged {
		manifests, err := render.Component(reg, contextOf(app), comp)
		if err != nil {
			faults = append(faults, inSpec(app, err))
			continue
		}
		rendered[comp.Name] = manifests
	}
	return merged, rendered, faults
}

func contextOf(app *v1beta1.Application) render.Context {
	return render.Context{AppName: app.Name, Namespace: app.Namespace, Revision: app.Name + "-v1"}
}

// canaryProperties is what matters here of a canary-deploy step; the workflow's check looks at all of it.
type canaryProperties struct {
	Weight      int32    `json:"weight"`
	Components  []string `json:"components"`
	RolloutType string   `json:"rolloutType"`
}

// canary renders the Rollouts of a canary-deploy step, which not every component can have: its requests may come through a
// gateway whose weights cannot be set.
func canary(
	app *v1beta1.Application, components []v1beta1.Component, rendered map[string][]render.Manifest,
	at string, step v1beta1.StepBase,
) []error {
	var asked canaryProperties
	// Inputs fill properties in only when the step runs.
	if step.Type != v1beta1.StepTypeCanaryDeploy || step.Properties == nil || len(step.Inputs) > 0 {
		return nil
	}
	if json.Unmarshal(step.Properties.Raw, &asked) != nil {
		return []error{schema.Faultf(at+".properties", "canary-deploy cannot read these; write weight as a whole number of percent, and components as a list")}
	}
	var faults []error
	for _, comp := range components {
		if len(asked.Components) > 0 && !slices.Contains(asked.Components, comp.Name) {
			continue
		}
		_, err := render.Rollout(contextOf(app), comp, rendered[comp.Name], render.Canary{Weight: asked.Weight, RolloutType: asked.RolloutType})
		if err != nil {
			faults = append(faults, inStep(app, at, err))
		}
	}
	return faults
}

// inStep puts the step's path before a fault of its weight or type; other faults are the component's.
func inStep(app *v1beta1.Application, at string, err error) error {
	var fault *schema.Fault
	if errors.As(err, &fault) && (fault.Field == "weight" || fault.Field == "rolloutType") {
		return &schema.Fault{Field: at + ".properties." + fault.Field, Detail: fault.Detail}
	}
	return inSpec(app, err)
}

// inSpec turns the paths that rendering writes, "component <name>, …" and "policy <name>, …", into those of the spec.
func inSpec(app *v1beta1.Application, err error) error {
	var fault *schema.Fault
	if !errors.As(err, &fault) {
		return err
	}
	for i, comp := range app.Spec.Components {
		if field, found := renamed(fault.Field, "component "+comp.Name, schema.Index("spec.components", i)); found {
			return &schema.Fault{Field: field, Detail: fault.Detail}
		}
	}
	for i, policy := range app.Spec.Policies {
		if field, found := renamed(fault.Field, "policy "+policy.Name, schema.Index("spec.policies", i)); found {
			return &schema.Fault{Field: field, Detail: fault.Detail}
		}
	}
	return err
}

// renamed puts another owner before a path "<owner>" or "<owner>, <rest>".
func renamed(field, owner, at string) (string, bool) {
	rest, found := strings.CutPrefix(field, owner)
	if !found {
		return "", false
	}
	if rest == "" {
		return at, true
	}
	rest, found = strings.CutPrefix(rest, ", ")
	return at + "." + rest, found
}
