// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"errors"

	"github.com/vela-rollouts/vela/internal/workflow"
)

// Group has no parameters: its work are its sub steps, which the engine runs.
type Group struct{}

func stepGroup() Type {
	return typeOf(workflow.TypeGroup, "Groups sub steps, side by side or one after the other.", runStepGroup)
}

// runStepGroup is reached only where a group cannot be: as a sub step.
func runStepGroup(Env, workflow.Call, Group) workflow.Outcome {
	return invalid(errors.New("a step-group cannot be a sub step; put its sub steps beside the others"))
}
