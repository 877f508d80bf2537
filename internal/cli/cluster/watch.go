// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
)

// again is the pause before a lost server is asked once more.
const again = 500 * time.Millisecond

// Until reads one object and then follows it, and calls done with each state of it, nil when it is not there, until done
// says so or fails. A server that goes away in between is asked again until the context ends.
func Until[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace, name string, done func(*T) (bool, error)) error {
	reached := false
	told := func(v *T) (bool, error) {
		reached = true
		return done(v)
	}
	for {
		over, err := follow(ctx, c, kind, namespace, name, told)
		switch {
		case over || ctx.Err() != nil:
			return firstOf(ctx.Err(), err, over)
		case err == nil:
			continue // the watch ended, as watches do
		case !reached || !lost(err):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(again):
		}
	}
}

// firstOf prefers the outcome of done to the end of the context.
func firstOf(ended, err error, over bool) error {
	if over || ended == nil {
		return err
	}
	return ended
}

func lost(err error) bool {
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsResourceExpired(err) || apierrors.IsInternalError(err)
}

// follow is one list and one watch. It returns true when done said so or failed.
func follow[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace, name string, done func(*T) (bool, error)) (bool, error) {
	resource := c.resource(kind, namespace)
	only := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	list, err := resource.List(ctx, metav1.ListOptions{FieldSelector: only})
	if err != nil {
		return false, err
	}
	over, err := tell(pick(list, name), done)
	if over || err != nil {
		return true, err
	}
	changes, err := resource.Watch(ctx, metav1.ListOptions{FieldSelector: only, ResourceVersion: list.GetResourceVersion()})
	if err != nil {
		return false, err
	}
	defer changes.Stop()
	for {
		event, open := next(ctx, changes)
		if !open {
			return false, nil
		}
		u, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case event.Type == watch.Error:
			return false, apierrors.FromObject(event.Object)
		case !ok || u.GetName() != name:
			continue
		case event.Type == watch.Deleted:
			u = nil
		}
		if over, err := tell(u, done); over || err != nil {
			return true, err
		}
	}
}

// next waits for an event; false says that the watch or the context ended.
func next(ctx context.Context, changes watch.Interface) (watch.Event, bool) {
	select {
	case <-ctx.Done():
		return watch.Event{}, false
	case event, open := <-changes.ResultChan():
		return event, open
	}
}

// pick finds the object by name, for servers that do not select by it.
func pick(list *unstructured.UnstructuredList, name string) *unstructured.Unstructured {
	for i := range list.Items {
		if list.Items[i].GetName() == name {
			return &list.Items[i]
		}
	}
	return nil
}

func tell[T any](u *unstructured.Unstructured, done func(*T) (bool, error)) (bool, error) {
	if u == nil {
		return done(nil)
	}
	v, err := typed[T](u)
	if err != nil {
		return false, fmt.Errorf("following %s: %w", u.GetName(), err)
	}
	return done(v)
}
