// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// LabelVersion is the label by which a Service selects the pods of one version, unless the Target names another one.
const LabelVersion = "pod-template-hash"

// StableService and CanaryService name the Services that the versions get beside the user's.
func StableService(service string) string { return service + "-stable" }

// CanaryService names the Service of the new version.
func CanaryService(service string) string { return service + "-canary" }

// Target names what a release routes.
type Target struct {
	Namespace string
	// Rollout owns what is made; it is what the label rollouts.kruise.io/rollout-name says.
	Rollout string
	// Service is the user's Service, Route the user's route of the Router's kind.
	Service, Route string
	// VersionLabel is the label of the pods that tells their version; LabelVersion where it is empty.
	VersionLabel string
}

func (t Target) versionLabel() string { return cmp.Or(t.VersionLabel, LabelVersion) }

// Selected gives the version whose pods a Service of ours selects; empty where there is no Service.
func (t Target) Selected(s *corev1.Service) string {
	if s == nil {
		return ""
	}
	return s.Spec.Selector[t.versionLabel()]
}

// Intent is the state that routes should be in. The zero value is: nothing of ours.
type Intent struct {
	// Canary asks for the canary route, and so for the Services of both versions.
	Canary bool
	// Services asks for the Services of both versions where there is no canary route yet, or any more.
	Services bool
	// Switched asks for the user's route to lead to the stable version's Service.
	Switched bool
	// Weight of the canary route in percent.
	Weight int32
	// Matches are the requests that the canary route gets beside that.
	Matches []v1beta1.HTTPRouteMatch
	// StableHash and CanaryHash are the versions that the Services select.
	StableHash, CanaryHash string
}

// Objects are the live objects of a target; nil where there is none. They are read, never changed.
type Objects struct {
	Service, Stable, Canary *corev1.Service
	// Ingress is the user's, CanaryIngress ours.
	Ingress, CanaryIngress *networkingv1.Ingress
	// StableEndpoints and CanaryEndpoints count the ready endpoints listed behind the two Services.
	StableEndpoints, CanaryEndpoints int32
}

// Replica is what one replica of a router says it serves.
type Replica struct {
	// Route and CanaryRoute are nil where it does not have them.
	Route, CanaryRoute *Served
	Stable, Canary     Use
}

// Served is a route as a replica serves it.
type Served struct {
	UID, ResourceVersion string
	Accepted             bool
	Problems             []string
	// Percent of the requests that a canary route gets.
	Percent int32
	// Rules by which it gets requests beside that, as the router's kind of route writes them.
	Rules map[string]string
}

// Use is a Service as a replica uses it.
type Use struct {
	// Ready endpoints, proven by connections.
	Ready int32
	// Drained says that nothing is sent there and nothing is in flight.
	Drained bool
}

// State is what is written and what every replica serves.
type State struct {
	// Problem is a sentence about what makes a release impossible, such as a Service that does not exist.
	Problem string

	Canary, Switched bool
	// Services says that both versions have theirs; AnyService that something is left of them.
	Services, AnyService             bool
	Weight                           int32
	Matches                          []v1beta1.HTTPRouteMatch
	StableHash, CanaryHash           string
	StableEndpoints, CanaryEndpoints int32

	// Asked says that at least one replica has the user's route at all; without that the rest means nothing.
	Asked                      bool
	CanaryServed, SwitchServed bool
	// CanaryRefused and RouteRefused say that every replica knows the route as it is and serves it nothing, so that there is
	// nothing to wait for where it is to lose its traffic.
	CanaryRefused, RouteRefused  bool
	WeightLow, WeightHigh        int32
	MatchesServed, AnyMatches    bool
	StableSeen, CanarySeen       int32
	StableDrained, CanaryDrained bool
	Rejected                     []string
}

// Write is one call to the API server. Exactly one of Create, Patch and Delete is set.
type Write struct {
	// What it does, in a few words for the log.
	What   string
	Create runtime.Object
	Patch  *Patch
	Delete runtime.Object
	// OwnedByStable asks for an owner reference to the stable version's Service, which may be created just before it.
	OwnedByStable bool
}

// Patch is a JSON patch (RFC 6902) of an object. It tests what it replaces, so a stale view fails instead of harming.
type Patch struct {
	Object runtime.Object
	Ops    []Op
}

// Op is one operation of a JSON patch.
type Op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Router plans and observes one kind of route.
type Router interface {
	// Plan gives the writes that lead from what is there to the intent, in order; none when it is reached. An error is a
	// sentence about what is in the way.
	Plan(t Target, live Objects, want Intent) ([]Write, error)
	// Observe says what is written and what the replicas serve of it.
	Observe(t Target, live Objects, replicas []Replica) State
}
