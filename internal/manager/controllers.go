// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"

	application "github.com/vela-rollouts/vela/internal/application/controller"
	"github.com/vela-rollouts/vela/internal/definition"
)

// setUp adds every controller to mgr. This is the list of what the process does.
func setUp(ctx context.Context, mgr ctrl.Manager, cfg Config) error {
	for _, c := range []struct {
		name string
		add  func() error
	}{
		{"applications", func() error {
			return application.Setup(ctx, mgr, application.Options{Definitions: definition.Builtin()})
		}},
	} {
		if err := c.add(); err != nil {
			return fmt.Errorf("adding the controller of %s: %w", c.name, err)
		}
	}
	return nil
}
