// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// RolloutRules refuses a Rollout that can't be carried out as it is written, and an edit that a release under way can't follow.
type RolloutRules struct {
	// Check returns what is wrong with a Rollout beside what else is in its namespace, a sentence each; an error when that can't
	// be read.
	Check func(ctx context.Context, ro *rollouts.Rollout) ([]error, error)
	// CheckChange returns what an edit may not do now, a sentence each.
	CheckChange func(was, is *rollouts.Rollout) []error
	// Application reads an Application from a cache; nil when there is none.
	Application func(ctx context.Context, namespace, name string) (*v1beta1.Application, error)
	// Controller is the user that the application controller is to the API server.
	Controller func(ctx context.Context) (string, error)
}

// Handle answers one request. What does not touch the spec is nobody's to refuse here.
func (r RolloutRules) Handle(ctx context.Context, req admission.Request) admission.Response {
	if req.Operation == admissionv1.Delete {
		return r.deletion(ctx, req)
	}
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
	if is.DeletionTimestamp != nil || edit && equality.Semantic.DeepEqual(was.Spec, is.Spec) && was.TrafficRoutingName() == is.TrafficRoutingName() {
		return admission.Allowed("")
	}
	if edit {
		if problems := r.CheckChange(was, is); len(problems) > 0 {
			return admission.Denied(Sentences(problems))
		}
		owner, err := r.steered(ctx, req, was)
		if err != nil {
			return admission.Errored(http.StatusInternalServerError, err)
		}
		if owner != "" && !onlyPaused(was, is) {
			return admission.Denied(fmt.Sprintf("spec: Application %s is releasing %s by this Rollout, and the steps of its workflow say how much of it: "+
				"go on with vela workflow resume %s, go back with vela workflow rollback %s, or change the Application", owner, was.Spec.ReleaseID, owner, owner))
		}
	}
	is.Namespace = req.Namespace
	return verdict(r.Check(ctx, is))
}

// onlyPaused says that an edit holds a release where it is, or lets it go on to what its steps ask for already, and changes nothing else.
func onlyPaused(was, is *rollouts.Rollout) bool {
	was = was.DeepCopy()
	was.Spec.Strategy.Paused = is.Spec.Strategy.Paused
	return equality.Semantic.DeepEqual(was.Spec, is.Spec) && was.TrafficRoutingName() == is.TrafficRoutingName()
}

// verdict refuses what has problems.
func verdict(problems []error, err error) admission.Response {
	switch {
	case err != nil:
		return admission.Errored(http.StatusInternalServerError, err)
	case len(problems) > 0:
		return admission.Denied(Sentences(problems))
	}
	return admission.Allowed("")
}

// deletion refuses to take a Rollout away from the Application that is releasing a version by it: the rest of its pods would
// get a version that nobody approved. The Application's own controller and the cluster's may.
func (r RolloutRules) deletion(ctx context.Context, req admission.Request) admission.Response {
	ro := &rollouts.Rollout{}
	if err := json.Unmarshal(req.OldObject.Raw, ro); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the stored Rollout: %w", err))
	}
	owner, err := r.steered(ctx, req, ro)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if owner == "" {
		return admission.Allowed("")
	}
	return admission.Denied(fmt.Sprintf("Application %s is releasing %s by this Rollout, and without it all pods would get that version at once: "+
		"go back with vela workflow rollback %s, or go on with vela workflow resume %s", owner, ro.Spec.ReleaseID, owner, owner))
}

// steered gives the Application that is releasing a version by a stored Rollout, where it is not for who asks to change that; empty
// for none. The Application's own controller and the cluster's may.
func (r RolloutRules) steered(ctx context.Context, req admission.Request, ro *rollouts.Rollout) (string, error) {
	owner, by := ro.Labels[v1beta1.LabelAppName], req.UserInfo.Username
	if owner == "" { // a label is easily taken off
		owner = v1beta1.AppOfRevision(ro.Spec.ReleaseID)
	}
	system := by == "system:kube-controller-manager" || strings.HasPrefix(by, "system:serviceaccount:kube-system:")
	if owner == "" || system || ro.DeletionTimestamp != nil || ro.Status.Phase != rollouts.PhaseProgressing {
		return "", nil
	}
	controller, err := r.Controller(ctx)
	if err != nil || by == controller {
		return "", err
	}
	namespace := ro.Labels[v1beta1.LabelAppNamespace]
	if namespace == "" {
		namespace = req.Namespace
	}
	app, err := r.Application(ctx, namespace, owner)
	if err != nil {
		return "", fmt.Errorf("reading Application %s/%s: %w", namespace, owner, err)
	}
	if app == nil || app.DeletionTimestamp != nil {
		return "", nil
	}
	return owner, nil
}
