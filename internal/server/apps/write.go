// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apps

import (
	"context"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/view"
)

// firstVersion is what an application is published as that is deployed when it is created.
const firstVersion = "v1"

// CreateApp creates an application, held unless it is to be deployed at once.
func (a *Apps) CreateApp(ctx context.Context, req api.CreateAppRequestObject) (api.CreateAppResponseObject, error) {
	body := req.Body
	app := &v1beta1.Application{
		ObjectMeta: metav1.ObjectMeta{Namespace: body.Namespace, Name: body.Name, Labels: maps.Clone(body.Labels), Annotations: map[string]string{}},
		Spec:       body.Spec,
	}
	describe(app, body.Alias, body.Description)
	if app.Labels == nil {
		app.Labels = map[string]string{}
	}
	if body.Deploy {
		app.Annotations[v1beta1.AnnotationPublishVersion] = firstVersion
		if body.Note != "" {
			app.Annotations[v1beta1.AnnotationNote] = body.Note
		}
	} else {
		app.Labels[v1beta1.LabelPause] = "true"
	}
	var fields []api.FieldError
	if body.Namespace == "" {
		fields = append(fields, problem.Field("/namespace", api.FieldErrorCodeRequired, "is missing; choose an environment"))
	}
	if fields = append(fields, Faults(a.check(app))...); len(fields) > 0 {
		return nil, problem.Invalid(fields...)
	}
	as, err := a.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	if err := as.Create(ctx, app); err != nil {
		return nil, err
	}
	return api.CreateApp201JSONResponse(present.App(gather.Seen{Seen: view.Seen{App: app}})), nil
}

func describe(app *v1beta1.Application, alias, description string) {
	for name, value := range map[string]string{v1beta1.AnnotationAlias: alias, v1beta1.AnnotationDescription: description} {
		if value == "" {
			delete(app.Annotations, name)
			continue
		}
		if app.Annotations == nil {
			app.Annotations = map[string]string{}
		}
		app.Annotations[name] = value
	}
}

// UpdateApp stores a specification without releasing it.
func (a *Apps) UpdateApp(ctx context.Context, req api.UpdateAppRequestObject) (api.UpdateAppResponseObject, error) {
	as, err := a.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	app := &v1beta1.Application{}
	if err := as.Get(ctx, client.ObjectKey{Namespace: req.Ns, Name: req.App}, app); err != nil {
		return nil, err
	}
	body := req.Body
	if body.ResourceVersion == "" {
		return nil, problem.Invalid(problem.Field("/resourceVersion", api.FieldErrorCodeRequired, "is missing; send the one of the application that was changed"))
	}
	if app.ResourceVersion != body.ResourceVersion {
		return nil, problem.Conflict("application", app.Name)
	}
	atOnce := application.PublishVersion(app) == "" && app.Labels[v1beta1.LabelPause] != "true"
	if atOnce && !body.ReleaseAtOnce {
		return nil, problem.State(api.ProblemCodeReleasedAtOnce,
			"application %s has no publishVersion, so that this change would be released at once; deploy it in place of storing it, or say releaseAtOnce", app.Name)
	}
	app.Spec = body.Spec
	alias, description := app.Annotations[v1beta1.AnnotationAlias], app.Annotations[v1beta1.AnnotationDescription]
	if body.Alias != nil {
		alias = *body.Alias
	}
	if body.Description != nil {
		description = *body.Description
	}
	describe(app, alias, description)
	if fields := Faults(a.check(app)); len(fields) > 0 {
		return nil, problem.Invalid(fields...)
	}
	if err := as.Update(ctx, app); err != nil {
		return nil, err
	}
	seen, err := a.gather.App(ctx, req.Ns, req.App)
	if err != nil {
		return nil, err
	}
	seen.App = app // the informers may not have it yet
	out := present.App(seen)
	out.Undeployed = out.Undeployed || out.DeployedSpec != nil && differs(*out.DeployedSpec, app.Spec)
	return api.UpdateApp200JSONResponse(out), nil
}

func differs(a, b v1beta1.ApplicationSpec) bool {
	x, errX := application.SpecHash(a)
	y, errY := application.SpecHash(b)
	return errX != nil || errY != nil || x != y
}

// DeleteApp deletes an application.
func (a *Apps) DeleteApp(ctx context.Context, req api.DeleteAppRequestObject) (api.DeleteAppResponseObject, error) {
	as, err := a.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: req.Ns, Name: req.App}}
	var opts []client.DeleteOption
	if v := req.Params.ResourceVersion; v != "" {
		opts = append(opts, client.Preconditions{ResourceVersion: &v})
	}
	if err := as.Delete(ctx, app, opts...); err != nil {
		return nil, err
	}
	return api.DeleteApp202Response{}, nil
}
