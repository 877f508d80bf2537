// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// CanaryDeploy are the parameters of step canary-deploy (kubevela.md 5.2).
type CanaryDeploy struct {
	Weight      int32    `json:"weight" schema:"required,min=0,max=100" doc:"Percentage of pods and of traffic on the new version."`
	Components  []string `json:"components,omitempty" doc:"Names of the components to deploy; all without it."`
	Policies    []string `json:"policies,omitempty" doc:"Names of policies that apply to this step."`
	RolloutType string   `json:"rolloutType,omitempty" schema:"default=partition,enum=partition" doc:"How pods are replaced: partition replaces them in place."`
}

func (p CanaryDeploy) components() []named { return list("components", p.Components) }
func (p CanaryDeploy) policies() []named   { return list("policies", p.Policies) }

func canaryDeploy() Type {
	return typeOf(v1beta1.StepTypeCanaryDeploy, "Brings a part of the pods and of the traffic to the new version.", runCanaryDeploy)
}

func runCanaryDeploy(env Env, call workflow.Call, p CanaryDeploy) workflow.Outcome {
	components, policies, err := chooseComponents(env, p.Policies, p.Components)
	if err != nil {
		return invalid(err)
	}
	return carryOut(env, Deployment{
		Components:  components,
		Canary:      &Canary{Weight: p.Weight, RolloutType: p.RolloutType},
		Policies:    policies,
		Parallelism: defaultParallelism,
		StepName:    call.Step.Name,
	})
}
