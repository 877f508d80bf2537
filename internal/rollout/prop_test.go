// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"pgregory.net/rapid"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// randomLoad draws any state of affairs, also ones that no order of events leads to.
func randomLoad(t *rapid.T) load {
	n := rapid.Int32Range(0, 40).Draw(t, "replicas")
	l := load{
		replicas: n, surge: rapid.Int32Range(0, 10).Draw(t, "surge"), routed: rapid.Bool().Draw(t, "routed"),
		canary: rapid.Int32Range(0, 45).Draw(t, "canary"), stable: rapid.Int32Range(0, 45).Draw(t, "stable"),
	}
	if l.surge == 0 {
		l.slack = rapid.Int32Range(1, 5).Draw(t, "slack")
	}
	l.extra = rapid.Bool().Draw(t, "pods on top")
	l.goal.canary = rapid.Int32Range(0, n).Draw(t, "goal")
	if l.routed {
		l.goal.weight = rapid.Int32Range(0, 100).Draw(t, "weight asked")
		l.weight = rapid.Int32Range(0, 100).Draw(t, "weight")
		l.low, l.high = rapid.Int32Range(0, l.weight).Draw(t, "low"), rapid.Int32Range(l.weight, 100).Draw(t, "high")
		l.apart = rapid.Bool().Draw(t, "apart")
		l.stableDrained, l.canaryDrained = rapid.Bool().Draw(t, "stable drained"), rapid.Bool().Draw(t, "canary drained")
		l.goal.stable = max(n-l.goal.canary, carries(n, 100-l.goal.weight))
		if l.goal.weight > 0 && n > 0 {
			l.goal.canary = max(l.goal.canary, 1)
		}
	} else {
		l.goal.stable = n - l.goal.canary
	}
	if l.extra && rapid.Bool().Draw(t, "before the end") {
		l.goal.stable = n
	} else if l.extra {
		l.goal = everything(n, l.routed)
	}
	l.enough = l.goal.canary
	l.canaryReady = rapid.Int32Range(0, l.canary).Draw(t, "canary ready")
	l.stableReady = rapid.Int32Range(0, l.stable).Draw(t, "stable ready")
	return l
}

func TestSafetyOfEachMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLoad(t)
		n := l.step()
		if n.canary < 0 || n.stable < 0 || n.weight < 0 || n.weight > 100 {
			t.Fatalf("sizes and weights stay within their bounds: %+v", n)
		}
		if l.replicas == 0 {
			return
		}
		if (n.canary > l.canary || n.stable > l.stable) && n.canary+n.stable > max(l.ceiling(), l.canary+l.stable) {
			t.Fatalf("growth stays under the ceiling %d: %+v", l.ceiling(), n)
		}
		if n.canary > max(l.canary, l.goal.canary) || n.stable > max(l.stable, l.goal.stable) {
			t.Fatalf("no version grows beyond its goal: %+v", n)
		}
		if !l.routed {
			if n.stable < l.stable && n.stable+l.canaryReady < l.replicas-l.slack && n.stable < l.replicas-l.goal.canary {
				t.Fatalf("without routes as many pods as asked for stay: %+v", n)
			}
			return
		}
		if l.extra && n.stable < min(l.stable, l.replicas) && l.low < 100 {
			t.Fatalf("where pods come on top the stable version keeps all of its own as long as it has traffic: %+v", n)
		}
		if n.weight > l.weight && !l.canaryFull() && 100*l.canaryReady < n.weight*l.replicas {
			t.Fatalf("P1: a share grows only with the pods that carry it: %+v", n)
		}
		if n.weight < l.weight && !l.stableFull() && 100*l.stableReady < (100-n.weight)*l.replicas {
			t.Fatalf("P1: the stable version's share grows only with its pods: %+v", n)
		}
		if n.stable == 0 && l.stable > 0 && (l.low < 100 || !l.stableDrained) {
			t.Fatalf("P2: the stable version goes only when nothing is sent there and nothing is in flight: %+v", n)
		}
		if n.canary == 0 && l.canary > 0 && (l.high > 0 || !l.canaryDrained) {
			t.Fatalf("P2: the new version goes only when nothing is sent there and nothing is in flight: %+v", n)
		}
		// One pod of rounding, what a percent is in pods, and what maxUnavailable allows.
		tolerance := 1 + l.replicas/100 + l.slack
		if n.stable < l.stable && n.stable+tolerance < carries(l.replicas, 100-l.low) {
			t.Fatalf("P2: pods follow the traffic that is served: %+v", n)
		}
		if n.canary < l.canary && l.high > l.goal.weight && n.canary+tolerance < carries(l.replicas, l.high) {
			t.Fatalf("P2: pods follow the traffic that is served: %+v", n)
		}
	})
}

