// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"io"
	"net/http"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/apps"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// strictly looks at the specifications and steps in a body before it is read into types that know nothing of other fields: what
// is misspelt must not be dropped without a word, and what has a wrong type is named where it stands.
func strictly(fail func(http.ResponseWriter, *http.Request, error)) api.MiddlewareFunc {
	spec, steps := schema.Of[v1beta1.ApplicationSpec](), schema.Of[[]v1beta1.WorkflowStep]()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !needsJSON(r.Method) {
				next.ServeHTTP(w, r)
				return
			}
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				fail(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(raw))
			if faults := apps.Faults(misspelt(raw, spec, steps)); len(faults) > 0 {
				fail(w, r, problem.Invalid(faults...))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// misspelt finds fields that are none in the parts of a body that are kept as Kubernetes objects. What is no JSON object is told elsewhere.
func misspelt(raw []byte, spec, steps *schema.Schema) []error {
	value, err := schema.Parse(raw)
	if err != nil {
		return nil
	}
	body, _ := value.(map[string]any)
	var faults []error
	if given, ok := body["spec"]; ok {
		faults = append(faults, spec.Check("spec", "a specification", given)...)
	}
	if given, ok := body["steps"]; ok {
		faults = append(faults, steps.Check("steps", "a step", given)...)
	}
	for _, side := range []string{"left", "right"} {
		if of, ok := body[side].(map[string]any); ok && of["spec"] != nil {
			faults = append(faults, spec.Check(side+".spec", "a specification", of["spec"])...)
		}
	}
	return faults
}
