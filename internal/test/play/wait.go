// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package play

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// WaitApplication watches the Application until cond holds, and returns it as it was then. The error of a wait that
// ends without says what was waited for and what the Application said last.
func (c *Cluster) WaitApplication(ctx context.Context, namespace, name, what string, cond func(*v1beta1.Application) bool) (*v1beta1.Application, error) {
	resource := v1beta1.GroupVersion().WithResource("applications")
	var last *v1beta1.Application
	err := c.waitObject(ctx, resource, namespace, name, func(u *unstructured.Unstructured) (bool, error) {
		app := &v1beta1.Application{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, app); err != nil {
			return false, fmt.Errorf("reading the Application: %w", err)
		}
		last = app
		return cond(app), nil
	})
	if err != nil {
		said := "it was never seen"
		if last != nil {
			status, _ := json.Marshal(last.Status)
			said = string(status)
		}
		return last, fmt.Errorf("waiting until %s: %w; last status: %s", what, err, said)
	}
	return last, nil
}

// WaitObject watches one object until cond holds.
func (c *Cluster) WaitObject(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, cond func(*unstructured.Unstructured) bool) error {
	return c.waitObject(ctx, resource, namespace, name, func(u *unstructured.Unstructured) (bool, error) { return cond(u), nil })
}

func (c *Cluster) waitObject(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, cond func(*unstructured.Unstructured) (bool, error)) error {
	client, err := dynamic.NewForConfig(c.rest)
	if err != nil {
		return err
	}
	source := only(client, resource, namespace, name)
	_, err = watchtools.UntilWithSync(ctx, source, &unstructured.Unstructured{}, nil, func(e watch.Event) (bool, error) {
		u, ok := e.Object.(*unstructured.Unstructured)
		if !ok || e.Type == watch.Deleted {
			return false, nil
		}
		return cond(u)
	})
	return err
}

// only lists and watches one object.
func only(client dynamic.Interface, resource schema.GroupVersionResource, namespace, name string) cache.ListerWatcher {
	objects := client.Resource(resource).Namespace(namespace)
	one := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = one
			return objects.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = one
			return objects.Watch(ctx, o)
		},
	}, client)
}

// WaitGone watches one object until it is not there.
func (c *Cluster) WaitGone(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) error {
	client, err := dynamic.NewForConfig(c.rest)
	if err != nil {
		return err
	}
	return waitGone(ctx, client, resource, namespace, name)
}

// waitGone ends at once when the first list does not have the object, otherwise when the watch says that it was deleted.
func waitGone(ctx context.Context, client dynamic.Interface, resource schema.GroupVersionResource, namespace, name string) error {
	absent := func(listed cache.Store) (bool, error) { return len(listed.ListKeys()) == 0, nil }
	_, err := watchtools.UntilWithSync(ctx, only(client, resource, namespace, name), &unstructured.Unstructured{}, absent, func(e watch.Event) (bool, error) {
		return e.Type == watch.Deleted, nil
	})
	return err
}
