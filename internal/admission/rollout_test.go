// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	velaadmission "github.com/vela-rollouts/vela/internal/admission"
)

func TestRolloutRules(t *testing.T) {
	t.Parallel()
	rules := velaadmission.RolloutRules{
		Check: func(ro *rollouts.Rollout, others []rollouts.Rollout) []error {
			if ro.Namespace != "default" || len(others) != 1 {
				return []error{errors.New("the namespace and what is in it have to be known")}
			}
			if ro.Spec.Strategy.Canary == nil {
				return []error{errors.New("no steps"), errors.New("and more")}
			}
			return nil
		},
		CheckChange: func(was, is *rollouts.Rollout) []error {
			if was.Spec.WorkloadRef != is.Spec.WorkloadRef {
				return []error{errors.New("not now")}
			}
			return nil
		},
		Others: func(context.Context, string) ([]rollouts.Rollout, error) { return make([]rollouts.Rollout, 1), nil },
	}
	const (
		fine = `{metadata: {name: demo}, spec: {workloadRef: {name: a}, strategy: {canary: {steps: []}}}}`
		bad  = `{metadata: {name: demo}, spec: {workloadRef: {name: a}}}`
	)
	for name, c := range map[string]struct{ is, was, want string }{
		"a new one":                          {fine, "", ""},
		"a new one with faults":              {bad, "", "no steps; and more"},
		"an edit that can't be now":          {`{spec: {workloadRef: {name: b}, strategy: {canary: {steps: []}}}}`, fine, "not now"},
		"an edit that is wrong at any time":  {bad, fine, "no steps; and more"},
		"an old fault with another label":    {`{metadata: {name: demo, labels: {a: b}}, spec: {workloadRef: {name: a}}}`, bad, ""},
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
