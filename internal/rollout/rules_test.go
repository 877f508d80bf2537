// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// noon is when the tables take place.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// at20 is a release that waits at 20 %: five pods, one of them new, all of it true. Cases change it.
func at20() Observation {
	o := Observation{
		Generation: 4,
		Workload: Workload{
			Exists: true, Observed: true, Generation: 9, Replicas: 5, MaxSurge: 2, MaxUnavailable: 1, ProgressDeadline: 600,
			Template: "v2", AppRevision: "app-v2", Held: true, HeldFor: "app-v2", StableMark: "v1",
		},
		Sets: []ReplicaSet{{Hash: "v1", Replicas: 4, Pods: 4, Ready: 4}, {Hash: "v2", Replicas: 1, Pods: 1, Ready: 1}},
		Routes: Routes{
			Canary: true, Services: true, Switched: true, Weight: 20, StableHash: "v1", CanaryHash: "v2", StableEndpoints: 4, CanaryEndpoints: 1,
			Ack: AckKnown, CanaryServed: true, MatchesServed: true, SwitchServed: true, WeightLow: 20, WeightHigh: 20, StableSeen: 4, CanarySeen: 1,
		},
	}
	share := "20%"
	o.Spec.ReleaseID = "app-v2"
	o.Spec.Strategy.Canary = &v1beta1.CanaryStrategy{
		Steps:           []v1beta1.Step{{Traffic: &share}},
		TrafficRoutings: []v1beta1.TrafficRouting{{Service: "svc", Ingress: &v1beta1.IngressRouting{Name: "demo"}}},
	}
	o.Status = Decide(o, noon()).Status
	return o
}

// atRest is between releases: v1 alone, nothing held.
func atRest() Observation {
	o := at20()
	o.Workload.Template, o.Workload.AppRevision, o.Workload.Held, o.Workload.HeldFor, o.Workload.StableMark = "v1", "app-v1", false, "", ""
	o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5, Marked: true}}
	o.Routes = Routes{Ack: AckKnown, CanaryServed: true, MatchesServed: true, SwitchServed: true, StableDrained: true, CanaryDrained: true}
	o.Spec.ReleaseID = "app-v1"
	o.Status = v1beta1.RolloutStatus{}
	o.Status = Decide(o, noon()).Status
	return o
}

func share(o *Observation, text string) {
	o.Spec.Strategy.Canary.Steps = []v1beta1.Step{{Traffic: &text}}
}