// inPlaceLoad draws any state of affairs of a workload that replaces its pods in place.
func inPlaceLoad(t *rapid.T) load {
	n := rapid.Int32Range(2, 40).Draw(t, "replicas")
	l := load{replicas: n, inPlace: true, slack: rapid.Int32Range(1, n-1).Draw(t, "slack"), routed: rapid.Bool().Draw(t, "routed")}
	l.canary = rapid.Int32Range(0, n).Draw(t, "canary")
	l.stable = n - l.canary
	l.canaryReady = rapid.Int32Range(0, l.canary).Draw(t, "canary ready")
	l.stableReady = rapid.Int32Range(0, l.stable).Draw(t, "stable ready")
	l.stableIdle = rapid.Int32Range(0, l.stable-l.stableReady).Draw(t, "stable idle")
	l.canaryIdle = rapid.Int32Range(0, l.canary-l.canaryReady).Draw(t, "canary idle")
	if l.routed {
		l.goal.weight = rapid.Int32Range(0, 100).Draw(t, "weight asked")
		l.weight = rapid.Int32Range(0, 100).Draw(t, "weight")
		l.low, l.high = rapid.Int32Range(0, l.weight).Draw(t, "low"), rapid.Int32Range(l.weight, 100).Draw(t, "high")
		l.stableDrained, l.canaryDrained = rapid.Bool().Draw(t, "stable drained"), rapid.Bool().Draw(t, "canary drained")
		l.goal.canary = n - carries(n, 100-l.goal.weight)
	} else {
		l.goal.canary = rapid.Int32Range(0, n).Draw(t, "goal")
	}
	if l.upOnly = rapid.Bool().Draw(t, "up only"); l.upOnly { // a DaemonSet, and what was completed: no pod of the stable version is made anew
		l.goal.canary = max(l.goal.canary, l.canary)
	}
	if l.goal.stable = n - l.goal.canary; l.routed && l.goal.stable == 0 {
		l.goal.weight = 100
	}
	l.enough = l.goal.canary
	return l
}

func TestSafetyOfEachMoveInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := inPlaceLoad(t)
		n := l.step()
		if n.canary < 0 || n.stable < 0 || n.canary+n.stable != l.replicas || n.weight < 0 || n.weight > 100 {
			t.Fatalf("the versions share the replicas: %+v", n)
		}
		if l.upOnly && n.canary < l.canary {
			t.Fatalf("what can't go back does not: %+v", n)
		}
		shrinks := func(from, to, ready, idle, share, goal int32, drained bool) {
			taken := max(from-to-idle, 0) // pods that serve
			if taken > 0 && taken+l.missing() > l.slack {
				t.Fatalf("no more than %d pods are missing at a time: %+v", l.slack, n)
			}
			if !l.routed || from == to {
				return
			}
			if taken > 0 && share > 0 && ready-taken < min(max(carries(l.replicas, share)-l.slack, 1), goal) {
				t.Fatalf("P2: pods follow the traffic that is served: %+v", n)
			}
			if to == 0 && share > 0 && ready > 0 || to == 0 && share == 0 && !drained {
				t.Fatalf("P2: a version goes only when nothing is sent there and nothing is in flight: %+v", n)
			}
		}
		if n.stable < l.stable {
			goal := l.replicas
			if l.low >= l.goal.weight {
				goal = l.goal.stable
			}
			shrinks(l.stable, n.stable, l.stableReady, l.stableIdle, 100-l.low, goal, l.stableDrained)
		}
		if n.canary < l.canary {
			goal := l.replicas
			if l.high <= l.goal.weight {
				goal = l.goal.canary
			}
			shrinks(l.canary, n.canary, l.canaryReady, l.canaryIdle, l.high, goal, l.canaryDrained)
		}
		if n.weight > l.weight && !l.canaryFull() && 100*(l.canaryReady+l.slack) < n.weight*l.replicas {
			t.Fatalf("P1: a share grows only with the pods that carry it: %+v", n)
		}
		if n.weight < l.weight && !l.stableFull() && 100*(l.stableReady+l.slack) < (100-n.weight)*l.replicas {
			t.Fatalf("P1: the stable version's share grows only with its pods: %+v", n)
		}
	})
}

func TestEveryMoveInPlaceEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := inPlaceLoad(t)
		if l.canary == 0 {
			l.weight = 0
		}
		if l.stable == 0 {
			l.weight = 100
		}
		for range 2000 {
			l.canaryReady, l.stableReady, l.low, l.high = l.canary, l.stable, l.weight, l.weight
			l.canaryIdle, l.stableIdle, l.stableDrained, l.canaryDrained = 0, 0, true, true
			n := l.step()
			if n == (next{canary: l.canary, stable: l.stable, weight: l.weight}) {
				break
			}
			l.canary, l.stable, l.weight = n.canary, n.stable, n.weight
		}
		want := l.goal
		if !l.routed {
			want.weight = l.weight
		}
		if reached := (goal{canary: l.canary, stable: l.stable, weight: l.weight}); reached != want {
			t.Fatalf("it ends at %+v, the goal is %+v: %+v", reached, want, l)
		}
	})
}

func TestWithdrawalTakesTrafficFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLoad(t)
		n := l.withdraw()
		if n.stable != l.replicas {
			t.Fatalf("the stable version gets its full size at once: %+v", n)
		}
		if l.routed && l.replicas > 0 && (l.stableReady > 0) != (n.weight == 0) && l.weight > 0 {
			t.Fatalf("the traffic leaves at once if anybody can take it, and stays otherwise: %+v", n)
		}
		if l.routed && !l.apart && n.canary < l.canary && n.canary+l.stableReady < l.replicas {
			t.Fatalf("where requests go to any pod as many stay as the stable version lacks: %+v", n)
		}
		if l.routed && l.apart && l.replicas > 0 && n.canary < l.canary && (l.high > 0 || !l.canaryDrained) {
			t.Fatalf("pods go only after the last request: %+v", n)
		}
	})
}

// TestEveryMoveEnds plays the moves with a world that does what it is told: each load comes to its goal.
func TestEveryMoveEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLoad(t)
		if l.replicas > 0 && l.surge == 0 && l.slack >= l.replicas {
			l.surge, l.slack = 1, 0
		}
		if l.routed && l.canary == 0 {
			l.weight = 0
		}
		if l.routed && l.stable == 0 {
			l.weight = 100
		}
		for range 2000 {
			l.canaryReady, l.stableReady, l.low, l.high = l.canary, l.stable, l.weight, l.weight
			l.stableDrained, l.canaryDrained = true, true
			n := l.step()
			if n == (next{canary: l.canary, stable: l.stable, weight: l.weight}) {
				break
			}
			l.canary, l.stable, l.weight = n.canary, n.stable, n.weight
		}
		reached := goal{canary: l.canary, stable: l.stable, weight: l.weight}
		want := l.goal
		if l.replicas == 0 {
			want = goal{weight: l.weight}
		}
		if reached != want {
			t.Fatalf("it ends at %+v, the goal is %+v: %+v", reached, want, l)
		}
	})
}

