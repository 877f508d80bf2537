// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/cli"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
)

// world is a cluster that answers from memory, with a controller for release actions that the test writes.
type world struct {
	t       *testing.T
	objects *fake.FakeDynamicClient
	// api answers what is not an object: logs, versions, the edge.
	api *http.ServeMux
	// act gives a new action its outcome; nil leaves it as it was asked.
	act func(*v1alpha1.ReleaseAction)
	// asked are the actions that were created.
	asked []v1alpha1.ReleaseAction
	// patches are the server-side applies that were sent and not only tried.
	applied []clienttesting.PatchActionImpl
	// deny, when not nil, is what admission answers to an apply.
	deny error
	open func(ctx context.Context) (*cluster.Cluster, error)
}

func newWorld(t *testing.T, objects ...any) *world {
	t.Helper()
	w := &world{t: t, api: http.NewServeMux()}
	lists := map[schema.GroupVersionResource]string{
		cluster.Applications(): "ApplicationList", cluster.Revisions(): "ApplicationRevisionList", cluster.Trackers(): "ResourceTrackerList",
		cluster.Rollouts(): "RolloutList", cluster.Actions(): "ReleaseActionList", cluster.Pods(): "PodList", cluster.Services(): "ServiceList",
		cluster.ConfigMaps(): "ConfigMapList", cluster.Namespaces(): "NamespaceList", cluster.Ingresses(): "IngressList",
		cluster.Workflows(): "WorkflowList",
	}
	var all []runtime.Object
	for _, o := range objects {
		all = append(all, plain(t, o))
	}
	w.objects = fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, all...)
	w.objects.PrependReactor("patch", "applications", w.apply)
	w.objects.PrependReactor("create", "releaseactions", w.ask)
	server := httptest.NewServer(w.api)
	t.Cleanup(server.Close)
	w.open = func(context.Context) (*cluster.Cluster, error) {
		return &cluster.Cluster{Namespace: "default", Server: server.URL, HTTP: server.Client(), Dynamic: w.objects}, nil
	}
	return w
}

func plain(t *testing.T, o any) *unstructured.Unstructured {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatalf("an object of the test is not complete: %v", err)
	}
	return u
}

// apply is server-side apply as far as these tests need it: what was sent replaces what is there, the status stays.
func (w *world) apply(action clienttesting.Action) (bool, runtime.Object, error) {
	patch, ok := action.(clienttesting.PatchActionImpl)
	if !ok || patch.GetPatchType() != types.ApplyPatchType {
		return false, nil, nil
	}
	if w.deny != nil {
		return true, nil, w.deny
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(patch.GetPatch()); err != nil {
		return true, nil, err
	}
	if len(patch.PatchOptions.DryRun) > 0 {
		return true, u, nil
	}
	w.applied = append(w.applied, patch)
	live, err := w.objects.Tracker().Get(patch.GetResource(), patch.GetNamespace(), patch.GetName())
	if err != nil {
		u.SetGeneration(1)
		return true, u, w.objects.Tracker().Create(patch.GetResource(), u, patch.GetNamespace())
	}
	before := live.(*unstructured.Unstructured)
	if status, ok := before.Object["status"]; ok {
		u.Object["status"] = status
	}
	u.SetGeneration(before.GetGeneration() + 1)
	return true, u, w.objects.Tracker().Update(patch.GetResource(), u, patch.GetNamespace())
}

// ask records an action, names it, and lets the test's controller judge it.
func (w *world) ask(action clienttesting.Action) (bool, runtime.Object, error) {
	created := action.(clienttesting.CreateAction).GetObject().(*unstructured.Unstructured)
	raw, err := created.MarshalJSON()
	if err != nil {
		return true, nil, err
	}
	a := v1alpha1.ReleaseAction{}
	if err := json.Unmarshal(raw, &a); err != nil {
		return true, nil, err
	}
	a.Name = a.GenerateName + "x1y2z"
	w.asked = append(w.asked, a)
	if w.act != nil {
		w.act(&a)
	}
	u := plain(w.t, a)
	return true, u, w.objects.Tracker().Create(cluster.Actions(), u, a.Namespace)
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

// vela runs a command line.
func (w *world) vela(stdin string, args ...string) result {
	w.t.Helper()
	return w.velaWith(map[string]string{}, stdin, args...)
}

func (w *world) velaWith(env map[string]string, stdin string, args ...string) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(w.t.Context(), cli.Process{
		Args: args, In: strings.NewReader(stdin), Out: &out, Err: &errs,
		Getenv: func(k string) string { return env[k] }, Version: "v0.0.0-test",
		Now:  func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) },
		Open: w.open,
	})
	return result{code, out.String(), errs.String()}
}

// expect checks the exit code, the whole of stdout, and parts of stderr.
func (r result) expect(t *testing.T, code int, out string, err ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d; stderr: %s", r.code, code, r.err)
	}
	if r.out != out {
		t.Errorf("stdout is\n%s\nwant\n%s", r.out, out)
	}
	for _, want := range err {
		if !strings.Contains(r.err, want) {
			t.Errorf("stderr does not say %q: %s", want, r.err)
		}
	}
	if len(err) == 0 && r.err != "" {
		t.Errorf("stderr says something: %s", r.err)
	}
}

// page reads a file of the tutorial.
func page(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../examples/canary/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// suspended is the tutorial's application, waiting for an approval at 20 percent.
func suspended() *corev1beta1.Application {
	a := &corev1beta1.Application{}
	a.APIVersion, a.Kind = corev1beta1.GroupVersion().String(), "Application"
	a.Name, a.Namespace = "canary-demo", "default"
	a.Annotations = map[string]string{corev1beta1.AnnotationPublishVersion: "v2"}
	a.Spec.Components = []corev1beta1.Component{{Name: "canary-demo", Type: "webservice", Traits: []corev1beta1.Trait{{Type: "scaler"}, {Type: "gateway"}}}}
	a.Status.Phase = corev1beta1.PhaseWorkflowSuspending
	a.Status.LatestRevision = &corev1beta1.RevisionName{Name: "canary-demo-v2", Revision: 2}
	a.Status.Services = []corev1beta1.ServiceStatus{{Name: "canary-demo", Namespace: "default", Healthy: true, Message: "Ready:5/5"}}
	a.Status.Workflow = &corev1beta1.WorkflowStatus{
		AppRevision: "v2", Mode: "StepByStep-DAG", Phase: corev1beta1.WorkflowSuspending, Suspend: true,
		Steps: []corev1beta1.StepStatus{
			{StepStatusBase: corev1beta1.StepStatusBase{ID: "hqhtsm949f", Name: "rollout-20", Type: "canary-deploy", Phase: corev1beta1.StepSucceeded}},
			{StepStatusBase: corev1beta1.StepStatusBase{ID: "umzd2xain9", Name: "suspend-1st", Type: "suspend", Phase: corev1beta1.StepSuspending}},
		},
	}
	return a
}

func ok(format string, args ...any) func(*v1alpha1.ReleaseAction) {
	return func(a *v1alpha1.ReleaseAction) {
		a.Status.Phase, a.Status.Message = v1alpha1.ActionSucceeded, fmt.Sprintf(format, args...)
	}
}
