// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const (
	// drainLimit is how long requests in flight keep the last pods of a version; longer ones are cut with them.
	drainLimit = 30 * time.Second
	// defaultGrace is the wait after a route write where no router tells (kruise-rollouts.md 2.11).
	defaultGrace = 3 * time.Second
	// defaultDelay is how long pods on top leave those of the stable version after the release, unless the plan says.
	defaultDelay = 30 * time.Second
)

// look is an observation with what follows from it, computed once for all rules.
type look struct {
	Observation
	now time.Time

	stable    string // the hash of the good version
	stableSet ReplicaSet
	canarySet ReplicaSet
	hasCanary bool
	others    []ReplicaSet // versions with pods that are neither stable nor current

	splits   bool // the traffic is to be split between versions
	routed   bool // and it can be
	style    v1beta1.Style
	routes   served
	step     int32 // from 1
	furthest int32 // the furthest step so far
	all      bool  // the goal is the whole workload, without pauses
	asked    goal  // what the step asks for; goal is what of it the kind of workload can have
	goal     goal
	matches  []v1beta1.HTTPRouteMatch // requests that the step sends to the new version beside the goal's weight
	// modifier changes the headers of the requests that go to the new version.
	modifier *gatewayv1.HTTPHeaderFilter
	load     load
	closing  bool
	// givenUp says that the version in the template is to go, and not to come back by itself.
	givenUp bool
	// judged is what the analysis found bad of it, when it is given up for that.
	judged string
	// version is the one that the steps are about: that of the template, or one that is taken back in steps; returned says that
	// all steps of that are done.
	version  string
	returned bool
	// jumped says that a person chose the step.
	jumped bool
	// inherited says that the stored step is about this plan and this version.
	inherited bool
}

// served is what may be taken for true about routes, whoever can or can't tell.
type served struct {
	low, high                    int32
	acked                        bool // every router serves the written weight
	canary, switched             bool // every router serves that route as it is written
	stableDrained, canaryDrained bool
	graceEnds                    time.Time // where it is a wait that decides; otherwise zero
}

func newLook(o Observation, now time.Time) look {
	l := look{Observation: o, now: now, closing: o.Deleting || o.Spec.Disabled, style: o.Spec.Strategy.Style(), version: o.Workload.Template}
	if o.Workload.InPlace {
		l.style = v1beta1.StylePartition
	}
	l.splits = o.Routed() && (!l.closing || o.Routes.Problem == "") || o.Routes.Ours()
	l.routed = l.splits && (!o.Workload.InPlace || o.Workload.Replicas > 1 || o.Routes.Ours())
	l.stable = stableHash(o)
	l.stableSet, _ = o.set(l.stable)
	if !l.back() {
		l.canarySet, l.hasCanary = o.set(o.Workload.Template)
	}
	for _, s := range o.Sets {
		if s.Hash != l.stable && s.Hash != o.Workload.Template && (s.Replicas > 0 || s.Pods > 0) {
			l.others = append(l.others, s)
		}
	}
	l.routes = l.read()
	if s, is := l.batched(); is {
		l.turnBack(&s)
	}
	l.chooseStep()
	l.load = l.measure()
	if l.aborted() || l.late() || l.failed() {
		l.giveUp()
	}
	return l
}

// stableHash gives the version that was good before. While the workload is held the mark says so, or the status where the
// mark leaves it to it; where somebody lost that, the routes and the pods of the release; otherwise it is what runs.
func stableHash(o Observation) string {
	w := o.Workload
	if w.Held && w.StableMark != "" {
		return w.StableMark
	}
	cs := o.Status.CanaryStatus
	if w.Held && cs != nil && cs.StableRevision != "" {
		return cs.StableRevision
	}
	if o.Routes.Services && (w.Held || o.Routes.Switched) {
		return o.Routes.StableHash
	}
	if only := o.onlyOther(); w.Held && only != "" {
		return only
	}
	return cmp.Or(w.Current, w.Template)
}

// onlyOther is the only version beside the template that pods are asked for; empty when there is none, or several.
func (o Observation) onlyOther() string {
	other := ""
	for _, s := range o.Sets {
		switch {
		case s.Hash == o.Workload.Template || s.Replicas == 0:
		case other != "":
			return ""
		default:
			other = s.Hash
		}
	}
	return other
}

// back says that the current template is the stable version: nothing to release, or a release taken back.
func (l look) back() bool { return l.Workload.Template == l.stable && !l.returning() }

