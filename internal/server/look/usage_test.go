// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"context"
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// metrics answers as the resource metrics of a cluster do.
type metrics struct {
	client.Reader
	usage []map[string]any
	err   error
}

func (m metrics) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if m.err != nil {
		return m.err
	}
	var containers []any
	for _, u := range m.usage {
		containers = append(containers, map[string]any{"name": "c", "usage": u})
	}
	u := o.(*unstructured.Unstructured) //nolint:forcetypeassert // what is asked for is of this type
	u.SetName(key.Name)
	return unstructured.SetNestedSlice(u.Object, containers, "containers")
}

func TestWhatAPodUsesIsToldWhereItIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		from        metrics
		cpu, memory string
	}{
		"of all its containers":       {metrics{usage: []map[string]any{{"cpu": "1500000n", "memory": "20480Ki"}, {"cpu": "250m", "memory": "1"}}}, "252m", "21Mi"},
		"nothing is used":             {metrics{usage: []map[string]any{{"cpu": "0", "memory": "0"}}}, "0m", "0Mi"},
		"metrics are not served":      {metrics{err: errors.New("no matches for kind PodMetrics")}, "", ""},
		"there is nothing of it yet":  {metrics{}, "", ""},
		"what is told cannot be read": {metrics{usage: []map[string]any{{"cpu": "much", "memory": "1Mi"}}}, "", ""},
		"half of it is missing":       {metrics{usage: []map[string]any{{"cpu": "1m"}}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if cpu, memory := usage(t.Context(), c.from, "default", "demo-1"); cpu != c.cpu || memory != c.memory {
				t.Errorf("got %q and %q, want %q and %q", cpu, memory, c.cpu, c.memory)
			}
		})
	}
}
