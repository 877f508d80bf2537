// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"

	application "github.com/vela-rollouts/vela/internal/application/controller"
	"github.com/vela-rollouts/vela/internal/definition"
	rollout "github.com/vela-rollouts/vela/internal/rollout/controller"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

// setUp adds every controller to mgr. This is the list of what the process does.
func setUp(ctx context.Context, mgr ctrl.Manager, edges *ack.Edges, other *rival) error {
	for _, c := range []struct {
		name string
		add  func() error
	}{
		{"Applications", func() error {
			return application.Setup(ctx, mgr, application.Options{Definitions: definition.Builtin()})
		}},
		{"Rollouts", func() error {
			return rollout.Setup(ctx, mgr, rollout.Options{Edges: edges, Off: other.there.Load})
		}},
	} {
		if err := c.add(); err != nil {
			return fmt.Errorf("adding the controller of %s: %w", c.name, err)
		}
	}
	return nil
}
