// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package arch_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sayers are the functions that say something to the person in front of a page, with the arguments that are its sentences.
func sayers() map[string][]int {
	return map[string][]int{
		"problem.BadRequest": {0}, "problem.State": {1}, "problem.Unprocessable": {1}, "problem.New": {2}, "problem.Field": {2}, "problem.Refused": {0},
		"newf": {2}, "BadRequest": {0}, "Field": {2}, // within package problem
		"schema.Faultf": {1}, "schema.FaultOf": {2}, "Faultf": {1}, "FaultOf": {2},
		"ok": {1}, "not": {2, 3}, // the checks of the system
	}
}

// spoken are the folders whose sentences come to a page.
func spoken() []string {
	return []string{"server", "definition", "workflow/step", "workflow/canary", "application/render", "application/validate"}
}

// TestNoSentenceForThePageLacksChinese looks for the sentences of errors, of mistakes in specifications and of the system's checks in
// the source, and for each of them in the page's Chinese, where values stand as {1}, {2}.
func TestNoSentenceForThePageLacksChinese(t *testing.T) {
	raw, err := os.ReadFile("../../ui/src/i18n/zh/sentences.json")
	if err != nil {
		t.Fatal(err)
	}
	chinese := map[string]string{}
	if err := json.Unmarshal(raw, &chinese); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, folder := range spoken() {
		err := filepath.WalkDir("../"+folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".gen.go") {
				collect(t, path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 100 {
		t.Errorf("only %d sentences were found: the names of the functions that say them have changed", len(found))
	}
	for _, sentence := range slices.Sorted(maps.Keys(found)) {
		if chinese[sentence] == "" {
			t.Errorf("%s: no Chinese in ui/src/i18n/zh/sentences.json for\n\t%q", found[sentence], sentence)
		}
	}
}

// TestEveryCodeOfAProblemIsSaidInBothLanguages: what a page says of an error that it has no sentence for.
func TestEveryCodeOfAProblemIsSaidInBothLanguages(t *testing.T) {
	contract, err := os.ReadFile("../server/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?s)\n    ProblemCode:.*?enum:\n(.*?)\n    FieldError:`).FindStringSubmatch(string(contract))
	fields := regexp.MustCompile(`(?s)\n    FieldErrorCode:.*?enum: \[(.*?)\]`).FindStringSubmatch(string(contract))
	if codes == nil || fields == nil {
		t.Fatal("the contract has no list of codes any more")
	}
	for _, language := range []string{"en", "zh"} {
		raw, err := os.ReadFile("../../ui/src/i18n/" + language + "/problem.json")
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Code      map[string]string `json:"code"`
			FieldCode map[string]string `json:"fieldCode"`
		}
		if err := json.Unmarshal(raw, &said); err != nil {
			t.Fatal(err)
		}
		for _, code := range regexp.MustCompile(`(?m)^ +- ([a-z-]+)`).FindAllStringSubmatch(codes[1], -1) {
			if said.Code[code[1]] == "" {
				t.Errorf("%s is not said in %s", code[1], language)
			}
		}
		for code := range strings.SplitSeq(fields[1], ", ") {
			if said.FieldCode[code] == "" {
				t.Errorf("%s is not said of a field in %s", code, language)
			}
		}
	}
}

// collect adds the sentences of a file, with the place where each stands.
func collect(t *testing.T, path string, found map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		if sentence := textOf(e); strings.Trim(sentence, "%sdvq: ") != "" {
			found[sentence] = files.Position(e.Pos()).String()
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			for _, i := range sayers()[nameOf(n.Fun)] {
				if i < len(n.Args) {
					add(n.Args[i])
				}
			}
			if strings.HasPrefix(path, "../server/timeline/") && nameOf(n.Fun) == "fmt.Sprintf" {
				add(n.Args[0])
			}
		case *ast.CompositeLit: // canary.Fault{Field, Index, Kind, Sentence}
			if nameOf(n.Type) == "Fault" && len(n.Elts) == 4 {
				add(n.Elts[3])
			}
		}
		return true
	})
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}

// textOf is a sentence as it stands in the source; what is only known when the program runs is %s.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return textOf(e.X) + textOf(e.Y)
		}
	case *ast.CallExpr:
		if nameOf(e.Fun) == "fmt.Sprintf" {
			return textOf(e.Args[0])
		}
	}
	return "%s"
}
