// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package component

import "context"

// Component is one part of the cluster.
type Component interface {
	// Name is how the part is called in progress lines and errors.
	Name() string
	// Init checks settings and prepares files. It starts no goroutine and no process.
	Init(ctx context.Context) error
	// Start begins the work and returns at once; ctx bounds only the call.
	Start(ctx context.Context) error
	// Ready waits until the part serves, or ctx ends.
	Ready(ctx context.Context) error
	// Stop ends the work and waits for its end, at most until ctx ends. It may be
	// called more than once, and before Start.
	Stop(ctx context.Context) error
}

// Mortal is a Component that can die on its own. The channel yields the error
// once, or is closed without one when the end was asked for.
type Mortal interface {
	Died() <-chan error
}

// State is where a component stands, for people to see.
type State string

// The states an Event reports.
const (
	Starting State = "starting"
	Serving  State = "ready"
	Stopping State = "stopping"
	Stopped  State = "stopped"
	Failed   State = "failed"
)