func TestEachRule(t *testing.T) {
	type want struct {
		rule   string
		why    string // a part of it
		weight int32  // of the route asked for; -1: none is asked for
		scale  string // "v1 4>5 v2 1>0"
		check  func(Decision) bool
		reason string
	}
	for name, c := range map[string]struct {
		from   func() Observation
		change func(*Observation)
		after  time.Duration
		want   want
	}{
		"a step that is true waits for approval": {at20, func(*Observation) {}, 0,
			want{"pause of the step", "manually confirm", 20, "", func(d Decision) bool { return d.Status.CurrentStepState == v1beta1.StepPaused && !d.Writes() }, "everything it asks for holds"}},
		"who is to approve a step is told which pods are missing": {at20, func(o *Observation) { o.Sets[0].Ready = 0; o.Routes.StableEndpoints, o.Routes.StableSeen = 0, 0 }, 0,
			want{"pause of the step", "of the stable version only 0 of 4 pods can serve", 20, "", func(d Decision) bool { return d.Status.CurrentStepState == v1beta1.StepPaused }, "a person decides by it"}},
		"a rollback does not wait for a route that somebody led elsewhere": {at20, func(o *Observation) {
			o.Workload.Template, o.Workload.AppRevision = "v1", "app-v1"
			o.Routes.Switched, o.Routes.Problem = false, "no path of the Ingress demo leads to the Service svc"
		}, 0,
			want{"rolled back", "the canary route is removed; no path of the Ingress demo leads to the Service svc", 20, "v1 4>5", func(d Decision) bool { return !d.Route.Canary && !d.Route.Switched }, "nothing of the user's route is left to lead back"}},
		"a missing workload gives its routes back": {at20, func(o *Observation) { o.Workload = Workload{} }, 0,
			want{"workload gone", "Workload Not Found", 0, "", func(d Decision) bool {
				return !d.Route.Canary && !d.Route.Switched && d.Status.Phase == v1beta1.PhaseInitial
			}, "nothing is left to route to"}},
		"a reference that can't be released is said so": {at20, func(o *Observation) { o.Workload.Problem = "name a Deployment"; o.Routes = Routes{Ack: AckNone} }, 0,
			want{"workload gone", "name a Deployment", -1, "", nil, "the sentence reaches the status"}},
		"a workload of another Rollout is left alone": {at20, func(o *Observation) {
			o.Workload.HeldBy, o.Workload.Held = "other", false
			o.Routes = Routes{Ack: AckNone}
		}, 0,
			want{"workload gone", `held by the Rollout "other"`, -1, "", func(d Decision) bool { return !d.Writes() }, "two would fight"}},
		"a deleted Rollout with nothing left lets go": {atRest, func(o *Observation) { o.Deleting = true }, 0,
			want{"let go", "nothing of the Rollout is left", -1, "", func(d Decision) bool { return d.LetGo }, "the finalizer has done its work"}},
		"a disabled Rollout with nothing left says so": {atRest, func(o *Observation) { o.Spec.Disabled = true }, 0,
			want{"let go", "disabled", -1, "", func(d Decision) bool { return !d.LetGo && d.Status.Phase == v1beta1.PhaseDisabled }, "it stays as an object"}},
		"a deleted Rollout finishes the new version": {at20, func(o *Observation) { o.Deleting = true }, 0,
			want{"move", "new version from 1 to 3", 20, "v2 1>3", func(d Decision) bool { return d.Status.Phase == v1beta1.PhaseTerminating }, "forward, as far as the surge allows"}},
		"a rollback takes the traffic at once and both sizes with it": {at20, func(o *Observation) { o.Workload.Template, o.Workload.AppRevision = "v1", "app-v1" }, 0,
			want{"rolled back", "weight goes from 20 to 0", 0, "v1 4>5", func(d Decision) bool { return !d.Lazy && len(d.Events) == 1 }, "intent first"}},
		"a rollback does not wait for a router that is silent": {at20, func(o *Observation) { o.Workload.Template = "v1"; o.Routes.Ack = AckUnknown }, 0,
			want{"rolled back", "to 0 at once", 0, "v1 4>5", nil, "the weight is written; only the pods wait"}},
		"a rollback keeps the traffic where it is when no stable pod could take it": {at20, func(o *Observation) {
			o.Workload.Template, o.Sets[0].Ready, o.Routes.StableSeen = "v1", 0, 0
		}, 0, want{"rolled back", "stays until a pod of the stable version is ready", 20, "v1 4>5", nil, "weight 0 would lose every request"}},
		"a rollback acts on a frozen release": {at20, func(o *Observation) { o.Workload.Template = "v1"; o.Spec.Strategy.Paused = true }, 0,
			want{"rolled back", "to 0 at once", 0, "v1 4>5", nil, "paused freezes only the way forward"}},
		"a third version takes the second one back first": {at20, func(o *Observation) { o.Workload.Template = "v3" }, 0,
			want{"superseded", "weight goes from 20 to 0", 0, "v1 4>5", nil, "v2 drops to zero before v3 gets a pod"}},
		"the Service of the new version is led to the third only when it has no traffic": {at20, func(o *Observation) {
			o.Workload.Template, o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.CanaryDrained = "v3", 0, 0, 0, true
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}, {Hash: "v2"}}
			o.Routes.CanarySeen, o.Routes.CanaryEndpoints = 0, 0
		}, 0, want{"superseded", "leads to the newer one", 0, "", func(d Decision) bool { return d.Route.CanaryHash == "v3" && d.Route.StableHash == "v1" }, "a selector with traffic is never re-pointed"}},
		"a new version without a ready pod loses its traffic": {at20, func(o *Observation) { o.Sets[1].Ready = 0 }, 0,
			want{"new version lost", "until one is", 0, "", func(d Decision) bool { return d.Events[0].Warning }, "requests there would fail"}},
		"a new version without a ready pod keeps its traffic when nothing else could take it": {at20, func(o *Observation) { o.Sets[1].Ready, o.Sets[0].Ready = 0, 0 }, 0,
			want{"wait for pods", "0 of 1 pod", 20, "", nil, "moving it would help nobody"}},
		"a frozen release keeps its routes and sizes": {at20, func(o *Observation) { o.Spec.Strategy.Paused = true; share(o, "50%") }, 0,
			want{"paused", "spec.strategy.paused", 20, "", func(d Decision) bool { return !d.Writes() }, "drift is still repaired, hence the route"}},
		"one that stands still with its workflow names that": {at20, func(o *Observation) { o.Spec.Strategy.Paused, o.WithRun = true, true }, 0,
			want{"paused", "resume or restart the workflow", 20, "", func(d Decision) bool { return !d.Writes() }, "nobody should edit an object of ours for it"}},
		"a rollback does not wait for routers that refuse the user's route": {at20, func(o *Observation) {
			o.Workload.Template, o.Workload.AppRevision = "v1", "app-v1"
			o.Sets[0].Replicas, o.Sets[0].Pods, o.Sets[0].Ready = 5, 5, 5
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh = 0, 0, 0
			o.Routes.CanaryServed, o.Routes.SwitchServed, o.Routes.CanaryRefused, o.Routes.RouteRefused, o.Routes.CanaryDrained = false, false, true, true, true
		}, 0, want{"rolled back", "scaled from 1 to 0", 0, "v2 1>0", nil, "nothing is served by it, whatever is written"}},
		"a new release is held before its version comes": {atRest, func(o *Observation) { o.Spec.ReleaseID = "app-v2"; o.Generation++ }, 0,
			want{"hold", `"app-v2"`, -1, "", func(d Decision) bool { return d.Hold.ReleaseID == "app-v2" && d.Hold.Stable == "v1" }, "the writer applies it only then"}},
		"a release that was never waited for is recorded": {atRest, func(o *Observation) { o.Status = v1beta1.RolloutStatus{} }, 0,
			want{"not held in time", "already runs", -1, "", func(d Decision) bool { return d.Status.Phase == v1beta1.PhaseHealthy && !d.Writes() }, "a first deployment must not hang"}},
		"nothing is held before there is a first version": {atRest, func(o *Observation) { o.Sets = nil; o.Spec.ReleaseID = "app-v2"; o.Generation++ }, 0,
			want{"wait for the first version", "first version", -1, "", func(d Decision) bool { return !d.Writes() }, "a held Deployment would never get one"}},
		"an update under way ends before every change is held": {atRest, func(o *Observation) {
			o.Spec.ReleaseID = ""
			o.Sets = append(o.Sets, ReplicaSet{Hash: "v0", Replicas: 2, Pods: 2, Ready: 2})
		}, 0, want{"wait for the first version", "update that was under way", -1, "", nil, "the stable version is not certain yet"}},
		"without a name every change is held from the start": {atRest, func(o *Observation) { o.Spec.ReleaseID = "" }, 0,
			want{"hold", "next version", -1, "", func(d Decision) bool {
				return d.StatusFirst && d.Status.CanaryStatus.StableRevision == "v1" && d.Hold.Stable == ""
			}, "the status has to know the stable version first"}},
		"a finished release that is still held is given back": {atRest, func(o *Observation) {
			o.Workload.Held, o.Workload.HeldFor, o.Workload.StableMark = true, "app-v1", "v1"
		}, 0,
			want{"release the workload", "given back", -1, "", func(d Decision) bool { return d.Release }, "the controller died between the two writes"}},
		"the native controller's mark goes before the new version comes": {atRest, func(o *Observation) {
			o.Spec.ReleaseID, o.Workload.Held, o.Workload.HeldFor, o.Workload.StableMark = "app-v2", true, "app-v2", "v1"
			o.Generation++
		}, 0, want{"unmark", "mark", -1, "", func(d Decision) bool { return len(d.Unmark) == 1 }, "it would remove the new version on a rollback"}},
		"a held workload waits for its version": {atRest, func(o *Observation) {
			o.Spec.ReleaseID, o.Workload.Held, o.Workload.HeldFor, o.Workload.StableMark = "app-v2", true, "app-v2", "v1"
			o.Sets[0].Marked = false
			o.Generation++
		}, 0, want{"wait for the new version", `waiting for release "app-v2"`, -1, "", nil, "not yet is a state"}},
		"at rest nothing is written": {atRest, func(*Observation) {}, time.Hour,
			want{"healthy", "", -1, "", func(d Decision) bool { return !d.Writes() && d.RecheckAfter == 0 }, "idle costs nothing"}},
		"a missing Service is named": {at20, func(o *Observation) { o.Routes = Routes{Ack: AckKnown, Problem: "the Service svc does not exist"} }, 0,
			want{"routes missing", "svc does not exist", -1, "", func(d Decision) bool { return !d.Writes() }, "no pod before there is a route"}},
		"routes are prepared with weight 0": {at20, func(o *Observation) {
			o.Routes = Routes{Ack: AckKnown, CanaryServed: true, MatchesServed: true, SwitchServed: true, StableDrained: true, CanaryDrained: true}
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}}
		}, 0, want{"prepare routes", "weight 0", 0, "", func(d Decision) bool { return d.Create == nil && !d.Route.Switched }, "before the first new pod"}},
		"the user's route waits for the stable Service's endpoints": {at20, func(o *Observation) {
			o.Routes.Switched, o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.StableEndpoints = false, 0, 0, 0, 2
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}}
		}, 0, want{"switch to the stable Service", "2 of 5", 0, "", nil, "an empty Service answers nothing"}},
		"no pod is created before routers serve the prepared routes": {at20, func(o *Observation) {
			o.Routes.SwitchServed, o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh = false, 0, 0, 0
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}}
		}, 0, want{"switch to the stable Service", "waiting for the routers", 0, "", func(d Decision) bool { return d.Create == nil }, "it would get traffic by the shared Service"}},
		"the new version is created with the size of its step": {at20, func(o *Observation) {
			share(o, "50%")
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.StableSeen, o.Routes.StableEndpoints = 0, 0, 0, 5, 5
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}}
		}, 0, want{"create the new version", "begins with 2 pods", 0, "", func(d Decision) bool { return d.Create.Size == 2 }, "three, but the surge is two"}},
		"pods come before weight": {at20, func(o *Observation) { share(o, "50%") }, 0,
			want{"move", "from 1 to 3 pods", 20, "v2 1>3", nil, "law 1"}},
		"weight comes with the pods": {at20, func(o *Observation) {
			share(o, "50%")
			o.Sets[1] = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 3}
			o.Routes.CanarySeen = 3
		}, 0,
			want{"move", "weight from 20 to 50", 50, "", nil, "the stable version keeps its pods until that is served"}},
		"pods that a router does not see don't count": {at20, func(o *Observation) {
			share(o, "50%")
			o.Sets[1] = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 3}
			o.Routes.CanarySeen = 2
		}, 0,
			want{"wait for pods", "2 of 3", 20, "", nil, "ready is what the router could connect to"}},
		"stable pods go after the weight is served": {at20, func(o *Observation) {
			share(o, "50%")
			o.Sets[1], o.Routes.CanarySeen = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 3}, 3
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh = 50, 50, 50
		}, 0, want{"move", "stable version from 4 to 2", 50, "v1 4>2", nil, "law 2"}},
		"one router that lags keeps the stable pods": {at20, func(o *Observation) {
			share(o, "50%")
			o.Sets[1], o.Routes.CanarySeen = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 3}, 3
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh = 50, 20, 50
		}, 0, want{"wait for the routers", "weight 50", 50, "", func(d Decision) bool { return d.Status.CanaryStatus.ServedWeight == nil }, "every replica has to serve it"}},
		"a router that can't be asked is never taken for done": {at20, func(o *Observation) { o.Routes.Ack = AckUnknown }, time.Hour,
			want{"wait for the routers", "can't be asked", 20, "", func(d Decision) bool { return d.Status.CurrentStepState != v1beta1.StepPaused }, "unknown is never success"}},
		"where no router tells the grace period decides": {at20, func(o *Observation) {
			o.Routes.Ack = AckNone
			o.Status.CanaryStatus.RouteSince = &metav1.Time{Time: noon()}
		}, 2 * time.Second,
			want{"wait for the routers", "grace period", 20, "", func(d Decision) bool { return d.RecheckAfter == time.Second }, "three seconds, two are over"}},
		"after the grace period it goes on": {at20, func(o *Observation) {
			o.Routes.Ack = AckNone
			o.Status.CanaryStatus.RouteSince = &metav1.Time{Time: noon()}
		}, 3 * time.Second,
			want{"pause of the step", "", 20, "", func(d Decision) bool { return d.Status.CanaryStatus.ServedWeight == nil }, "but the served weight stays unknown"}},
		"the last stable pods wait for what is in flight": {at20, func(o *Observation) {
			share(o, "100%")
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 2, Pods: 2, Ready: 2}, {Hash: "v2", Replicas: 5, Pods: 5, Ready: 5}}
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.CanarySeen, o.Routes.StableSeen = 100, 100, 100, 5, 2
		}, 0, want{"drain", "last requests", 100, "", func(d Decision) bool {
			return d.RecheckAfter == drainLimit && d.Status.CanaryStatus.DrainingSince != nil
		}, "drained first"}},
		"the wait for what is in flight has an end": {at20, func(o *Observation) {
			share(o, "100%")
			o.Sets = []ReplicaSet{{Hash: "v1", Replicas: 2, Pods: 2, Ready: 2}, {Hash: "v2", Replicas: 5, Pods: 5, Ready: 5}}
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.CanarySeen, o.Routes.StableSeen = 100, 100, 100, 5, 2
			o.Status.CanaryStatus.DrainingSince = &metav1.Time{Time: noon()}
		}, drainLimit, want{"move", "stable version from 2 to 0", 100, "v1 2>0", nil, "the limit is stored, a restart does not begin it anew"}},
		"only the new version left: the user's route is restored while the canary still leads": {at20, func(o *Observation) {
			share(o, "100%")
			o.Sets = []ReplicaSet{{Hash: "v1"}, {Hash: "v2", Replicas: 5, Pods: 5, Ready: 5}}
			o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh, o.Routes.CanarySeen, o.Routes.StableSeen, o.Routes.StableEndpoints = 100, 100, 100, 5, 0, 0
		}, 0, want{"finalise", "restored", 100, "", func(d Decision) bool { return d.Route.Canary && !d.Route.Switched }, "both lead to the same pods then"}},
		"a scaled workload keeps its share": {at20, func(o *Observation) { o.Workload.Replicas, o.Workload.MaxSurge = 10, 3 }, 0,
			want{"move", "stable version from 4 to 8", 20, "v2 1>2 v1 4>8", nil, "both versions grow to 20 and 80 percent of ten"}},
		"a workload scaled to nothing loses all pods": {at20, func(o *Observation) { o.Workload.Replicas = 0 }, 0,
			want{"move", "", 20, "v2 1>0 v1 4>0", nil, "that is what was asked"}},
		"some pods of a step may be missing": {at20, func(o *Observation) {
			share(o, "50%")
			third := intstr.FromInt32(1)
			o.Spec.Strategy.Canary.FailureThreshold = &third
			o.Sets[1], o.Routes.CanarySeen = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 2}, 2
		}, 0, want{"move", "weight from 20 to 50", 50, "", nil, "failureThreshold says so"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.from()
			c.change(&o)
			d := Decide(o, noon().Add(c.after))
			if d.Rule != c.want.rule || !strings.Contains(d.Why, c.want.why) {
				t.Errorf("rule %q, because %q; want rule %q, because %q: %s", d.Rule, d.Why, c.want.rule, c.want.why, c.want.reason)
			}
			if weight := weightOf(d); weight != c.want.weight {
				t.Errorf("weight %d asked for, want %d: %s", weight, c.want.weight, c.want.reason)
			}
			if scale := scales(d); scale != c.want.scale {
				t.Errorf("scaled %q, want %q: %s", scale, c.want.scale, c.want.reason)
			}
			if c.want.check != nil && !c.want.check(d) {
				t.Errorf("%s; got %+v", c.want.reason, d)
			}
		})
	}
}

