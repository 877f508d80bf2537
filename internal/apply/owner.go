// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Owner is the Application that objects are written for.
type Owner struct{ Namespace, Name string }

func (o Owner) String() string { return o.Namespace + "/" + o.Name }

// RefusedError says in one sentence why an object is not written; trying again does not help.
type RefusedError struct{ Sentence string }

func (e *RefusedError) Error() string { return e.Sentence }

// Refuse returns a RefusedError for an object, as it was seen, that is not owner's to write; nil for one that is, or that is
// not there. An object without the label of any Application is owner's still when recorded says that owner's inventories
// had it before now, and its managedFields say that it was applied here: somebody took the labels off.
func (a *Applier) Refuse(ctx context.Context, owner Owner, live *unstructured.Unstructured, recorded bool) error {
	refused := refuse(owner, live)
	if refused == nil || !recorded || claimed(live) {
		return refused
	}
	now := &unstructured.Unstructured{}
	now.SetGroupVersionKind(live.GroupVersionKind())
	if err := a.direct.Get(ctx, client.ObjectKeyFromObject(live), now); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil // it is gone: nothing of others is in the way
		}
		return fmt.Errorf("reading who wrote %s: %w", Describe(live), err)
	}
	if !claimed(now) && applied(now) {
		return nil
	}
	return refuse(owner, now)
}

// refuse protects what belongs to others.
func refuse(owner Owner, live *unstructured.Unstructured) error {
	if live == nil {
		return nil
	}
	if !claimed(live) {
		return &RefusedError{Sentence: fmt.Sprintf("%s exists but not managed by any application now: "+
			"delete it, or give the component another name", Describe(live))}
	}
	other := Owner{Namespace: live.GetLabels()[v1beta1.LabelAppNamespace], Name: live.GetLabels()[v1beta1.LabelAppName]}
	if other.Namespace == "" {
		other.Namespace = live.GetNamespace()
	}
	if other != owner {
		return &RefusedError{Sentence: fmt.Sprintf("existing object %s is managed by other application %s: "+
			"give the component another name", Describe(live), other)}
	}
	return nil
}

// claimed says that the labels of an object name an Application.
func claimed(live *unstructured.Unstructured) bool {
	return live.GetLabels()[v1beta1.LabelAppName] != ""
}

// applied says that this package applied the object.
func applied(live *unstructured.Unstructured) bool {
	for _, e := range live.GetManagedFields() {
		if e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" {
			return true
		}
	}
	return false
}