// stored gives the stored status of the release; the zero value where there is none.
func (l look) stored() v1beta1.CanaryStatus {
	if l.Status.CanaryStatus == nil {
		return v1beta1.CanaryStatus{}
	}
	return *l.Status.CanaryStatus
}

// done says that the release which the spec names was carried out or taken back already. The name of a release may come
// back with other content; a later edit of the Rollout asks for it again.
func (l look) done() bool {
	cs := l.stored()
	if l.Spec.ReleaseID == "" || cs.ObservedReleaseID != l.Spec.ReleaseID || !ended(l.Status) {
		return false
	}
	return l.Generation == l.Status.ObservedGeneration || l.Workload.AppRevision == l.Spec.ReleaseID
}

func ended(s v1beta1.RolloutStatus) bool {
	return s.Phase == v1beta1.PhaseHealthy && s.CurrentStepState == v1beta1.StepCompleted
}

// arrived says that the version to release is in the workload's template.
func (l look) arrived() bool {
	return l.Spec.ReleaseID == "" || l.Workload.AppRevision == l.Spec.ReleaseID
}

// grace is the wait that stands for an acknowledgement: the longest that a route asks for.
func (l look) grace() time.Duration {
	c := l.Spec.Strategy.Plan()
	if c == nil || len(c.TrafficRoutings) == 0 {
		return defaultGrace
	}
	longest := time.Duration(0)
	for _, r := range c.TrafficRoutings {
		grace := defaultGrace
		if r.GracePeriodSeconds != nil {
			grace = time.Duration(*r.GracePeriodSeconds) * time.Second
		}
		longest = max(longest, grace)
	}
	return longest
}

func (l look) read() served {
	r := l.Routes
	drains := l.stored().DrainingSince != nil && !l.now.Before(l.stored().DrainingSince.Add(drainLimit))
	if !r.Canary && !r.Switched && r.Ack != AckNone {
		known := r.Ack == AckKnown
		return served{acked: known, canary: known && r.CanaryServed, switched: known && r.SwitchServed, stableDrained: true, canaryDrained: true}
	}
	switch r.Ack {
	case AckKnown:
		return served{
			low: min(r.Weight, r.WeightLow), high: max(r.Weight, r.WeightHigh, matched(r)),
			acked:  r.CanaryServed && r.WeightLow == r.Weight && r.WeightHigh == r.Weight && r.MatchesServed,
			canary: r.CanaryServed, switched: r.SwitchServed,
			stableDrained: r.StableDrained || drains, canaryDrained: r.CanaryDrained || drains,
		}
	case AckNone:
		return l.supposed()
	case AckUnknown:
	}
	return served{low: 0, high: 100}
}

// supposed is what stands for an acknowledgement where no router tells: the grace period after the last write is over.
func (l look) supposed() served {
	r, since := l.Routes, l.stored().RouteSince
	if since == nil && !r.Canary && !r.Switched {
		return served{acked: true, canary: true, switched: true, stableDrained: true, canaryDrained: true}
	}
	ends := l.now.Add(l.grace())
	if since != nil {
		ends = since.Add(l.grace())
	}
	if l.now.Before(ends) {
		return served{low: 0, high: 100, graceEnds: ends}
	}
	return served{low: r.Weight, high: max(r.Weight, matched(r)), acked: true, canary: true, switched: true, stableDrained: true, canaryDrained: true}
}

// matched is the least share of the traffic that may come by matches: nobody knows how many requests match.
func matched(r Routes) int32 {
	if len(r.Matches) > 0 || r.AnyMatches {
		return 1
	}
	return 0
}

// delay is how long the stable version keeps its pods after its last share of the traffic, for an instant way back.
func (l look) delay() time.Duration {
	plan := l.Spec.Strategy.Plan()
	switch {
	case plan == nil || !l.extra() || !l.routed || l.closing:
		return 0
	case plan.ScaleDownDelaySeconds != nil:
		return time.Duration(*plan.ScaleDownDelaySeconds) * time.Second
	}
	return defaultDelay
}

// retired says that the stable version has kept its pods for long enough; retires is when that is.
func (l look) retired() bool { return l.delay() == 0 || !l.now.Before(l.retires()) }

func (l look) retires() time.Time {
	since := l.stored().IdleSince
	if since == nil {
		since = l.stamp()
	}
	return since.Add(l.delay())
}

// idle says that the release is through but for the pods of the stable version, which has no traffic any more.
func (l look) idle() bool {
	return l.all && !l.back() && l.extra() && l.routed && l.Routes.Weight == 100 && l.stableSet.Replicas > 0 &&
		(l.routes.acked || l.stored().IdleSince != nil)
}

