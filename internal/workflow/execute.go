// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// maxOutput bounds one output, because outputs are kept in the Application's status.
const maxOutput = 32 << 10

// execute calls the step, unless it waits for somebody or for a time.
func (p *pass) execute(it *item, before v1beta1.StepStatusBase) {
	if it.called || p.hold || !p.due(it) {
		return
	}
	it.called = true
	before.ID = it.status.ID
	if it.in(v1beta1.StepRunning) && before.Phase == v1beta1.StepSuspending {
		before.Phase = v1beta1.StepRunning
		before.ResumeAt = nil
	}
	step, err := p.fill(it.step)
	if err != nil {
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonInput, err.Error())
		return
	}
	first := p.env.Now
	if before.FirstExecuteTime != nil {
		first = before.FirstExecuteTime.Time
	}
	p.record(it, step, p.env.Run(Call{Step: step, ID: it.status.ID, FirstExecuted: first, Status: before}))
}

// due tells whether the step is to be executed in this pass, and ends a suspension whose time has come.
func (p *pass) due(it *item) bool {
	if !it.in(v1beta1.StepSuspending) && !it.retrying() {
		return true
	}
	at := it.status.ResumeAt
	if at == nil {
		return it.retrying()
	}
	if p.env.Now.Before(at.Time) {
		p.recheckAt(at.Time)
		return false
	}
	if it.in(v1beta1.StepSuspending) {
		it.status.Phase = v1beta1.StepRunning
		it.status.ResumeAt = nil
	}
	return true
}

// record writes what an execution came to into the step's status.
func (p *pass) record(it *item, step v1beta1.StepBase, out Outcome) {
	if out.Err != nil {
		p.recordError(it, out.Err)
		return
	}
	if out.Terminate {
		p.broken = true
		out.Phase, out.Reason = v1beta1.StepFailed, v1beta1.ReasonTerminate
	}
	it.status.Retries = 0
	it.status.ResumeAt = nil
	switch out.Phase {
	case v1beta1.StepSucceeded:
		p.recordSuccess(it, step, out)
	case v1beta1.StepRunning:
		p.set(it, v1beta1.StepRunning, reasonOr(out.Reason, v1beta1.ReasonWait), out.Message)
	case v1beta1.StepSuspending:
		message := out.Message
		if message == "" {
			message = MessageSuspended
		}
		p.set(it, v1beta1.StepSuspending, reasonOr(out.Reason, v1beta1.ReasonSuspend), message)
		if out.ResumeAt != nil {
			it.status.ResumeAt = stampNotBefore(*out.ResumeAt)
			p.recheckAt(it.status.ResumeAt.Time)
		}
	case v1beta1.StepFailed:
		reason := reasonOr(out.Reason, v1beta1.ReasonAction)
		if reason == v1beta1.ReasonExecute {
			// Execute means "is tried again", which only an Err asks for.
			reason = v1beta1.ReasonAction
		}
		p.set(it, v1beta1.StepFailed, reason, out.Message)
	case v1beta1.StepSkipped:
		p.set(it, v1beta1.StepSkipped, reasonOr(out.Reason, v1beta1.ReasonSkip), out.Message)
	default:
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonAction,
			fmt.Sprintf("step type %s answered with the phase %q, which no step may have", step.Type, out.Phase))
	}
}

func (p *pass) recordError(it *item, err error) {
	it.status.Retries++
	it.status.LastExecuteTime = stamp(p.env.Now)
	it.status.ResumeAt = nil
	if it.status.Retries >= MaxRetries {
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonFailedAfterRetries, err.Error())
		return
	}
	p.set(it, v1beta1.StepFailed, v1beta1.ReasonExecute, err.Error())
	it.status.ResumeAt = stampNotBefore(p.env.Now.Add(Backoff(it.status.Retries)))
	p.recheckAt(it.status.ResumeAt.Time)
}

func (p *pass) recordSuccess(it *item, step v1beta1.StepBase, out Outcome) {
	outputs, err := p.outputs(step, out.Outputs)
	if err != nil {
		p.set(it, v1beta1.StepFailed, v1beta1.ReasonOutput, err.Error())
		return
	}
	if len(outputs) > 0 && p.run.Outputs == nil {
		p.run.Outputs = make(map[string]string)
	}
	maps.Copy(p.run.Outputs, outputs)
	p.set(it, v1beta1.StepSucceeded, out.Reason, out.Message)
}

func reasonOr(reason, otherwise v1beta1.StepReason) v1beta1.StepReason {
	if reason != "" {
		return reason
	}
	return otherwise
}

// fill gives the step with its inputs in its properties.
func (p *pass) fill(step v1beta1.StepBase) (v1beta1.StepBase, error) {
	out := *step.DeepCopy()
	var properties any
	for i, input := range step.Inputs {
		value, known := p.input(input.From)
		if !known {
			return out, fmt.Errorf("inputs[%d].from: nothing gave an output named %q; "+
				"name an output of a step before this one, or context.<name>", i, input.From)
		}
		if input.ParameterKey == "" {
			continue
		}
		if properties == nil {
			var err error
			if properties, err = decodeProperties(step.Properties); err != nil {
				return out, err
			}
		}
		filled, err := place(properties, input.ParameterKey, value)
		if err != nil {
			return out, fmt.Errorf("inputs[%d].parameterKey: %w", i, err)
		}
		properties = filled
	}
	if properties == nil {
		return out, nil
	}
	raw, err := json.Marshal(properties)
	if err != nil {
		return out, fmt.Errorf("writing the properties: %w", err)
	}
	out.Properties = &runtime.RawExtension{Raw: raw}
	return out, nil
}

// outputs evaluates what the step declares to give.
func (p *pass) outputs(step v1beta1.StepBase, given map[string]any) (map[string]string, error) {
	if len(step.Outputs) == 0 {
		return nil, nil
	}
	parameter, err := decodeProperties(step.Properties)
	if err != nil {
		return nil, err
	}
	values := map[string]any{"parameter": parameter, "context": p.env.Context}
	maps.Copy(values, given)
	evaluate := p.env.Value
	if evaluate == nil {
		evaluate = func(expr string, values map[string]any) (any, error) { return lookup(values, expr) }
	}
	out := make(map[string]string, len(step.Outputs))
	for i, o := range step.Outputs {
		value, err := evaluate(o.ValueFrom, values)
		if err != nil {
			return nil, fmt.Errorf("outputs[%d].valueFrom: %w", i, err)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("outputs[%d].valueFrom: %w", i, err)
		}
		if len(raw) > maxOutput {
			return nil, fmt.Errorf("outputs[%d].valueFrom: the value has %d bytes, which is more than %d; take a part of it",
				i, len(raw), maxOutput)
		}
		out[o.Name] = string(raw)
	}
	return out, nil
}
