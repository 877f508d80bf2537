// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// TypeGroup is the step type whose work is its sub steps; the engine runs it itself.
const TypeGroup = "step-group"

// SuspendManual in status.workflow.suspendState holds while somebody suspended the whole run: no step is started and
// no suspend step goes on by itself. It is empty while only suspend steps wait.
const SuspendManual = "manual"

// MessageSuspended is what a suspending step says when it gives no message of its own (kubevela.md 3.7).
const MessageSuspended = "Suspended by field suspend"

// MaxRetries is the number of executions in error after which a step fails for good (kubevela.md 3.6).
const MaxRetries = 10

// Spec is what a run consists of; make one with Generate.
type Spec struct {
	// Mode with both fields given.
	Mode v1beta1.WorkflowMode
	// Steps with names given.
	Steps []v1beta1.WorkflowStep
}

// Call is one execution of one step.
type Call struct {
	// Step with the inputs filled into its properties.
	Step v1beta1.StepBase
	// ID of the step in this run.
	ID string
	// FirstExecuted is when the step was started; the time of the pass for the first execution.
	FirstExecuted time.Time
	// Status before this execution; without FirstExecuteTime when it is the first.
	Status v1beta1.StepStatusBase
}

// First tells whether the step is executed for the first time. A later execution follows a wait, an error, or the end
// of a suspension that the step asked for.
func (c Call) First() bool { return c.Status.FirstExecuteTime == nil }

// Outcome is what one execution came to. Err comes before Terminate, and Terminate before Phase.
type Outcome struct {
	// Phase is succeeded, running (look again when something changed), suspending, failed (for good) or skipped.
	Phase v1beta1.StepPhase
	// Reason, where the phase's usual one (Wait, Suspend, Action, Skip) does not fit.
	Reason v1beta1.StepReason
	// Message for people; it must not change while nothing changes.
	Message string
	// ResumeAt ends a suspension by itself.
	ResumeAt *time.Time
	// Outputs are what the step's outputs[].valueFrom looks into, by name.
	Outputs map[string]any
	// Err makes the step failed and tried again, MaxRetries times in a row at most.
	Err error
	// Terminate ends the whole run.
	Terminate bool
}

// Env is what a pass needs from outside.
type Env struct {
	// Now is the time of the pass.
	Now time.Time
	// NewID gives ten characters of [a-z0-9].
	NewID func() string
	// Run executes one step; it does not wait.
	Run func(Call) Outcome
	// Eval decides a step's `if`.
	Eval func(expr string, scope Scope) (bool, error)
	// Value evaluates an output's valueFrom over the given values; nil means plain paths only.
	Value func(expr string, values map[string]any) (any, error)
	// Context is what expressions see as context, and inputs from context.<name>.
	Context map[string]any
}

// Scope is what an `if` expression sees.
type Scope struct {
	// Status of every step and sub step of the run by name, reached or not.
	Status map[string]StepScope
	// Inputs of the step that are known, by their `from`.
	Inputs map[string]any
	// Context as in Env.
	Context map[string]any
}

// StepScope is one step as expressions see it.
type StepScope struct {
	Phase              v1beta1.StepPhase  `json:"phase"`
	Message            string             `json:"message"`
	Reason             v1beta1.StepReason `json:"reason"`
	Succeeded          bool               `json:"succeeded"`
	Failed             bool               `json:"failed"`
	Skipped            bool               `json:"skipped"`
	Timeout            bool               `json:"timeout"`
	FailedAfterRetries bool               `json:"failedAfterRetries"`
	Terminate          bool               `json:"terminate"`
}

// Result of a pass.
type Result struct {
	Status v1beta1.WorkflowStatus
	// RecheckAfter is when time alone changes something: a back-off, a timeout or a suspension that ends. 0 means
	// that only an event can.
	RecheckAfter time.Duration
}

// Request is what a person asks of a run.
type Request struct {
	// App is the application's name, for the sentences.
	App string
	// Step by name, or empty for the whole run.
	Step string
	// StepID is the id the person saw; a request with an id that is no longer current is refused.
	StepID string
	// By is who asks.
	By string
}

// Refusal is why a request was not carried out; nothing was changed.
type Refusal struct {
	// Sentence for the person who asked.
	Sentence string
}

// Error gives the sentence.
func (r *Refusal) Error() string { return r.Sentence }
