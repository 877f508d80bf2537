// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// defaultParallelism is how many components a deploy step brings on the way at a time.
const defaultParallelism = 5

// Deploy are the parameters of step deploy (kubevela.md 3.9, 3.10).
type Deploy struct {
	Auto                     bool     `json:"auto,omitempty" schema:"default=true" doc:"Without it the step waits for somebody to resume the workflow first."`
	Policies                 []string `json:"policies,omitempty" doc:"Names of policies that apply to this step."`
	Parallelism              int32    `json:"parallelism,omitempty" schema:"default=5,min=1" doc:"How many components are on the way at a time."`
	IgnoreTerraformComponent bool     `json:"ignoreTerraformComponent,omitempty" schema:"default=true" doc:"Leaves out components of terraform."`
}

func (p Deploy) components() []named { return nil }
func (p Deploy) policies() []named   { return list("policies", p.Policies) }

func deploy() Type {
	return typeOf("deploy", "Deploys all components and waits until they are healthy.", runDeploy)
}

func runDeploy(env Env, call workflow.Call, p Deploy) workflow.Outcome {
	if !p.Auto && call.First() {
		return workflow.Outcome{Phase: v1beta1.StepSuspending}
	}
	components, policies, err := chooseComponents(env, p.Policies, nil)
	if err != nil {
		return invalid(err)
	}
	return carryOut(env, Deployment{
		Components:  components,
		Policies:    policies,
		Parallelism: p.Parallelism,
		StepName:    call.Step.Name,
	})
}
