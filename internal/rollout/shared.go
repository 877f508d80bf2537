// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Shared is the TrafficRouting that a Rollout names, and may share with others; the zero value where it names none.
type Shared struct {
	Name string
	// Problem is a sentence about why no release can begin by it, such as that it does not exist.
	Problem string
	// Joined says that it has the mark of this Rollout's release.
	Joined bool
	// Broken says that it can't be followed as it is: a release by it that is under way stays as it is too.
	Broken bool
}

// Requests are what a TrafficRouting says of the traffic of a new version: the routes to the workload, which may be none, and
// what goes to it by them.
type Requests struct {
	Routings []v1beta1.TrafficRouting
	// Weight in percent; nil is none.
	Weight   *int32
	Matches  []v1beta1.HTTPRouteMatch
	Modifier *gatewayv1.HTTPHeaderFilter
}

// Follow gives the plan of a Rollout with the requests of the TrafficRouting that it names: the steps say how many pods there
// are of the new version, and the TrafficRouting what they get. Where pods are replaced in place a step for all of them is a
// step for all requests: no other pod is left.
func Follow(spec v1beta1.RolloutSpec, replicas int32, r Requests) v1beta1.RolloutSpec {
	out := *spec.DeepCopy()
	steps := []v1beta1.Step(nil)
	switch s := &out.Strategy; {
	case s.BlueGreen != nil:
		s.BlueGreen.TrafficRoutings, steps = r.Routings, s.BlueGreen.Steps
	case s.Canary != nil:
		s.Canary.TrafficRoutings, steps = r.Routings, s.Canary.Steps
	}
	for i := range steps {
		s := &steps[i]
		if s.Replicas == nil && s.Traffic != nil {
			s.Replicas = &intstr.IntOrString{Type: intstr.String, StrVal: *s.Traffic}
		}
		s.Traffic, s.Matches, s.RequestHeaderModifier = nil, nil, nil
		switch {
		case len(r.Routings) == 0:
		case out.Strategy.Style() == v1beta1.StylePartition && everyPodOf(s.Replicas, replicas):
			s.Traffic = inPercent(100)
		default:
			s.Matches, s.RequestHeaderModifier = r.Matches, r.Modifier
			if s.Traffic = inPercent(0); r.Weight != nil {
				s.Traffic = inPercent(*r.Weight)
			}
		}
	}
	return out
}

func inPercent(percent int32) *string {
	s := fmt.Sprintf("%d%%", percent)
	return &s
}

// everyPodOf says that a step asks for all pods by what is written; one of which 20 % make a single pod does not.
func everyPodOf(want *intstr.IntOrString, replicas int32) bool {
	if want == nil {
		return true
	}
	if want.Type == intstr.Int {
		return replicas > 0 && want.IntVal >= replicas
	}
	n, ok := percent(want.StrVal)
	return ok && n == 100
}

// sharedMissing waits for a TrafficRouting that no release can begin by. One that has the mark of this release stays until the
// mark is taken off, also when somebody deletes it meanwhile; where it says nothing that can be followed any more, requests go where
// they went.
func sharedMissing(l look) (verdict, bool) {
	if l.Shared.Problem == "" || l.Shared.Joined && !l.Shared.Broken || l.closing {
		return verdict{}, false
	}
	return l.beforeRoutes(l.Shared.Problem), true
}

// join marks the TrafficRouting before anything is routed by it.
func join(l look) (verdict, bool) {
	if l.Shared.Name == "" || l.Shared.Problem != "" || l.Shared.Joined {
		return verdict{}, false
	}
	v := l.beforeRoutes(fmt.Sprintf("the TrafficRouting %s is marked: this release uses it", l.Shared.Name) + l.unled())
	v.Join = true
	return v, true
}

// unled tells a person, who may have expected otherwise, that a release by a TrafficRouting leads no requests.
func (l look) unled() string {
	if l.Shared.Name == "" || l.splits {
		return ""
	}
	return fmt.Sprintf("; no Service of the TrafficRouting %s selects its pods, so that no requests are led", l.Shared.Name)
}

// beforeRoutes is the state of a release that can't go on to its routes; of one that has some it changes nothing.
func (l look) beforeRoutes(why string) verdict {
	v := verdict{phase: v1beta1.PhaseProgressing, state: v1beta1.StepBefore, Decision: Decision{Route: l.keep(), Why: why}}
	if l.Routes.Ours() {
		v.state = v1beta1.StepTrafficRouting
	}
	return v
}

// parts says that a TrafficRouting loses the mark of a release: none is under way in that phase, and no route is led any more.
func (l look) parts(v verdict) bool {
	none := []v1beta1.Phase{v1beta1.PhaseHealthy, v1beta1.PhaseInitial, v1beta1.PhaseDisabled}
	free := !l.Routes.Ours() || v.Route != nil && !v.Route.Canary && !v.Route.Switched
	return l.Shared.Joined && free && (v.LetGo || slices.Contains(none, v.phase))
}
