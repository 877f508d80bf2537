// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package timeline_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/timeline"
	"github.com/vela-rollouts/vela/internal/view"
)

func at(minute int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 11, 29, 9, minute, 0, 0, time.UTC))
}

func seen(name string, components ...string) gather.Seen {
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	for _, c := range components {
		app.Spec.Components = append(app.Spec.Components, v1beta1.Component{Name: c, Type: "webservice"})
	}
	return gather.Seen{Seen: view.Seen{App: app, Now: at(30).Time}}
}

func event(kind, name, reason string, minute int) corev1.Event {
	return corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name + reason}, Reason: reason, LastTimestamp: at(minute), Type: corev1.EventTypeWarning, Count: 3,
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "default", Name: name},
	}
}

func TestOneTimelineTellsWhoWhatAndWhy(t *testing.T) {
	s := seen("demo", "demo")
	rev := v1beta1.ApplicationRevision{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo-v2", Annotations: map[string]string{
		v1beta1.AnnotationPublishVersion: "v2", v1beta1.AnnotationPublishedBy: "dev", v1beta1.AnnotationNote: "faster",
	}}}
	start, end := at(1), at(9)
	s.App.Spec.Workflow = &v1beta1.Workflow{Steps: []v1beta1.WorkflowStep{{StepBase: v1beta1.StepBase{Name: "batch-1", Type: "canary-deploy"}}}}
	rev.Spec.Application.Spec = s.App.Spec
	steps := []v1beta1.StepStatus{
		{StepStatusBase: v1beta1.StepStatusBase{ID: "a", Name: "batch-1", Type: "canary-deploy", Phase: v1beta1.StepSucceeded, FirstExecuteTime: &start, LastExecuteTime: &end}},
	}
	s.App.Annotations = rev.Annotations
	s.App.Status.LatestRevision = &v1beta1.RevisionName{Name: "demo-v2", Revision: 2}
	s.App.Status.Workflow = &v1beta1.WorkflowStatus{AppRevision: "v2", Phase: v1beta1.WorkflowExecuting, StartTime: &start, Steps: steps}
	s.Revisions = []v1beta1.ApplicationRevision{rev}
	action := v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo-1", CreationTimestamp: at(5)}}
	action.Spec = v1alpha1.ReleaseActionSpec{Application: "demo", Run: "v2", Action: "suspend", Reason: "errors", RequestedBy: v1alpha1.Requester{Username: "op"}}
	s.Actions = []v1alpha1.ReleaseAction{action}
	got := timeline.Of([]gather.Seen{s}, []corev1.Event{event("Pod", "demo-6d4cf56db6-x2x4b", "BackOff", 7), event("Pod", "other-6d4cf56db6-x2x4b", "BackOff", 8)})
	type line struct {
		kind         api.ActivityKind
		reason       string
		by, why, run string
	}
	want := []line{
		{api.ActivityKindStep, "StepSucceeded", "", "", "v2"},
		{api.ActivityKindEvent, "BackOff", "", "", ""},
		{api.ActivityKindAction, "suspend", "op", "errors", "v2"},
		{api.ActivityKindDeployment, "Published", "dev", "faster", "v2"},
	}
	var lines []line
	for _, a := range got {
		lines = append(lines, line{a.Kind, a.Reason, a.By, a.Note, a.Run})
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %+v\nwant %+v", lines, want)
	}
}

func TestAnEventBelongsToTheApplicationWhoseObjectItIsAbout(t *testing.T) {
	apps := []gather.Seen{seen("shop", "web", "web-api"), seen("web-tools", "tools")}
	cases := map[string]struct {
		kind, name string
		app        string
	}{
		"a pod of a Deployment":               {"Pod", "web-6d4cf56db6-x2x4b", "shop"},
		"a pod of a longer name":              {"Pod", "web-api-6d4cf56db6-x2x4b", "shop"},
		"a pod of a StatefulSet":              {"Pod", "tools-0", "web-tools"},
		"a ReplicaSet":                        {"ReplicaSet", "tools-6d4cf56db6", "web-tools"},
		"a Service of a release":              {"Service", "web-stable", "shop"},
		"the application":                     {"Application", "web-tools", "web-tools"},
		"an application is no workload":       {"Deployment", "web-tools", ""},
		"somebody else's workload":            {"Deployment", "web-shop", ""},
		"somebody else's pod with our prefix": {"Pod", "web-other-6d4cf56db6-x2x4b", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := timeline.Of(apps, []corev1.Event{event(tc.kind, tc.name, "Any", 1)})
			switch {
			case tc.app == "" && len(got) > 0:
				t.Errorf("it was told of %s", got[0].App)
			case tc.app != "" && (len(got) != 1 || got[0].App != tc.app || got[0].Object != tc.kind+"/"+tc.name):
				t.Errorf("got %+v, want it with %s", got, tc.app)
			}
		})
	}
}

func TestPagesFollowOneAnotherWithoutLossOrRepetition(t *testing.T) {
	var events []corev1.Event
	for i := range 25 {
		events = append(events, event("Pod", "web-0", string(rune('a'+i)), i/3)) // three at a time
	}
	all := timeline.Of([]gather.Seen{seen("shop", "web")}, events)
	var got []api.Activity
	for cursor, pages := "", 0; ; pages++ {
		page, err := timeline.Page(slices.Clone(all), 4, cursor)
		if err != nil || pages > 10 {
			t.Fatalf("page %d: %v", pages, err)
		}
		got = append(got, page.Items...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(got) != 25 || !slices.Equal(got, all) {
		t.Errorf("%d of 25 entries came, or in another order", len(got))
	}
	if _, err := timeline.Page(all, 4, "nonsense"); err == nil {
		t.Error("a cursor that is none was taken")
	}
}