func TestFailureThresholdCountsInEveryStyle(t *testing.T) {
	half := func(o *Observation) {
		o.Sets[0] = ReplicaSet{Hash: "v1", Replicas: 5, Pods: 5, Ready: 5}
		o.Sets[1] = ReplicaSet{Hash: "v2", Replicas: 5, Pods: 5, Ready: 4}
		o.Routes.CanarySeen, o.Routes.StableSeen, o.Routes.StableEndpoints, o.Routes.CanaryEndpoints = 4, 5, 5, 4
		o.Routes.Weight, o.Routes.WeightLow, o.Routes.WeightHigh = 0, 0, 0
	}
	fifth, replicas, traffic := intstr.FromString("20%"), intstr.FromString("100%"), "50%"
	steps := []v1beta1.Step{{Replicas: &replicas, Traffic: &traffic}}
	for name, strategy := range map[string]v1beta1.Strategy{
		"blue-green":  {BlueGreen: &v1beta1.BlueGreenStrategy{Steps: steps}},
		"pods on top": {Canary: &v1beta1.CanaryStrategy{EnableExtraWorkloadForCanary: true, Steps: steps}},
	} {
		for _, threshold := range []*intstr.IntOrString{nil, &fifth} {
			o := at20()
			half(&o)
			routings := o.Spec.Strategy.Canary.TrafficRoutings
			o.Spec.Strategy = strategy
			if b := strategy.BlueGreen; b != nil {
				b.TrafficRoutings, b.FailureThreshold = routings, threshold
			} else {
				strategy.Canary.TrafficRoutings, strategy.Canary.FailureThreshold = routings, threshold
			}
			moves := weightOf(Decide(o, noon())) == 50
			if moves != (threshold != nil) {
				t.Errorf("%s, threshold %v: with four of five pods ready the weight moves: %v", name, threshold, moves)
			}
		}
	}
}

