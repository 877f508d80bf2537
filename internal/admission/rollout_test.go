// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	older "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	velaadmission "github.com/vela-rollouts/vela/internal/admission"
)

func TestRolloutRules(t *testing.T) {
	t.Parallel()
	rules := velaadmission.RolloutRules{
		Check: func(_ context.Context, ro *rollouts.Rollout) ([]error, error) {
			if ro.Namespace != "default" {
				return []error{errors.New("the namespace has to be known")}, nil
			}
			if ro.Spec.Strategy.Canary == nil {
				return []error{errors.New("no steps"), errors.New("and more")}, nil
			}
			return nil, nil
		},
		CheckChange: func(was, is *rollouts.Rollout) []error {
			if was.Spec.WorkloadRef != is.Spec.WorkloadRef {
				return []error{errors.New("not now")}
			}
			return nil
		},
	}
	const (
		fine = `{metadata: {name: demo}, spec: {workloadRef: {name: a}, strategy: {canary: {steps: []}}}}`
		bad  = `{metadata: {name: demo}, spec: {workloadRef: {name: a}}}`
	)
	for name, c := range map[string]struct{ is, was, want string }{
		"a new one":                         {fine, "", ""},
		"a new one with faults":             {bad, "", "no steps; and more"},
		"an edit that can't be now":         {`{spec: {workloadRef: {name: b}, strategy: {canary: {steps: []}}}}`, fine, "not now"},
		"an edit that is wrong at any time": {bad, fine, "no steps; and more"},
		"an old fault with another label":   {`{metadata: {name: demo, labels: {a: b}}, spec: {workloadRef: {name: a}}}`, bad, ""},
		"another TrafficRouting, by the annotation that names it": {
			`{metadata: {name: demo, annotations: {rollouts.kruise.io/trafficrouting: entry}}, spec: {workloadRef: {name: a}}}`, bad, "no steps; and more"},
		"a finalizer that goes, on deletion": {`{metadata: {name: demo, deletionTimestamp: "2026-11-25T09:00:00Z"}}`, fine, ""},
	} {
		op := admissionv1.Create
		if c.was != "" {
			op = admissionv1.Update
		}
		resp := rules.Handle(t.Context(), request(t, op, c.is, c.was, ""))
		got := ""
		if resp.Result != nil {
			got = resp.Result.Message
		}
		if resp.Allowed != (c.want == "") || got != c.want {
			t.Errorf("%s: allowed %v, %q; want %q", name, resp.Allowed, got, c.want)
		}
	}
}

func TestARolloutIsNotTakenAwayFromTheReleaseOfAnApplication(t *testing.T) {
	t.Parallel()
	app := &corev1beta1.Application{}
	rules := velaadmission.RolloutRules{
		Controller: func(context.Context) (string, error) { return "vela", nil },
		Application: func(_ context.Context, namespace, name string) (*corev1beta1.Application, error) {
			if namespace != "default" || name != "demo" {
				return nil, nil
			}
			return app, nil
		},
	}
	const (
		releasing = `{metadata: {name: demo, labels: {app.oam.dev/name: demo}}, spec: {releaseID: demo-v2}, status: {phase: Progressing}}`
		refused   = "Application demo is releasing demo-v2 by this Rollout, and without it all pods would get that version at once: " +
			"go back with vela workflow rollback demo, or go on with vela workflow resume demo"
	)
	for name, c := range map[string]struct{ was, by, want string }{
		"by a person, in the middle of a release":    {releasing, "alice", refused},
		"by a person who took its labels off first":  {`{metadata: {name: demo}, spec: {releaseID: demo-v2}, status: {phase: Progressing}}`, "alice", refused},
		"by the Application's controller":            {releasing, "vela", ""},
		"by the garbage collector":                   {releasing, "system:serviceaccount:kube-system:generic-garbage-collector", ""},
		"by a controller manager of one identity":    {releasing, "system:kube-controller-manager", ""},
		"by a service account of somebody":           {releasing, "system:serviceaccount:ci:deployer", refused},
		"when the release is over":                   {`{metadata: {name: demo, labels: {app.oam.dev/name: demo}}, status: {phase: Healthy}}`, "alice", ""},
		"one that belongs to no Application":         {`{metadata: {name: demo}, status: {phase: Progressing}}`, "alice", ""},
		"one whose Application is there no more":     {`{metadata: {name: demo, labels: {app.oam.dev/name: gone}}, status: {phase: Progressing}}`, "alice", ""},
		"one of an Application of another namespace": {`{metadata: {name: demo, labels: {app.oam.dev/name: demo, app.oam.dev/namespace: default}}, spec: {releaseID: demo-v2}, status: {phase: Progressing}}`, "alice", refused},
	} {
		req := request(t, admissionv1.Delete, "", c.was, "")
		req.UserInfo.Username = c.by
		resp := rules.Handle(t.Context(), req)
		got := ""
		if resp.Result != nil {
			got = resp.Result.Message
		}
		if resp.Allowed != (c.want == "") || got != c.want {
			t.Errorf("%s: allowed %v, %q; want %q", name, resp.Allowed, got, c.want)
		}
	}
	now := metav1.Now()
	app.DeletionTimestamp = &now
	req := request(t, admissionv1.Delete, "", releasing, "")
	if resp := rules.Handle(t.Context(), req); !resp.Allowed {
		t.Errorf("its Application goes, and the Rollout may not: %s", resp.Result.Message)
	}
}

