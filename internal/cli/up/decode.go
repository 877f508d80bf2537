// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/source"
)

// document is one Application as it was written, and as it is sent.
type document struct {
	app    *v1beta1.Application
	from   string
	object *unstructured.Unstructured
}

// read gets all Applications of -f.
func (o *Options) read(ctx context.Context) ([]document, error) {
	found, err := source.Read(ctx, o.sh, o.Files)
	if err != nil {
		return nil, err
	}
	all := make([]document, 0, len(found))
	for _, f := range found {
		object, err := sent(f.App)
		if err != nil {
			return nil, err
		}
		all = append(all, document{f.App, f.From, object})
	}
	return all, nil
}

// sent holds what the person wrote and nothing that only a server writes, so that what was exported can be applied again.
func sent(app *v1beta1.Application) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(app)
	if err != nil {
		return nil, fmt.Errorf("writing application %s: %w", app.Name, err)
	}
	delete(content, "status")
	for _, field := range []string{
		"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "finalizers", "ownerReferences",
	} {
		unstructured.RemoveNestedField(content, "metadata", field)
	}
	if app.Spec.Components == nil {
		unstructured.RemoveNestedField(content, "spec", "components")
	}
	return &unstructured.Unstructured{Object: content}, nil
}
