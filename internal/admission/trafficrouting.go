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

	older "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
)

// TrafficRoutingRules refuses a TrafficRouting that can't be followed as it is written, and an edit that the releases which use
// it can't follow.
type TrafficRoutingRules struct {
	// Check returns what is wrong with a TrafficRouting beside what else is in its namespace, a sentence each; an error when that
	// can't be read.
	Check func(ctx context.Context, tr *older.TrafficRouting) ([]error, error)
	// CheckChange returns what an edit may not do now, a sentence each.
	CheckChange func(was, is *older.TrafficRouting) []error
}

// Handle answers one request. What does not touch the spec is nobody's to refuse here.
func (r TrafficRoutingRules) Handle(ctx context.Context, req admission.Request) admission.Response {
	is, was := &older.TrafficRouting{}, &older.TrafficRouting{}
	if err := json.Unmarshal(req.Object.Raw, is); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the TrafficRouting: %w", err))
	}
	edit := len(req.OldObject.Raw) > 0
	if edit {
		if err := json.Unmarshal(req.OldObject.Raw, was); err != nil {
			return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the stored TrafficRouting: %w", err))
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
	is.Namespace = req.Namespace
	return verdict(r.Check(ctx, is))
}
