// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"encoding/json"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

func demo() *appsv1.Deployment {
	five, half, deadline := int32(5), intstr.FromString("50%"), int32(600)
	labels := map[string]string{"app": "demo"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo", UID: "u1", Generation: 3, ResourceVersion: "7",
			Annotations: map[string]string{"team": "blue", "deployment.kubernetes.io/revision": "1"}},
		Spec: appsv1.DeploymentSpec{
			Replicas: &five, ProgressDeadlineSeconds: &deadline, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &half}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "demo", Image: "demo:v1"}}}},
		},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 3},
	}
}

func patched(t *testing.T, d *appsv1.Deployment, patch []byte) *appsv1.Deployment {
	t.Helper()
	before, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	ops, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ops.Apply(before)
	if err != nil {
		t.Fatal(err)
	}
	out := &appsv1.Deployment{}
	if err := json.Unmarshal(after, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAHeldDeploymentIsGivenBackAsItWas(t *testing.T) {
	for name, change := range map[string]func(*appsv1.Deployment){
		"rolling update with a surge": func(*appsv1.Deployment) {},
		"recreate": func(d *appsv1.Deployment) {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		},
		"paused by its owner": func(d *appsv1.Deployment) { d.Spec.Paused = true },
		"no annotations":      func(d *appsv1.Deployment) { d.Annotations = nil },
	} {
		t.Run(name, func(t *testing.T) {
			before := demo()
			change(before)
			patch, err := workload.HoldPatch(before, nil, "demo", rollout.Hold{ReleaseID: "demo-v2", Stable: "abc"})
			if err != nil {
				t.Fatal(err)
			}
			held := patched(t, before, patch)
			w, _ := workload.Observe(held, nil, "demo")
			if !w.Held || w.HeldFor != "demo-v2" || w.StableMark != "abc" {
				t.Errorf("it is not seen as held: %+v", w)
			}
			if other, _ := workload.Observe(held, nil, "other"); other.HeldBy != "demo" || other.Held {
				t.Errorf("another Rollout should see by whom it is held: %+v", other)
			}
			again, err := workload.HoldPatch(held, nil, "demo", rollout.Hold{ReleaseID: "demo-v3", Stable: "abc"})
			if err != nil {
				t.Fatal(err)
			}
			held = patched(t, held, again)
			free, err := workload.ReleasePatch(held)
			if err != nil {
				t.Fatal(err)
			}
			after := patched(t, held, free)
			if len(before.Annotations) == 0 {
				after.Annotations, after.Labels = nil, nil
			}
			if after.Labels != nil && len(after.Labels) == 0 {
				after.Labels = nil
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("something is not as before:\n%s", diff)
			}
		})
	}
}

func TestRoomIsThatOfTheOwnStrategyWhileHeld(t *testing.T) {
	d := demo()
	patch, err := workload.HoldPatch(d, nil, "demo", rollout.Hold{})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := workload.Observe(patched(t, d, patch), nil, "demo")
	if w.MaxSurge != 3 || w.MaxUnavailable != 1 {
		t.Errorf("surge %d, unavailable %d; want 3 (50%% of 5, up) and 1 (25%%, down)", w.MaxSurge, w.MaxUnavailable)
	}
}

func TestTheReplicaSetOfANewVersionIsFoundByItsTemplate(t *testing.T) {
	d := demo()
	first := workload.NewReplicaSet(d, nil, workload.Hash(d.Spec.Template, nil), 5)
	d.Spec.Template.Spec.Containers[0].Image = "demo:v2"
	if workload.Current(d, []*appsv1.ReplicaSet{first}) != nil {
		t.Fatal("the set of v1 is taken for that of v2")
	}
	second := workload.NewReplicaSet(d, []*appsv1.ReplicaSet{first}, workload.Hash(d.Spec.Template, nil), 1)
	if workload.Current(d, []*appsv1.ReplicaSet{first, second}) != second {
		t.Error("the set of v2 is not found by its template")
	}
	hash := second.Labels["pod-template-hash"]
	if second.Spec.Selector.MatchLabels["pod-template-hash"] != hash || second.Spec.Template.Labels["pod-template-hash"] != hash || second.Name != "demo-"+hash {
		t.Errorf("the hash %s is not in name, selector and template alike: %+v", hash, second)
	}
	if second.Annotations["deployment.kubernetes.io/revision"] != "2" || second.Annotations["team"] != "blue" {
		t.Errorf("annotations %v; want revision 2 and the Deployment's own", second.Annotations)
	}
	if _, marked := second.Annotations[workload.AnnotationDesired]; marked {
		t.Error("it is marked with a size: the native controller would remove the other version when it is complete")
	}
	if !metav1.IsControlledBy(second, d) {
		t.Error("the Deployment does not control it")
	}
	one := int32(1)
	if workload.Hash(d.Spec.Template, nil) == workload.Hash(d.Spec.Template, &one) {
		t.Error("a collision gives the same name again")
	}
	if d.Annotations[rollouts.AnnotationInProgress] != "" || d.Spec.Template.Labels["pod-template-hash"] != "" {
		t.Error("the Deployment was changed on the way")
	}
}

func TestTheStableVersionCanBeMadeAnewFromWhatTheHoldKept(t *testing.T) {
	before := demo()
	first := workload.NewReplicaSet(before, nil, workload.NewHash(before, nil), 5)
	hash := first.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	patch, err := workload.HoldPatch(before, []*appsv1.ReplicaSet{first}, "demo", rollout.Hold{ReleaseID: "demo-v2", Stable: hash})
	if err != nil {
		t.Fatal(err)
	}
	held := patched(t, before, patch)
	held.Spec.Template.Spec.Containers[0].Image = "demo:v2"
	held.Generation++
	if w, _ := workload.Observe(held, nil, "demo"); w.Kept != hash {
		t.Errorf("kept is %q, want %q", w.Kept, hash)
	}
	again, err := workload.StableReplicaSet(held, nil, 4)
	if err != nil {
		t.Fatal(err)
	}
	if again.Name != first.Name || *again.Spec.Replicas != 4 {
		t.Errorf("it is made as %s with %d pods, want %s with 4", again.Name, *again.Spec.Replicas, first.Name)
	}
	if diff := cmp.Diff(first.Spec.Template, again.Spec.Template); diff != "" {
		t.Errorf("its template is another one:\n%s", diff)
	}
	for k := range again.Annotations {
		if k == rollouts.AnnotationDeploymentStrategy || k == rollouts.AnnotationInProgress {
			t.Errorf("it carries %s, which is about the Deployment", k)
		}
	}
	// The next release of the same hold still goes back to the first version, of which no ReplicaSet may be left.
	next, err := workload.HoldPatch(held, nil, "demo", rollout.Hold{ReleaseID: "demo-v3", Stable: hash})
	if err != nil {
		t.Fatal(err)
	}
	if w, _ := workload.Observe(patched(t, held, next), nil, "demo"); w.Kept != hash {
		t.Errorf("after the next hold kept is %q, want %q", w.Kept, hash)
	}
	large := demo()
	large.Spec.Template.Annotations = map[string]string{"note": strings.Repeat("x", 100_000)}
	set := workload.NewReplicaSet(large, nil, "h", 5)
	patch, err = workload.HoldPatch(large, []*appsv1.ReplicaSet{set}, "demo", rollout.Hold{Stable: "h"})
	if err != nil {
		t.Fatal(err)
	}
	if w, _ := workload.Observe(patched(t, large, patch), nil, "demo"); w.Kept != "" {
		t.Error("a template larger than annotations may be was kept")
	}
}

func TestADeploymentWhoseMarksWereTakenOffIsNotGivenBackPaused(t *testing.T) {
	for name, c := range map[string]struct {
		again bool
		want  appsv1.DeploymentStrategyType
	}{
		"held before: pause and Recreate are the hold's":     {true, appsv1.RollingUpdateDeploymentStrategyType},
		"never held: pause and Recreate are its owner's own": {false, appsv1.RecreateDeploymentStrategyType},
	} {
		d := demo()
		d.Spec.Paused, d.Spec.Strategy = true, appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		patch, err := workload.HoldPatch(d, nil, "demo", rollout.Hold{ReleaseID: "demo-v2", Stable: "abc", Again: c.again})
		if err != nil {
			t.Fatal(err)
		}
		held := patched(t, d, patch)
		free, err := workload.ReleasePatch(held)
		if err != nil {
			t.Fatal(err)
		}
		after := patched(t, held, free)
		if after.Spec.Strategy.Type != c.want || after.Spec.Paused == c.again {
			t.Errorf("%s: it is given back with %s, paused %t", name, after.Spec.Strategy.Type, after.Spec.Paused)
		}
	}
}
