// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// clusterLocal is the cluster that the controller runs in.
const clusterLocal = "local"

// ApplyComponent are the parameters of step apply-component (kubevela.md 3.9).
type ApplyComponent struct {
	Component string `json:"component" schema:"required,minLength=1" doc:"Name of the component to apply."`
	Cluster   string `json:"cluster,omitempty" doc:"Name of the cluster; local is the one that the controller runs in."`
	Namespace string `json:"namespace,omitempty" doc:"Namespace for the objects, instead of the application's."`
}

// Check reports a cluster that is not there.
func (p ApplyComponent) Check(at string) []error {
	if p.Cluster != "" && p.Cluster != clusterLocal {
		return []error{schema.Faultf(schema.Join(at, "cluster"), "there is no cluster %q; write local or leave it out", p.Cluster)}
	}
	return nil
}

func (p ApplyComponent) components() []named { return []named{{field: "component", name: p.Component}} }
func (p ApplyComponent) policies() []named   { return nil }

func applyComponent() Type {
	return typeOf("apply-component", "Applies one component with its traits and waits until it is healthy.", runApplyComponent)
}

func runApplyComponent(env Env, call workflow.Call, p ApplyComponent) workflow.Outcome {
	components, _, err := chooseComponents(env, nil, []string{p.Component})
	if err != nil {
		return invalid(err)
	}
	return carryOut(env, Deployment{Components: components, Namespace: p.Namespace, StepName: call.Step.Name})
}