// randomObservation draws a release in any style and any state of affairs.
func randomObservation(t *rapid.T) Observation {
	o := at20()
	o.Workload.Replicas = rapid.Int32Range(0, 9).Draw(t, "replicas")
	o.Workload.Template = rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "template")
	o.Workload.Held = rapid.Bool().Draw(t, "held")
	o.Workload.AppRevision = rapid.SampledFrom([]string{"app-v1", "app-v2"}).Draw(t, "label")
	o.Deleting, o.Spec.Disabled, o.Spec.Strategy.Paused = rapid.Bool().Draw(t, "deleting"), rapid.Bool().Draw(t, "disabled"), rapid.Bool().Draw(t, "paused")
	o.Shared = rapid.SampledFrom([]Shared{{}, {Name: "entry"}, {Name: "entry", Joined: true}, {Name: "entry", Problem: "it is gone"}, {Name: "entry", Problem: "it goes", Joined: true}}).Draw(t, "TrafficRouting")
	o.RollbackInBatch, o.Retry = rapid.Bool().Draw(t, "in batches"), rapid.SampledFrom([]string{"", "1"}).Draw(t, "retry")
	o.Analysis = Analysis{Configured: rapid.Bool().Draw(t, "analysis"), Step: 1, Revision: "v2", Result: rapid.SampledFrom([]AnalysisResult{AnalysisUnknown, AnalysisPass, AnalysisFail}).Draw(t, "result")}
	for i := range o.Sets {
		o.Sets[i].Replicas = rapid.Int32Range(0, 6).Draw(t, "size")
		o.Sets[i].Ready = rapid.Int32Range(0, o.Sets[i].Replicas).Draw(t, "ready")
		o.Sets[i].Dress = rapid.SampledFrom([]string{"", "{}"}).Draw(t, "dress")
	}
	o.Routes.Canary, o.Routes.Switched = rapid.Bool().Draw(t, "canary"), rapid.Bool().Draw(t, "switched")
	o.Routes.AnyService = rapid.Bool().Draw(t, "any Service")
	o.Routes.Ack = rapid.SampledFrom([]Ack{AckKnown, AckNone, AckUnknown}).Draw(t, "ack")
	o.Routes.WeightHigh = rapid.Int32Range(20, 100).Draw(t, "high")
	plan, status := o.Spec.Strategy.Canary, o.Status.CanaryStatus
	plan.ProgressDeadlineAbort = rapid.Bool().Draw(t, "gives up")
	plan.EnableExtraWorkloadForCanary = rapid.Bool().Draw(t, "pods on top")
	status.NextStepIndex = rapid.Int32Range(-1, 3).Draw(t, "next step")
	status.RollbackFromStepIndex = rapid.Int32Range(-1, 3).Draw(t, "from step")
	status.CurrentStepState = rapid.SampledFrom([]v1beta1.StepState{v1beta1.StepUpgrade, v1beta1.StepPaused, v1beta1.StepReady, v1beta1.StepCompleted}).Draw(t, "state")
	if rapid.Bool().Draw(t, "was given up") {
		status.Abort = &v1beta1.Abort{Revision: "v2", ReleaseID: "app-v2"}
	}
	if rapid.Bool().Draw(t, "blue-green") {
		o.Spec.Strategy.BlueGreen = &v1beta1.BlueGreenStrategy{Steps: plan.Steps, TrafficRoutings: plan.TrafficRoutings}
		o.Spec.Strategy.Canary = nil
		own := v1beta1.BlueGreenStatus(*status)
		o.Status.CanaryStatus, o.Status.BlueGreenStatus = nil, &own
	}
	return o
}

// TestARollbackIsNeverBehindAWait is P3: whatever else there is, the traffic leaves at once if anybody can take it.
func TestARollbackIsNeverBehindAWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := randomObservation(t)
		o.Workload.Template, o.Workload.Held, o.RollbackInBatch = "v1", true, false
		o.Workload.Replicas = max(o.Workload.Replicas, 1) // at none there is nobody to take it
		o.Routes.Canary, o.Routes.Switched, o.Routes.Weight = true, true, rapid.Int32Range(0, 100).Draw(t, "weight")
		late := noon().Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "seconds later")) * time.Second)
		d := Decide(o, late)
		if o.Sets[0].Ready > 0 && o.Sets[0].Replicas > 0 && o.Routes.StableSeen > 0 && (d.Route == nil || d.Route.Weight != 0) {
			t.Fatalf("the weight stays %d: %s: %s", o.Routes.Weight, d.Rule, d.Why)
		}
		for _, s := range d.Scale {
			if s.Hash == "v1" && s.To < s.From {
				t.Fatalf("the stable version shrinks in a rollback: %+v", s)
			}
		}
	})
}

func TestTheSameObservationGivesTheSameDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := randomObservation(t)
		first := Decide(o, noon())
		if second := Decide(o, noon()); !equality.Semantic.DeepEqual(first, second) {
			t.Fatalf("two decisions: %+v and %+v", first, second)
		}
		if first.Rule == "" || first.Why == "" && first.Rule != "healthy" {
			t.Fatalf("a decision says which rule made it, and why: %+v", first)
		}
		for _, s := range first.Scale {
			if live, there := o.set(s.Hash); !there || live.Replicas != s.From || s.To < 0 {
				t.Fatalf("a change of size is about what was seen: %+v", s)
			}
		}
		if first.Join && (o.Shared.Name == "" || o.Shared.Joined || o.Shared.Problem != "") {
			t.Fatalf("a TrafficRouting is marked once, and only one that is there: %+v", first)
		}
		if kept := first.Route == nil && o.Routes.Ours() || first.Route != nil && first.Route.Canary; first.Part && (kept || !o.Shared.Joined) {
			t.Fatalf("the mark goes while a release leads routes: %+v", first)
		}
		if first.LetGo && o.Shared.Joined && !first.Part {
			t.Fatalf("it lets go and leaves its mark: %+v", first)
		}
		if first.LetGo && (o.Routes.Ours() || o.Workload.Held) {
			t.Fatalf("it lets go while something of it is left: %+v", first)
		}
	})
}
