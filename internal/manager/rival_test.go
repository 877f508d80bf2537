// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"testing"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func TestRolloutsAreLeftToOpenKruiseWhileItIsThere(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := admissionregistrationv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).Build()
	var said, told int
	registry := prometheus.NewRegistry()
	r, err := newRival(c, funcr.New(func(string, string) { said++ }, funcr.Options{}), registry)
	if err != nil {
		t.Fatal(err)
	}
	r.changed = func(context.Context) error { told++; return nil }
	webhooks := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	webhooks.Name = rivalWebhooks
	for _, step := range []struct {
		name    string
		do      func() error
		there   bool
		changes int
	}{
		{"it is not there", func() error { return nil }, false, 0},
		{"it is installed", func() error { return c.Create(t.Context(), webhooks) }, true, 1},
		{"it stays", func() error { return nil }, true, 1},
		{"it is removed", func() error { return c.Delete(t.Context(), webhooks) }, false, 2},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if gauge := families[0].GetMetric()[0].GetGauge().GetValue(); r.there.Load() != step.there || said != step.changes || told != step.changes || gauge > 0 != step.there {
			t.Errorf("%s: there %v, metric %v, said %d and told %d times; want %v, %d times", step.name, r.there.Load(), gauge, said, told, step.there, step.changes)
		}
	}
}
