// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package canary

import (
	"encoding/json"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Batch is what one canary step asks for.
type Batch struct {
	Step   string
	Weight int
	// Pods of the new version once the step is true, rounded up as the rollout engine does; Stable those of the old one.
	Pods, Stable int
	// Same says that the step before it had as many pods.
	Same bool
}

// Pods of the new version of replicas at a weight in percent; what is begun is a whole pod.
func Pods(replicas, weight int) int { return (replicas*weight + 99) / 100 }

// Simulate reads the canary steps of a workflow, sub steps in the place of their group, and counts pods.
func Simulate(steps []v1beta1.WorkflowStep, replicas int) []Batch {
	var all []Batch
	add := func(s v1beta1.StepBase) {
		weight, ok := WeightOf(s)
		if !ok {
			return
		}
		pods := Pods(replicas, weight)
		same := len(all) > 0 && all[len(all)-1].Pods == pods && weight > 0
		all = append(all, Batch{Step: s.Name, Weight: weight, Pods: pods, Stable: replicas - pods, Same: same})
	}
	for _, s := range steps {
		if len(s.SubSteps) == 0 {
			add(s.StepBase)
		}
		for _, sub := range s.SubSteps {
			add(sub)
		}
	}
	return all
}

// WeightOf is the weight of a canary step; false for a step of another type.
func WeightOf(s v1beta1.StepBase) (int, bool) {
	if s.Type != v1beta1.StepTypeCanaryDeploy || s.Properties == nil {
		return 0, false
	}
	var properties struct {
		Weight *int `json:"weight"`
	}
	if err := json.Unmarshal(s.Properties.Raw, &properties); err != nil || properties.Weight == nil {
		return 0, false
	}
	return *properties.Weight, true
}

// Has says that a workflow has canary steps.
func Has(steps []v1beta1.WorkflowStep) bool { return len(Simulate(steps, 1)) > 0 }
