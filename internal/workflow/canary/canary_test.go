// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package canary_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// told is each step as NAME:TYPE(PROPERTIES).
func told(t *testing.T, r canary.Request) string {
	t.Helper()
	steps, err := canary.Generate(r)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range steps {
		text := s.Name + ":" + s.Type
		if s.Properties != nil {
			text += string(s.Properties.Raw)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func deploy(name, properties string) v1beta1.WorkflowStep {
	return v1beta1.WorkflowStep{StepBase: v1beta1.StepBase{Name: name, Type: "deploy", Properties: &runtime.RawExtension{Raw: []byte(properties)}}}
}

func TestBatchesBecomeSteps(t *testing.T) {
	cases := map[string]struct {
		request canary.Request
		want    string
	}{
		"three batches as in the page: two approvals": {
			canary.Request{Batches: 3},
			`batch-1:canary-deploy{"weight":33} approve-1:suspend batch-2:canary-deploy{"weight":66} approve-2:suspend batch-3:canary-deploy{"weight":100}`,
		},
		"one batch has nothing to approve": {canary.Request{Batches: 1}, `batch-1:canary-deploy{"weight":100}`},
		"weights of one's own": {
			canary.Request{Weights: []int{20, 100}, Approvals: canary.None},
			`batch-1:canary-deploy{"weight":20} batch-2:canary-deploy{"weight":100}`,
		},
		"going on by itself": {
			canary.Request{Batches: 2, Approvals: canary.Timed, Wait: 90 * time.Second},
			`batch-1:canary-deploy{"weight":50} approve-1:suspend{"duration":"1m30s"} batch-2:canary-deploy{"weight":100}`,
		},
		"prepared first": {
			canary.Request{Batches: 1, Prepare: true},
			`prepare:canary-deploy{"weight":0} approve-0:suspend batch-1:canary-deploy{"weight":100}`,
		},
		"in the place of a deploy step, with its policies": {
			canary.Request{Batches: 1, Base: []v1beta1.WorkflowStep{deploy("d", `{"policies":["p"]}`), {StepBase: v1beta1.StepBase{Name: "after", Type: "suspend"}}}},
			`batch-1:canary-deploy{"policies":["p"],"weight":100} after:suspend`,
		},
		"two targets have names of their own": {
			canary.Request{Batches: 1, Prepare: true, Base: []v1beta1.WorkflowStep{deploy("a", `{}`), deploy("b", `{}`)}},
			`a-prepare:canary-deploy{"weight":0} a-approve-0:suspend a-batch-1:canary-deploy{"weight":100} ` +
				`b-prepare:canary-deploy{"weight":0} b-approve-0:suspend b-batch-1:canary-deploy{"weight":100}`,
		},
		"a step that would apply a component at once goes": {
			canary.Request{Batches: 1, Base: []v1beta1.WorkflowStep{{StepBase: v1beta1.StepBase{Name: "web", Type: "apply-component"}}}},
			`batch-1:canary-deploy{"weight":100}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := told(t, tc.request); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestMistakesNameTheirField(t *testing.T) {
	cases := map[string]struct {
		request canary.Request
		want    string
	}{
		"nothing chosen":    {canary.Request{}, "batches: is missing"},
		"too many":          {canary.Request{Batches: 101}, "batches: 101 is no number"},
		"fewer than none":   {canary.Request{Batches: -1}, "batches: -1 is no number"},
		"both":              {canary.Request{Batches: 2, Weights: []int{100}}, "weights: batches and weights are both given"},
		"a falling weight":  {canary.Request{Weights: []int{50, 40, 100}}, "weights[1]: 40 does not rise above 50"},
		"a weight twice":    {canary.Request{Weights: []int{50, 50, 100}}, "weights[1]: 50 does not rise"},
		"above a hundred":   {canary.Request{Weights: []int{50, 101}}, "weights[1]: 101 is no weight"},
		"zero":              {canary.Request{Weights: []int{0, 100}}, "weights[0]: 0 is no weight"},
		"never complete":    {canary.Request{Weights: []int{20, 50}}, "weights[1]: the last weight is 50"},
		"a wait of nothing": {canary.Request{Batches: 2, Approvals: canary.Timed}, "wait: is missing"},
		"an odd approval":   {canary.Request{Batches: 2, Approvals: "sometimes"}, `approvals: "sometimes" is none`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := canary.Generate(tc.request)
			var fault *canary.Fault
			if !errors.As(err, &fault) || !strings.HasPrefix(fault.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// TestDefect05… looks at every number of batches and of replicas, 100 by 100. VelaUX rounded 100/N before it multiplied: six batches
// began with two of six pods, and eighteen ended at 108 %.
func TestDefect05WeightsRiseToAHundredAndAsManyBatchesAsReplicasAddOnePodEach(t *testing.T) {
	for n := 1; n <= canary.MostBatches; n++ {
		steps, err := canary.Generate(canary.Request{Batches: n})
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) != 2*n-1 {
			t.Fatalf("%d batches have %d steps, want %d with an approval between two", n, len(steps), 2*n-1)
		}
		for replicas := 1; replicas <= 100; replicas++ {
			check(t, n, replicas, canary.Simulate(steps, replicas))
		}
	}
}

func check(t *testing.T, n, replicas int, batches []canary.Batch) {
	t.Helper()
	if len(batches) != n || batches[n-1].Weight != 100 || batches[n-1].Pods != replicas {
		t.Fatalf("N=%d, %d replicas: the release is not complete at the end: %v", n, replicas, batches)
	}
	for i, b := range batches {
		if i > 0 && (b.Weight <= batches[i-1].Weight || b.Pods < batches[i-1].Pods) {
			t.Fatalf("N=%d, %d replicas: batch %d falls: %v", n, replicas, i+1, batches)
		}
		if b.Pods < 1 || b.Pods+b.Stable != replicas {
			t.Fatalf("N=%d, %d replicas: batch %d has %d and %d pods", n, replicas, i+1, b.Pods, b.Stable)
		}
		if replicas == n && b.Pods != i+1 {
			t.Fatalf("%d replicas in %d batches: batch %d has %d pods, want %d", replicas, n, i+1, b.Pods, i+1)
		}
	}
}

// TestDefect04…: in VelaUX each target had a step prepare-canary, and the workflow was not valid.
func TestDefect04TheStepsOfTwoTargetsHaveNamesOfTheirOwn(t *testing.T) {
	steps, err := canary.Generate(canary.Request{Batches: 3, Prepare: true, Base: []v1beta1.WorkflowStep{deploy("east", `{}`), deploy("west", `{}`)}})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range steps {
		names[s.Name] = true
	}
	if len(names) != len(steps) || !names["east-prepare"] || !names["west-prepare"] {
		t.Errorf("%d steps have %d names: %v", len(steps), len(names), names)
	}
}

func TestWhateverIsGeneratedHasUniqueNamesAndRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfNDistinct(rapid.IntRange(1, 99), 0, 30, rapid.ID).Draw(t, "weights")
		slices.Sort(weights)
		r := canary.Request{Weights: append(weights, 100), Prepare: rapid.Bool().Draw(t, "prepare")}
		for i := range rapid.IntRange(0, 3).Draw(t, "targets") {
			r.Base = append(r.Base, deploy("target"+string(rune('a'+i)), `{}`))
		}
		steps, err := canary.Generate(r)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for i, s := range steps {
			if names[s.Name] {
				t.Fatalf("step name %s is there twice", s.Name)
			}
			names[s.Name] = true
			if s.Type == "suspend" && (i == 0 || i == len(steps)-1 || steps[i-1].Type == "suspend") {
				t.Fatalf("approval %s stands between no two batches", s.Name)
			}
		}
	})
}
