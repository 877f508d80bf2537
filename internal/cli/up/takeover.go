// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
)

// takeOver is the JSON patch that hands the specification and the publishVersion of a live application over to vela-cli,
// nil when nobody else has a part in them. Server-side apply removes only what its own manager left out; without this, a
// workflow that a rollback or kubectl wrote would outlive a file that has none. Other fields stay with their owners.
func takeOver(live *unstructured.Unstructured) ([]byte, error) {
	entries := live.GetManagedFields()
	mine := fieldpath.NewSet()
	var mineAt *metav1.ManagedFieldsEntry
	var others []metav1.ManagedFieldsEntry
	changed := false
	for _, e := range entries {
		if e.Manager == cluster.Manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" {
			mineAt = &e
			continue
		}
		if e.Subresource != "" || e.FieldsV1 == nil {
			others = append(others, e)
			continue
		}
		set, err := fields(e)
		if err != nil {
			return nil, err
		}
		taken := set.Leaves().Intersection(stated(set))
		if taken.Empty() {
			others = append(others, e)
			continue
		}
		changed = true
		mine = mine.Union(taken)
		rest := set.RecursiveDifference(stated(set))
		if rest.Empty() {
			continue
		}
		if e.FieldsV1, err = written(rest); err != nil {
			return nil, err
		}
		others = append(others, e)
	}
	if !changed {
		return nil, nil
	}
	entry, err := own(mineAt, mine)
	if err != nil {
		return nil, err
	}
	return json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/managedFields", "value": append(others, entry)},
		// The server refuses this as a conflict when somebody wrote in between.
		{"op": "replace", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()},
	})
}

// own is the entry of vela-cli with more fields in it.
func own(mine *metav1.ManagedFieldsEntry, more *fieldpath.Set) (metav1.ManagedFieldsEntry, error) {
	entry := metav1.ManagedFieldsEntry{
		Manager: cluster.Manager, Operation: metav1.ManagedFieldsOperationApply,
		APIVersion: v1beta1.GroupVersion().String(), FieldsType: "FieldsV1",
	}
	if mine != nil {
		entry = *mine
		set, err := fields(entry)
		if err != nil {
			return entry, err
		}
		more = more.Union(set)
	}
	var err error
	entry.FieldsV1, err = written(more)
	return entry, err
}

// stated is the part of a set that an application's file states: all of spec, and the publishVersion.
func stated(set *fieldpath.Set) *fieldpath.Set {
	spec := fieldpath.MakePathOrDie("spec")
	version := fieldpath.MakePathOrDie("metadata", "annotations", v1beta1.AnnotationPublishVersion)
	part := fieldpath.NewSet()
	set.Iterate(func(p fieldpath.Path) {
		if reflect.DeepEqual(p[:1], spec) || p.Equals(version) {
			part.Insert(p.Copy())
		}
	})
	return part
}

func fields(e metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
	if e.FieldsV1 == nil {
		return set, nil
	}
	if err := set.FromJSON(bytes.NewReader(e.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("reading the fields of manager %s: %w", e.Manager, err)
	}
	return set, nil
}

func written(set *fieldpath.Set) (*metav1.FieldsV1, error) {
	raw, err := set.ToJSON()
	if err != nil {
		return nil, fmt.Errorf("writing managed fields: %w", err)
	}
	return metav1.NewFieldsV1(string(raw)), nil
}
