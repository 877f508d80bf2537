// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
)

// controllerFieldManager is what the application controller writes as; a rollback puts an older version back, which
// nobody else may.
const controllerFieldManager = "vela-application"

// ApplicationDefaults fills in what the author of an Application may leave out: names of steps, and the finalizer that
// keeps the Application until everything it made is gone. It also writes down who published the version that the Application
// carries, over whatever the client sent.
type ApplicationDefaults struct {
	// Controller is the user that the application controller is to the API server. What it puts back says who published it.
	Controller func(ctx context.Context) (string, error)
}

// Handle answers one request.
func (d ApplicationDefaults) Handle(ctx context.Context, req admission.Request) admission.Response {
	var app map[string]any
	if err := json.Unmarshal(req.Object.Raw, &app); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the Application: %w", err))
	}
	nameSteps(app)
	if req.Operation == admissionv1.Create {
		addFinalizer(app)
	}
	own, err := writtenBy(ctx, req, d.Controller)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if !own {
		if err := signVersion(app, req); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
	}
	mutated, err := json.Marshal(app)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("writing the Application: %w", err))
	}
	return admission.PatchResponseFromRaw(req.Object.Raw, mutated)
}

// signVersion writes down who publishes: whoever changes the publishVersion, or the spec where there is none. Anybody else leaves
// the name that is there.
func signVersion(app map[string]any, req admission.Request) error {
	fresh, old := &v1beta1.Application{}, &v1beta1.Application{}
	if json.Unmarshal(req.Object.Raw, fresh) != nil {
		return nil // the API server refuses it in better words
	}
	if len(req.OldObject.Raw) > 0 {
		if err := json.Unmarshal(req.OldObject.Raw, old); err != nil {
			return fmt.Errorf("reading the stored Application: %w", err)
		}
	}
	by := old.Annotations[v1beta1.AnnotationPublishedBy]
	version := application.PublishVersion(fresh)
	published := version != application.PublishVersion(old)
	if version == "" && !published {
		changed, err := specChanged(old, fresh)
		if err != nil {
			return err
		}
		published = changed
	}
	if published {
		by = req.UserInfo.Username
		forget(app, old, fresh, req)
	}
	if by == fresh.Annotations[v1beta1.AnnotationPublishedBy] {
		return nil
	}
	if by == "" {
		unstructured.RemoveNestedField(app, "metadata", "annotations", v1beta1.AnnotationPublishedBy)
		return nil
	}
	if err := unstructured.SetNestedField(app, by, "metadata", "annotations", v1beta1.AnnotationPublishedBy); err != nil {
		return fmt.Errorf("metadata.annotations: %w", err)
	}
	return nil
}

// forget drops what the web UI said about the version before, when another version is published by other means.
func forget(app map[string]any, old, fresh *v1beta1.Application, req admission.Request) {
	if fieldManager(req) == v1beta1.FieldManagerWeb {
		return
	}
	for _, name := range []string{v1beta1.AnnotationNote, v1beta1.AnnotationWorkflowName} {
		if v := old.Annotations[name]; v != "" && v == fresh.Annotations[name] {
			unstructured.RemoveNestedField(app, "metadata", "annotations", name)
		}
	}
}

// nameSteps gives a step without a name the name step-<index>, a sub step step-<index>-<index>, both from 0.
func nameSteps(app map[string]any) {
	steps, _, err := unstructured.NestedFieldNoCopy(app, "spec", "workflow", "steps")
	if err != nil {
		return // not a list: the schema says so better
	}
	list, _ := steps.([]any)
	for i, s := range list {
		step, ok := s.(map[string]any)
		if !ok {
			continue
		}
		nameStep(step, fmt.Sprintf("step-%d", i))
		subs, _ := step["subSteps"].([]any)
		for j, sub := range subs {
			if sub, ok := sub.(map[string]any); ok {
				nameStep(sub, fmt.Sprintf("step-%d-%d", i, j))
			}
		}
	}
}

func nameStep(step map[string]any, name string) {
	if given, ok := step["name"]; !ok || given == "" || given == nil {
		step["name"] = name
	}
}

