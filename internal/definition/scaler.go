// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Scaler are the parameters of trait scaler: how many pods there are.
type Scaler struct {
	Replicas int32 `json:"replicas" schema:"min=0,default=1" doc:"How many pods there are."`
}

func scaler() Trait {
	p := parametersOf[Scaler]("scaler")
	return Trait{
		Name:    "scaler",
		Summary: "States how many pods a component has.",
		Kinds:   []string{kindDeployment, kindStatefulSet},
		Schema:  p.schema,
		Check:   p.check,
		Render: func(at string, _ Scope, properties *runtime.RawExtension, workload *unstructured.Unstructured) ([]Output, error) {
			params, faults := p.decode(at, properties)
			if len(faults) > 0 {
				return nil, errors.Join(faults...)
			}
			if err := unstructured.SetNestedField(workload.Object, int64(params.Replicas), "spec", "replicas"); err != nil {
				return nil, fmt.Errorf("setting replicas of the workload: %w", err)
			}
			return nil, nil
		},
		// The count is part of the workload, which reports it.
		Health: func(Seen) Health { return Health{Healthy: true} },
	}
}
