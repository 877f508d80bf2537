// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"context"
	"fmt"
	"time"
)

// Poll calls check until it returns nil. When ctx ends first, the error says
// what was missing at the last look.
func Poll(ctx context.Context, every time.Duration, check func(ctx context.Context) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; at the last look: %w", ctx.Err(), err)
		}
	}
}
