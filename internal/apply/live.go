// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Live reads an object as c saw it last; nil when there is none. Kinds that the scheme knows come from the shared typed
// cache. Any other kind is read as it is, from a cache of its own where the client keeps one.
func Live(ctx context.Context, c client.Reader, scheme *runtime.Scheme, gvk schema.GroupVersionKind, key types.NamespacedName) (*unstructured.Unstructured, error) {
	var object client.Object = &unstructured.Unstructured{}
	if typed, err := scheme.New(gvk); err == nil {
		o, ok := typed.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%s is not a kind of objects", gvk)
		}
		object = o
	}
	object.GetObjectKind().SetGroupVersionKind(gvk)
	if err := c.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading %s %s: %w", gvk.Kind, key, err)
	}
	return Unstructured(object, gvk)
}

// Unstructured is o as free-form content of that kind.
func Unstructured(o client.Object, gvk schema.GroupVersionKind) (*unstructured.Unstructured, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return u, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("converting %s %s: %w", gvk.Kind, client.ObjectKeyFromObject(o), err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvk)
	return u, nil
}
