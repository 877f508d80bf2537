// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func live(entries ...metav1.ManagedFieldsEntry) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetResourceVersion("42")
	u.SetManagedFields(entries)
	return u
}

func entry(manager string, op metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: op, Subresource: subresource, APIVersion: "core.oam.dev/v1beta1", FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1(fields),
	}
}

// patched are the managers' fields after the take-over, by manager and operation.
func patched(t *testing.T, patch []byte) map[string]string {
	t.Helper()
	var ops []struct {
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(patch, &ops); err != nil || len(ops) != 2 {
		t.Fatalf("%v: %s", err, patch)
	}
	if string(ops[1].Value) != `"42"` {
		t.Errorf("the patch is not bound to what was read: %s", patch)
	}
	var entries []metav1.ManagedFieldsEntry
	if err := json.Unmarshal(ops[0].Value, &entries); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		all[e.Manager+" "+string(e.Operation)] = e.FieldsV1.GetRawString()
	}
	return all
}

func TestTheSpecificationIsTakenOverFromWhoeverWroteIt(t *testing.T) {
	got, err := takeOver(live(
		entry("vela-cli", metav1.ManagedFieldsOperationApply, "", `{"f:spec":{"f:components":{}}}`),
		entry("vela-application", metav1.ManagedFieldsOperationUpdate, "",
			`{"f:metadata":{"f:annotations":{"f:app.oam.dev/publishVersion":{}},"f:finalizers":{".":{},"v:\"x\"":{}}},"f:spec":{"f:workflow":{".":{},"f:steps":{}}}}`),
		entry("vela-application", metav1.ManagedFieldsOperationApply, "status", `{"f:status":{"f:status":{}}}`),
	))
	if err != nil || got == nil {
		t.Fatalf("a rollback's part in the specification was not taken over: %v", err)
	}
	after := patched(t, got)
	mine, theirs := after["vela-cli Apply"], after["vela-application Update"]
	for _, want := range []string{"f:components", "f:workflow", "f:steps", "f:app.oam.dev/publishVersion"} {
		if !strings.Contains(mine, want) {
			t.Errorf("vela-cli does not own %s: %s", want, mine)
		}
		if strings.Contains(theirs, want) {
			t.Errorf("vela-application still owns %s: %s", want, theirs)
		}
	}
	if !strings.Contains(theirs, "f:finalizers") || strings.Contains(mine, "f:finalizers") {
		t.Errorf("a finalizer changed hands: %s and %s", theirs, mine)
	}
	if after["vela-application Apply"] == "" {
		t.Error("the status's owner is gone")
	}
}

func TestNothingIsTakenOverWhereNobodyElseHasAPart(t *testing.T) {
	got, err := takeOver(live(
		entry("vela-cli", metav1.ManagedFieldsOperationApply, "", `{"f:spec":{"f:components":{}}}`),
		entry("vela-application", metav1.ManagedFieldsOperationUpdate, "", `{"f:metadata":{"f:finalizers":{".":{}}}}`),
		entry("vela-application", metav1.ManagedFieldsOperationUpdate, "status", `{"f:status":{"f:status":{}}}`),
	))
	if err != nil || got != nil {
		t.Errorf("got %s, %v: it costs a write that changes nothing", got, err)
	}
}
