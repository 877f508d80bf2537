// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// Suspend are the parameters of step suspend (kubevela.md 3.7).
type Suspend struct {
	Duration string `json:"duration,omitempty" doc:"After this time, such as 30s, 10m, 1h or 1d, the workflow goes on by itself."`
	Message  string `json:"message,omitempty" doc:"What is shown while the workflow waits."`
}

// Check reports a duration that cannot be read.
func (p Suspend) Check(at string) []error {
	if p.Duration == "" {
		return nil
	}
	if _, err := workflow.ParseDuration(p.Duration); err != nil {
		return []error{schema.Faultf(schema.Join(at, "duration"), "%q is no duration; write it as 30s, 10m, 1h or 1d", p.Duration)}
	}
	return nil
}

func suspend() Type {
	return typeOf("suspend", "Waits until somebody resumes the workflow, or for a time.", runSuspend)
}

func runSuspend(_ Env, call workflow.Call, p Suspend) workflow.Outcome {
	if !call.First() {
		return workflow.Outcome{Phase: v1beta1.StepSucceeded}
	}
	out := workflow.Outcome{Phase: v1beta1.StepSuspending, Message: p.Message}
	if p.Duration == "" {
		return out
	}
	duration, err := workflow.ParseDuration(p.Duration)
	if err != nil {
		return invalid(err)
	}
	at := call.FirstExecuted.Add(duration)
	out.ResumeAt = &at
	return out
}