func TestTheStepsOfAnApplicationsReleaseAreChangedByItsWorkflowOnly(t *testing.T) {
	t.Parallel()
	rules := velaadmission.RolloutRules{
		Check:       func(context.Context, *rollouts.Rollout) ([]error, error) { return nil, nil },
		CheckChange: func(_, _ *rollouts.Rollout) []error { return nil },
		Controller:  func(context.Context) (string, error) { return "vela", nil },
		Application: func(_ context.Context, _, name string) (*corev1beta1.Application, error) {
			if name != "demo" {
				return nil, nil
			}
			return &corev1beta1.Application{}, nil
		},
	}
	const (
		meta      = `metadata: {name: demo, labels: {app.oam.dev/name: demo}}, `
		steps     = `strategy: {canary: {steps: [{traffic: 20%}]}}`
		releasing = `{` + meta + `spec: {releaseID: demo-v2, ` + steps + `}, status: {phase: Progressing}}`
		refused   = "spec: Application demo is releasing demo-v2 by this Rollout, and the steps of its workflow say how much of it: " +
			"go on with vela workflow resume demo, go back with vela workflow rollback demo, or change the Application"
	)
	for name, c := range map[string]struct{ is, was, by, want string }{
		"all of the traffic by a person":     {`{` + meta + `spec: {releaseID: demo-v2, strategy: {canary: {steps: [{traffic: 100%}]}}}}`, releasing, "alice", refused},
		"disabled by a person":               {`{` + meta + `spec: {releaseID: demo-v2, disabled: true, ` + steps + `}}`, releasing, "alice", refused},
		"another release by a person":        {`{` + meta + `spec: {` + steps + `}}`, releasing, "alice", refused},
		"one whose labels a person took off": {`{spec: {releaseID: demo-v2, disabled: true, ` + steps + `}}`, `{spec: {releaseID: demo-v2, ` + steps + `}, status: {phase: Progressing}}`, "alice", refused},
		"paused by a person":                 {`{` + meta + `spec: {releaseID: demo-v2, strategy: {paused: true, canary: {steps: [{traffic: 20%}]}}}}`, releasing, "alice", ""},
		"a label by a person":                {`{metadata: {labels: {a: b}}, spec: {releaseID: demo-v2, ` + steps + `}}`, releasing, "alice", ""},
		"all of the traffic by its workflow": {`{` + meta + `spec: {releaseID: demo-v2, strategy: {canary: {steps: [{traffic: 100%}]}}}}`, releasing, "vela", ""},
		"when the release is over":           {`{` + meta + `spec: {disabled: true}}`, `{` + meta + `spec: {releaseID: demo-v2}, status: {phase: Healthy}}`, "alice", ""},
		"one that belongs to no Application": {`{spec: {disabled: true}}`, `{status: {phase: Progressing}}`, "alice", ""},
		"one whose Application is no more":   {`{spec: {disabled: true}}`, `{metadata: {labels: {app.oam.dev/name: gone}}, status: {phase: Progressing}}`, "alice", ""},
	} {
		req := request(t, admissionv1.Update, c.is, c.was, "")
		req.UserInfo.Username = c.by
		resp := rules.Handle(t.Context(), req)
		got := ""
		if resp.Result != nil {
			got = resp.Result.Message
		}
		if resp.Allowed != (c.want == "") || got != c.want {
			t.Errorf("%s: allowed %v, %q; want %q", name, resp.Allowed, got, c.want)
		}
	}
}

func TestTrafficRoutingRules(t *testing.T) {
	t.Parallel()
	rules := velaadmission.TrafficRoutingRules{
		Check: func(_ context.Context, tr *older.TrafficRouting) ([]error, error) {
			switch {
			case tr.Namespace != "default":
				return nil, errors.New("the namespace has to be known")
			case len(tr.Spec.ObjectRef) == 0:
				return []error{errors.New("no Service")}, nil
			}
			return nil, nil
		},
		CheckChange: func(was, is *older.TrafficRouting) []error {
			if len(was.Finalizers) > 0 && was.Spec.ObjectRef[0].Service != is.Spec.ObjectRef[0].Service {
				return []error{errors.New("not now")}
			}
			return nil
		},
	}
	const (
		fine  = `{spec: {objectRef: [{service: a}]}}`
		inUse = `{metadata: {finalizers: [x]}, spec: {objectRef: [{service: a}]}}`
	)
	for name, c := range map[string]struct{ is, was, want string }{
		"a new one":                          {fine, "", ""},
		"a new one with faults":              {`{spec: {objectRef: []}}`, "", "no Service"},
		"an edit that can't be now":          {`{metadata: {finalizers: [x]}, spec: {objectRef: [{service: b}]}}`, inUse, "not now"},
		"a mark, on one with an old fault":   {`{metadata: {finalizers: [x]}, spec: {objectRef: []}}`, `{spec: {objectRef: []}}`, ""},
		"a finalizer that goes, on deletion": {`{metadata: {deletionTimestamp: "2026-11-25T09:00:00Z"}}`, inUse, ""},
	} {
		op := admissionv1.Create
		if c.was != "" {
			op = admissionv1.Update
		}
		resp := rules.Handle(t.Context(), request(t, op, c.is, c.was, ""))
		got := ""
		if resp.Result != nil {
			got = resp.Result.Message
		}
		if resp.Allowed != (c.want == "") || got != c.want {
			t.Errorf("%s: allowed %v, %q; want %q", name, resp.Allowed, got, c.want)
		}
	}
}
