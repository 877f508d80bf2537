// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
)

const deployed = `Applying an application in vela K8s object format...
✅ App has been deployed 🚀🚀🚀
    Port forward: vela port-forward canary-demo
             SSH: vela exec canary-demo
         Logging: vela logs canary-demo
      App status: vela status canary-demo
        Endpoint: vela status canary-demo --endpoint
Application default/canary-demo applied.
`

func TestUpPrintsTheTutorialsText(t *testing.T) {
	w := newWorld(t)
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.OK, deployed)
	if len(w.applied) != 1 {
		t.Fatalf("%d applies, want 1", len(w.applied))
	}
	sent := string(w.applied[0].GetPatch())
	for _, server := range []string{"status", "creationTimestamp", "workflow"} {
		if strings.Contains(sent, "\""+server+"\"") {
			t.Errorf("it sends %s, which was not written: %s", server, sent)
		}
	}
	opts := w.applied[0].PatchOptions
	if opts.FieldManager != cluster.Manager || opts.Force == nil || !*opts.Force {
		t.Errorf("it is applied with %+v", opts)
	}
}

func TestUpNamesAnotherNamespaceInEachCommand(t *testing.T) {
	w := newWorld(t)
	r := w.vela(page(t, "v1.yaml"), "up", "-f", "-", "-n", "shop")
	if r.code != exit.OK || !strings.Contains(r.out, "vela status canary-demo -n shop --endpoint") || !strings.Contains(r.out, "Application shop/canary-demo applied.") {
		t.Errorf("got %+v", r)
	}
}

func TestUpReadsFoldersAndSeveralDocuments(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "ab.yaml"), named(t, "a")+"\n---\n"+named(t, "b"))
	write(t, filepath.Join(folder, "c.yml"), named(t, "c"))
	if r := w.vela("", "up", "-f", folder); r.code != exit.OK || len(w.applied) != 3 {
		t.Errorf("%d applies, %+v", len(w.applied), r)
	}
}

// named is the tutorial's first application under another name.
func named(t *testing.T, name string) string {
	t.Helper()
	return strings.Replace(page(t, "v1.yaml"), "name: canary-demo", "name: "+name, 1)
}

func TestUpAppliesSeveralFilesInTheirOrder(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "b.yaml")
	write(t, file, named(t, "b"))
	r := w.vela(named(t, "a"), "up", "-f", file, "-f", "-")
	if r.code != exit.OK || len(w.applied) != 2 || w.applied[0].GetName() != "b" || w.applied[1].GetName() != "a" {
		t.Fatalf("%d applies, %+v", len(w.applied), r)
	}
	r = w.vela(named(t, "a"), "dry-run", "-f", file, "-f", "-")
	if b, a := strings.Index(r.out, "# Application(b)"), strings.Index(r.out, "# Application(a)"); r.code != exit.OK || b < 0 || a < b {
		t.Errorf("dry-run: %+v", r)
	}
}

func TestAnApplicationThatIsDefinedTwiceIsRefusedAndNothingIsApplied(t *testing.T) {
	folder := t.TempDir()
	one, two := filepath.Join(folder, "one.yaml"), filepath.Join(folder, "two.yaml")
	write(t, one, page(t, "v1.yaml"))
	write(t, two, strings.Replace(page(t, "v2.yaml"), "name: canary-demo\n", "name: canary-demo\n   namespace: default\n", 1))
	const twice = "Error: application default/canary-demo is defined by %s and again by %s: keep one of them\n"
	cases := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"by two documents":         {page(t, "v1.yaml") + "\n---\n" + page(t, "v2.yaml"), []string{"-f", "-"}, fmt.Sprintf(twice, "standard input", "standard input")},
		"by two files":             {"", []string{"-f", one, "-f", two}, fmt.Sprintf(twice, one, two)},
		"by a folder":              {"", []string{"-f", folder}, fmt.Sprintf(twice, one, two)},
		"by one file, given twice": {"", []string{"-f", one, "-f", one}, fmt.Sprintf(twice, one, one)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"up", "dry-run"} {
				w := newWorld(t)
				if r := w.vela(c.stdin, append([]string{verb}, c.args...)...); r.code != exit.Failed || r.out != "" || r.err != c.want || len(w.applied) > 0 {
					t.Errorf("vela %s: %d applies, %+v, want %s", verb, len(w.applied), r, c.want)
				}
			}
		})
	}
	newWorld(t).vela(page(t, "v1.yaml"), "up", "-f", "-", "-f", "-").
		expect(t, exit.Usage, "", "Error: -f - is given twice, and standard input can be read once only: give it once\n")
}

