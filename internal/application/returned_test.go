// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

func TestAWorkloadIsBackWhenItHasOnlyPodsOfItsFormerTemplate(t *testing.T) {
	t.Parallel()
	deployment := func(observed int64, replicas, all, updated int32, reason string) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
			Name: "demo", Generation: 7, Labels: map[string]string{v1beta1.LabelAppRevision: "demo-v1"},
		}}
		d.Spec.Replicas = &replicas
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: observed, Replicas: all, UpdatedReplicas: updated, AvailableReplicas: replicas}
		if reason != "" {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: reason}}
		}
		return d
	}
	starting := deployment(7, 5, 5, 5, "")
	starting.Status.AvailableReplicas = 2
	paused := deployment(7, 5, 6, 3, "")
	next := deployment(7, 5, 5, 1, "")
	next.Labels[v1beta1.LabelAppRevision] = "demo-v3"
	held := deployment(7, 5, 6, 3, "")
	held.Annotations = map[string]string{rollouts.AnnotationInProgress: `{"rolloutName":"demo","releaseID":"demo-v2"}`}
	held.Spec.Paused = true
	paused.Spec.Paused = true
	cases := map[string]struct {
		deployment *appsv1.Deployment
		done       bool
		say        string
	}{
		"all pods are back":                     {deployment(7, 5, 5, 5, ""), true, ""},
		"some are still starting":               {starting, false, "2 of 5 are ready"},
		"some are of the bad version":           {deployment(7, 5, 6, 3, ""), false, "3 of 5 pods back and 3 to go"},
		"the last bad pod is still there":       {deployment(7, 5, 6, 5, ""), false, "5 of 5 pods back and 1 to go"},
		"nobody has looked at it yet":           {deployment(6, 5, 5, 5, ""), false, "about to"},
		"it is stuck: a rollback does not hang": {deployment(7, 5, 6, 3, "ProgressDeadlineExceeded"), true, "makes no progress"},
		"a newer version was published":         {next, true, "Deployment demo was given demo-v3 since"},
		"the hold is seen a moment longer":      {held, false, "3 of 5 pods back and 3 to go"},
		"somebody paused it":                    {paused, false, "is paused by somebody"},
		"scaled to nothing":                     {deployment(7, 0, 0, 0, ""), true, ""},
		"there is none":                         {nil, true, ""},
	}
	for name, c := range cases {
		var live *unstructured.Unstructured
		if c.deployment != nil {
			live = unstructuredOf(t, c.deployment, "Deployment")
		}
		done, say, err := application.Returned(live, "demo-v1")
		if err != nil {
			t.Fatal(err)
		}
		if done != c.done || !strings.Contains(say, c.say) || (c.say == "") != (say == "") {
			t.Errorf("%s: got %v, %q; want %v, %q", name, done, say, c.done, c.say)
		}
	}
}

func unstructuredOf(t *testing.T, o any, kind string) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetAPIVersion("apps/v1")
	u.SetKind(kind)
	return u
}

func TestWhatReplacesItsPodsInPlaceIsBackWhenAllOfThemAre(t *testing.T) {
	t.Parallel()
	meta := metav1.ObjectMeta{Name: "db", Generation: 7, Labels: map[string]string{v1beta1.LabelAppRevision: "db-v1"}}
	for name, c := range map[string]struct {
		observed                 int64
		updated, available, want int32
		say                      string
	}{
		"all pods are back":           {7, 3, 3, 3, ""},
		"one is still of the bad one": {7, 2, 3, 3, "2 of 3 pods back"},
		"one is still starting":       {7, 3, 2, 3, "2 of 3 are ready"},
		"nobody has looked at it yet": {6, 3, 3, 3, "about to"},
		"scaled to nothing":           {7, 0, 0, 0, ""},
	} {
		set := &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: &c.want},
			Status: appsv1.StatefulSetStatus{ObservedGeneration: c.observed, UpdatedReplicas: c.updated, AvailableReplicas: c.available}}
		daemons := &appsv1.DaemonSet{ObjectMeta: meta,
			Status: appsv1.DaemonSetStatus{ObservedGeneration: c.observed, UpdatedNumberScheduled: c.updated, NumberAvailable: c.available, DesiredNumberScheduled: c.want}}
		for _, live := range []*unstructured.Unstructured{unstructuredOf(t, set, "StatefulSet"), unstructuredOf(t, daemons, "DaemonSet")} {
			done, say, err := application.Returned(live, "db-v1")
			if err != nil || done != (c.say == "") || !strings.Contains(say, c.say) {
				t.Errorf("%s, %s: got %v, %q, %v; want %q", live.GetKind(), name, done, say, err, c.say)
			}
		}
	}
}

func TestARollbackTellsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	stays := rollouts.Rollout{}
	goes := rollouts.Rollout{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}
	drains := goes
	drains.Status.CanaryStatus = &rollouts.CanaryStatus{DrainingSince: &metav1.Time{}}
	for name, c := range map[string]struct {
		all  []rollouts.Rollout
		want string
	}{
		"none goes":               {[]rollouts.Rollout{stays}, ""},
		"one goes":                {[]rollouts.Rollout{stays, goes}, "giving pods and routes back"},
		"requests are waited for": {[]rollouts.Rollout{goes, drains}, "open connections"},
	} {
		if got := application.Leaving(c.all); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
