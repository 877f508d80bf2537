// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestAWriteWaitsForControllersThatAreJustStartingAndForNothingElse(t *testing.T) {
	away := apierrors.NewInternalError(errors.New(`failed calling webhook "x": connection refused`))
	refused := errors.New("spec.components: the list is empty")
	cases := map[string]struct {
		answers []error
		want    error
		writes  int
	}{
		"admitted at once":                         {[]error{nil}, nil, 1},
		"refused at once":                          {[]error{refused}, refused, 1},
		"away once, then admitted":                 {[]error{away, nil}, nil, 2},
		"away twice, then refused for its content": {[]error{away, away, refused}, refused, 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			writes := 0
			err := Admitted(t.Context(), func(context.Context) error {
				writes++
				return c.answers[writes-1]
			})
			if !errors.Is(err, c.want) || writes != c.writes {
				t.Errorf("%d writes and %v, want %d and %v", writes, err, c.writes, c.want)
			}
		})
	}
}

func TestAWriteThatIsInterruptedSaysWhatItWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := Admitted(ctx, func(context.Context) error {
		cancel()
		return apierrors.NewInternalError(errors.New(`failed calling webhook "x"`))
	})
	if !admissionAway(err) {
		t.Errorf("got %v, want the API server's answer", err)
	}
}
