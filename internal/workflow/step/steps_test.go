// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

func TestRun(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	later := now.Add(90 * time.Second)
	earlier := metav1.NewTime(now)
	web, api := v1beta1.Component{Name: "web"}, v1beta1.Component{Name: "api"}
	override := v1beta1.Policy{Name: "big", Type: "override"}
	started := v1beta1.StepStatusBase{Phase: v1beta1.StepRunning, FirstExecuteTime: &earlier}
	cases := map[string]struct {
		kind       string
		properties string
		status     v1beta1.StepStatusBase
		progress   Progress
		err        error
		want       workflow.Outcome
		deployed   *Deployment
	}{
		"canary-deploy asks for its part and waits": {
			kind: "canary-deploy", properties: `{"weight":20}`, progress: Progress{Message: "0 of 1 pods ready"},
			want:     workflow.Outcome{Phase: "running", Message: "0 of 1 pods ready"},
			deployed: &Deployment{Components: []v1beta1.Component{web, api}, Canary: &Canary{Weight: 20, RolloutType: "partition"}, Parallelism: 5, StepName: "s"},
		},
		"canary-deploy of one component that an override changes": {
			kind: "canary-deploy", properties: `{"weight":0,"components":["api"],"policies":["big"]}`, progress: Progress{Done: true, Message: "nothing to release"},
			want: workflow.Outcome{Phase: "succeeded", Message: "nothing to release"},
			deployed: &Deployment{
				Components: []v1beta1.Component{{Name: "api", Type: "changed"}}, Canary: &Canary{RolloutType: "partition"},
				Policies: []v1beta1.Policy{override}, Parallelism: 5, StepName: "s",
			},
		},
		"canary-deploy of a component that is not there": {
			kind: "canary-deploy", properties: `{"weight":20,"components":["nosuch"]}`,
			want: workflow.Outcome{Phase: "failed", Reason: "ProcessParameter", Message: `there is no component "nosuch" in the application; name one of its components`},
		},
		"canary-deploy with a weight that an input made too high": {
			kind: "canary-deploy", properties: `{"weight":200}`,
			want: workflow.Outcome{Phase: "failed", Reason: "ProcessParameter", Message: `properties.weight: 200 is outside 0 to 100; write a number in that range`},
		},
		"an error is tried again": {
			kind: "deploy", err: errors.New("conflict"), want: workflow.Outcome{Err: errors.New("conflict")},
			deployed: &Deployment{Components: []v1beta1.Component{web, api}, Parallelism: 5, StepName: "s"},
		},
		"a failure is final": {
			kind: "deploy", err: &Failure{Reason: v1beta1.ReasonRendering, Err: errors.New("no image")},
			want:     workflow.Outcome{Phase: "failed", Reason: "Rendering", Message: "no image"},
			deployed: &Deployment{Components: []v1beta1.Component{web, api}, Parallelism: 5, StepName: "s"},
		},
		"deploy without auto asks first": {
			kind: "deploy", properties: `{"auto":false}`, want: workflow.Outcome{Phase: "suspending"},
		},
		"deploy without auto deploys when it was resumed": {
			kind: "deploy", properties: `{"auto":false,"parallelism":1}`, status: started,
			want:     workflow.Outcome{Phase: "running", Message: "wait healthy"},
			deployed: &Deployment{Components: []v1beta1.Component{web, api}, Parallelism: 1, StepName: "s"},
		},
		"deploy with a policy that is not there": {
			kind: "deploy", properties: `{"policies":["nosuch"]}`,
			want: workflow.Outcome{Phase: "failed", Reason: "ProcessParameter", Message: "policy nosuch not found"},
		},
		"apply-component deploys one": {
			kind: "apply-component", properties: `{"component":"web","namespace":"other"}`,
			want:     workflow.Outcome{Phase: "running", Message: "wait healthy"},
			deployed: &Deployment{Components: []v1beta1.Component{web}, Namespace: "other", StepName: "s"},
		},
		"suspend waits for somebody":   {kind: "suspend", want: workflow.Outcome{Phase: "suspending"}},
		"suspend says what it is told": {kind: "suspend", properties: `{"message":"look at the graphs"}`, want: workflow.Outcome{Phase: "suspending", Message: "look at the graphs"}},
		"suspend waits for a time":     {kind: "suspend", properties: `{"duration":"1m30s"}`, want: workflow.Outcome{Phase: "suspending", ResumeAt: &later}},
		"suspend that was resumed":     {kind: "suspend", properties: `{"duration":"1m30s"}`, status: started, want: workflow.Outcome{Phase: "succeeded"}},
		"a type that is not there": {
			kind: "suspnd", want: workflow.Outcome{Phase: "failed", Reason: "ProcessParameter", Message: `type: there is no step type "suspnd"; write suspend`},
		},
		"a group within a group": {
			kind: "step-group", want: workflow.Outcome{Phase: "failed", Reason: "ProcessParameter", Message: "a step-group cannot be a sub step; put its sub steps beside the others"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var deployed *Deployment
			env := Env{
				Ctx: context.Background(), Now: now,
				App: v1beta1.ApplicationSpec{Components: []v1beta1.Component{web, api}, Policies: []v1beta1.Policy{override}},
				Deploy: func(_ context.Context, d Deployment) (Progress, error) {
					deployed = &d
					return c.progress, c.err
				},
				Override: func(components []v1beta1.Component, _ []v1beta1.Policy) ([]v1beta1.Component, error) {
					out := append([]v1beta1.Component(nil), components...)
					for i := range out {
						out[i].Type = "changed"
					}
					return out, nil
				},
			}
			step := v1beta1.StepBase{Name: "s", Type: c.kind}
			if c.properties != "" {
				step.Properties = &runtime.RawExtension{Raw: []byte(c.properties)}
			}
			got := Run(env, workflow.Call{Step: step, FirstExecuted: now, Status: c.status})
			sameText := cmp.Comparer(func(a, b error) bool { return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error() })
			if diff := cmp.Diff(c.want, got, sameText); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.deployed, deployed); diff != "" {
				t.Errorf("deployment (-want +got):\n%s", diff)
			}
		})
	}
}