func TestARequestThatIsTriedAndDoesNotSucceedIsToldWithItsReasonAtTheTimeout(t *testing.T) {
	w := newWorld(t, suspended())
	const why = "existing object Deployment default/canary-demo is managed by other application default/other: give the component another name"
	w.act = func(a *v1alpha1.ReleaseAction) { a.Status.Phase, a.Status.Message = v1alpha1.ActionExecuting, why }
	w.vela("", "workflow", "rollback", "canary-demo", "--timeout", "20ms").expect(t, exit.TimedOut, "",
		"Error: it is not done after 20ms, and goes on ("+why+"): ReleaseAction canary-demo-rollback-x1y2z tells its outcome, `vela status canary-demo` where it is\n")
}

func TestUpRefusesBadInputAndChangesNothing(t *testing.T) {
	v1 := page(t, "v1.yaml")
	cases := map[string]struct {
		stdin string
		args  []string
		code  int
		says  []string
	}{
		"malformed YAML names the line":             {"apiVersion: [", []string{"up", "-f", "-"}, exit.Failed, []string{"standard input", "line "}},
		"a tab is named":                            {"kind: Application\n\tx: y", []string{"up", "-f", "-"}, exit.Failed, []string{"line 2"}},
		"another kind":                              {"apiVersion: v1\nkind: Service", []string{"up", "-f", "-"}, exit.Failed, []string{"kind: Application"}},
		"an unknown field":                          {strings.Replace(v1, "components:", "componets:", 1), []string{"up", "-f", "-"}, exit.Failed, []string{"componets"}},
		"a good document and a bad one":             {v1 + "\n---\napiVersion: v1\nkind: Secret\n", []string{"up", "-f", "-"}, exit.Failed, []string{"document 2"}},
		"an empty file":                             {"", []string{"up", "-f", "-"}, exit.Failed, []string{"empty"}},
		"a file that is not there":                  {"", []string{"up", "-f", "no-such.yaml"}, exit.Failed, []string{"no-such.yaml"}},
		"neither name nor file":                     {"", []string{"up"}, exit.Usage, []string{"either app name or file should be set"}},
		"name and file":                             {"", []string{"up", "x", "-f", "-"}, exit.Usage, []string{"cannot use app name and file at the same time"}},
		"a name without a version":                  {"", []string{"up", "x"}, exit.Usage, []string{"publish-version must be set if you want to force existing application to re-run"}},
		"a revision without a name":                 {"", []string{"up", "-f", "-", "-r", "x-v1"}, exit.Usage, []string{"revision name must be used with application name"}},
		"two namespaces":                            {strings.Replace(v1, "name: canary-demo\n", "name: canary-demo\n   namespace: a\n", 1), []string{"up", "-f", "-", "-n", "b"}, exit.Failed, []string{"application namespace a is different from the namespace b specified by flag"}},
		"a flag that there is not":                  {"", []string{"up", "--no-such"}, exit.Usage, []string{"--no-such", "vela up --help"}},
		"an application that there is not, with -v": {"", []string{"up", "nothing-here", "-v", "v9"}, exit.Failed, []string{"default/nothing-here"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.vela(c.stdin, c.args...)
			r.expect(t, c.code, "", c.says...)
			if !strings.HasPrefix(r.err, "Error: ") || strings.Count(r.err, "\n") > 2 {
				t.Errorf("it is not one sentence: %q", r.err)
			}
			if len(w.applied) != 0 {
				t.Error("it was applied all the same")
			}
		})
	}
}

func TestWhatAdmissionSaysIsPrintedWithoutItsMachinery(t *testing.T) {
	w := newWorld(t)
	w.deny = &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: 400, Reason: metav1.StatusReasonBadRequest,
		Message: `admission webhook "applications.core.oam.dev" denied the request: spec.workflow.steps[0].properties.weight: 120 is not within 0 to 100`,
	}}
	r := w.vela(page(t, "v1.yaml"), "up", "-f", "-")
	if want := "Error: spec.workflow.steps[0].properties.weight: 120 is not within 0 to 100\n"; r.err != want || r.code != exit.Failed {
		t.Errorf("got %q with exit code %d, want %q", r.err, r.code, want)
	}
}

func TestUpSaysWhenNothingWillHappen(t *testing.T) {
	w := newWorld(t)
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.OK, deployed)
	w.released(t, "v1")
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.OK, deployed, "Nothing changed: publishVersion v1")
	changed := strings.Replace(page(t, "v1.yaml"), "replicas: 5", "replicas: 4", 1)
	w.vela(changed, "up", "-f", "-").expect(t, exit.OK, strings.Replace(deployed, "✅ App has been deployed 🚀🚀🚀\n", "", 1),
		"Warning: publishVersion is still v1", "canary-demo-v1", "metadata.annotations[app.oam.dev/publishVersion]")
}

