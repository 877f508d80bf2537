// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

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
		Render: p.rendering(func(params Worker, scope Scope) ([]Output, error) {
			workload, err := deployment(scope,
				fields{"labels": podLabels(scope, nil)}, params.pod(params.container(scope.Component)))
			if err != nil {
				return nil, err
			}
			return []Output{{Object: workload}}, nil
		}),
		Health: deploymentHealth,
	}
}
