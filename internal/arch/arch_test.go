// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/vela-rollouts/vela/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// rule says that packages which match from must not reach a package which matches deny, unless it matches except.
type rule struct {
	why          string
	from         func(path string) bool
	deny         func(path string) bool
	transitively bool
}

// local shortens an import path of this module to ./path and leaves others as they are.
func local(path string) string {
	if rest, ok := strings.CutPrefix(path, module); ok {
		return "./" + rest
	}
	return path
}

func under(prefixes ...string) func(string) bool {
	return func(path string) bool {
		for _, p := range prefixes {
			if path == p || strings.HasPrefix(path, p+"/") {
				return true
			}
		}
		return false
	}
}

// pure matches the packages that decide: an engine's own folder and those below it that do no IO.
func pure(path string) bool {
	engines := under("./internal/application", "./internal/workflow", "./internal/rollout", "./internal/traffic",
		"./internal/health", "./internal/view", "./internal/definition", "./internal/edge/balance", "./internal/edge/table", "./internal/edge/wire")
	io := strings.HasSuffix(path, "/controller") || path == "./internal/traffic/ack"
	return engines(path) && !io
}

func engine(path string) string {
	for _, e := range []string{"application", "workflow", "rollout", "traffic"} {
		if under("./internal/" + e)(path) {
			return e
		}
	}
	return ""
}

func rules() []rule {
	return []rule{
		{
			why:  "engines are pure: no client, no clock of a controller, no logger, no operating system, no network",
			from: pure,
			deny: func(p string) bool {
				return under("k8s.io/client-go", "sigs.k8s.io/controller-runtime", "log/slog", "os", "net/http")(p)
			},
		},
		{
			why:  "the API is used by others: it brings nothing but apimachinery",
			from: under("./api"),
			deny: under("k8s.io/client-go", "sigs.k8s.io/controller-runtime", "./internal"), transitively: true,
		},
		{
			why:  "the command line and the view talk to the API server, never to an engine's controller",
			from: under("./internal/cli", "./internal/view", "./internal/addon", "./cmd/vela"),
			deny: func(p string) bool {
				return strings.HasSuffix(p, "/controller") || under("./internal/manager", "./internal/apply", "sigs.k8s.io/controller-runtime/pkg/manager")(p)
			},
			transitively: true,
		},
		{
			why:  "the web server asks the API server, in a person's name; it decides and carries out nothing itself",
			from: under("./internal/server"),
			deny: func(p string) bool {
				return strings.HasSuffix(p, "/controller") || under("./internal/manager", "./internal/apply", "./internal/cli", "./internal/admission")(p)
			},
			transitively: true,
		},
		{
			why:  "what ships does not contain test code",
			from: func(p string) bool { return under("./internal", "./cmd", "./api")(p) && !under("./internal/test")(p) },
			deny: under("./internal/test"), transitively: true,
		},
		{
			why:  "the edge is a gateway of its own: it knows no engine",
			from: under("./internal/edge"),
			deny: under("./internal/application", "./internal/workflow", "./internal/rollout", "./internal/traffic", "./api"), transitively: true,
		},
	}
}

func TestPackagesImportOnlyWhatTheRulesAllow(t *testing.T) {
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for _, p := range packages {
		for _, r := range rules() {
			if !r.from(p.ImportPath) {
				continue
			}
			reached := p.Imports
			if r.transitively {
				reached = p.Deps
			}
			for _, d := range reached {
				if r.deny(local(d)) {
					t.Errorf("%s must not import %s: %s", p.ImportPath, d, r.why)
				}
			}
		}
	}
}

// TestNoEngineImportsAnother allows the exceptions that ARCHITECTURE.md names, and no others.
func TestNoEngineImportsAnother(t *testing.T) {
	allowed := map[string]string{
		"./internal/application/controller": "workflow", // both write the one status of the Application
		"./internal/application/validate":   "",
		"./internal/rollout/controller":     "traffic", // a step and its weight share one decision
	}
	for _, p := range list(t) {
		from := engine(p.ImportPath)
		if from == "" {
			continue
		}
		for _, d := range p.Imports {
			to := engine(local(d))
			if !strings.HasPrefix(d, module) || to == "" || to == from || allowed[p.ImportPath] == to {
				continue
			}
			t.Errorf("%s imports %s: engines meet in objects, not in calls", p.ImportPath, d)
		}
	}
}

// list returns the packages of the root module, their own import paths as ./path.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		p.ImportPath = local(p.ImportPath)
		all = append(all, p)
	}
}
