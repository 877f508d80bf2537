// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/vela-rollouts/vela/internal/workflow"
)

const (
	maxLength = 4096
	maxNumber = 24
)

// check parses an expression and refuses what could make it cost more than its length.
func check(expr string) error {
	if len(expr) > maxLength {
		return fmt.Errorf("the expression has %d characters, which is more than %d; make it shorter", len(expr), maxLength)
	}
	for i := 0; i < len(expr); i++ {
		if expr[i] == '"' {
			i = closing(expr, i) - 1
			continue
		}
		if strings.HasPrefix(expr[i:], "//") {
			return errors.New("an expression has no comments; leave out what follows //")
		}
	}
	parsed, err := parser.ParseExpr("", expr)
	if err != nil {
		return fmt.Errorf("%w; write it as status.<step>.succeeded, inputs.<name> == <value>, or always", sentence(err))
	}
	var refused error
	ast.Walk(parsed, func(n ast.Node) bool {
		if refused == nil {
			refused = refusal(n)
		}
		return refused == nil
	}, nil)
	return refused
}

func refusal(n ast.Node) error {
	switch n := n.(type) {
	case *ast.Comprehension, *ast.LetClause, *ast.ForClause, *ast.ImportDecl, *ast.Func:
		return errors.New("loops and definitions are not for expressions of steps; use comparisons, && and || instead")
	case *ast.BinaryExpr:
		if n.Op == token.MUL {
			return errors.New("multiplication is not for expressions of steps; compare with the product instead")
		}
	case *ast.BasicLit:
		if (n.Kind == token.INT || n.Kind == token.FLOAT) && (len(n.Value) > maxNumber || strings.ContainsAny(n.Value, "eE")) &&
			!strings.HasPrefix(n.Value, "0x") {
			return fmt.Errorf("the number %s is too long; write it in at most %d digits", n.Value, maxNumber)
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); !ok || f.Name != "len" && f.Name != "and" && f.Name != "or" {
			return errors.New("the only functions in expressions of steps are len, and, or; use comparisons instead")
		}
	}
	return nil
}

// rewrite puts names that are no identifiers into brackets: status.a-b.failed becomes status["a-b"].failed. Text in
// quotes stays as it is; of two names that fit, the longer one is meant.
func rewrite(expr string, scope workflow.Scope) string {
	var out strings.Builder
	for i := 0; i < len(expr); {
		if expr[i] == '"' {
			end := closing(expr, i)
			out.WriteString(expr[i:end])
			i = end
			continue
		}
		if name, length := dotted(expr, i, scope); length > 0 {
			out.WriteString(name)
			i += length
			continue
		}
		out.WriteByte(expr[i])
		i++
	}
	return out.String()
}

// closing gives the index behind the quoted text that begins at start.
func closing(expr string, start int) int {
	for i := start + 1; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(expr)
}

// dotted reads status.<name> or inputs.<name> at i, where the name is known and no identifier, and gives it in
// brackets with the length of what it stands for.
func dotted(expr string, i int, scope workflow.Scope) (string, int) {
	if i > 0 && (isWord(expr[i-1]) || expr[i-1] == '.') {
		return "", 0
	}
	for _, of := range []string{"status", "inputs"} {
		rest, found := strings.CutPrefix(expr[i:], of+".")
		if !found {
			continue
		}
		name := ""
		fits := func(known string) {
			if !isIdentifier(known) && len(known) > len(name) && strings.HasPrefix(rest, known) &&
				(len(rest) == len(known) || !isWord(rest[len(known)]) && rest[len(known)] != '-') {
				name = known
			}
		}
		if of == "status" {
			for known := range scope.Status {
				fits(known)
			}
		} else {
			for known := range scope.Inputs {
				fits(known)
			}
		}
		if name != "" {
			return of + "[" + strconv.Quote(name) + "]", len(of) + 1 + len(name)
		}
	}
	return "", 0
}

// checkNames finds steps that the scope does not have, and fields that steps do not have.
func checkNames(expr string, scope workflow.Scope) error {
	parsed, err := parser.ParseExpr("", expr)
	if err != nil {
		return fmt.Errorf("parsing the expression: %w", sentence(err))
	}
	var found error
	ast.Walk(parsed, func(n ast.Node) bool {
		if found != nil {
			return false
		}
		if name, ok := statusName(n); ok {
			if _, known := scope.Status[name]; !known {
				found = fmt.Errorf("there is no step %q; name a step of this workflow", name)
			}
			return true
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if _, ofStep := statusName(sel.X); !ofStep {
			return true
		}
		field, _, err := ast.LabelName(sel.Sel)
		if err == nil && !slices.Contains(fields(), field) {
			found = fmt.Errorf("a step has no field %q; use one of %s", field, strings.Join(fields(), ", "))
		}
		return true
	}, nil)
	return found
}

// fields of a step's status in expressions.
func fields() []string {
	return []string{"succeeded", "failed", "skipped", "timeout", "failedAfterRetries", "terminate", "phase", "reason", "message"}
}

// statusName reads status.x and status["x"].
func statusName(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && x.Name == "status" {
			name, _, err := ast.LabelName(n.Sel)
			return name, err == nil
		}
	case *ast.IndexExpr:
		lit, isLit := n.Index.(*ast.BasicLit)
		if x, ok := n.X.(*ast.Ident); ok && x.Name == "status" && isLit && lit.Kind == token.STRING {
			name, err := strconv.Unquote(lit.Value)
			return name, err == nil
		}
	}
	return "", false
}

func isIdentifier(name string) bool {
	for i, r := range name {
		if r != '_' && r != '$' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != "" && !strings.HasPrefix(name, "_")
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
