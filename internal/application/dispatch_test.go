// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
)

func manifest(apiVersion, kind string) render.Manifest {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName("demo")
	return render.Manifest{Object: o, Component: "demo"}
}

// plan renders a Rollout as the render package does.
func plan(weight int32) (render.Manifest, error) {
	m := manifest("rollouts.kruise.io/v1beta1", "Rollout")
	share := fmt.Sprintf("%d%%", weight)
	m.Object.Object["spec"] = map[string]any{"releaseID": "demo-v2", "strategy": map[string]any{"canary": map[string]any{
		"steps": []any{map[string]any{"traffic": share, "replicas": share, "pause": map[string]any{}}},
	}}}
	return m, nil
}

// live is a Rollout that asks for weight of release, at generation 2.
func live(release string, weight int32, change func(*rollouts.Rollout)) *rollouts.Rollout {
	share := fmt.Sprintf("%d%%", weight)
	replicas := intstr.FromString(share)
	r := &rollouts.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "demo", Generation: 2}}
	r.Spec.ReleaseID = release
	r.Spec.Strategy.Canary = &rollouts.CanaryStrategy{Steps: []rollouts.Step{{Traffic: &share, Replicas: &replicas}}}
	r.Status = rollouts.RolloutStatus{ObservedGeneration: 2, Phase: rollouts.PhaseProgressing, CurrentStepState: rollouts.StepPaused,
		Message: "true words", CanaryStatus: &rollouts.CanaryStatus{ObservedReleaseID: release}}
	if change != nil {
		change(r)
	}
	return r
}

// at is the workload as applied for revision, held for a release or not.
func at(revision, held string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "demo", Labels: map[string]string{v1beta1.LabelAppRevision: revision}}}
	if held != "" {
		d.Annotations = map[string]string{rollouts.AnnotationInProgress: `{"rolloutName":"demo","releaseID":"` + held + `"}`}
	}
	return d
}

func TestDispatchComponent(t *testing.T) {
	t.Parallel()
	weight := func(w int32) *int32 { return &w }
	healthy := func(r *rollouts.Rollout) {
		r.Status.Phase, r.Status.CurrentStepState = rollouts.PhaseHealthy, rollouts.StepCompleted
	}
	gone := func(r *rollouts.Rollout) { now := metav1.Now(); r.DeletionTimestamp = &now }
	unseen := func(r *rollouts.Rollout) { r.Status.ObservedGeneration = 1 }
	upgrading := func(r *rollouts.Rollout) { r.Status.CurrentStepState = rollouts.StepUpgrade }
	const all, first, none = "Deployment Ingress", "Rollout", ""
	cases := map[string]struct {
		reason string
		seen   application.Component
		apply  string
		done   bool
		say    string
	}{
		"canary, no workload yet": {"there is nothing to release beside", application.Component{Weight: weight(20)}, all, false, "not healthy"},
		"canary, first version is up": {"done, and it says why there were no steps",
			application.Component{Weight: weight(20), Workload: at("demo-v2", ""), First: true, Unchanged: true, Healthy: true}, all, true, "no earlier version"},
		"canary, v1 runs": {"the hold first, so that nothing rolls by itself",
			application.Component{Weight: weight(20), Workload: at("demo-v1", "")}, first, false, "hold Deployment demo"},
		"canary, held for an older release": {"that hold is not ours",
			application.Component{Weight: weight(20), Workload: at("demo-v1", "demo-v0"), Rollout: live("demo-v0", 20, nil)}, first, false, "hold Deployment demo"},
		"canary, held": {"now the new version may come",
			application.Component{Weight: weight(20), Workload: at("demo-v1", "demo-v2"), Rollout: live("demo-v2", 20, upgrading)}, "Rollout Deployment Ingress", false, "asked for 20%"},
		"canary, applied, pods on their way": {"the Rollout's own words",
			application.Component{Weight: weight(20), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 20, upgrading)}, "Rollout Deployment Ingress", false, "true words"},
		"canary, paused, but the words are about the old plan": {"unknown is never success",
			application.Component{Weight: weight(50), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 50, unseen)}, "Rollout Deployment Ingress", false, "asked for 50%"},
		"canary, next weight": {"the plan is still the step's before",
			application.Component{Weight: weight(50), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 20, nil)}, "Rollout Deployment Ingress", false, "asked for 50%"},
		"canary, reached": {"pods ready, weight acknowledged",
			application.Component{Weight: weight(20), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 20, nil)}, "Rollout Deployment Ingress", true, ""},
		"all of it, paused": {"the last step is reached when everything is given back",
			application.Component{Weight: weight(100), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 100, nil)}, "Rollout Deployment Ingress", false, "true words"},
		"all of it, finished": {"",
			application.Component{Weight: weight(100), Workload: at("demo-v2", ""), Rollout: live("demo-v2", 100, healthy), Healthy: true}, "Rollout Deployment Ingress", true, ""},
		"all of it, finished, the workload still held": {"it would look unhealthy for a moment",
			application.Component{Weight: weight(100), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 100, healthy), Healthy: true}, "Rollout Deployment Ingress", false, "given back"},
		"canary, the same pods as before": {"there is nothing to release in steps",
			application.Component{Weight: weight(20), Workload: at("demo-v1", ""), Unchanged: true, Healthy: true}, all, false, ""},
		"canary, the Rollout of a rollback is on its way out": {"two must never hold one workload",
			application.Component{Weight: weight(20), Workload: at("demo-v1", "demo-v0"), Rollout: live("demo-v0", 20, gone)}, none, false, "given everything back"},
		"canary, somebody deletes its Rollout": {"deleted means finished: all of it goes, and the step says so",
			application.Component{Weight: weight(50), Workload: at("demo-v2", "demo-v2"), Rollout: live("demo-v2", 20, gone), Stepped: true}, none, false,
			"Rollout demo was deleted by somebody: all of demo goes to demo-v2 at once"},
		"canary, its Rollout was deleted, pods on their way": {"the reason comes with how far it is",
			application.Component{Weight: weight(50), Workload: at("demo-v2", ""), Stepped: true, Unchanged: true}, all, false, "deleted by somebody: all of demo goes to demo-v2 at once; 0 of 5"},
		"canary, its Rollout was deleted, all pods are new": {"done, but not because 50% were reached",
			application.Component{Weight: weight(50), Workload: at("demo-v2", ""), Stepped: true, Unchanged: true, Healthy: true}, all, true, "nothing left to release in steps"},
		"canary, its Rollout was deleted before it held anything": {"the workload is still the old one, so it is released in steps after all",
			application.Component{Weight: weight(20), Workload: at("demo-v1", ""), Stepped: true}, first, false, "hold Deployment demo"},
		"canary, a Rollout of the same name was rolled back": {"a rollback set its name free: the workload is the old one again, nobody deleted ours",
			application.Component{Weight: weight(20), Workload: at("demo-v1", ""), Rollout: live("demo-v2", 20, gone), Stepped: true}, none, false, "given everything back"},
		"plain": {"", application.Component{Workload: at("demo-v1", "")}, all, false, "not healthy"},
		"plain, during somebody's canary": {"the Rollout is told to finish with the new version, it never hangs",
			application.Component{Workload: at("demo-v1", "demo-v1"), Rollout: live("demo-v1", 20, nil)}, first, false, "hold Deployment demo"},
		"plain, after a canary that finished": {"the Rollout has nothing to say any more",
			application.Component{Workload: at("demo-v1", ""), Rollout: live("demo-v1", 100, healthy)}, all, false, "not healthy"},
		"plain, a Rollout on its way out": {"it does not wait for it",
			application.Component{Workload: at("demo-v1", "demo-v1"), Rollout: live("demo-v1", 20, gone)}, all, false, "not healthy"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.seen.Name, c.seen.Revision, c.seen.Message = "demo", "demo-v2", "0 of 5 ready"
			c.seen.Manifests = []render.Manifest{manifest("apps/v1", "Deployment"), manifest("networking.k8s.io/v1", "Ingress")}
			got, err := application.DispatchComponent(c.seen, plan)
			if err != nil {
				t.Fatal(err)
			}
			kinds := make([]string, 0, len(got.Apply))
			for _, m := range got.Apply {
				kinds = append(kinds, m.Object.GetKind())
			}
			if text := strings.Join(kinds, " "); text != c.apply || got.Done != c.done || !strings.Contains(got.Message, c.say) {
				t.Errorf("%s: applies %q, done %v, says %q; want %q, %v, %q", c.reason, text, got.Done, got.Message, c.apply, c.done, c.say)
			}
			if got.Done && c.say == "" && got.Message != "" {
				t.Errorf("%s: a step that is done has nothing to say, got %q", c.reason, got.Message)
			}
			if len(got.Inventory) < len(got.Apply) {
				t.Errorf("%s: everything that is applied is recorded first", c.reason)
			}
		})
	}
}

