// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	cueerrors "cuelang.org/go/cue/errors"

	"github.com/vela-rollouts/vela/internal/workflow"
)

// result is the label an expression's value gets; no value of a step can be called that.
const result = "value of the expression"

// maxUses bounds what one CUE context gathers: it never forgets a value, so it is replaced now and then.
const maxUses = 1024

// Evaluator evaluates expressions and keeps compiled conditions; use one for a process.
type Evaluator struct {
	mu       sync.Mutex
	context  *cue.Context
	compiled map[string]cue.Value
	uses     int
}

// New gives an evaluator with nothing compiled.
func New() *Evaluator { return &Evaluator{} }

// Eval decides an `if`. Anything but a boolean is an error that says what it is instead.
func (e *Evaluator) Eval(expr string, scope workflow.Scope) (bool, error) {
	source := rewrite(expr, scope)
	if err := check(source); err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	compiled, err := e.compile(source)
	if err != nil {
		return false, err
	}
	filled := compiled.
		FillPath(cue.ParsePath("status"), statusOf(scope)).
		FillPath(cue.ParsePath("inputs"), plain(scope.Inputs)).
		FillPath(cue.ParsePath("context"), plain(scope.Context))
	value := filled.LookupPath(cue.MakePath(cue.Str(result)))
	if err := value.Err(); err != nil {
		return false, sentence(err)
	}
	if value.IncompleteKind() != cue.BoolKind {
		return false, fmt.Errorf("the expression gives a %s; compare it with something so that it gives true or false",
			value.IncompleteKind())
	}
	ok, err := value.Bool()
	if err != nil {
		return false, sentence(err)
	}
	return ok, nil
}

// Check tells what is wrong with an `if` before any step has run. Inputs and context are not known yet and may be
// anything; steps are those in scope.
func (e *Evaluator) Check(expr string, scope workflow.Scope) error {
	source := rewrite(expr, scope)
	if err := check(source); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	compiled, err := e.compile(source)
	if err != nil {
		return err
	}
	value := compiled.FillPath(cue.ParsePath("status"), statusOf(scope)).LookupPath(cue.MakePath(cue.Str(result)))
	if err := value.Err(); err != nil && !incomplete(err) {
		return sentence(err)
	}
	if err := checkNames(source, scope); err != nil {
		return err
	}
	if kind := value.IncompleteKind(); kind&cue.BoolKind == 0 && kind != cue.BottomKind {
		return fmt.Errorf("the expression gives a %s; compare it with something so that it gives true or false", kind)
	}
	return nil
}

func (e *Evaluator) compile(source string) (cue.Value, error) {
	if e.context == nil || e.uses >= maxUses {
		e.context, e.compiled, e.uses = cuecontext.New(), make(map[string]cue.Value), 0
	}
	e.uses++
	if v, found := e.compiled[source]; found {
		return v, nil
	}
	v := e.context.CompileString(fmt.Sprintf("status: _\ninputs: _\ncontext: _\n%q: (%s)", result, source))
	if err := v.Err(); err != nil && !incomplete(err) {
		return v, sentence(err)
	}
	e.compiled[source] = v
	return v, nil
}

// Value evaluates an output's valueFrom over the values that the step gave.
func (e *Evaluator) Value(expr string, values map[string]any) (any, error) {
	if err := check(expr); err != nil {
		return nil, err
	}
	var source strings.Builder
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		raw, err := json.Marshal(values[name])
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if !isIdentifier(name) {
			name = strconv.Quote(name)
		}
		fmt.Fprintf(&source, "%s: %s\n", name, raw)
	}
	fmt.Fprintf(&source, "%q: (%s)", result, expr)
	all := cuecontext.New().CompileString(source.String())
	value := all.LookupPath(cue.MakePath(cue.Str(result)))
	if !value.Exists() && all.Err() != nil {
		value = all
	}
	if err := value.Err(); err != nil {
		return nil, fmt.Errorf("%w; use one of %s", sentence(err), strings.Join(names, ", "))
	}
	raw, err := value.MarshalJSON()
	if err != nil {
		return nil, sentence(err)
	}
	return json.RawMessage(raw), nil
}

// statusOf and plain give what CUE is filled with: JSON values, whatever they were made of.
func statusOf(scope workflow.Scope) any {
	out := make(map[string]any, len(scope.Status))
	for name, s := range scope.Status {
		out[name] = map[string]any{
			"phase": string(s.Phase), "message": s.Message, "reason": string(s.Reason),
			"succeeded": s.Succeeded, "failed": s.Failed, "skipped": s.Skipped, "timeout": s.Timeout,
			"failedAfterRetries": s.FailedAfterRetries, "terminate": s.Terminate,
		}
	}
	return out
}

func plain(values map[string]any) any {
	raw, err := json.Marshal(values)
	if err != nil || values == nil {
		return map[string]any{}
	}
	var out any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return map[string]any{}
	}
	return numbers(out)
}

// numbers turns JSON numbers into what CUE takes for a number of the same kind.
func numbers(in any) any {
	switch v := in.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return in
}

func incomplete(err error) bool {
	// CUE has no exported test for this; an incomplete value is one that inputs or context may still complete.
	text := err.Error()
	return strings.Contains(text, "non-concrete") || strings.Contains(text, "incomplete") ||
		strings.Contains(text, "undefined field")
}

// sentence takes positions and our own label out of a CUE error.
func sentence(err error) error {
	var first cueerrors.Error
	text := err.Error()
	if errors.As(err, &first) {
		format, args := first.Msg()
		text = fmt.Sprintf(format, args...)
	}
	text = strings.ReplaceAll(text, strconv.Quote(result)+": ", "")
	return errors.New(text)
}