func addFinalizer(app map[string]any) {
	finalizers, _, err := unstructured.NestedStringSlice(app, "metadata", "finalizers")
	if err != nil || slices.Contains(finalizers, v1beta1.FinalizerResources) {
		return
	}
	if err := unstructured.SetNestedStringSlice(app, append(finalizers, v1beta1.FinalizerResources), "metadata", "finalizers"); err != nil {
		return // metadata is not an object: the API server refuses it
	}
}

// ApplicationRules refuses an Application that can't be released as it is written.
type ApplicationRules struct {
	// Check returns what is wrong with an Application, a sentence each.
	Check func(app *v1beta1.Application) []error
	// CheckRoutes returns what a release of app cannot do to the routes of stable, the last version that succeeded.
	CheckRoutes func(stable, app *v1beta1.Application) []error
	// Doubts about what is allowed, a sentence each.
	Doubts func(ctx context.Context, app *v1beta1.Application) ([]string, error)
	// Revisions of an Application, from a cache.
	Revisions func(ctx context.Context, namespace, app string) ([]v1beta1.ApplicationRevision, error)
	// Controller is the user that the application controller is to the API server.
	Controller func(ctx context.Context) (string, error)
}

// Handle answers one request.
func (r ApplicationRules) Handle(ctx context.Context, req admission.Request) admission.Response {
	app, old := &v1beta1.Application{}, &v1beta1.Application{}
	if err := json.Unmarshal(req.Object.Raw, app); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the Application: %w", err))
	}
	if len(req.OldObject.Raw) > 0 {
		if err := json.Unmarshal(req.OldObject.Raw, old); err != nil {
			return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the stored Application: %w", err))
		}
		app.Status = old.Status
	}
	if app.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	own, err := writtenBy(ctx, req, r.Controller)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if own {
		return admission.Allowed("")
	}
	changed, err := specChanged(old, app)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if !changed {
		return admission.Allowed("")
	}
	if problems := r.Check(app); len(problems) > 0 {
		return admission.Denied(Sentences(problems))
	}
	revisions, err := r.Revisions(ctx, req.Namespace, req.Name)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("reading revisions of Application %s: %w", req.Name, err))
	}
	refused, unpublished, err := application.CheckPublish(app, revisions)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if refused != "" {
		return admission.Denied(refused)
	}
	if unpublished != "" {
		return admission.Allowed("").WithWarnings(unpublished)
	}
	if stable := application.RollbackTarget(app.Name, revisions); stable != nil {
		if problems := r.CheckRoutes(released(app.Name, stable), app); len(problems) > 0 {
			return admission.Denied(Sentences(problems))
		}
	}
	app.Namespace = req.Namespace
	doubts, err := r.Doubts(ctx, app)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.Allowed("").WithWarnings(doubts...)
}

// released is the Application of that name as a revision has it.
func released(name string, rev *v1beta1.ApplicationRevision) *v1beta1.Application {
	app := &v1beta1.Application{Spec: rev.Spec.Application.Spec}
	app.Namespace, app.Name = rev.Namespace, name
	return app
}

// specChanged says whether an update touches what is checked here: the spec, or the version it is published as.
func specChanged(old, app *v1beta1.Application) (bool, error) {
	if old.Name == "" || application.PublishVersion(old) != application.PublishVersion(app) {
		return true, nil
	}
	before, err := application.SpecHash(old.Spec)
	if err != nil {
		return false, err
	}
	after, err := application.SpecHash(app.Spec)
	return before != after, err
}

// writtenBy says that the controller's own user writes, in the controller's name. The name alone is for anybody to choose; the
// user alone may be an administrator's.
func writtenBy(ctx context.Context, req admission.Request, controller func(ctx context.Context) (string, error)) (bool, error) {
	if fieldManager(req) != controllerFieldManager {
		return false, nil
	}
	user, err := controller(ctx)
	if err != nil {
		return false, fmt.Errorf("asking the API server who the controller is: %w", err)
	}
	return user != "" && req.UserInfo.Username == user, nil
}

// fieldManager is what a request writes as; empty where it does not say.
func fieldManager(req admission.Request) string {
	var options struct {
		FieldManager string `json:"fieldManager"`
	}
	if len(req.Options.Raw) == 0 || json.Unmarshal(req.Options.Raw, &options) != nil {
		return ""
	}
	return options.FieldManager
}

// Sentences joins problems so that a person can read them in one line.
func Sentences(problems []error) string {
	texts := make([]string, 0, len(problems))
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	return strings.Join(texts, "; ")
}
