// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestAMistypedCommandLineIsOneSentenceWithTheWayOut(t *testing.T) {
	const file = "../../examples/canary/v1.yaml"
	cases := map[string]struct {
		line string
		want string
	}{
		"a slip of the keyboard":                {"statsu", "vela has no command statsu: did you mean `vela status`? `vela --help` lists them"},
		"a slip below a command":                {"workflow rollbak", "vela has no command workflow rollbak: did you mean `vela workflow rollback`? `vela workflow --help` lists them"},
		"a slip below an alias":                 {"wf rollbak", "vela has no command workflow rollbak: did you mean `vela workflow rollback`? `vela workflow --help` lists them"},
		"in Chinese":                            {"--lang zh statsu", "vela 没有命令 statsu：您是否想用 `vela status`？全部命令请查看 `vela --help`"},
		"a verb of a release without workflow":  {"rollback canary-demo", "vela has no command rollback: did you mean `vela workflow rollback`? `vela --help` lists them"},
		"resume without workflow":               {"resume", "vela has no command resume: did you mean `vela rollout resume` or `vela workflow resume`? `vela --help` lists them"},
		"suspend without workflow":              {"suspend", "vela has no command suspend: did you mean `vela workflow suspend`? `vela --help` lists them"},
		"terminate without workflow":            {"terminate", "vela has no command terminate: did you mean `vela workflow terminate`? `vela --help` lists them"},
		"restart without workflow, with a flag": {"restart canary-demo --step x", "vela has no command restart: did you mean `vela workflow restart`? `vela --help` lists them"},
		"a verb of kubectl":                     {"get", "vela has no command get: did you mean `vela ls`? `vela --help` lists them"},
		"a verb of kubectl with its flag":       {"describe app -A", "vela has no command describe: did you mean `vela status`? `vela --help` lists them"},
		"help on a slip":                        {"help workflow rollbak", "vela has no command workflow rollbak: did you mean `vela workflow rollback`? `vela workflow --help` lists them"},
		"several may be meant":                  {"lgos", "vela has no command lgos: did you mean `vela logs` or `vela ls`? `vela --help` lists them"},
		"the beginning of a name":               {"re", "vela has no command re: did you mean `vela revision`? `vela --help` lists them"},
		"nothing is like it":                    {"xyzzy", "vela has no command xyzzy: `vela --help` lists them"},
		"workflow list takes no names":          {"workflow list nosuch", "`vela workflow list` takes no names, and nosuch was given: see `vela workflow list --help`"},
		"addon list takes no names":             {"addon list nosuch", "`vela addon list` takes no names, and nosuch was given: see `vela addon list --help`"},
		"system takes no names":                 {"system nosuch", "`vela system` takes no names, and nosuch was given: see `vela system --help`"},
		"version takes no names":                {"version nosuch", "`vela version` takes no names, and nosuch was given: see `vela version --help`"},
		"dry-run takes no names":                {"dry-run -f - nosuch", "`vela dry-run` takes no names, and nosuch was given: see `vela dry-run --help`"},
		"flags that exclude each other":         {"status canary-demo --tree --pod", "if any flags in the group [watch tree pod endpoint output] are set none of the others can be; [pod tree] were all set: see vela status --help"},
		"a language that there is not":          {"--lang fr status canary-demo", "--lang fr is not a language of vela: give en or zh"},
		"up without -f":                         {"up " + file, file + " is a file, and no name of an application: did you mean `vela up -f " + file + "`?"},
		"up without -f, with a version":         {"up app.yml -v v2", "app.yml is a file, and no name of an application: did you mean `vela up -f app.yml`?"},
		"up without -f, of a folder":            {"up testdata/..", "testdata/.. is a file, and no name of an application: did you mean `vela up -f testdata/..`?"},
		"dry-run without -f":                    {"dry-run " + file, file + " is a file, and no name of an application: did you mean `vela dry-run -f " + file + "`?"},
		"a timeout that is over already":        {"up -f - --timeout -5s", `invalid argument "-5s" for "--timeout" flag: a time to wait is not negative, write one such as 5m: see vela up --help`},
		"a timeout of no unit":                  {"delete canary-demo --timeout 5", `invalid argument "5" for "--timeout" flag: time: missing unit in duration "5": see vela delete --help`},
		"exec without a command":                {"exec canary-demo", "please specify a command after --, such as `vela exec canary-demo -- /bin/sh`"},
		"exec without a command, elsewhere":     {"exec canary-demo -n shop", "please specify a command after --, such as `vela exec canary-demo -n shop -- /bin/sh`"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newWorld(t, suspended()).vela("", strings.Fields(c.line)...)
			if want := "Error: " + c.want + "\n"; r.code != exit.Usage || r.out != "" || r.err != want {
				t.Errorf("vela %s: exit code %d and\n%swant %d and\n%s", c.line, r.code, r.err, exit.Usage, want)
			}
		})
	}
}

func TestANameMayBeThatOfAFileToo(t *testing.T) {
	w := newWorld(t)
	t.Chdir(t.TempDir())
	write(t, "canary-demo", "notes")
	w.vela("", "up", "canary-demo", "-v", "v9").expect(t, exit.Failed, "", "application default/canary-demo not found")
	w.vela("", "up", "canary-demo").expect(t, exit.Usage, "", "did you mean `vela up -f canary-demo`?")
}

