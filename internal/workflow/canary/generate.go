// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package canary

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// MostBatches that a release can have: each weight is a whole percent.
const MostBatches = 100

// Approval is what stands between two batches.
type Approval string

// The approvals.
const (
	// Manual waits for a person.
	Manual Approval = "manual"
	// Timed goes on by itself after Request.Wait.
	Timed Approval = "timed"
	// None goes on as soon as the batch is true.
	None Approval = "none"
)

// Request is what a person chooses.
type Request struct {
	// Batches is how many there are; either this or Weights. 0: it was not said.
	Batches int
	// Weights are the percentages of the batches, rising, the last 100.
	Weights []int
	// Approvals stand between two batches; Manual without it.
	Approvals Approval
	// Wait is for Timed.
	Wait time.Duration
	// Prepare puts a step of weight 0 and an approval before the first batch.
	Prepare bool
	// Base are the steps of the workflow that is made a canary one: each of its deploy steps becomes a release in batches, the
	// others stay. Without a deploy step the batches release everything.
	Base []v1beta1.WorkflowStep
}

// Fault is what is wrong with a field of a Request.
type Fault struct {
	// Field is batches, weights, approvals or wait; At the index in weights, or -1.
	Field string
	At    int
	// Kind is one word: missing, range, many, falling, last, choice.
	Kind string
	// Sentence says what is wrong and what to write; Args are the values in it, in their order.
	Sentence string
	Args     []any
}

func fault(field string, at int, kind, sentence string, args ...any) *Fault {
	return &Fault{Field: field, At: at, Kind: kind, Sentence: fmt.Sprintf(sentence, args...), Args: args}
}

// Error is the field and the sentence.
func (f *Fault) Error() string {
	if f.At >= 0 {
		return fmt.Sprintf("%s[%d]: %s", f.Field, f.At, f.Sentence)
	}
	return f.Field + ": " + f.Sentence
}

// WrongBatches is the fault of a number of batches that there cannot be, such as a 0 that somebody wrote.
func WrongBatches(n int) *Fault {
	return fault("batches", -1, "range", "%d is no number of batches; write one from 1 to %d", n, MostBatches)
}

// Check returns the first thing that is wrong with a request, nil if nothing is.
func Check(r Request) *Fault {
	switch {
	case r.Batches != 0 && len(r.Weights) > 0:
		return fault("weights", -1, "choice", "batches and weights are both given; keep one of them")
	case r.Batches == 0 && len(r.Weights) == 0:
		return fault("batches", -1, "missing", "is missing; write a number from 1 to %d", MostBatches)
	case len(r.Weights) == 0 && (r.Batches < 1 || r.Batches > MostBatches):
		return WrongBatches(r.Batches)
	case len(r.Weights) > MostBatches:
		return fault("weights", -1, "many", "there are %d; write at most %d", len(r.Weights), MostBatches)
	}
	for i, w := range r.Weights {
		switch {
		case w < 1 || w > 100:
			return fault("weights", i, "range", "%d is no weight of a batch; write one from 1 to 100", w)
		case i > 0 && w <= r.Weights[i-1]:
			return fault("weights", i, "falling", "%d does not rise above %d, the weight before it; write weights that rise", w, r.Weights[i-1])
		}
	}
	if n := len(r.Weights); n > 0 && r.Weights[n-1] != 100 {
		return fault("weights", n-1, "last", "the last weight is %d, so that the release would never be complete; end with 100", r.Weights[n-1])
	}
	switch r.Approvals {
	case "", Manual, None:
	case Timed:
		if r.Wait < time.Second {
			return fault("wait", -1, "missing", "is missing; write how long to wait between two batches, at least one second")
		}
	default:
		return fault("approvals", -1, "choice", "%q is none; write manual, timed or none", r.Approvals)
	}
	return nil
}

// Weights of n batches: floor(100·i/n), the last 100. With round up, n replicas give exactly i pods in batch i; round(100/n)·i
// would not (the third of six batches, 51 %, would be 4 of 6 pods).
func Weights(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 100 * (i + 1) / n
	}
	return all
}