// beyond says that the new version is all there is and routes are being given back: from here no plan leads back.
func (l look) beyond() bool {
	return l.routed && l.hasCanary && l.canarySet.Replicas > 0 && l.stableSet.Replicas == 0 && l.stableSet.Pods == 0 &&
		len(l.others) == 0 && !l.Routes.Switched
}

// enough is how many ready pods of the new version make its step. What is taken back need not be ready.
func (l look) enough() int32 {
	if l.goal.canary <= 0 || l.returning() {
		return 0
	}
	return max(l.goal.canary-l.failureThreshold(l.goal.canary), 1)
}

func (l look) measure() load {
	w := l.Workload
	ld := load{
		replicas: w.Replicas, surge: w.MaxSurge, goal: l.goal, routed: l.routed, apart: l.routed && l.Routes.Switched,
		canary: l.canarySet.Replicas, stable: l.stableSet.Replicas,
		canaryReady: min(l.canarySet.Ready, l.canarySet.Replicas), stableReady: min(l.stableSet.Ready, l.stableSet.Replicas),
		weight: l.Routes.Weight, low: l.routes.low, high: l.routes.high,
		stableDrained: l.routes.stableDrained && l.retired() && l.analysis() == AnalysisPass, canaryDrained: l.routes.canaryDrained, extra: l.extra(),
	}
	ld.enough = l.enough()
	if w.InPlace {
		ld.inPlace, ld.upOnly, ld.surge, ld.slack = true, l.upOnly(), 0, l.inPlaceSlack()
		ld.stableIdle, ld.canaryIdle = l.stableSet.Idle, l.canarySet.Idle+max(l.canarySet.Replicas-l.canarySet.Pods, 0)
		if l.returning() { // what does not serve is deleted first
			ld.canaryIdle = max(l.canarySet.Replicas-l.canarySet.Ready, 0)
		}
	} else if ld.surge == 0 {
		ld.slack = w.MaxUnavailable
		// A version that has traffic keeps a pod, so a single pod is replaced by one beside it.
		if ld.slack == 0 || l.routed && w.Replicas-ld.slack < 1 {
			ld.surge, ld.slack = 1, 0
		}
	}
	if l.Routes.Services && l.Routes.CanaryHash == l.version {
		switch {
		case l.Routes.Ack == AckKnown && l.routes.canary:
			ld.canaryReady = min(ld.canaryReady, l.Routes.CanarySeen)
		case l.Routes.Ack == AckNone:
			ld.canaryReady = min(ld.canaryReady, l.Routes.CanaryEndpoints)
		}
	}
	if l.Routes.Services && l.Routes.Switched {
		switch {
		case l.Routes.Ack == AckKnown && l.routes.switched:
			ld.stableReady = min(ld.stableReady, l.Routes.StableSeen)
		case l.Routes.Ack == AckNone:
			ld.stableReady = min(ld.stableReady, l.Routes.StableEndpoints)
		}
	}
	return ld
}

// withdrawing is the load of versions that go away, taken as one.
func (l look) withdrawing() load {
	ld := l.load
	ld.newReady = ld.canaryReady
	ld.canary, ld.canaryReady = 0, 0
	for _, s := range l.others {
		ld.canary += max(s.Replicas, s.Pods)
		ld.canaryReady += s.Ready
	}
	return ld
}

// gone says that no pod of other versions is left, for the cluster as for the routers.
func (l look) gone() bool {
	return len(l.others) == 0 && (!l.Routes.Switched || !l.routed || l.unseen(l.Routes.CanarySeen, l.Routes.CanaryEndpoints))
}

func (l look) unseen(seen, listed int32) bool {
	return listed == 0 && (l.Routes.Ack != AckKnown || seen == 0)
}

// route gives the routes as they are written, to change one thing of.
func (l look) route() Route {
	return Route{
		Canary: l.Routes.Canary, Services: true, Switched: l.Routes.Switched, Weight: l.Routes.Weight, Matches: l.Routes.Matches, Modifier: l.Routes.Modifier,
		StableHash: l.stable, CanaryHash: l.canaryHash(),
	}
}

// canaryHash keeps what the Service of the new version selects while it may carry traffic.
func (l look) canaryHash() string {
	if l.Routes.Services && l.Routes.CanaryHash != "" {
		return l.Routes.CanaryHash
	}
	return l.version
}

// keep is the route intent that changes nothing but repairs what others changed.
func (l look) keep() *Route {
	if !l.Routes.Canary && !l.Routes.Switched {
		return nil
	}
	r := l.route()
	return &r
}
