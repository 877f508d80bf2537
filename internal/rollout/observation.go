// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Observation is all that a decision depends on, at one moment.
type Observation struct {
	// Generation of the Rollout.
	Generation int64
	// Deleting says that the Rollout has a deletion timestamp.
	Deleting bool
	// WithRun says that a workflow which stands still paused the Rollout, and not a person.
	WithRun bool
	// Retry is the annotation by which a person asks to try a version again that was given up.
	Retry string
	// RollbackInBatch is the annotation by which a person asks for a rollback in steps.
	RollbackInBatch bool
	// Analysis of the step that the release is at.
	Analysis Analysis
	// Spec of the Rollout, as it is stored; where it names a TrafficRouting, as Follow gives it.
	Spec v1beta1.RolloutSpec
	// Shared is the TrafficRouting that it names.
	Shared Shared
	// Status of the Rollout, as it is stored.
	Status v1beta1.RolloutStatus

	Workload Workload
	// Sets are the ReplicaSets that belong to the workload.
	Sets   []ReplicaSet
	Routes Routes
}

// Analysis is what whoever measures says about a step, between "the weight is reached" and "the step is done". Nothing does
// yet; the zero value lets every step pass.
type Analysis struct {
	// Configured says that a step is done only when its analysis passed.
	Configured bool
	// Step, from 1, and Revision, a pod-template-hash, are what Result is about. About anything else nothing is known.
	Step     int32
	Revision string
	Result   AnalysisResult
	// Why is a sentence about the result.
	Why string
}

// AnalysisResult is one of three; unknown is never success, and no failure either.
type AnalysisResult string

// The results of an analysis.
const (
	AnalysisUnknown AnalysisResult = ""
	AnalysisPass    AnalysisResult = "pass"
	AnalysisFail    AnalysisResult = "fail"
)

// Workload is what the Rollout refers to.
type Workload struct {
	// Exists is false for a workload that is gone or is being deleted.
	Exists bool
	// Problem is a sentence about a reference that no release is possible with, such as a kind that is not supported.
	Problem string
	// Observed says that the native controller has seen the current generation.
	Observed   bool
	Generation int64
	// Replicas that are asked for in all.
	Replicas int32
	// MaxSurge and MaxUnavailable are numbers of pods, resolved from the Deployment's own strategy.
	MaxSurge, MaxUnavailable int32
	// ProgressDeadline in seconds; 0 is none.
	ProgressDeadline int32
	// Template is the pod-template-hash of the current pod template: the one on the ReplicaSet with an equal template, or
	// where none exists the one that its ReplicaSet will get.
	Template string
	// RolloutID is the label rollouts.kruise.io/rollout-id of the workload: how its owner calls the release.
	RolloutID string
	// AppRevision is the label app.oam.dev/appRevision of the workload: the release that its template belongs to.
	AppRevision string
	// Held says that this Rollout holds the workload: it is paused, marked, and the native controller leaves it alone.
	Held bool
	// HeldFor is the release that the mark names.
	HeldFor string
	// StableMark is the hash that the mark names as the good version.
	StableMark string
	// Selects are the keys of the labels that the workload selects its pods by.
	Selects []string
	// Kept is the hash of the version whose template was kept with the mark: its ReplicaSet can be made anew.
	Kept string
	// Kind of the workload, for sentences.
	Kind string
	// InPlace says that the versions share the replicas: a pod more of one is a pod less of the other. Template is empty then
	// while it is not known which revision the current template is.
	InPlace bool
	// UpOnly says that every pod that is made anew is of the current template, so that the new version never shrinks in a step.
	UpOnly bool
	// Current is the version that the native controller updates from, where an update of its own is not over; else empty.
	Current string
	// Open says that a held workload would let the next version in.
	Open bool
	// Loose says that the native controller is about to replace pods of a held workload by itself. That is what a step asks for by
	// its partition; but a template that changes meanwhile makes other pods of it.
	Loose bool
	// Forgot says that the native controller took an update of no pods for complete, so that it knows the stable version no more, though
	// pods of it are asked for.
	Forgot bool
	// Note is a sentence about what the kind of workload can't do; empty where there is nothing to tell.
	Note string
	// Stuck counts pods that are not ready, of a version that is not to be there, and that the native controller may not replace.
	Stuck int32
	// HeldBy names another Rollout that holds the workload.
	HeldBy string
}

