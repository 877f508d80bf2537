// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/workflow"
)

func scope() workflow.Scope {
	return workflow.Scope{
		Status: map[string]workflow.StepScope{
			"build":       {Phase: "succeeded", Succeeded: true},
			"rollout":     {Phase: "succeeded", Succeeded: true},
			"rollout-20":  {Phase: "failed", Reason: "Timeout", Failed: true, Timeout: true},
			"rollout-200": {Phase: "skipped", Reason: "Skip", Skipped: true},
			"later":       {},
		},
		Inputs:  map[string]any{"weight": json.Number("20"), "a-b": "x", "list": []any{"p", "q"}, "rate": json.Number("0.5")},
		Context: map[string]any{"appName": "demo", "publishVersion": "v2"},
	}
}

func TestEval(t *testing.T) {
	cases := map[string]struct {
		expr   string
		want   bool
		err    string
		reason string
	}{
		"a step that succeeded":            {expr: `status.build.succeeded`, want: true},
		"a phase as text":                  {expr: `status.build.phase == "succeeded"`, want: true},
		"a dash after a dot":               {expr: `status.rollout-20.failed`, want: true, reason: "rewritten"},
		"the longer of two names is meant": {expr: `status.rollout-200.skipped && !status.rollout-200.failed`, want: true},
		"a name that begins another":       {expr: `status.rollout.succeeded`, want: true},
		"a dash in brackets":               {expr: `status["rollout-20"].timeout`, want: true},
		"a dotted name inside quotes":      {expr: `"status.rollout-20" == "status.rollout-20"`, want: true, reason: "quotes are left alone"},
		"a step that was not reached":      {expr: `status.later.failed`, want: false, reason: "known, and not failed"},
		"an input that is a number":        {expr: `inputs.weight > 10`, want: true},
		"an input that is a fraction":      {expr: `inputs.rate < 0.6`, want: true},
		"an input with a dash":             {expr: `inputs.a-b == "x"`, want: true},
		"the length of an input":           {expr: `len(inputs.list) == 2`, want: true},
		"an expression":                    {expr: `context.appName == "demo" && context.publishVersion =~ "^v"`, want: true},
		"no boolean":                       {expr: `context.appName`, err: "gives a string"},
		"an unknown step":                  {expr: `status.nosuch.failed`, err: "undefined field: nosuch"},
		"an unknown input":                 {expr: `inputs.nosuch == 1`, err: "undefined field: nosuch"},
		"half an expression":               {expr: `status.build.succeeded &&`, err: "status.<step>.succeeded"},
		"a way out of the parentheses":     {expr: `true)` + "\nx: (true", err: "write it as"},
		"a loop":                           {expr: `[for x in inputs.list {x}] == []`, err: "loops"},
		"an expensive text":                {expr: `"x"*1000000000 == "y"`, err: "multiplication"},
		"an expensive number":              {expr: `1e1000000000 > 1`, err: "too long"},
		"a function of a package":          {expr: `strings.Repeat("x", 100000) == ""`, err: "only functions"},
	}
	e := New()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for range 2 { // compiled, then from the cache
				got, err := e.Eval(c.expr, scope())
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Fatalf("Eval(%s) = %v, %v; want an error with %q", c.expr, got, err, c.err)
					}
					continue
				}
				if err != nil || got != c.want {
					t.Fatalf("Eval(%s) = %v, %v; want %v %s", c.expr, got, err, c.want, c.reason)
				}
			}
		})
	}
}

func TestCheck(t *testing.T) {
	cases := map[string]struct{ expr, err string }{
		"a known step":                   {expr: `status.rollout-20.failed`},
		"an input that is not known yet": {expr: `inputs.anything > 3 && status.build.failed`},
		"a context value":                {expr: `context.appName == "demo"`},
		"an unknown step":                {expr: `status.nosuch.failed`, err: `there is no step "nosuch"`},
		"an unknown step in brackets":    {expr: `status["no-such"].failed || context.appName == "x"`, err: `there is no step "no-such"`},
		"a name that is nothing":         {expr: `success`, err: "success"},
		"text":                           {expr: `"yes"`, err: "gives a string"},
		"a field that steps do not have": {expr: `status.build.done`, err: "done"},
	}
	e := New()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := e.Check(c.expr, scope())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("Check(%s) = %v; want %q", c.expr, err, c.err)
			}
		})
	}
}

func TestValue(t *testing.T) {
	values := map[string]any{
		"output":  map[string]any{"status": map[string]any{"ready": 3}, "name": "x"},
		"context": map[string]any{"appName": "demo"},
		"a-b":     true,
	}
	cases := map[string]struct{ expr, want, err string }{
		"a path":                   {expr: `output.status.ready`, want: `3`},
		"a text of two":            {expr: `"\(context.appName)-\(output.name)"`, want: `"demo-x"`},
		"a whole object":           {expr: `output.status`, want: `{"ready":3}`},
		"a path that is not there": {expr: `output.nosuch`, err: "undefined field"},
		"a name that is nothing":   {expr: `outptu.x`, err: `reference "outptu" not found; use one of a-b, context, output`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := New().Value(c.expr, values)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("Value(%s) = %v, %v; want an error with %q", c.expr, got, err, c.err)
				}
				return
			}
			raw, _ := json.Marshal(got)
			if err != nil || cmp.Diff(c.want, string(raw)) != "" {
				t.Fatalf("Value(%s) = %s, %v; want %s", c.expr, raw, err, c.want)
			}
		})
	}
}

func TestContextIsReplaced(t *testing.T) {
	e := New()
	for range 3*maxUses + 1 {
		if ok, err := e.Eval("status.build.succeeded", scope()); err != nil || !ok {
			t.Fatalf("Eval = %v, %v; want true after the context was replaced", ok, err)
		}
	}
	if e.uses > maxUses {
		t.Fatalf("uses = %d; want at most %d", e.uses, maxUses)
	}
}

func FuzzEval(f *testing.F) {
	f.Add(`status.rollout-20.failed && inputs.weight > 10`)
	f.Add(`status["a`)
	f.Add(`"\(`)
	e := New()
	f.Fuzz(func(_ *testing.T, expr string) {
		_, _ = e.Eval(expr, scope())
		_ = e.Check(expr, scope())
	})
}

func BenchmarkEval(b *testing.B) {
	e := New()
	for b.Loop() {
		if _, err := e.Eval("status.rollout-20.failed && inputs.weight > 10", scope()); err != nil {
			b.Fatal(err)
		}
	}
}
