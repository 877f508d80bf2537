// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

// tracker is the inventory of r; objects are kinds.
func tracker(r v1beta1.ApplicationRevision, kinds ...string) v1beta1.ResourceTracker {
	t := v1beta1.ResourceTracker{ObjectMeta: metav1.ObjectMeta{Name: application.TrackerName(&r), Labels: map[string]string{
		v1beta1.LabelAppRevision: r.Name, v1beta1.LabelRevisionHash: application.RevisionHash(&r),
	}}}
	for _, k := range kinds {
		t.Spec.ManagedResources = append(t.Spec.ManagedResources, v1beta1.ManagedResource{Kind: k, Name: "demo", Component: "demo"})
	}
	return t
}

func TestSweep(t *testing.T) {
	t.Parallel()
	v1, v2 := rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "2", true)
	one, two := tracker(v1, "Deployment", "Ingress"), tracker(v2, "Deployment", "Rollout")
	going := app("a", "1", "demo-v1", "1")
	now := metav1.NewTime(time.Unix(1, 0))
	going.DeletionTimestamp = &now
	cases := map[string]struct {
		reason  string
		app     *v1beta1.Application
		current *v1beta1.ApplicationRevision
		settled bool
		gone    string // kinds that do not exist any more
		want    string
	}{
		"while the new version is on its way": {"a rollback finds everything", app("b", "2", "demo-v2", "2"), &v2, false, "", ""},
		"when the new version succeeded":      {"what only the old one had goes", app("b", "2", "demo-v2", "2"), &v2, true, "", "Ingress waiting"},
		"when what only the old one had is gone": {"then its inventory goes", app("b", "2", "demo-v2", "2"), &v2, true, "Ingress",
			one.Name},
		"after a rollback":          {"what only the bad version had goes: its Rollout", app("a", "1", "demo-v1", "1"), &v1, true, "", "Rollout waiting"},
		"when the application goes": {"everything goes, once each", going, nil, true, "", "Deployment Ingress Rollout waiting"},
		"when everything of a deleted application is gone": {"the inventories go last", going, nil, true, "Deployment Ingress Rollout",
			one.Name + " " + two.Name},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := application.Sweep(application.Holdings{
				App: c.app, Revisions: []v1beta1.ApplicationRevision{v1, v2}, Current: c.current, Settled: c.settled,
				Trackers: []v1beta1.ResourceTracker{one, two},
				Exists:   func(m v1beta1.ManagedResource) bool { return !strings.Contains(c.gone, m.Kind) },
			})
			var words []string
			for _, o := range got.Objects {
				words = append(words, o.Kind)
			}
			for _, tr := range got.Trackers {
				words = append(words, tr.Name)
			}
			if got.Waiting {
				words = append(words, "waiting")
			}
			if text := strings.Join(words, " "); text != c.want {
				t.Errorf("%s: got %q, want %q", c.reason, text, c.want)
			}
		})
	}
}

func TestSweepKeepsTenRevisions(t *testing.T) {
	t.Parallel()
	var revisions []v1beta1.ApplicationRevision
	for i := 1; i <= 15; i++ {
		revisions = append(revisions, rev(t, fmt.Sprintf("demo-v%d", i), fmt.Sprint(i), fmt.Sprint(i), i == 1))
	}
	current := revisions[14]
	got := application.Sweep(application.Holdings{App: app("15", "15", "demo-v15", "15"), Revisions: revisions, Current: &current, Settled: true,
		Exists: func(v1beta1.ManagedResource) bool { return false }})
	if want := "demo-v2 demo-v3 demo-v4"; strings.Join(got.Revisions, " ") != want {
		t.Errorf("got %v, want %s: ten stay beside the one in force and the one a rollback goes to", got.Revisions, want)
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	v1, v2, v3 := rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "2", false), rev(t, "demo-v3", "c", "3", false)
	trackers := []v1beta1.ResourceTracker{tracker(v1, "Deployment", "Ingress"), tracker(v2, "Deployment", "Rollout", "Service"), tracker(v3, "Deployment")}
	cases := map[string]struct {
		current v1beta1.ApplicationRevision
		want    string
	}{
		"the newest holder of each object counts":       {v3, "Deployment@demo-v3 Rollout@demo-v2 Service@demo-v2 Ingress@demo-v1"},
		"what was rolled back does not count":           {v1, "Deployment@demo-v1 Ingress@demo-v1"},
		"what a version has not dispatched yet is kept": {v2, "Deployment@demo-v2 Rollout@demo-v2 Service@demo-v2 Ingress@demo-v1"},
	}
	for name, c := range cases {
		var words []string
		for _, e := range application.Kept("demo", &c.current, trackers) {
			words = append(words, e.Kind+"@"+e.Revision)
		}
		if text := strings.Join(words, " "); text != c.want {
			t.Errorf("%s: got %q, want %q", name, text, c.want)
		}
	}
}