func TestUpDoesNotWaitForWhatIsNotReleased(t *testing.T) {
	w := newWorld(t)
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.OK, deployed)
	w.released(t, "v1")
	changed := strings.Replace(page(t, "v1.yaml"), "replicas: 5", "replicas: 4", 1)
	r := w.vela(changed, "up", "-f", "-", "--wait")
	if r.code != exit.OK || strings.Contains(r.out, "Successfully") || strings.Contains(r.out, "deployed") {
		t.Errorf("it claims a deployment: %+v", r)
	}
}

func TestUpSaysThatNothingChangedWithoutAPublishVersionToo(t *testing.T) {
	lines := strings.Split(page(t, "v1.yaml"), "\n")
	without := strings.Join(slices.DeleteFunc(lines, func(l string) bool {
		return strings.Contains(l, "publishVersion") || strings.Contains(l, "annotations:")
	}), "\n")
	w := newWorld(t)
	w.vela(without, "up", "-f", "-").expect(t, exit.OK, deployed)
	w.released(t, "")
	w.vela(without, "up", "-f", "-").expect(t, exit.OK, deployed, "Nothing changed: this very specification is released already as canary-demo-v1.")
	w.vela(strings.Replace(without, "replicas: 5", "replicas: 4", 1), "up", "-f", "-").expect(t, exit.OK, deployed)
}

func TestOutcomesAreInChineseToo(t *testing.T) {
	w := newWorld(t, suspended())
	w.act = ok("done")
	for line, want := range map[string]string{
		"workflow resume canary-demo":  "工作流操作 resume 成功：canary-demo\n",
		"workflow suspend canary-demo": "工作流操作 suspend 成功：canary-demo\n",
		"up canary-demo -v v7":         "应用已更新，新的 PublishVersion 为 v7\n",
	} {
		t.Run(line, func(t *testing.T) {
			w := newWorld(t, suspended())
			w.act = ok("done")
			w.vela("", append(strings.Fields(line), "--lang", "zh")...).expect(t, exit.OK, want)
		})
	}
	if r := w.vela(page(t, "v2.yaml"), "up", "-f", "-", "--lang", "zh"); !strings.Contains(r.out, "✅ 应用已部署 🚀🚀🚀\n") {
		t.Errorf("got %+v", r)
	}
	w.vela("", "up", "--lang", "zh").expect(t, exit.Usage, "", "必须给出应用名或文件")
}

// released records what was applied last as the revision in force.
func (w *world) released(t *testing.T, version string) {
	t.Helper()
	app, err := cluster.Get[corev1beta1.Application](t.Context(), &cluster.Cluster{Dynamic: w.objects}, cluster.Applications(), "default", "canary-demo")
	if err != nil {
		t.Fatal(err)
	}
	decision, err := application.Plan(application.Seen{App: app})
	if err != nil {
		t.Fatal(err)
	}
	revision := decision.Release.Revision
	revision.APIVersion, revision.Kind = corev1beta1.GroupVersion().String(), "ApplicationRevision"
	revision.Status.Succeeded = true
	if err := w.objects.Tracker().Create(cluster.Revisions(), plain(t, revision), "default"); err != nil {
		t.Fatal(err)
	}
	app.Status.Phase = corev1beta1.PhaseRunning
	app.Status.ObservedGeneration = app.Generation
	app.Status.LatestRevision = &corev1beta1.RevisionName{Name: revision.Name, Revision: 1}
	app.Status.Workflow = &corev1beta1.WorkflowStatus{AppRevision: version, Phase: corev1beta1.WorkflowSucceeded, Finished: true}
	if err := w.objects.Tracker().Update(cluster.Applications(), plain(t, app), "default"); err != nil {
		t.Fatal(err)
	}
}

func TestUpPublishesAnApplicationAnew(t *testing.T) {
	w := newWorld(t)
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.OK, deployed)
	w.released(t, "v1")
	w.vela("", "up", "canary-demo", "-v", "v1").expect(t, exit.Refused, "", "current PublishVersion is v1")
	w.vela("", "up", "canary-demo", "-v", "v2").expect(t, exit.OK, "Application updated with new PublishVersion v2\n")
	w.vela("", "up", "canary-demo", "-v", "v3", "-r", "canary-demo-v1").
		expect(t, exit.OK, "Application updated with new PublishVersion v3 using revision canary-demo-v1\n")
	w.vela("", "up", "canary-demo", "-v", "v4", "-r", "other-v1").
		expect(t, exit.Failed, "", "failed to find revision matching the application")
}

func TestUpWaitsUntilTheReleaseIsSuspended(t *testing.T) {
	app := suspended()
	app.Status.ObservedGeneration = 2
	w := newWorld(t, app)
	w.vela(page(t, "v2.yaml"), "up", "-f", "-", "--wait").
		expect(t, exit.OK, deployed+"It waits at suspend-1st for you: `vela workflow resume canary-demo` goes on, `vela workflow rollback canary-demo` goes back.\n", "suspend-1st suspending")
}

