// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
)

var update = flag.Bool("update", false, "write the goldens")

// demo is the tutorial's first version as the cluster has it.
func demo(t *testing.T) *corev1beta1.Application {
	t.Helper()
	app := &corev1beta1.Application{}
	if err := yaml.Unmarshal([]byte(page(t, "v1.yaml")), app); err != nil {
		t.Fatal(err)
	}
	app.Namespace, app.UID = "default", "8d0e"
	app.Annotations = map[string]string{corev1beta1.AnnotationPublishVersion: "v1"}
	return app
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the golden, run with -update to write it: %v", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestACanaryWorkflowIsShownBeforeItIsSaved(t *testing.T) {
	w := newWorld(t, demo(t))
	for name, args := range map[string][]string{
		"canary-batches.txt":  {"--batches", "3"},
		"canary-prepared.txt": {"--weights", "20,50,100", "--prepare", "--approvals", "timed", "--interval", "10m"},
		"canary-chinese.txt":  {"--batches", "10", "--lang", "zh"},
		"canary.yaml":         {"--batches", "3", "-o", "yaml"},
	} {
		r := w.vela("", append([]string{"workflow", "canary", "canary-demo", "--dry-run"}, args...)...)
		if r.code != exit.OK {
			t.Errorf("%v: %+v", args, r)
		}
		golden(t, name, r.out+r.err)
	}
	if saved := w.workflows(); len(saved) > 0 {
		t.Errorf("a dry run saved %+v", saved)
	}
}

// workflows are those that are saved.
func (w *world) workflows() []corev1alpha1.Workflow {
	w.t.Helper()
	list, err := w.objects.Tracker().List(cluster.Workflows(), corev1alpha1.GroupVersion().WithKind("Workflow"), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		w.t.Fatal(err)
	}
	var all corev1alpha1.WorkflowList
	if err := json.Unmarshal(raw, &all); err != nil {
		w.t.Fatal(err)
	}
	return all.Items
}

func TestACanaryWorkflowIsSavedForItsApplicationAndReleasedWith(t *testing.T) {
	w := newWorld(t, demo(t))
	r := w.vela("", "workflow", "canary", "canary-demo", "--batches", "2")
	if r.code != exit.OK || !strings.Contains(r.err, "vela up canary-demo -v NEW-VERSION --workflow default-canary") {
		t.Fatalf("%+v", r)
	}
	saved := w.workflows()
	if len(saved) != 1 || saved[0].Name != "canary-demo.default-canary" || saved[0].Labels[corev1beta1.LabelAppName] != "canary-demo" ||
		len(saved[0].OwnerReferences) != 1 || saved[0].OwnerReferences[0].UID != "8d0e" || len(saved[0].Steps) != 3 {
		t.Fatalf("saved is %+v", saved)
	}
	w.vela("", "workflow", "canary", "canary-demo", "--batches", "4").expect(t, exit.Refused, "", "is there already", "--replace")
	if r := w.vela("", "workflow", "canary", "canary-demo", "--batches", "4", "--replace"); r.code != exit.OK {
		t.Fatalf("%+v", r)
	}
	if saved := w.workflows(); len(saved) != 1 || len(saved[0].Steps) != 7 {
		t.Errorf("replaced by %+v", saved)
	}
	w.vela("", "up", "canary-demo", "-v", "v2", "--workflow", "default-canary").expect(t, exit.OK, "Application updated with new PublishVersion v2\n")
	app := w.application()
	if app.Spec.Workflow == nil || len(app.Spec.Workflow.Steps) != 7 || app.Annotations[corev1beta1.AnnotationWorkflowName] != "default-canary" {
		t.Errorf("it is released with %+v, %v", app.Spec.Workflow, app.Annotations)
	}
	w.vela("", "up", "canary-demo", "-v", "v3", "--workflow", "default").expect(t, exit.OK, "Application updated with new PublishVersion v3\n")
	if app := w.application(); app.Spec.Workflow != nil {
		t.Errorf("the default workflow has steps: %+v", app.Spec.Workflow)
	}
	if r := w.vela(page(t, "v1.yaml"), "up", "-f", "-", "--workflow", "default-canary"); r.code != exit.OK {
		t.Fatalf("%+v", r)
	}
	if app := w.application(); app.Spec.Workflow == nil || len(app.Spec.Workflow.Steps) != 7 {
		t.Errorf("a file is released with %+v", app.Spec.Workflow)
	}
	w.vela("", "up", "canary-demo", "-v", "v4", "--workflow", "other").expect(t, exit.Failed, "", "application canary-demo has no workflow other; there are: default, default-canary")
}

func (w *world) application() *corev1beta1.Application {
	w.t.Helper()
	c, err := w.open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	app, err := cluster.Get[corev1beta1.Application](w.t.Context(), c, cluster.Applications(), "default", "canary-demo")
	if err != nil {
		w.t.Fatal(err)
	}
	return app
}

func TestMistakesInACanaryWorkflowNameTheirFlag(t *testing.T) {
	w := newWorld(t, demo(t))
	for line, want := range map[string]string{
		"":                                  "please specify the number of batches with --batches",
		"--batches 0":                       "--batches: 0 is no number",
		"--batches 101":                     "--batches: 101 is no number of batches; write one from 1 to 100",
		"--batches 2 --weights 50,100":      "--batches and --weights are both given",
		"--weights 50,40,100":               "--weights: 40 does not rise above 50",
		"--weights 20,50":                   "--weights: the last weight is 50",
		"--weights 0,100":                   "--weights: 0 is no weight",
		"--weights twenty":                  "invalid argument \"twenty\"",
		"--batches 2 --approvals sometimes": "--approvals: \"sometimes\" is none; write manual, timed or none",
		"--batches 2 --approvals timed":     "give --interval",
		"--batches 2 --interval 5m":         "--interval is for --approvals timed",
		"--batches 2 --name default":        "--name: default is a workflow that is always there",
		"--batches 2 --name A_b":            "--name: \"A_b\" is no name",
		"--batches 2 -o xml":                "-o xml is not a format",
	} {
		w.vela("", append([]string{"workflow", "canary", "canary-demo"}, strings.Fields(line)...)...).expect(t, exit.Usage, "", want)
	}
	w.vela("", "workflow", "canary", "--batches", "2").expect(t, exit.Usage, "", "please specify an application")
	w.vela("", "workflow", "canary", "canary-demo", "--batches", "2", "--base", "none").
		expect(t, exit.Failed, "", "application canary-demo has no workflow none; there are: default")
	w.vela("", "workflow", "canary", "canary-demo", "--weights", "20,50", "--lang", "zh").expect(t, exit.Usage, "", "最后一个权重是 50")
}
