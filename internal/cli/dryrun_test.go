// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/cli/exit"
)

func TestDryRunRefusesWhatUpRefuses(t *testing.T) {
	v2 := page(t, "v2.yaml")
	const falling = "spec.workflow.steps[2].properties.weight: step rollout-50 has weight 10, which is lower than 20 of step rollout-20 before it; " +
		"write 20 or more, or go back with vela workflow rollback"
	const unknown = `spec.workflow.steps[1].type: there is no step type "suspnd"; write suspend`
	falls := strings.Replace(v2, "weight: 50", "weight: 10", 1)
	mistyped := strings.Replace(v2, "type: suspend", "type: suspnd", 1)
	cases := map[string]struct {
		stdin string
		want  string
	}{
		"an unknown step type":                  {mistyped, unknown},
		"weights that fall":                     {falls, falling},
		"several faults are said one by one":    {strings.Replace(falls, "type: suspend", "type: suspnd", 1), unknown + "; " + falling},
		"of several applications, it names one": {v2 + "\n---\n" + strings.Replace(mistyped, "name: canary-demo", "name: other", 1), "application default/other: " + unknown},
		"a file that is no Application": {"apiVersion: v1\nkind: Service", `standard input: apiVersion: "v1" is not an Application's; write apiVersion: core.oam.dev/v1beta1; ` +
			`kind: "Service" is not an Application's; write kind: Application`},
		"no name": {strings.Replace(v2, "name: canary-demo\n   annotations", "annotations", 1), "standard input: metadata.name is missing; give the application a name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newWorld(t).vela(c.stdin, "dry-run", "-f", "-")
			if want := "Error: " + c.want + "\n"; r.code != exit.Failed || r.out != "" || r.err != want {
				t.Errorf("got exit code %d, stdout %q and\n%swant no stdout and\n%s", r.code, r.out, r.err, want)
			}
		})
	}
	newWorld(t).vela("", "dry-run").expect(t, exit.Usage, "", "please specify a file with -f")
	newWorld(t).vela("", "dry-run", "-f", "no-such.yaml").expect(t, exit.Failed, "", "no-such.yaml cannot be read")
}

func TestDryRunReadsWhatItsHelpPromises(t *testing.T) {
	folder := t.TempDir()
	app := page(t, "v2.yaml")
	write(t, filepath.Join(folder, "app.yaml"), app)
	write(t, filepath.Join(folder, "README.md"), "no application")
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(app)) }))
	defer web.Close()
	want := newWorld(t).vela(app, "dry-run", "-f", "-").out
	for what, from := range map[string]string{"file": filepath.Join(folder, "app.yaml"), "folder": folder, "web address": web.URL + "/app.yaml"} {
		t.Run(what, func(t *testing.T) {
			r := newWorld(t).vela("", "dry-run", "-f", from)
			if r.code != exit.OK || r.out != want || !strings.Contains(want, "kind: Deployment") {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestDryRunSaysNothingOfWhatOnlyAClusterKnows(t *testing.T) {
	r := newWorld(t).vela(page(t, "v2.yaml"), "dry-run", "-f", "-")
	if strings.Contains(r.out, "canary-demo-v1") || !strings.Contains(r.out, `app.oam.dev/appRevision: ""`) {
		t.Errorf("it names a revision, which depends on those in the cluster:\n%s", r.out)
	}
	if r.code != exit.OK || r.err != "" || !strings.Contains(r.out, "app.oam.dev/publishVersion: v2") {
		t.Errorf("got %+v", r)
	}
}

func TestDryRunSaysWhatItDoesNotCheck(t *testing.T) {
	conditional := strings.Replace(page(t, "v2.yaml"), "type: suspend", "type: suspend\n           if: 1 +", 1)
	r := newWorld(t).vela(conditional, "dry-run", "-f", "-")
	if want := "The conditions (if) of the steps of canary-demo are checked by `vela up` only.\n"; r.code != exit.OK || r.err != want {
		t.Errorf("got %d, %s, want %s", r.code, r.err, want)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