func TestALocaleThatThereIsNotIsEnglish(t *testing.T) {
	r := newWorld(t).velaWith(map[string]string{"LANG": "fr_FR.UTF-8"}, "", "status")
	if r.code != exit.Usage || r.err != "Error: please specify an application\n" {
		t.Errorf("got %+v", r)
	}
}

func TestVersionIsAFlagToo(t *testing.T) {
	w := newWorld(t)
	w.vela("", "--version").expect(t, exit.OK, w.vela("", "version", "--client").out)
	if out := w.vela("", "--version").out; !strings.HasPrefix(out, "CLI Version: v0.0.0-test\n") {
		t.Errorf("got %s", out)
	}
}

func TestLsSaysThatThereIsNothingAndWhere(t *testing.T) {
	const header = "APP  COMPONENT  TYPE  TRAITS  PHASE  HEALTHY  STATUS  CREATED-TIME\n"
	for line, want := range map[string]string{
		"ls":                      "No application in namespace default; -A looks in all namespaces.\n",
		"ls -n nowhere":           "No application in namespace nowhere; -A looks in all namespaces.\n",
		"ls -A":                   "No application in any namespace.\n",
		"ls -l team=shop":         "No application in namespace default is like that; -A looks in all namespaces.\n",
		"ls -A -l team=shop":      "No application in any namespace is like that.\n",
		"ls -n nowhere --lang zh": "命名空间 nowhere 中没有应用；-A 查看所有命名空间。\n",
	} {
		t.Run(line, func(t *testing.T) {
			r := newWorld(t).vela("", strings.Fields(line)...)
			if r.code != exit.OK || r.err != want || !strings.HasSuffix(r.out, header) {
				t.Errorf("got %+v, want %s on stderr and the header on stdout", r, want)
			}
		})
	}
	newWorld(t).vela("", "ls", "-o", "json").expect(t, exit.OK, "{\n  \"apiVersion\": \"v1\",\n  \"items\": [],\n  \"kind\": \"List\"\n}\n")
}

func TestWorkflowListSaysThatThereIsNothingAndWhere(t *testing.T) {
	const header = "NAME  TYPE  PHASE  START-TIME  END-TIME\n"
	for line, want := range map[string]string{
		"workflow list":                      "No workflow in namespace default; -A looks in all namespaces.\n",
		"workflow list -n nowhere":           "No workflow in namespace nowhere; -A looks in all namespaces.\n",
		"workflow list -A":                   "No workflow in any namespace.\n",
		"workflow list -n nowhere --lang zh": "命名空间 nowhere 中没有工作流；-A 查看所有命名空间。\n",
	} {
		t.Run(line, func(t *testing.T) {
			r := newWorld(t).vela("", strings.Fields(line)...)
			if r.code != exit.OK || r.err != want || !strings.HasSuffix(r.out, header) {
				t.Errorf("got %+v, want %s on stderr and the header on stdout", r, want)
			}
		})
	}
	newWorld(t).vela("", "workflow", "list", "-o", "json").expect(t, exit.OK, "[]\n")
}

func TestStatusOfAComponentThatThereIsNotNamesThoseThereAre(t *testing.T) {
	app := suspended()
	app.Spec.Components = append(app.Spec.Components, corev1beta1.Component{Name: "backend", Type: "worker"})
	for _, form := range []string{"", "--pod", "--endpoint", "--watch", "-o json", "--tree"} {
		newWorld(t, app).vela("", strings.Fields("status canary-demo -c nosuch "+form)...).
			expect(t, exit.Failed, "", "Error: application canary-demo has no component nosuch: it has canary-demo, backend\n")
	}
	none := suspended()
	none.Spec.Components = nil
	newWorld(t, none).vela("", "status", "canary-demo", "-c", "nosuch").
		expect(t, exit.Failed, "", "Error: application canary-demo has no component nosuch: it has none\n")
	if r := newWorld(t, app).vela("", "status", "canary-demo", "-c", "backend"); r.code != exit.OK {
		t.Errorf("got %+v", r)
	}
}

func TestSystemCountsIngresses(t *testing.T) {
	for want, ingresses := range map[string]map[string]plan.Ingress{
		"revision 7, 0 ingresses\n": {},
		"revision 7, 1 ingress\n":   {"a/b": {}},
		"revision 7, 2 ingresses\n": {"a/b": {}, "a/c": {}},
	} {
		w := newWorld(t)
		found := w.open
		w.open = func(ctx context.Context) (*cluster.Cluster, error) {
			c, err := found(ctx)
			c.Source = cluster.Source{Kind: cluster.FromFlag, Paths: []string{"config"}}
			return c, err
		}
		w.api.HandleFunc("/version", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"gitVersion":"v1"}`)) })
		w.api.HandleFunc("/api/v1/namespaces/vela-system/services/vela-edge:admin/proxy"+plan.Path, func(rw http.ResponseWriter, _ *http.Request) {
			if err := json.NewEncoder(rw).Encode(plan.Plan{Revision: 7, Ingresses: ingresses}); err != nil {
				t.Error(err)
			}
		})
		if r := w.vela("", "system"); r.code != exit.OK || !strings.Contains(r.out, want) {
			t.Errorf("it does not say %s: %+v", want, r)
		}
	}
}