func weightOf(d Decision) int32 {
	if d.Route == nil {
		return -1
	}
	return d.Route.Weight
}

func scales(d Decision) string {
	var all []string
	for _, s := range d.Scale {
		all = append(all, fmt.Sprintf("%s %d>%d", s.Hash, s.From, s.To))
	}
	return strings.Join(all, " ")
}

func TestDeadlineIsToldOnceAndDoesNotAct(t *testing.T) {
	o := at20()
	share(&o, "50%")
	o.Sets[1] = ReplicaSet{Hash: "v2", Replicas: 3, Pods: 3, Ready: 1}
	o.Status = Decide(o, noon()).Status
	late := noon().Add(601 * time.Second)
	d := Decide(o, late)
	if len(d.Events) != 1 || d.Lazy || d.Writes() || !strings.Contains(d.Status.Message, "no progress for 600 seconds") {
		t.Fatalf("want one event, a status now, and no other write: %+v", d)
	}
	o.Status = d.Status
	if again := Decide(o, late.Add(time.Minute)); len(again.Events) != 0 {
		t.Errorf("it is told again: %+v", again.Events)
	}
	o.Sets[1].Ready, o.Routes.CanarySeen = 3, 3
	if d := Decide(o, late.Add(time.Hour)); d.Route.Weight != 50 {
		t.Errorf("pods that came late are not used: %s", d.Why)
	}
}

