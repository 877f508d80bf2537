// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/application"
)

// spec is an Application's spec that differs by image alone.
func spec(image string) v1beta1.ApplicationSpec {
	return v1beta1.ApplicationSpec{Components: []v1beta1.Component{{
		Name: "demo", Type: "webservice", Properties: &runtime.RawExtension{Raw: []byte(`{"image":"` + image + `"}`)},
	}}}
}

// app is an Application whose author wrote image under version; latest and run are what its status says.
func app(image, version, latest, run string) *v1beta1.Application {
	a := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo"}, Spec: spec(image)}
	if version != "" {
		a.Annotations = map[string]string{v1beta1.AnnotationPublishVersion: version}
	}
	if latest != "" {
		a.Status.LatestRevision = &v1beta1.RevisionName{Name: latest, Revision: application.RevisionNumber("demo", latest)}
	}
	if run != "" {
		a.Status.Workflow = &v1beta1.WorkflowStatus{AppRevision: run, Phase: v1beta1.WorkflowExecuting}
	}
	return a
}

// rev is a recorded revision.
func rev(t *testing.T, name, image, version string, succeeded bool) v1beta1.ApplicationRevision {
	t.Helper()
	hash, err := application.SpecHash(spec(image))
	if err != nil {
		t.Fatal(err)
	}
	r := v1beta1.ApplicationRevision{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: name, Labels: map[string]string{v1beta1.LabelRevisionHash: hash, v1beta1.LabelAppName: "demo"},
	}}
	if version != "" {
		r.Annotations = map[string]string{v1beta1.AnnotationPublishVersion: version}
	}
	r.Spec.Application.Spec = spec(image)
	r.Status.Succeeded = succeeded
	return r
}

func TestPlanRelease(t *testing.T) {
	t.Parallel()
	v1 := rev(t, "demo-v1", "a", "1", true)
	cases := map[string]struct {
		reason    string
		app       *v1beta1.Application
		revisions []v1beta1.ApplicationRevision
		want      string // revision, and what is to be done
		say       string // part of unpublished or refused
	}{
		"a first application gets its first revision": {
			reason: "names begin with v1", app: app("a", "1", "", ""), want: "demo-v1 create restart"},
		"a first revision recorded by a controller that was killed is taken up": {
			reason: "nothing is recorded twice", app: app("a", "1", "", ""), revisions: []v1beta1.ApplicationRevision{v1}, want: "demo-v1 restart"},
		"the same version and spec stay": {
			reason: "nothing to do", app: app("a", "1", "demo-v1", "1"), revisions: []v1beta1.ApplicationRevision{v1}, want: "demo-v1"},
		"another spec under the same version stays unpublished, and says so": {
			reason: "the workflow runs for a version once", app: app("b", "1", "demo-v1", "1"), revisions: []v1beta1.ApplicationRevision{v1},
			want: "demo-v1", say: "vela up demo -v NEW-VERSION"},
		"a new version with the same spec is a release": {
			reason: "the version decides", app: app("a", "2", "demo-v1", "1"), revisions: []v1beta1.ApplicationRevision{v1}, want: "demo-v2 create restart superseded"},
		"a version that an older revision has is refused": {
			reason: "a version means one thing", app: app("a", "1", "demo-v2", "2"),
			revisions: []v1beta1.ApplicationRevision{v1, rev(t, "demo-v2", "b", "2", true)}, want: "demo-v2", say: `"1" was already used by revision demo-v1`},
		"without versions another spec is a release": {
			reason: "the spec decides", app: app("b", "", "demo-v1", "demo-v1"), revisions: []v1beta1.ApplicationRevision{rev(t, "demo-v1", "a", "", true)},
			want: "demo-v2 create restart superseded"},
		"without versions the same spec stays": {
			reason: "labels and the like are no release", app: app("a", "", "demo-v1", "demo-v1"),
			revisions: []v1beta1.ApplicationRevision{rev(t, "demo-v1", "a", "", true)}, want: "demo-v1"},
		"a version that is dropped is a release": {
			reason: "having none is another one", app: app("a", "", "demo-v1", "1"), revisions: []v1beta1.ApplicationRevision{v1},
			want: "demo-v2 create restart superseded"},
		"a run that the status does not know starts": {
			reason: "the workflow was asked to restart", app: app("a", "1", "demo-v1", ""), revisions: []v1beta1.ApplicationRevision{v1}, want: "demo-v1 restart"},
		"a name that a rollback set free is used again": {
			reason: "v2 was deleted by the rollback", app: app("c", "3", "demo-v1", "1"), revisions: []v1beta1.ApplicationRevision{v1},
			want: "demo-v2 create restart superseded"},
		"a revision that was recorded and never started keeps its spec": {
			reason: "the author changed the spec, not the version, before the controller came back", app: app("c", "2", "demo-v1", "1"),
			revisions: []v1beta1.ApplicationRevision{v1, rev(t, "demo-v2", "b", "2", false)}, want: "demo-v2 restart superseded"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := application.Plan(application.Seen{App: c.app, Revisions: c.revisions})
			if err != nil {
				t.Fatal(err)
			}
			r := got.Release
			text := r.Revision.Name
			for _, f := range []struct {
				on   bool
				word string
			}{{r.Create, "create"}, {r.Restart, "restart"}, {r.Superseded != nil, "superseded"}} {
				if f.on {
					text += " " + f.word
				}
			}
			said := r.Unpublished + r.Refused
			if text != c.want || !strings.Contains(said, c.say) || c.say == "" && said != "" {
				t.Errorf("%s: got %q saying %q, want %q saying %q", c.reason, text, said, c.want, c.say)
			}
		})
	}
}

