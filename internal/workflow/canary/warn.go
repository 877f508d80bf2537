// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package canary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// The codes of a Warning.
const (
	SamePods            = "same-pods"
	MoreBatchesThanPods = "more-batches-than-pods"
	NoGateway           = "no-gateway"
	SeveralComponents   = "several-components"
)

// Warning is what a person should know before a canary workflow is saved.
type Warning struct {
	// Code is among the constants above; Step is the one that it is about, if any.
	Code, Step string
	// Message says it; Args are the values in it, in their order.
	Message string
	Args    []any
}

func warn(code, step, message string, args ...any) Warning {
	return Warning{Code: code, Step: step, Message: fmt.Sprintf(message, args...), Args: args}
}

// Warnings of the steps of a canary release of spec; replicas is nil where it is not known.
func Warnings(spec v1beta1.ApplicationSpec, steps []v1beta1.WorkflowStep, replicas *int) []Warning {
	var all []Warning
	if replicas != nil {
		batches := Simulate(steps, *replicas)
		for i, b := range batches {
			if b.Same {
				all = append(all, warn(SamePods, b.Step, "batch %s has as many pods (%d of %d) as the one before it; only traffic changes", b.Step, b.Pods, *replicas))
			}
			if i == 0 && b.Pods == *replicas && len(batches) > 1 {
				all = append(all, warn(MoreBatchesThanPods, b.Step, "the first batch replaces all %d pods; give the application more replicas for a release in steps", *replicas))
			}
		}
	}
	if !routed(spec) {
		all = append(all, warn(NoGateway, "", "no component has a gateway or http-route trait: requests are shared as pods are, not by weight"))
	}
	if len(spec.Components) > 1 {
		all = append(all, warn(SeveralComponents, "", "all components are released in the same batches; pods are counted over all of them"))
	}
	return all
}

func routed(spec v1beta1.ApplicationSpec) bool {
	return slices.ContainsFunc(spec.Components, func(c v1beta1.Component) bool {
		return slices.ContainsFunc(c.Traits, func(t v1beta1.Trait) bool {
			return t.Type == "gateway" || t.Type == "http-route" || t.Type == "https-route"
		})
	})
}

// Name is what the canary form of a workflow is called unless a person says otherwise.
func Name(base string) string { return base + "-canary" }

// Alias is the alias of the canary form of a workflow: Default Workflow becomes Default Canary Workflow.
func Alias(of string) string {
	const workflow = " Workflow"
	if rest, ok := strings.CutSuffix(of, workflow); ok {
		return rest + " Canary" + workflow
	}
	return of + " Canary"
}

// Mode is how the steps of a canary release run.
func Mode() *v1beta1.WorkflowMode { return &v1beta1.WorkflowMode{Steps: v1beta1.StepModeStepByStep} }
