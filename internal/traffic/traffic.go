// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// LabelVersion is the label by which a Service selects the pods of one version, unless the Target names another one.
const LabelVersion = "pod-template-hash"

// StableService and CanaryService name the Services that the versions get beside the user's.
func StableService(service string) string { return service + "-stable" }

// CanaryService names the Service of the new version.
func CanaryService(service string) string { return service + "-canary" }

// Kind of a user's route.
type Kind string

// The kinds of routes.
const (
	KindIngress   Kind = "Ingress"
	KindHTTPRoute Kind = "HTTPRoute"
	KindGRPCRoute Kind = "GRPCRoute"
)

// Target names one route of a release.
type Target struct {
	Namespace string
	// Rollout owns what is made; it is what the label rollouts.kruise.io/rollout-name says.
	Rollout string
	// Service is the user's Service, Route the user's route of the Kind.
	Service, Route string
	Kind           Kind
	// Canary names the route of ours beside the user's, where the kind has one.
	Canary string
	// At is the field of the Rollout that names the Service and the route, for sentences.
	At string
	// VersionLabel is the label of the pods that tells their version; LabelVersion where it is empty.
	VersionLabel string
	// Matches are what any step of the plan asks for, so that what a route can't do is told before the release.
	Matches [][]v1beta1.HTTPRouteMatch
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
	// Modifier changes the headers of the requests that the canary route gets; nil changes nothing.
	Modifier *gatewayv1.HTTPHeaderFilter
	// StableHash and CanaryHash are the versions that the Services select.
	StableHash, CanaryHash string
}

// Objects are the live objects of a target; nil where there is none. They are read, never changed.
type Objects struct {
	Service, Stable, Canary *corev1.Service
	// Ingress is the user's, CanaryIngress ours.
	Ingress, CanaryIngress *networkingv1.Ingress
	// Others are the canary Ingresses of other releases on the same Ingress.
	Others []*networkingv1.Ingress
	// Route is the user's HTTPRoute or GRPCRoute, with every field that it has.
	Route *unstructured.Unstructured
	// NoKind says that the cluster does not know the route's kind at all.
	NoKind bool
	// StableEndpoints and CanaryEndpoints count the ready endpoints listed behind the two Services.
	StableEndpoints, CanaryEndpoints int32
}

// Ack is what is known about what routers serve.
type Ack string

const (
	// AckNone holds where no router can tell: none that is known serves the route.
	AckNone Ack = "none"
	// AckUnknown holds while a router that could tell does not.
	AckUnknown Ack = "unknown"
	// AckKnown holds when every router replica tells.
	AckKnown Ack = "known"
)

// Seen is what the replicas of the routers say that they serve. It is complete only where Ack is AckKnown.
type Seen struct {
	Ack      Ack
	Replicas []Replica
}

// Replica is what one replica of a router says it serves.
type Replica struct {
	// Route and CanaryRoute are nil where it does not have them. Kinds that split within the user's route have no CanaryRoute.
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
	// Shares are the backends of each rule, in the order of the route's rules, where the kind splits within the user's route.
	Shares [][]Share
}

// Share is one backend of a rule.
type Share struct {
	// Service is namespace/name; empty where the backend is something else.
	Service string
	Weight  int32
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
	Modifier                         *gatewayv1.HTTPHeaderFilter
	StableHash, CanaryHash           string
	StableEndpoints, CanaryEndpoints int32

	// Ack says how much of the rest is known.
	Ack                        Ack
	CanaryServed, SwitchServed bool
	// CanaryRefused and RouteRefused say that every replica knows the route as it is and serves it nothing, so that there is
	// nothing to wait for where it is to lose its traffic.
	CanaryRefused, RouteRefused  bool
	WeightLow, WeightHigh        int32
	MatchesServed, AnyMatches    bool
	StableSeen, CanarySeen       int32
	StableDrained, CanaryDrained bool
	// Rejected are sentences about why a router does not serve a route, or not yet.
	Rejected []string
}

// Write is one call to the API server. Exactly one of Create, Patch and Delete is set.
type Write struct {
	// What it does, in a few words for the log.
	What   string
	Create runtime.Object
	Patch  *Patch
	Delete runtime.Object
	// OwnedBy asks for an owner reference to the Service of that name, which may be created just before it.
	OwnedBy string
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

// Router plans and observes one kind of route. The Services are planned with it, not by it.
type Router interface {
	// Plan gives the writes that lead from what is there to the intent, in order; none when it is reached. An error is a
	// sentence about what is in the way.
	Plan(t Target, live Objects, want Intent) ([]Write, error)
	// Observe says what is written and what the replicas serve of it.
	Observe(t Target, live Objects, seen Seen) State
}

// Routing is one route of a release: what it is about, what is live of it, and the Router that knows its kind.
type Routing struct {
	Target
	Live   Objects
	Router Router
}

// Plan gives the writes that lead all routes of a release to the intent. What grows comes first: the Services before the
// routes that lead there, and the routes back before the Services go. What is in the way of one route keeps no other one
// from its writes; the errors are of those.
func Plan(all []Routing, want Intent) ([]Write, error) {
	var services, routes []Write
	var faults []error
	done := map[string]bool{}
	for _, r := range all {
		writes, err := r.Router.Plan(r.Target, r.Live, want)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		routes = append(routes, others(routes, writes)...)
		if done[r.Service] {
			continue
		}
		done[r.Service] = true
		if want.Canary {
			services = append(services, Services(r.Target, r.Live, want)...)
		} else if !want.Services {
			services = append(services, withoutServices(r.Target, r.Live)...)
		}
	}
	if want.Canary {
		return append(services, routes...), errors.Join(faults...)
	}
	return append(routes, services...), errors.Join(faults...)
}

// others are the writes that are not among earlier ones: where two routes of a release are one object, both may ask for the same.
func others(earlier, writes []Write) []Write {
	same := func(a, b Write) bool {
		return a.Patch != nil && b.Patch != nil && nameOf(a.Patch.Object) == nameOf(b.Patch.Object) && equality.Semantic.DeepEqual(a.Patch.Ops, b.Patch.Ops)
	}
	return slices.DeleteFunc(writes, func(w Write) bool {
		return slices.ContainsFunc(earlier, func(e Write) bool { return same(e, w) })
	})
}

func nameOf(o runtime.Object) string {
	at, err := meta.Accessor(o)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%T %s/%s", o, at.GetNamespace(), at.GetName())
}

// Observe says what is written and served of all routes of a release; seen has one entry for each.
func Observe(all []Routing, seen []Seen) State {
	states := make([]State, 0, len(all))
	for i, r := range all {
		states = append(states, r.Router.Observe(r.Target, r.Live, seen[i]))
	}
	return merge(states)
}
