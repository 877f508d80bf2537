// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"strings"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// always as a step's `if` runs the step whatever happened before it.
const always = "always"

// admit tells whether the step may start now. If not, it is pending, skipped, or failed because it never can.
func (p *pass) admit(it *item, earlier []*item, mode v1beta1.StepMode) bool {
	for _, name := range it.step.DependsOn {
		dep := it.peer(name)
		if dep == nil {
			p.reject(it, v1beta1.ReasonProcessParameter, fmt.Sprintf(
				"dependsOn: there is no step %q beside step %s; name one of its neighbours", name, it.step.Name))
			return false
		}
		if !dep.finished() {
			p.postpone(it, "Pending on DependsOn: "+name)
			return false
		}
	}
	for _, input := range it.step.Inputs {
		if _, known := p.input(input.From); known {
			continue
		}
		if dep := p.producer(input.From); dep != nil && dep != it && !dep.finished() {
			p.postpone(it, "Pending on Input: "+input.From)
			return false
		}
	}
	return p.wanted(it, earlier, mode)
}

// wanted decides the step's `if`, and without one whether something before it failed.
func (p *pass) wanted(it *item, earlier []*item, mode v1beta1.StepMode) bool {
	switch it.step.If {
	case always:
		return true
	case "":
		if p.afterFailure(it, earlier, mode) {
			p.skip(it, "")
			return false
		}
		return true
	}
	ok, err := p.env.Eval(it.step.If, p.scope(it))
	if err != nil {
		p.skip(it, fmt.Sprintf("pre check error: %v", err))
		return false
	}
	if !ok {
		p.skip(it, "")
	}
	return ok
}

func (p *pass) afterFailure(it *item, earlier []*item, mode v1beta1.StepMode) bool {
	if mode == v1beta1.StepModeStepByStep {
		for _, e := range earlier {
			if e.failed() {
				return true
			}
		}
	}
	return p.dependsOnFailure(it, make(map[*item]bool))
}

// dependsOnFailure looks through what the step depends on, directly or by way of others.
func (p *pass) dependsOnFailure(it *item, seen map[*item]bool) bool {
	seen[it] = true
	var deps []*item
	for _, name := range it.step.DependsOn {
		deps = append(deps, it.peer(name))
	}
	for _, input := range it.step.Inputs {
		deps = append(deps, p.producer(input.From))
	}
	for _, dep := range deps {
		if dep == nil || seen[dep] {
			continue
		}
		if dep.failed() || p.dependsOnFailure(dep, seen) {
			return true
		}
	}
	return false
}

func (p *pass) postpone(it *item, message string) {
	p.enter(it)
	it.status.Phase = v1beta1.StepPending
	it.status.Message = message
}

func (p *pass) reject(it *item, reason v1beta1.StepReason, message string) {
	p.start(it)
	p.set(it, v1beta1.StepFailed, reason, message)
}

func (p *pass) skip(it *item, message string) {
	p.start(it)
	p.set(it, v1beta1.StepSkipped, v1beta1.ReasonSkip, message)
	for _, sub := range it.subs {
		p.skip(sub, "")
	}
}

// scope is what the step's `if` sees.
func (p *pass) scope(it *item) Scope {
	s := Scope{Status: make(map[string]StepScope), Inputs: make(map[string]any), Context: p.env.Context}
	for _, other := range p.all() {
		s.Status[other.step.Name] = scopeOf(other.status)
	}
	for _, input := range it.step.Inputs {
		if value, known := p.input(input.From); known {
			s.Inputs[input.From] = value
		}
	}
	return s
}

func scopeOf(s v1beta1.StepStatusBase) StepScope {
	return StepScope{
		Phase:              s.Phase,
		Message:            s.Message,
		Reason:             s.Reason,
		Succeeded:          s.Phase == v1beta1.StepSucceeded,
		Failed:             s.Phase == v1beta1.StepFailed,
		Skipped:            s.Phase == v1beta1.StepSkipped,
		Timeout:            s.Reason == v1beta1.ReasonTimeout,
		FailedAfterRetries: s.Reason == v1beta1.ReasonFailedAfterRetries,
		Terminate:          s.Reason == v1beta1.ReasonTerminate,
	}
}

// input gives the value behind an input's `from`: an output given so far, or context.<path>.
func (p *pass) input(from string) (any, bool) {
	if path, isContext := strings.CutPrefix(from, "context."); isContext {
		value, err := lookup(p.env.Context, path)
		return value, err == nil
	}
	text, given := p.run.Outputs[from]
	if !given {
		return nil, false
	}
	value, err := decode(text)
	return value, err == nil
}
