// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Recorded is an inventory's entry for an object. Raw is left out where a release changes the object on its way.
func Recorded(o *unstructured.Unstructured, component, trait string, raw bool) (v1beta1.ManagedResource, error) {
	r := v1beta1.ManagedResource{
		APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(),
		Component: component, Trait: trait,
	}
	if !raw {
		return r, nil
	}
	content, err := json.Marshal(o.Object)
	if err != nil {
		return r, fmt.Errorf("recording %s: %w", Describe(o), err)
	}
	r.Raw = &runtime.RawExtension{Raw: content}
	return r, nil
}

// Manifest is what an entry says the object is to be; nil for an entry that only names it.
func Manifest(r v1beta1.ManagedResource) (*unstructured.Unstructured, error) {
	if r.Raw == nil || len(r.Raw.Raw) == 0 {
		return nil, nil
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(r.Raw.Raw); err != nil {
		return nil, fmt.Errorf("reading the recorded %s %s/%s: %w", r.Kind, r.Namespace, r.Name, err)
	}
	return o, nil
}

// Reference is an empty object that carries the identity of an entry.
func Reference(r v1beta1.ManagedResource) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(r.APIVersion)
	o.SetKind(r.Kind)
	o.SetNamespace(r.Namespace)
	o.SetName(r.Name)
	return o
}

// Record makes sure that tracker lists the entries, creating it when it is new; it writes only when that changes
// something. Entries that are not in the list stay: what was once recorded is only forgotten with its tracker.
func (a *Applier) Record(ctx context.Context, tracker *v1beta1.ResourceTracker, entries []v1beta1.ManagedResource) (bool, error) {
	changed := tracker.ResourceVersion == ""
	merged := slices.Clone(tracker.Spec.ManagedResources)
	for _, e := range entries {
		i := slices.IndexFunc(merged, func(m v1beta1.ManagedResource) bool {
			return m.APIVersion == e.APIVersion && m.Kind == e.Kind && m.Namespace == e.Namespace && m.Name == e.Name
		})
		switch {
		case i < 0:
			merged, changed = append(merged, e), true
		case !sameEntry(merged[i], e):
			merged[i], changed = e, true
		}
	}
	if !changed {
		return false, nil
	}
	next := tracker.DeepCopy()
	next.Spec.ManagedResources = merged
	var err error
	if tracker.ResourceVersion == "" {
		err = a.client.Create(ctx, next, client.FieldOwner(FieldManager))
	} else {
		err = a.client.Update(ctx, next, client.FieldOwner(FieldManager))
	}
	if err != nil {
		return false, fmt.Errorf("writing inventory %s: %w", tracker.Name, err)
	}
	*tracker = *next
	return true, nil
}

func sameEntry(a, b v1beta1.ManagedResource) bool {
	if a.Component != b.Component || a.Trait != b.Trait || (a.Raw == nil) != (b.Raw == nil) {
		return false
	}
	if a.Raw == nil || bytes.Equal(a.Raw.Raw, b.Raw.Raw) {
		return true
	}
	var left, right any
	if json.Unmarshal(a.Raw.Raw, &left) != nil || json.Unmarshal(b.Raw.Raw, &right) != nil {
		return false
	}
	return reflect.DeepEqual(left, right)
}
