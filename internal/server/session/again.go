// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Again looks at the session of a request that has been under way for a while, and says who the person is by now. A problem 401
// says that the session has ended, any other error that this is not known. An open stream does not make a session last longer,
// and is not ended by idleness alone: the page lets go of it when nobody looks.
func (s *Session) Again(ctx context.Context) (access.Person, error) {
	t, ok := ctx.Value(ticketKey{}).(ticket)
	if !ok || s.cfg.Clock.Now().Sub(t.begun()) >= lifetime {
		return access.Person{}, problem.SignedOut()
	}
	ended, err := s.keys.ended(ctx, t)
	if err != nil {
		return access.Person{}, problem.Unavailable(err, "the Kubernetes API server")
	}
	if ended {
		return access.Person{}, problem.SignedOut()
	}
	t, err = s.stillGood(ctx, t)
	if errors.Is(err, errOver) {
		return access.Person{}, problem.SignedOut()
	}
	return personOf(t), err
}
