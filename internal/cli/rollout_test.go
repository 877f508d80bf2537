// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
)

// alone is a Rollout of a workload of one's own, waiting at its first step of two.
func alone(change func(*rolloutsv1beta1.Rollout)) *rolloutsv1beta1.Rollout {
	r := &rolloutsv1beta1.Rollout{}
	r.APIVersion, r.Kind = rolloutsv1beta1.GroupVersion().String(), "Rollout"
	r.Name, r.Namespace = "shop", "default"
	r.Spec.WorkloadRef = rolloutsv1beta1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "shop"}
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{Steps: make([]rolloutsv1beta1.Step, 2)}
	weight := int32(20)
	r.Status = rolloutsv1beta1.RolloutStatus{
		Phase: rolloutsv1beta1.PhaseProgressing, CurrentStepIndex: 1, CurrentStepState: rolloutsv1beta1.StepPaused,
		CanaryStatus: &rolloutsv1beta1.CanaryStatus{
			CurrentStepIndex: 1, CurrentStepState: rolloutsv1beta1.StepPaused, CanaryReplicas: 1, CanaryReadyReplicas: 1,
			DesiredWeight: &weight, ServedWeight: &weight,
		},
	}
	change(r)
	return r
}

func asItIs(*rolloutsv1beta1.Rollout) {}

// rollout reads the Rollout of the world.
func (w *world) rollout() *rolloutsv1beta1.Rollout {
	w.t.Helper()
	live, err := w.objects.Tracker().Get(cluster.Rollouts(), "default", "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := json.Marshal(live)
	if err != nil {
		w.t.Fatal(err)
	}
	r := &rolloutsv1beta1.Rollout{}
	if err := json.Unmarshal(raw, r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestRolloutApproveApprovesTheStepThatWaits(t *testing.T) {
	w := newWorld(t, alone(asItIs))
	w.vela("", "rollout", "approve", "shop").expect(t, 0, "Rollout shop: step 1 of 2 is approved\n")
	st := w.rollout().Status
	if st.CurrentStepState != rolloutsv1beta1.StepReady || st.CanaryStatus.CurrentStepState != rolloutsv1beta1.StepReady {
		t.Errorf("the status says %s and %s, want StepReady", st.CurrentStepState, st.CanaryStatus.CurrentStepState)
	}
}

func TestRolloutApproveKnowsBlueGreen(t *testing.T) {
	w := newWorld(t, alone(func(r *rolloutsv1beta1.Rollout) {
		own := rolloutsv1beta1.BlueGreenStatus(*r.Status.CanaryStatus)
		r.Status.CanaryStatus, r.Status.BlueGreenStatus = nil, &own
	}))
	w.vela("", "rollout", "approve", "shop").expect(t, 0, "Rollout shop: step 1 of 2 is approved\n")
	if st := w.rollout().Status; st.BlueGreenStatus.CurrentStepState != rolloutsv1beta1.StepReady || st.CanaryStatus != nil {
		t.Errorf("the status says %+v", st)
	}
}

func TestRolloutApproveWaitsUntilTheReleaseWaitsAgain(t *testing.T) {
	w := newWorld(t, alone(func(r *rolloutsv1beta1.Rollout) {
		r.Status.Phase, r.Status.Message = rolloutsv1beta1.PhaseProgressing, "half of it"
	}))
	done := make(chan result)
	go func() { done <- w.vela("", "rollout", "approve", "shop", "--wait") }()
	c, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Until(t.Context(), c, cluster.Rollouts(), "default", "shop", func(r *rolloutsv1beta1.Rollout) (bool, error) {
		return r.Status.CurrentStepState == rolloutsv1beta1.StepReady, nil
	}); err != nil {
		t.Fatal(err)
	}
	next := w.rollout()
	next.Status.CurrentStepIndex, next.Status.CurrentStepState, next.Status.Message = 2, rolloutsv1beta1.StepPaused, "step 2 is reached"
	if err := w.objects.Tracker().Update(cluster.Rollouts(), plain(t, next), "default"); err != nil {
		t.Fatal(err)
	}
	(<-done).expect(t, 0, "Rollout shop: step 1 of 2 is approved\nstep 2 is reached\n")
}

func TestRolloutVerbsSayWhyTheyDoNothing(t *testing.T) {
	ofApp := func(r *rolloutsv1beta1.Rollout) { r.Labels = map[string]string{corev1beta1.LabelAppName: "store"} }
	upgrading := func(r *rolloutsv1beta1.Rollout) { r.Status.CurrentStepState = rolloutsv1beta1.StepUpgrade }
	paused := func(r *rolloutsv1beta1.Rollout) { r.Spec.Strategy.Paused = true }
	cases := map[string]struct {
		change func(*rolloutsv1beta1.Rollout)
		args   string
		code   int
		out    string
		err    string
	}{
		"it belongs to an application":        {ofApp, "approve shop", 3, "", "Rollout shop belongs to application store, whose workflow says how it goes on: use `vela workflow resume store`"},
		"an application's is not paused here": {ofApp, "pause shop", 3, "", "use `vela workflow suspend store`"},
		"it waits for no approval":            {upgrading, "approve shop", 3, "", "Rollout shop waits for no approval: it is StepUpgrade; `vela rollout list` shows where it is"},
		"there is none":                       {asItIs, "approve nosuch", 1, "", "there is no Rollout default/nosuch: `vela rollout list -A` lists what there is"},
		"no name":                             {asItIs, "approve", 2, "", "please specify a Rollout: `vela rollout list` lists them"},
		"it is paused already":                {paused, "pause shop", 0, "Rollout shop is paused already\n", ""},
		"it is not paused":                    {asItIs, "resume shop", 0, "Rollout shop is not paused\n", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, alone(c.change))
			got := w.vela("", append([]string{"rollout"}, strings.Fields(c.args)...)...)
			if c.err == "" {
				got.expect(t, c.code, c.out)
				return
			}
			got.expect(t, c.code, c.out, c.err)
		})
	}
}

func TestRolloutPauseAndResume(t *testing.T) {
	w := newWorld(t, alone(asItIs))
	w.vela("", "rollout", "pause", "shop").expect(t, 0, "Rollout shop is paused\n")
	if !w.rollout().Spec.Strategy.Paused {
		t.Error("spec.strategy.paused is not set")
	}
	w.vela("", "rollout", "resume", "shop").expect(t, 0, "Rollout shop goes on\n")
	if w.rollout().Spec.Strategy.Paused {
		t.Error("spec.strategy.paused is still set")
	}
}

func TestRolloutListShowsWhereEachIs(t *testing.T) {
	w := newWorld(t, alone(asItIs))
	w.vela("", "rollout", "ls").expect(t, 0, ""+
		"NAME  WORKLOAD         PHASE        STEP  STATE       NEW_PODS  WEIGHT\n"+
		"shop  Deployment/shop  Progressing  1/2   StepPaused  1/1       20%\n")
	w.vela("", "rollout", "ls", "-n", "empty").expect(t, 0, "NAME  WORKLOAD  PHASE  STEP  STATE  NEW_PODS  WEIGHT\n", "No Rollout in namespace empty; -A looks in all namespaces.")
}
