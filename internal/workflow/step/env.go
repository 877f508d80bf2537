// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"context"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Env is what a step works with.
type Env struct {
	// Ctx is passed on to Deploy.
	Ctx context.Context //nolint:containedctx // an Env lives for one pass, and the engine between has no use for it
	// App is the specification of the revision that the run is for.
	App v1beta1.ApplicationSpec
	Now time.Time
	// Deploy makes the cluster as the deployment says, as far as that goes without waiting, and tells how far it is. It
	// is called again until it is done, and must not mind. An error is tried again, a *Failure is final.
	Deploy func(ctx context.Context, d Deployment) (Progress, error)
	// Override applies the override policies among policies, in order, to a copy of the components.
	Override func(components []v1beta1.Component, policies []v1beta1.Policy) ([]v1beta1.Component, error)
}

// Deployment is what a step wants to be true in the cluster.
type Deployment struct {
	// Components after overrides, in the order of the application.
	Components []v1beta1.Component
	// Canary limits the new version to a part of the pods and the traffic; nil means all of it, at once.
	Canary *Canary
	// Policies that the step names, in its order, all with their names.
	Policies []v1beta1.Policy
	// Namespace for the objects; empty for the application's.
	Namespace string
	// Parallelism is how many components may be on the way at a time; 0 is no limit.
	Parallelism int32
	// StepName of the step that asks.
	StepName string
}

// Canary is a part of a release.
type Canary struct {
	// Weight is the percentage of pods and of traffic on the new version.
	Weight int32
	// RolloutType is how pods are replaced.
	RolloutType string
}

// Progress is how far a deployment is.
type Progress struct {
	// Done when all of it is true in the cluster.
	Done bool
	// Message says what is waited for; it does not change while nothing changes.
	Message string
	// Outputs that the step's outputs may look into.
	Outputs map[string]any
}

// Failure is an error that trying again does not mend.
type Failure struct {
	// Reason of the failed step, usually Rendering or ProcessParameter.
	Reason v1beta1.StepReason
	Err    error
}

// Error is the error's text.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap gives the error.
func (f *Failure) Unwrap() error { return f.Err }