func TestUpGivesUpWaitingInTime(t *testing.T) {
	w := newWorld(t)
	w.vela(page(t, "v1.yaml"), "up", "-f", "-", "--wait", "--timeout", "20ms").
		expect(t, exit.TimedOut, deployed, "Error: Timeout waiting Application to be healthy, after 20ms it is still taken up by no controller; see `vela status canary-demo`\n")
}

func TestAVerbAsksForAnActionAndTellsItsOutcome(t *testing.T) {
	for verb, want := range map[string]string{
		"resume":    "Successfully resume workflow: canary-demo\n",
		"suspend":   "Successfully suspend workflow: canary-demo\n",
		"terminate": "Successfully terminate workflow: canary-demo\n",
		"restart":   "Successfully restart workflow: canary-demo\n",
	} {
		t.Run(verb, func(t *testing.T) {
			w := newWorld(t, suspended())
			w.act = ok("done")
			w.vela("", "workflow", verb, "canary-demo", "--reason", "looks good").expect(t, exit.OK, want)
			asked := w.asked[0]
			if string(asked.Spec.Action) != verb || asked.Spec.Reason != "looks good" || asked.Labels[v1alpha1.LabelApplication] != "canary-demo" {
				t.Errorf("it asked for %+v", asked)
			}
			run, stepID := "", ""
			if verb == "resume" {
				run, stepID = "v2", "umzd2xain9"
			}
			if asked.Spec.Run != run || asked.Spec.StepID != stepID {
				t.Errorf("run %q, step id %q; want %q and %q: a second resume must not approve the next step, the others are for whatever runs",
					asked.Spec.Run, asked.Spec.StepID, run, stepID)
			}
		})
	}
}

func TestAStepIsNamedInTheOutcome(t *testing.T) {
	w := newWorld(t, suspended())
	w.act = ok("done")
	w.vela("", "workflow", "resume", "canary-demo", "-s", "suspend-1st").
		expect(t, exit.OK, "Successfully resume workflow canary-demo from step suspend-1st \n")
}

func TestRollbackPrintsItsReportLineByLine(t *testing.T) {
	w := newWorld(t, suspended())
	lines := []string{
		"Find succeeded application revision canary-demo-v1 (PublishVersion: v1) to rollback.",
		"Application spec rollback successfully.", "Application status rollback successfully.",
		"Successfully rollback rollout", "Application outdated revision cleaned up.",
	}
	w.act = func(a *v1alpha1.ReleaseAction) { a.Status.Phase, a.Status.Report = v1alpha1.ActionSucceeded, lines }
	w.vela("", "workflow", "rollback", "canary-demo").expect(t, exit.OK, strings.Join(lines, "\n")+"\n")
	if w.asked[0].Spec.Run != "" {
		t.Error("a rollback is for whatever runs: it must not be refused as stale")
	}
}

func TestARefusalIsASentenceAndAnExitCodeOfItsOwn(t *testing.T) {
	w := newWorld(t, suspended())
	w.act = func(a *v1alpha1.ReleaseAction) {
		a.Status.Phase, a.Status.Message = v1alpha1.ActionRefused, "workflow canary-demo is not suspended."
	}
	r := w.vela("", "workflow", "resume", "canary-demo")
	if r.code != exit.Refused || r.out != "" || r.err != "Error: workflow canary-demo is not suspended.\n" {
		t.Errorf("got %+v", r)
	}
}

func TestARequestThatNobodyTakesUpTimesOut(t *testing.T) {
	w := newWorld(t, suspended())
	w.vela("", "workflow", "resume", "canary-demo", "--timeout", "20ms").
		expect(t, exit.TimedOut, "", "nobody has taken the request up", "canary-demo-resume-x1y2z")
}

func TestVerbsOnAnApplicationThatDoesNotExist(t *testing.T) {
	for _, line := range []string{"status", "workflow resume", "workflow rollback", "revision list", "delete -y", "logs", "exec --tty=false", "port-forward"} {
		t.Run(line, func(t *testing.T) {
			w := newWorld(t)
			args := append(strings.Fields(line), "nothing-here")
			if strings.HasPrefix(line, "exec") {
				args = append(args, "--", "true")
			}
			w.vela("", args...).expect(t, exit.Failed, "", "Error: application default/nothing-here not found", "vela ls")
			if len(w.asked) > 0 {
				t.Error("it asked for an action all the same")
			}
		})
	}
}

func TestAPlainErrorKeepsItsWords(t *testing.T) {
	w := newWorld(t)
	w.deny = errors.New("something else")
	w.vela(page(t, "v1.yaml"), "up", "-f", "-").expect(t, exit.Failed, "", "Error: something else")
}
