// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// otherPorts says that a Service has other ports than it is to have. Somebody's edit of a port makes every apply invalid
// then: ports are merged by number and protocol, so ours would come beside theirs, and several ports need names.
func otherPorts(live, want *unstructured.Unstructured) bool {
	if live == nil || want.GetKind() != "Service" || want.GetAPIVersion() != "v1" {
		return false
	}
	is, wanted := ports(live), ports(want)
	return len(wanted) > 0 && (len(is) != len(wanted) || !Covers(is, wanted))
}

func ports(service *unstructured.Unstructured) []any {
	list, _, err := unstructured.NestedFieldNoCopy(service.Object, "spec", "ports")
	if err != nil {
		return nil
	}
	ports, _ := list.([]any)
	return ports
}

// replacePorts gives a Service, if it still is as it was seen, the ports of want in place of all that it has.
func (a *Applier) replacePorts(ctx context.Context, want, live *unstructured.Unstructured) error {
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()}, // a conflict when it is not
		{"op": "add", "path": "/spec/ports", "value": ports(want)},
	})
	if err != nil {
		return fmt.Errorf("writing the ports of %s: %w", Describe(want), err)
	}
	now := live.DeepCopy()
	if err := a.patch(ctx, now, patch); err != nil {
		return fmt.Errorf("replacing the ports of %s: %w", Describe(want), err)
	}
	// What was written by a patch counts as applied, so that a later apply without these ports takes them away.
	patch, err = csaupgrade.UpgradeManagedFieldsPatch(now, sets.New(FieldManager), FieldManager)
	if err != nil || patch == nil {
		return err
	}
	if err := a.patch(ctx, now, patch); err != nil {
		return fmt.Errorf("taking over the ports of %s: %w", Describe(want), err)
	}
	return nil
}

func (a *Applier) patch(ctx context.Context, o *unstructured.Unstructured, patch []byte) error {
	return a.client.Patch(ctx, o, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(FieldManager))
}
