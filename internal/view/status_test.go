// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/view"
)

func at(minute int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 11, 29, 9, minute, 0, 0, time.UTC))
}

func rollback(phase v1alpha1.ActionPhase, minute int) v1alpha1.ReleaseAction {
	a := v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Name: "r", UID: "r", CreationTimestamp: at(minute)}}
	a.Spec = v1alpha1.ReleaseActionSpec{Application: "demo", Action: v1alpha1.ActionRollback, Run: "v2", Reason: "errors"}
	a.Status.Phase, a.Status.Target = phase, "demo-v1"
	return a
}

func TestAnApplicationHasOneWord(t *testing.T) {
	now := at(30)
	cases := map[string]struct {
		make func(*view.Seen)
		want view.Word
	}{
		"created and held": {func(s *view.Seen) {
			s.App.Labels = map[string]string{corev1beta1.LabelPause: "true"}
			s.App.Status = corev1beta1.ApplicationStatus{}
		}, view.NotDeployed},
		"created a moment ago": {func(s *view.Seen) { s.App.Status = corev1beta1.ApplicationStatus{} }, view.Unknown},
		"waiting for a person": {func(*view.Seen) {}, view.WaitingForApproval},
		"held by a person":     {func(s *view.Seen) { s.App.Status.Workflow.SuspendState = "manual" }, view.Paused},
		"on its way":           {func(s *view.Seen) { s.App.Status.Phase = corev1beta1.PhaseRunningWorkflow }, view.RollingOut},
		"failed":               {func(s *view.Seen) { s.App.Status.Phase = corev1beta1.PhaseWorkflowFailed }, view.Failed},
		"ended by a person":    {func(s *view.Seen) { s.App.Status.Phase = corev1beta1.PhaseWorkflowTerminated }, view.Terminated},
		"not well":             {func(s *view.Seen) { s.App.Status.Phase = corev1beta1.PhaseUnhealthy }, view.Unhealthy},
		"being deleted":        {func(s *view.Seen) { s.App.DeletionTimestamp = &now }, view.Deleting},
		"a rollback was asked": {func(s *view.Seen) { s.Actions = []v1alpha1.ReleaseAction{rollback("", 20)} }, view.RollingBack},
		"a rollback goes on": {func(s *view.Seen) {
			s.Actions = []v1alpha1.ReleaseAction{rollback(v1alpha1.ActionExecuting, 20)}
			atRest(s, 0)
		}, view.RollingBack},
		"rolled back": {func(s *view.Seen) {
			s.Actions = []v1alpha1.ReleaseAction{rollback(v1alpha1.ActionSucceeded, 20)}
			atRest(s, 10)
		}, view.RolledBack},
		"rolled back once, and released since": {func(s *view.Seen) {
			s.Actions = []v1alpha1.ReleaseAction{rollback(v1alpha1.ActionSucceeded, 20)}
			atRest(s, 25)
		}, view.Stable},
		"a rollback that was refused is none": {func(s *view.Seen) {
			s.Actions = []v1alpha1.ReleaseAction{rollback(v1alpha1.ActionRefused, 20)}
			atRest(s, 10)
		}, view.Stable},
		"at rest": {func(s *view.Seen) { atRest(s, 10) }, view.Stable},
		"its steps ended half way": {func(s *view.Seen) {
			s.App.Status.Phase = corev1beta1.PhaseRunning
			s.App.Status.Workflow.Phase = corev1beta1.WorkflowSucceeded
		}, view.Paused},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seen := released()
			tc.make(&seen)
			if got := view.StatusOf(seen); got.Word != tc.want {
				t.Errorf("%s, want %s: %+v", got.Word, tc.want, got)
			}
		})
	}
}

// atRest is version 1 alone, whose run ended at a minute.
func atRest(s *view.Seen, ended int) {
	end := at(ended)
	s.Rollouts = nil
	s.App.Status.Phase, s.App.Status.LatestRevision = corev1beta1.PhaseRunning, &corev1beta1.RevisionName{Name: "demo-v1", Revision: 1}
	s.App.Status.Workflow = &corev1beta1.WorkflowStatus{Phase: corev1beta1.WorkflowSucceeded, Finished: true, EndTime: &end}
}