func TestAWaitBeginsWhenNoRouterTellsAnyMore(t *testing.T) {
	o := at20()
	o.Routes.Ack = AckNone
	d := Decide(o, noon())
	since := d.Status.CanaryStatus.RouteSince
	if since == nil || d.Lazy {
		t.Fatalf("no wait is stored at once (%v, lazy %v): without a beginning it has no end", since, d.Lazy)
	}
	o.Status = d.Status
	if d := Decide(o, since.Add(defaultGrace)); d.Status.CurrentStepState != v1beta1.StepPaused {
		t.Errorf("after the wait the step is in state %s, want it true: %s", d.Status.CurrentStepState, d.Why)
	}
}

func TestTheHeadersOfRequestsToTheNewVersionFollowTheStep(t *testing.T) {
	o := at20()
	o.Spec.Strategy.Canary.Steps[0].RequestHeaderModifier = &gatewayv1.HTTPHeaderFilter{Remove: []string{"x-debug"}}
	d := Decide(o, noon())
	if d.Route == nil || d.Route.Modifier == nil || d.Route.Weight != 20 {
		t.Fatalf("the route is %+v, want the modifier at the same weight: %s", d.Route, d.Why)
	}
	o.Status, o.Routes.Modifier = d.Status, d.Route.Modifier
	if d := Decide(o, noon()); d.Status.CurrentStepState != v1beta1.StepPaused {
		t.Errorf("once written the step is in state %s: %s", d.Status.CurrentStepState, d.Why)
	}
}

