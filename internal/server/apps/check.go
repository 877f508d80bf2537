// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apps

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Faults puts what is wrong with an application into the words of the contract.
func Faults(all []error) []api.FieldError {
	out := []api.FieldError{}
	for _, err := range all {
		var joined interface{ Unwrap() []error }
		if errors.As(err, &joined) {
			out = append(out, Faults(joined.Unwrap())...)
			continue
		}
		fault, ok := errors.AsType[*schema.Fault](err)
		if !ok {
			out = append(out, problem.Field("", api.FieldErrorCodeInvalid, "%v", err))
			continue
		}
		out = append(out, problem.Field(problem.Pointer(fault.Field), codeOf(fault), "%s", fault.Detail))
	}
	return out
}

func codeOf(fault *schema.Fault) api.FieldErrorCode {
	if fault.Kind == "" {
		return api.FieldErrorCodeInvalid
	}
	return api.FieldErrorCode(fault.Kind)
}

// ValidateApp tells all that is wrong with a specification.
func (a *Apps) ValidateApp(ctx context.Context, req api.ValidateAppRequestObject) (api.ValidateAppResponseObject, error) {
	app, faults := read(req.Ns, req.App, *req.Body)
	if faults == nil {
		faults = Faults(a.check(app))
	}
	out := api.ValidateApp200JSONResponse{Valid: len(faults) == 0, FieldErrors: faults, Warnings: []string{}}
	if app != nil {
		out.Spec = &app.Spec
	}
	if out.Valid {
		out.Warnings = a.doubts(ctx, app)
	}
	return out, nil
}

// doubts about what is allowed, a sentence each. Routes of others are compared as far as the person may see them.
func (a *Apps) doubts(ctx context.Context, app *v1beta1.Application) []string {
	all := append([]string{}, validate.Doubts(app)...)
	ingresses := &networkingv1.IngressList{}
	if a.cluster.List(ctx, ingresses) != nil && a.cluster.List(ctx, ingresses, client.InNamespace(app.Namespace)) != nil {
		return all
	}
	return append(all, validate.Taken(a.definitions, app, ingresses.Items)...)
}

// read makes an application of what was sent: a specification, or YAML of one or of a whole Application. The faults are nil when it
// could be read.
func read(namespace, name string, in api.SpecInput) (*v1beta1.Application, []api.FieldError) {
	app := &v1beta1.Application{}
	switch {
	case in.Spec != nil && in.Yaml != "":
		return nil, []api.FieldError{problem.Field("/yaml", api.FieldErrorCodeNotAllowed, "is given beside spec; send one of them")}
	case in.Spec != nil:
		app.Spec = *in.Spec
	case in.Yaml != "":
		var err error
		if app, err = validate.Decode(whole(in.Yaml, name)); err != nil {
			return nil, Faults([]error{err})
		}
		if app.Name != "" && app.Name != name {
			return nil, []api.FieldError{problem.Field("/metadata/name", api.FieldErrorCodeNotAllowed, "%q is another application; write %s", app.Name, name)}
		}
	default:
		return nil, []api.FieldError{problem.Field("/spec", api.FieldErrorCodeRequired, "is missing; send spec, or yaml")}
	}
	app.Namespace, app.Name = namespace, name
	return app, nil
}

// whole puts a bare specification into an Application, so that both are read with the same care.
func whole(text, name string) []byte {
	var fields map[string]any
	if yaml.Unmarshal([]byte(text), &fields) != nil || fields["spec"] != nil || fields["kind"] != nil || fields["apiVersion"] != nil {
		return []byte(text)
	}
	head := fmt.Sprintf("apiVersion: %s\nkind: Application\nmetadata: {name: %q}\nspec:\n", v1beta1.GroupVersion(), name)
	var out bytes.Buffer
	out.WriteString(head)
	for line := range bytes.Lines([]byte(text)) {
		out.WriteString("  ")
		out.Write(line)
	}
	return out.Bytes()
}

// DryRunApp renders the objects that a specification would make.
func (a *Apps) DryRunApp(ctx context.Context, req api.DryRunAppRequestObject) (api.DryRunAppResponseObject, error) {
	app, faults := read(req.Ns, req.App, *req.Body)
	if faults == nil {
		faults = Faults(a.check(app))
	}
	if len(faults) > 0 {
		return nil, problem.Invalid(faults...)
	}
	scope := render.Context{AppName: app.Name, Namespace: app.Namespace, PublishVersion: application.PublishVersion(app), AppLabels: app.Labels, AppAnnotations: app.Annotations}
	out := api.DryRunApp200JSONResponse{Objects: []api.RenderedObject{}, Warnings: a.doubts(ctx, app)}
	var all bytes.Buffer
	for _, component := range app.Spec.Components {
		manifests, err := render.Component(a.definitions, scope, component)
		if err != nil {
			return nil, fmt.Errorf("rendering component %s: %w", component.Name, err)
		}
		for _, m := range manifests {
			raw, err := yaml.Marshal(m.Object.Object)
			if err != nil {
				return nil, fmt.Errorf("writing %s %s: %w", m.Object.GetKind(), m.Object.GetName(), err)
			}
			fmt.Fprintf(&all, "---\n%s", raw)
			out.Objects = append(out.Objects, api.RenderedObject{
				ApiVersion: m.Object.GetAPIVersion(), Kind: m.Object.GetKind(), Namespace: m.Object.GetNamespace(), Name: m.Object.GetName(),
				Component: component.Name, Trait: m.Trait, Yaml: string(raw),
			})
		}
	}
	out.Yaml = all.String()
	return out, nil
}
