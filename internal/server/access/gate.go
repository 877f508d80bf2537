// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"net/http"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Gate lets a request on to its handler when the person has what the contract asks for. An operation that the contract
// does not have is refused.
func Gate(rules Rules, reviewer *Reviewer) api.StrictMiddlewareFunc {
	return func(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
		return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
			if err := rules.admit(ctx, reviewer, operationID, r.PathValue("ns")); err != nil {
				return nil, err
			}
			return next(ctx, w, r, request)
		}
	}
}

func (rules Rules) admit(ctx context.Context, reviewer *Reviewer, operationID, namespace string) error {
	op, ok := rules[operationID]
	if !ok {
		return problem.NotImplemented(operationID)
	}
	if op.Level == Public {
		return nil
	}
	person, err := From(ctx)
	if err != nil {
		return err
	}
	for _, n := range op.Needs {
		check := Check{Verb: n.Verb, Group: n.Group, Resource: n.Resource}
		if n.Namespaced {
			check.Namespace = namespace
		}
		if err := reviewer.Must(ctx, person, check); err != nil {
			return err
		}
	}
	return nil
}