// Generate makes the steps. The error is a *Fault.
func Generate(r Request) ([]v1beta1.WorkflowStep, error) {
	if fault := Check(r); fault != nil {
		return nil, fault
	}
	weights := r.Weights
	if len(weights) == 0 {
		weights = Weights(r.Batches)
	}
	targets := 0
	for _, s := range r.Base {
		if s.Type == typeDeploy {
			targets++
		}
	}
	if targets == 0 {
		return batches(r, "", weights, nil, append(withoutApplies(r.Base), v1beta1.WorkflowStep{}))
	}
	var out []v1beta1.WorkflowStep
	for _, s := range r.Base {
		if s.Type != typeDeploy {
			out = append(out, s)
			continue
		}
		prefix := ""
		if targets > 1 {
			prefix = s.Name + "-"
		}
		steps, err := batches(r, prefix, weights, s.Properties, []v1beta1.WorkflowStep{s})
		if err != nil {
			return nil, err
		}
		out = append(out, steps...)
	}
	return out, nil
}

const (
	typeDeploy, typeApply, typeSuspend = "deploy", "apply-component", "suspend"
)

// withoutApplies drops the steps that would apply a component at once, before any batch of it.
func withoutApplies(base []v1beta1.WorkflowStep) []v1beta1.WorkflowStep {
	var kept []v1beta1.WorkflowStep
	for _, s := range base {
		if s.Type != typeApply {
			kept = append(kept, s)
		}
	}
	return kept
}

// batches are the steps that stand in the place of the last of around, whose others stay before them.
func batches(r Request, prefix string, weights []int, properties *runtime.RawExtension, around []v1beta1.WorkflowStep) ([]v1beta1.WorkflowStep, error) {
	out := append([]v1beta1.WorkflowStep{}, around[:len(around)-1]...)
	policies, err := policiesOf(properties)
	if err != nil {
		return nil, err
	}
	if r.Prepare {
		out = append(out, step(prefix+"prepare", "Prepare", 0, policies), approval(prefix+"approve-0", "Approve 0", r))
	}
	for i, weight := range weights {
		n := strconv.Itoa(i + 1)
		out = append(out, step(prefix+"batch-"+n, "Batch "+n, weight, policies))
		if i < len(weights)-1 && r.Approvals != None {
			out = append(out, approval(prefix+"approve-"+n, "Approve "+n, r))
		}
	}
	return out, nil
}

func policiesOf(properties *runtime.RawExtension) ([]string, error) {
	if properties == nil || len(properties.Raw) == 0 {
		return nil, nil
	}
	var deploy struct {
		Policies []string `json:"policies"`
	}
	if err := json.Unmarshal(properties.Raw, &deploy); err != nil {
		return nil, fmt.Errorf("reading the properties of a deploy step: %w", err)
	}
	return deploy.Policies, nil
}

func step(name, alias string, weight int, policies []string) v1beta1.WorkflowStep {
	properties := struct {
		Policies []string `json:"policies,omitempty"`
		Weight   int      `json:"weight"`
	}{policies, weight}
	return stepOf(name, alias, v1beta1.StepTypeCanaryDeploy, properties)
}

func approval(name, alias string, r Request) v1beta1.WorkflowStep {
	if r.Approvals != Timed {
		return stepOf(name, alias, typeSuspend, nil)
	}
	return stepOf(name, alias, typeSuspend, map[string]string{"duration": r.Wait.Truncate(time.Second).String()})
}

func stepOf(name, alias, kind string, properties any) v1beta1.WorkflowStep {
	s := v1beta1.WorkflowStep{StepBase: v1beta1.StepBase{Name: name, Type: kind, Meta: &v1beta1.StepMeta{Alias: alias}}}
	if properties != nil {
		raw, err := json.Marshal(properties)
		if err == nil { // lists and maps of texts and numbers can always be written
			s.Properties = &runtime.RawExtension{Raw: raw}
		}
	}
	return s
}
