// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// RolloutRules refuses a Rollout that can't be carried out as it is written, and an edit that a release under way can't follow.
type RolloutRules struct {
	// Check returns what is wrong with a Rollout beside the others of its namespace, a sentence each.
	Check func(ro *rollouts.Rollout, others []rollouts.Rollout) []error
	// CheckChange returns what an edit may not do now, a sentence each.
	CheckChange func(was, is *rollouts.Rollout) []error
	// Others lists the Rollouts of a namespace, from a cache.
	Others func(ctx context.Context, namespace string) ([]rollouts.Rollout, error)
}

// Handle answers one request. What does not touch the spec is nobody's to refuse here.
func (r RolloutRules) Handle(ctx context.Context, req admission.Request) admission.Response {
	is, was := &rollouts.Rollout{}, &rollouts.Rollout{}
	if err := json.Unmarshal(req.Object.Raw, is); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the Rollout: %w", err))
	}
	edit := len(req.OldObject.Raw) > 0
	if edit {
		if err := json.Unmarshal(req.OldObject.Raw, was); err != nil {
			return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the stored Rollout: %w", err))
		}
	}
	if is.DeletionTimestamp != nil || edit && equality.Semantic.DeepEqual(was.Spec, is.Spec) {
		return admission.Allowed("")
	}
	if edit {
		if problems := r.CheckChange(was, is); len(problems) > 0 {
			return admission.Denied(Sentences(problems))
		}
	}
	others, err := r.Others(ctx, req.Namespace)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("reading the Rollouts of namespace %s: %w", req.Namespace, err))
	}
	is.Namespace = req.Namespace
	if problems := r.Check(is, others); len(problems) > 0 {
		return admission.Denied(Sentences(problems))
	}
	return admission.Allowed("")
}