func TestSpecHashKnowsNoOrder(t *testing.T) {
	t.Parallel()
	a, b := spec("x"), spec("x")
	a.Components[0].Properties.Raw = []byte(`{"image":"x","cmd":["a"]}`)
	b.Components[0].Properties.Raw = []byte("{ \"cmd\": [\"a\"],\n \"image\": \"x\" }")
	left, err := application.SpecHash(a)
	if err != nil {
		t.Fatal(err)
	}
	right, err := application.SpecHash(b)
	if err != nil {
		t.Fatal(err)
	}
	if left != right || len(left) != 16 {
		t.Errorf("the same content in another order is the same spec: %s, %s", left, right)
	}
}

func TestRollbackTarget(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		revisions []v1beta1.ApplicationRevision
		want      string
	}{
		"nothing ever succeeded": {"there is no way back", []v1beta1.ApplicationRevision{rev(t, "demo-v1", "a", "1", false)}, ""},
		"v2 failed": {"the last good one", []v1beta1.ApplicationRevision{
			rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "2", false)}, "demo-v1"},
		"v2 and v3 failed": {"both are skipped", []v1beta1.ApplicationRevision{
			rev(t, "demo-v3", "c", "3", false), rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "2", false)}, "demo-v1"},
		"v10 is newer than v9": {"numbers, not letters", []v1beta1.ApplicationRevision{
			rev(t, "demo-v9", "a", "9", true), rev(t, "demo-v10", "b", "10", true)}, "demo-v10"},
		"one without a version among those with one": {"where versions are in use, only they count", []v1beta1.ApplicationRevision{
			rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "", true)}, "demo-v1"},
		"no versions in use": {"the newest", []v1beta1.ApplicationRevision{
			rev(t, "demo-v1", "a", "", true), rev(t, "demo-v2", "b", "", true), rev(t, "demo-v3", "c", "", false)}, "demo-v2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if r := application.RollbackTarget("demo", c.revisions); r != nil {
				got = r.Name
			}
			if got != c.want {
				t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
			}
		})
	}
}

func TestPlanActions(t *testing.T) {
	t.Parallel()
	v1, v2 := rev(t, "demo-v1", "a", "1", true), rev(t, "demo-v2", "b", "2", false)
	both := []v1beta1.ApplicationRevision{v1, v2}
	deleting := app("b", "2", "demo-v2", "2")
	now := metav1.NewTime(time.Unix(1, 0))
	deleting.DeletionTimestamp = &now
	handled := app("b", "2", "demo-v2", "2")
	handled.Status.HandledActions = []v1beta1.HandledAction{{Name: "ask", UID: "1", Message: "done"}}
	rest := app("a", "1", "demo-v1", "1")
	rest.Status.Workflow.Phase = v1beta1.WorkflowSucceeded
	edited := app("b", "1", "demo-v1", "1")
	edited.Status.Workflow.Phase = v1beta1.WorkflowSucceeded
	cases := map[string]struct {
		reason    string
		app       *v1beta1.Application
		action    v1alpha1.Action
		run       string
		revisions []v1beta1.ApplicationRevision
		want      string
	}{
		"a rollback during a release":                     {"any state will do", app("b", "2", "demo-v2", "2"), v1alpha1.ActionRollback, "", both, "rollback to demo-v1"},
		"a rollback of a run that never started":          {"revisions are enough", app("b", "2", "demo-v2", ""), v1alpha1.ActionRollback, "", both, "rollback to demo-v1"},
		"a rollback at rest":                              {"silence would be a lie", rest, v1alpha1.ActionRollback, "", both[:1], "refuse: there is nothing to roll back"},
		"a rollback of an edit that was never published":  {"it undoes the edit", edited, v1alpha1.ActionRollback, "", both[:1], "rollback to demo-v1"},
		"a rollback with nothing to go back to":           {"", app("b", "2", "demo-v2", "2"), v1alpha1.ActionRollback, "", both[1:], "refuse: failed to find previous succeeded revision"},
		"a resume":                                        {"the workflow engine decides", app("b", "2", "demo-v2", "2"), v1alpha1.ActionResume, "2", both, "workflow"},
		"a stale resume":                                  {"the person saw another run", app("b", "2", "demo-v2", "2"), v1alpha1.ActionResume, "1", both, "refuse: run 2 is the current one"},
		"a resume before anything runs":                   {"", app("b", "2", "demo-v2", ""), v1alpha1.ActionResume, "", both, "refuse: is not start"},
		"an action for an application that is going away": {"", deleting, v1alpha1.ActionResume, "", both, "refuse: is being deleted"},
		"an action whose effect is stored":                {"it is carried out once", handled, v1alpha1.ActionResume, "", both, "handled"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			action := v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Name: "ask", UID: types.UID("1")},
				Spec: v1alpha1.ReleaseActionSpec{Application: "demo", Action: c.action, Run: c.run}}
			got, err := application.Plan(application.Seen{App: c.app, Revisions: c.revisions, Actions: []v1alpha1.ReleaseAction{action}})
			if err != nil {
				t.Fatal(err)
			}
			p := got.Actions[0]
			text := "refuse: " + p.Refuse
			switch {
			case p.Handled != nil:
				text = "handled"
			case p.Rollback != nil:
				text = "rollback to " + p.Rollback.Target.Name
			case p.Workflow:
				text = "workflow"
			}
			kind, words, _ := strings.Cut(c.want, ": ")
			if !strings.HasPrefix(text, kind) || !strings.Contains(text, words) {
				t.Errorf("%s: got %q, want %q", c.reason, text, c.want)
			}
		})
	}
}