// ReplicaSet is one version of the pods: a ReplicaSet of a Deployment, or a revision of a workload that replaces pods in place.
type ReplicaSet struct {
	// Hash is its pod-template-hash.
	Hash string
	// Replicas that are asked for; Pods that are there, not counting those that terminate; Ready of them for at least
	// minReadySeconds.
	Replicas, Pods, Ready int32
	// Idle counts the pods that would be replaced next and are not ready or not there; only where pods are replaced in place.
	Idle int32
	// Dress is the MetadataText of what a release put onto its pods; empty where that is nothing.
	Dress string
	// Marked says that the native controller left its size on it (deployment.kubernetes.io/desired-replicas). A marked
	// set that is complete makes the native controller remove all others, paused or not.
	Marked bool
}

// Ack is what is known about what routers serve.
type Ack string

const (
	// AckNone holds where no router can tell: none that is known serves the Ingress.
	AckNone Ack = "none"
	// AckUnknown holds while a router that could tell can't be asked.
	AckUnknown Ack = "unknown"
	// AckKnown holds when every router replica tells.
	AckKnown Ack = "known"
)

// Routes is how traffic gets to the workload: what is written, and what routers say they serve.
type Routes struct {
	// Problem is a sentence about what is missing, such as a Service that does not exist.
	Problem string

	// Canary says that the canary route is written; Weight is its share in percent, Matches are the requests that it gets
	// beside that.
	Canary  bool
	Weight  int32
	Matches []v1beta1.HTTPRouteMatch
	// Modifier changes the headers of the requests that the canary route gets.
	Modifier *gatewayv1.HTTPHeaderFilter
	// Services says that each version has its Service; StableHash and CanaryHash are what they select.
	Services               bool
	StableHash, CanaryHash string
	// AnyService says that something is left of them.
	AnyService bool
	// Switched says that the user's route points at the Service of the stable version.
	Switched bool
	// StableEndpoints and CanaryEndpoints count the ready endpoints that the cluster lists behind each Service.
	StableEndpoints, CanaryEndpoints int32

	Ack Ack
	// The rest counts only where Ack is AckKnown.

	// CanaryServed says that every router serves the canary route, or that none does where none is written.
	CanaryServed bool
	// SwitchServed says that every router serves the user's route as it is written.
	SwitchServed bool
	// CanaryRefused and RouteRefused say that every router knows the canary route, or the user's, and serves nothing of it.
	CanaryRefused, RouteRefused bool
	// WeightLow and WeightHigh are the least and the greatest share that a router serves.
	WeightLow, WeightHigh int32
	// MatchesServed says that every router serves the written Matches, AnyMatches that some router serves any.
	MatchesServed, AnyMatches bool
	// StableSeen and CanarySeen count endpoints proven by connections, the least over all routers.
	StableSeen, CanarySeen int32
	// StableDrained and CanaryDrained say that no router sends or has anything in flight there.
	StableDrained, CanaryDrained bool
	// Rejected are the routers' sentences about why they do not serve a route.
	Rejected []string
}

// Ours says that something is written which a release made.
func (r Routes) Ours() bool { return r.Canary || r.Switched || r.AnyService }

// failureThreshold is how many pods of a step may be not ready.
func (o Observation) failureThreshold(pods int32) int32 {
	plan := o.Spec.Strategy.Plan()
	if plan == nil || plan.FailureThreshold == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(plan.FailureThreshold, int(pods), true)
	if err != nil || n < 0 {
		return 0
	}
	return int32(min(n, int(pods)))
}

// Routed says whether the Rollout governs traffic, not only pods.
func (o Observation) Routed() bool {
	plan := o.Spec.Strategy.Plan()
	return plan != nil && len(plan.TrafficRoutings) > 0
}

// Paused says that the release is frozen.
func (o Observation) Paused() bool { return o.Spec.Strategy.Paused }

// set finds a version; the zero value where there is none.
func (o Observation) set(hash string) (ReplicaSet, bool) {
	for _, s := range o.Sets {
		if s.Hash == hash && hash != "" {
			return s, true
		}
	}
	return ReplicaSet{Hash: hash}, false
}
