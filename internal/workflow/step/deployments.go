// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// Deployments lists what steps and their sub-steps ask for, in order, as they are written: without inputs, and whatever their
// conditions say. A step that can't be understood asks for nothing. Of env it uses App, Override and Now.
func Deployments(ctx context.Context, env Env, steps []v1beta1.WorkflowStep) []Deployment {
	var all []Deployment
	env.Ctx = ctx
	env.Deploy = func(_ context.Context, d Deployment) (Progress, error) {
		all = append(all, d)
		return Progress{Done: true}, nil
	}
	started := metav1.NewTime(env.Now)
	run := func(s v1beta1.StepBase) {
		// One that was started before deploys rather than wait for a person first.
		Run(env, workflow.Call{Step: s, Status: v1beta1.StepStatusBase{FirstExecuteTime: &started}})
	}
	for _, s := range steps {
		run(s.StepBase)
		for _, sub := range s.SubSteps {
			run(sub)
		}
	}
	return all
}
