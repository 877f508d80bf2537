// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// The points that kruise-rollouts.md marks DEFECT and that are about a Deployment; the list is in internal/rollout/defects_test.go.

func TestDefect3_4_TheStrategyIsNeverLost(t *testing.T) { // #305
	for name, own := range map[string]appsv1.DeploymentStrategy{
		"Recreate":            {Type: appsv1.RecreateDeploymentStrategyType},
		"a surge of its own":  {Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromInt32(2)), MaxUnavailable: new(intstr.FromInt32(0))}},
		"what the API writes": {Type: appsv1.RollingUpdateDeploymentStrategyType},
	} {
		d := demo()
		d.Spec.Strategy = own
		held := d
		// Held for one release, marked for a second, and held by a controller that died in between and does it once more.
		for _, release := range []string{"demo-v2", "demo-v3", "demo-v3"} {
			patch, err := workload.HoldPatch(held, nil, "demo", rollout.Hold{ReleaseID: release, Stable: "h1"})
			if err != nil {
				t.Fatal(err)
			}
			held = patched(t, held, patch)
		}
		patch, err := workload.ReleasePatch(held)
		if err != nil {
			t.Fatal(err)
		}
		if back := patched(t, held, patch); !cmp.Equal(own, back.Spec.Strategy) || back.Spec.Paused {
			t.Errorf("%s: it is given back with %+v, paused %v", name, back.Spec.Strategy, back.Spec.Paused)
		}
	}
}

func TestDefect3_4_MaxUnavailableKeepsItsOwnDefault(t *testing.T) {
	d := demo()
	ten := int32(10)
	d.Spec.Replicas = &ten
	d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromString("50%"))}
	if w, _ := workload.Observe(d, nil, "demo"); w.MaxSurge != 5 || w.MaxUnavailable != 2 {
		t.Errorf("a surge of %d and %d missing, want 5, and 2 (25 %% of 10, rounded down)", w.MaxSurge, w.MaxUnavailable)
	}
}

func TestDefect3_10_TheRevisionIsTheLabelOfTheReplicaSetWithAnEqualTemplate(t *testing.T) {
	d := demo()
	set := workload.NewReplicaSet(d, nil, "made-by-an-older-library", 5)
	if w, _ := workload.Observe(d, []*appsv1.ReplicaSet{set}, "demo"); w.Template != "made-by-an-older-library" {
		t.Errorf("the template is called %s: a newer controller would see a new version", w.Template)
	}
}
