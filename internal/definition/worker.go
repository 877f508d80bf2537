// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime"
)

// Worker are the parameters of component worker: a process that runs for ever and takes no requests.
type Worker struct {
	Container
}

func worker() Component {
	p := parametersOf[Worker]("worker")
	return Component{
		Name:    "worker",
		Summary: "A process that runs for ever and takes no requests.",
		Schema:  p.schema,
		Check:   p.check,
		Render: func(at string, scope Scope, properties *runtime.RawExtension) ([]Output, error) {
			params, faults := p.decode(at, properties)
			if len(faults) > 0 {
				return nil, errors.Join(faults...)
			}
			workload, err := deployment(scope,
				fields{"labels": podLabels(scope, nil)}, params.pod(params.container(scope.Component)))
			if err != nil {
				return nil, err
			}
			return []Output{{Object: workload}}, nil
		},
		Health: deploymentHealth,
	}
}