func TestTheWeightOfAStatusIsThatOfTheComponentThatIsBehind(t *testing.T) {
	seen := released()
	third := int32(33)
	seen.Rollouts[0].Status.CanaryStatus.DesiredWeight = &third
	if got := view.StatusOf(seen); got.Weight == nil || *got.Weight != 33 {
		t.Errorf("weight %v, want 33", got.Weight)
	}
	seen.App.Spec.Components = append(seen.App.Spec.Components, corev1beta1.Component{Name: "api", Type: "webservice"})
	behind := *seen.Rollouts[0].DeepCopy()
	ten := int32(10)
	behind.Name, behind.Status.CanaryStatus.DesiredWeight = "api", &ten
	seen.Rollouts = append(seen.Rollouts, behind)
	if got := view.StatusOf(seen); got.Weight == nil || *got.Weight != 10 {
		t.Errorf("weight %v, want 10", got.Weight)
	}
	seen.Rollouts[1].Spec.Strategy.Canary.TrafficRoutings = nil
	seen.Rollouts[1].Status.CanaryStatus.CanaryReplicas, seen.Rollouts[1].Status.CanaryStatus.StableReplicas = 1, 3
	if got := view.StatusOf(seen); got.Weight == nil || *got.Weight != 25 {
		t.Errorf("weight %v, want the share of the pods, 25, where nothing is routed", got.Weight)
	}
}

func TestARevisionThatWasRolledBackIsStillKnown(t *testing.T) {
	seen := released()
	left := corev1beta1.ApplicationRevision{ObjectMeta: metav1.ObjectMeta{Name: "demo-v2", UID: "2", CreationTimestamp: at(5)}}
	raw, err := json.Marshal(left)
	if err != nil {
		t.Fatal(err)
	}
	back := rollback(v1alpha1.ActionSucceeded, 20)
	back.Status.Left = []runtime.RawExtension{{Raw: raw}, {Raw: []byte("not JSON")}}
	seen.Actions = []v1alpha1.ReleaseAction{back}
	all := view.Revisions(seen)
	if len(all) != 2 || all[0].Name != "demo-v2" || all[0].LeftBy == nil || all[1].LeftBy != nil {
		t.Fatalf("the revisions are %v", all)
	}
	if run := view.RunOf(seen, all[0]); run.State != view.RunRolledBack || run.RolledBackTo != "demo-v1" || run.Current || len(run.Actions) != 1 {
		t.Errorf("its run is %+v", run)
	}
	seen.Revisions = append(seen.Revisions, left) // recorded, and not deleted yet
	if all := view.Revisions(seen); len(all) != 2 {
		t.Errorf("it is told twice: %d revisions", len(all))
	}
}

func spec(text string) corev1beta1.ApplicationSpec {
	var s corev1beta1.ApplicationSpec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	return s
}

func TestADifferenceIsToldAsAPersonWould(t *testing.T) {
	const v1 = `{"components":[{"name":"web","type":"webservice","properties":{"image":"a:1","ports":[{"port":80}]},"traits":[{"type":"scaler","properties":{"replicas":3}}]}]}`
	cases := map[string]struct{ left, right, want string }{
		"nothing": {v1, v1, ""},
		"the same in another order": {v1,
			`{"components":[{"type":"webservice","name":"web","traits":[{"properties":{"replicas":3},"type":"scaler"}],"properties":{"ports":[{"port":80}],"image":"a:1"}}]}`, ""},
		"an image": {v1, strings.Replace(v1, "a:1", "a:2", 1), "changed image web image: a:1 → a:2 at /components/0/properties/image"},
		"replicas": {v1, strings.Replace(v1, `"replicas":3`, `"replicas":5`, 1),
			"changed replicas web scaler replicas: 3 → 5 at /components/0/traits/0/properties/replicas"},
		"a port more": {v1, strings.Replace(v1, `{"port":80}`, `{"port":80},{"port":81}`, 1),
			"added property web ports[1].port:  → 81 at /components/0/properties/ports/1/port"},
		"a trait less": {v1, strings.Replace(v1, `,"traits":[{"type":"scaler","properties":{"replicas":3}}]`, "", 1),
			`removed trait web scaler : {"replicas":3} →  at /components/0/traits/0`},
		"another component": {v1, strings.Replace(v1, `{"components":[`, `{"components":[{"name":"db","type":"worker"},`, 1),
			"added component db :  → worker at /components/0"},
		"a slash in a key": {`{"components":[{"name":"w","type":"t","properties":{"http":{"/a":80}}}]}`, `{"components":[{"name":"w","type":"t","properties":{"http":{"/a":81}}}]}`,
			"changed property w http./a: 80 → 81 at /components/0/properties/http/~1a"},
		"only how it is released": {v1, strings.TrimSuffix(v1, "}") + `,"workflow":{"steps":[{"name":"s","type":"suspend"}]}}`, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var told []string
			for _, c := range view.Changes(spec(tc.left), spec(tc.right)) {
				words := []string{c.Op, c.Kind, c.Component}
				if c.Trait != "" {
					words = append(words, c.Trait)
				}
				told = append(told, strings.Join(words, " ")+" "+c.Field+": "+c.From+" → "+c.To+" at "+c.Path)
			}
			if got := strings.Join(told, "\n"); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
			if want := name == "only how it is released"; view.Released(spec(tc.left), spec(tc.right)) != want {
				t.Errorf("released by other steps: %v, want %v", !want, want)
			}
		})
	}
}