func TestAnEditOfThePlanIsNoApproval(t *testing.T) {
	for name, c := range map[string]struct {
		at     int32 // the share that was approved, at the step of that index
		index  int32
		pods   int32
		to     []string
		want   int32
		reason string
	}{
		"a step before the current one is removed":          {60, 3, 3, []string{"20%", "60%", "100%"}, 2, "it stays at 60 %; the third step is for everybody now"},
		"all steps but the last are below what is released": {60, 2, 3, []string{"40%", "100%"}, 1, "everybody was not approved"},
		"the current step is raised":                        {20, 1, 1, []string{"40%", "100%"}, 1, "the first step that fits, as the plan says"},
		"the only step is raised":                           {20, 1, 1, []string{"100%"}, 1, "this is how an Application's workflow goes on"},
		"steps are added before the current one":            {60, 1, 3, []string{"20%", "40%", "60%", "100%"}, 3, "the first that is not less than what is released"},
		"the pause of the whole is edited after approval":   {100, 2, 3, []string{"30%", "100%"}, 2, "everybody was approved"},
	} {
		t.Run(name, func(t *testing.T) {
			o := at20()
			o.Sets[0].Replicas, o.Sets[1].Replicas = 5-c.pods, c.pods
			o.Status.CanaryStatus.DesiredWeight, o.Status.CanaryStatus.CurrentStepIndex = &c.at, c.index
			o.Spec.Strategy.Canary.Steps = nil
			for _, share := range c.to {
				o.Spec.Strategy.Canary.Steps = append(o.Spec.Strategy.Canary.Steps, v1beta1.Step{Traffic: &share})
			}
			if l := newLook(o, noon()); l.step != c.want {
				t.Errorf("it is at step %d, want %d: %s", l.step, c.want, c.reason)
			}
		})
	}
}
