// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
)

// patience is how long a write waits for vela's controllers when they are just being started again: about fifteen seconds.
func patience() wait.Backoff {
	return wait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.4, Cap: 2 * time.Second, Steps: 14}
}

// Admitted runs a write, and runs it again for a while as long as the API server can't ask vela's controllers whether to
// admit it. Nothing was stored in that case, so repeating is safe. Any other answer is final.
func Admitted(ctx context.Context, write func(context.Context) error) error {
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, patience(), func(ctx context.Context) (bool, error) {
		last = write(ctx)
		if admissionAway(last) {
			return false, nil
		}
		return true, last
	})
	if wait.Interrupted(err) && last != nil {
		return last
	}
	return err
}

// admissionAway recognises the API server's answer for a webhook that it could not reach.
func admissionAway(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}
