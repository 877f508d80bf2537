// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Decision is what to do now, and why. Its writes may be done in the order of the fields; each of them is safe without
// the others, so a crash between any two is harmless.
type Decision struct {
	// Rule is the name of the rule that decided; Why is one sentence for status, event and log.
	Rule string
	Why  string

	// Status to store. Where StatusFirst is set it is stored before anything else is written; where Lazy is set it may
	// stay unwritten as long as it does not last (about a second).
	Status      v1beta1.RolloutStatus
	StatusFirst bool
	Lazy        bool

	// Hold the workload, or mark it for another release.
	Hold *Hold
	// Unmark lists versions from which the native controller's mark has to go.
	Unmark []string
	// Dress the pods of versions.
	Dress []Dress
	// Create a ReplicaSet.
	Create *Create
	// Scale lists the versions whose size changes.
	Scale []Scale
	// Close keeps the native controller from replacing more pods by itself.
	Close bool
	// Remind tells the native controller which version it updates from.
	Remind bool
	// Unstick deletes the pods that Workload.Stuck counts.
	Unstick bool
	// Join puts the mark of this release onto the TrafficRouting, before any route is written; Part takes it off after all of them.
	Join, Part bool
	// Route is how routes should be; nil leaves them as they are.
	Route *Route
	// Release gives the workload back to the native controller.
	Release bool
	// LetGo drops the finalizer: nothing of the Rollout is left in the cluster.
	LetGo bool

	Events []Event
	// RecheckAfter asks for another look after that time; 0 leaves it to what changes.
	RecheckAfter time.Duration
}

// Hold is what a held workload is marked with.
type Hold struct {
	ReleaseID string
	// Stable is the pod-template-hash to mark; empty where the status keeps it.
	Stable string
	// Again says that the workload was held before and lost its marks.
	Again bool
	// Refresh says that all that is new is the version to keep the template of.
	Refresh bool
}

// Create is a ReplicaSet to make.
type Create struct {
	// Stable asks for that of the stable version, by the template that was kept; otherwise it is that of the current template.
	Stable bool
	Size   int32
	// With is metadata for its pods; nil for none.
	With *v1beta1.PatchPodTemplateMetadata
}

// Dress puts metadata onto the pods of a version, in the place of what a release put there before; nil takes that off.
type Dress struct {
	Hash string
	With *v1beta1.PatchPodTemplateMetadata
}

// Scale is a new size of a version. Where pods are replaced in place the other version has the rest of the replicas.
type Scale struct {
	Hash     string
	From, To int32
}

// Route is the state that routes should be in. The zero value is: nothing of ours.
type Route struct {
	// Canary asks for the canary route, and so for the Services of both versions.
	Canary bool
	// Services asks for the Services of both versions where there is no canary route yet, or any more.
	Services bool
	// Switched asks for the user's route to point at the stable version's Service.
	Switched bool
	// Weight of the canary route in percent.
	Weight int32
	// Matches are the requests that go to the new version whatever the weight is.
	Matches []v1beta1.HTTPRouteMatch
	// Modifier changes the headers of the requests that go to the new version.
	Modifier *gatewayv1.HTTPHeaderFilter
	// StableHash and CanaryHash are what the Services select.
	StableHash, CanaryHash string
}

// Event is for kubectl get events.
type Event struct {
	Warning bool
	Reason  string
	Message string
}

// Writes says whether the decision asks for anything but a status.
func (d Decision) Writes() bool {
	return d.Hold != nil || d.Join || d.Part || len(d.Unmark) > 0 || len(d.Dress) > 0 || d.Unstick || d.Close || d.Remind || d.Create != nil || len(d.Scale) > 0 || d.Release || d.LetGo
}
