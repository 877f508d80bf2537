// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// ActionDefaults writes down who asks, over whatever the client sent, and the label that actions are listed by.
type ActionDefaults struct{}

// Handle answers one request.
func (ActionDefaults) Handle(_ context.Context, req admission.Request) admission.Response {
	var action map[string]any
	if err := json.Unmarshal(req.Object.Raw, &action); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the ReleaseAction: %w", err))
	}
	name, _, err := unstructured.NestedString(action, "spec", "application")
	if err != nil || name == "" {
		return admission.Denied("spec.application: name the Application whose release this is about")
	}
	groups := make([]any, 0, len(req.UserInfo.Groups))
	for i, g := range req.UserInfo.Groups {
		if i == 64 { // as many as the schema takes
			break
		}
		groups = append(groups, g)
	}
	by := map[string]any{"username": req.UserInfo.Username, "uid": req.UserInfo.UID, "groups": groups}
	for k, v := range by {
		if v == "" {
			delete(by, k)
		}
	}
	if err := unstructured.SetNestedMap(action, by, "spec", "requestedBy"); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("spec: %w", err))
	}
	if err := unstructured.SetNestedField(action, name, "metadata", "labels", v1alpha1.LabelApplication); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("metadata.labels: %w", err))
	}
	mutated, err := json.Marshal(action)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("writing the ReleaseAction: %w", err))
	}
	return admission.PatchResponseFromRaw(req.Object.Raw, mutated)
}

// ActionRules refuses an action for an Application that does not exist. What the state of a release allows is decided
// by the controller, which sees the state it acts on.
type ActionRules struct {
	// Exists says whether there is such an Application.
	Exists func(ctx context.Context, namespace, app string) (bool, error)
}

// Handle answers one request.
func (r ActionRules) Handle(ctx context.Context, req admission.Request) admission.Response {
	action := &v1alpha1.ReleaseAction{}
	if err := json.Unmarshal(req.Object.Raw, action); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the ReleaseAction: %w", err))
	}
	switch action.Spec.Action {
	case v1alpha1.ActionResume, v1alpha1.ActionSuspend, v1alpha1.ActionRollback, v1alpha1.ActionTerminate, v1alpha1.ActionRestart:
	default:
		return admission.Denied(fmt.Sprintf("spec.action: %q is not an action; use one of resume, suspend, rollback, terminate, restart", action.Spec.Action))
	}
	there, err := r.Exists(ctx, req.Namespace, action.Spec.Application)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("looking for Application %s: %w", action.Spec.Application, err))
	}
	if !there {
		return admission.Denied(fmt.Sprintf("spec.application: there is no Application %q in namespace %q; vela ls -A lists all of them",
			action.Spec.Application, req.Namespace))
	}
	return admission.Allowed("")
}
