// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

func object(t *testing.T, o any) *unstructured.Unstructured {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return u
}

// rolledBack runs a rollback whose action goes through the given states, and returns what it wrote.
func rolledBack(t *testing.T, terminal bool, states ...v1alpha1.ReleaseActionStatus) (string, string) {
	t.Helper()
	app := &corev1beta1.Application{}
	app.APIVersion, app.Kind = corev1beta1.GroupVersion().String(), "Application"
	app.Name, app.Namespace = "canary-demo", "default"
	lists := map[schema.GroupVersionResource]string{cluster.Applications(): "ApplicationList", cluster.Actions(): "ReleaseActionList"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, object(t, app))
	action := v1alpha1.ReleaseAction{}
	action.APIVersion, action.Kind = v1alpha1.GroupVersion().String(), "ReleaseAction"
	action.Name, action.Namespace = "canary-demo-rollback-x1y2z", "default"
	client.PrependReactor("create", "releaseactions", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, object(t, action), client.Tracker().Create(cluster.Actions(), object(t, action), "default")
	})
	client.PrependWatchReactor("releaseactions", func(clienttesting.Action) (bool, watch.Interface, error) {
		w := watch.NewFakeWithChanSize(len(states), false)
		for _, s := range states {
			now := action
			now.Status = s
			w.Modify(object(t, now))
		}
		return true, w, nil
	})
	said, err := text.Load(text.English)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	sh := &shell.Shell{
		Out: &out, Err: &errs, ErrTerminal: terminal, Text: said,
		Open: func(context.Context) (*cluster.Cluster, error) {
			return &cluster.Cluster{Namespace: "default", Dynamic: client}, nil
		},
	}
	o := &Options{Name: "canary-demo", Timeout: waitFor, verb: verb{action: v1alpha1.ActionRollback}, sh: sh}
	if err := o.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String()
}

func TestARollbackTellsEachChangeOnceOnATerminalAndNothingInAPipe(t *testing.T) {
	waits := func(message string) v1alpha1.ReleaseActionStatus {
		return v1alpha1.ReleaseActionStatus{Phase: v1alpha1.ActionExecuting, Message: message, Report: []string{"Application spec rollback successfully."}}
	}
	states := []v1alpha1.ReleaseActionStatus{
		waits("pods come back"), waits("pods come back"), waits("open connections get half a minute"),
		{Phase: v1alpha1.ActionSucceeded, Message: "done", Report: []string{"Application spec rollback successfully.", "Successfully rollback rollout"}},
	}
	const report = "Application spec rollback successfully.\nSuccessfully rollback rollout\n"
	for terminal, want := range map[bool]string{true: "pods come back\nopen connections get half a minute\n", false: ""} {
		if out, errs := rolledBack(t, terminal, states...); out != report || errs != want {
			t.Errorf("terminal %t: stdout %q, stderr %q, want %q", terminal, out, errs, want)
		}
	}
}