func TestWhatReplacesItsPodsInPlaceWaitsForItsHoldToo(t *testing.T) {
	t.Parallel()
	weight := int32(20)
	for _, kind := range []string{"StatefulSet", "DaemonSet"} {
		seen := application.Component{Name: "demo", Revision: "demo-v2", Weight: &weight, Workload: at("demo-v1", ""),
			Manifests: []render.Manifest{manifest("apps/v1", kind), manifest("v1", "Service")}}
		d, err := application.DispatchComponent(seen, plan)
		if err != nil {
			t.Fatal(err)
		}
		if want := "Rollout demo is asked to hold " + kind + " demo for demo-v2"; len(d.Apply) != 1 || d.Apply[0].Object.GetKind() != "Rollout" || d.Message != want {
			t.Errorf("before the hold nothing but the Rollout is applied: %d objects, %q; want %q", len(d.Apply), d.Message, want)
		}
		seen.Workload = at("demo-v1", "demo-v2")
		if d, err = application.DispatchComponent(seen, plan); err != nil || len(d.Apply) != 3 {
			t.Errorf("a held %s is applied: %d objects, %v", kind, len(d.Apply), err)
		}
		seen.Workload = nil
		if d, err = application.DispatchComponent(seen, plan); err != nil || d.Done {
			t.Errorf("a %s that is not there yet is not done: %v", kind, err)
		}
	}
}

func TestMayKeep(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		stepped  bool
		workload metav1.Object
		want     bool
	}{
		"a plain component":                        {false, at("demo-v1", ""), true},
		"handed over to the release":               {true, at("demo-v1", "demo-v2"), true},
		"released already":                         {true, at("demo-v2", ""), true},
		"deleted by somebody":                      {true, nil, true},
		"not handed over: repair would release it": {true, at("demo-v1", ""), false},
	}
	for name, c := range cases {
		if got := application.MayKeep(c.stepped, "demo-v2", c.workload); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
