// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vela-rollouts/vela/internal/rollout/workload"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

// lateWorld is a cluster whose CustomResourceDefinitions come and go, and whose API server serves their kinds a while later.
type lateWorld struct {
	*latecomers
	t      *testing.T
	api    client.Client
	serves *meta.DefaultRESTMapper
	told   []string
}

func newLateWorld(t *testing.T) *lateWorld {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &lateWorld{t: t, api: fake.NewClientBuilder().WithScheme(scheme).Build(), serves: meta.NewDefaultRESTMapper(nil)}
	w.latecomers = &latecomers{
		mapper: w.serves, reader: w.api, known: map[string]bool{}, asked: map[string]time.Duration{},
		watch: func(gvk schema.GroupVersionKind) error { w.told = append(w.told, "watch "+gvk.Kind); return nil },
		forget: func(_ context.Context, gvk schema.GroupVersionKind) error {
			w.told = append(w.told, "forget "+gvk.Kind)
			return nil
		},
		changed: func(_ context.Context, kind string) { w.told = append(w.told, "wake for "+kind) },
	}
	return w
}

// serve makes the API server serve kinds of the Gateway API.
func (w *lateWorld) serve(kinds ...traffic.Kind) {
	for _, kind := range kinds {
		w.serves.Add(gateway.GroupVersionKind(kind), meta.RESTScopeNamespace)
	}
}

// define installs a CustomResourceDefinition, and lets the controller see it.
func (w *lateWorld) define(gvk schema.GroupVersionKind) ctrl.Result {
	w.t.Helper()
	o := definition()
	o.Name = definitionOf(gvk)
	if err := w.api.Create(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	return w.look(gvk)
}

func (w *lateWorld) remove(gvk schema.GroupVersionKind) {
	w.t.Helper()
	o := definition()
	o.Name = definitionOf(gvk)
	if err := w.api.Delete(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	w.look(gvk)
}

func (w *lateWorld) look(gvk schema.GroupVersionKind) ctrl.Result {
	w.t.Helper()
	result, err := w.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Name: definitionOf(gvk)}})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *lateWorld) heard(reason string, want ...string) {
	w.t.Helper()
	if !slices.Equal(w.told, want) {
		w.t.Errorf("%s: it did %q, want %q", reason, strings.Join(w.told, ", "), strings.Join(want, ", "))
	}
	w.told = nil
}

func TestAKindIsWatchedFromWhenItsDefinitionIsServedUntilItIsRemoved(t *testing.T) {
	w, kind := newLateWorld(t), workload.CloneSetKind()
	if name := definitionOf(kind); name != "clonesets.apps.kruise.io" {
		t.Errorf("the CustomResourceDefinition is called %s", name)
	}
	if there, err := w.There(t.Context(), kind); there || err != nil {
		t.Errorf("without a definition the kind is not there: %v, %v", there, err)
	}
	first := w.define(kind).RequeueAfter
	w.heard("a definition that is not served yet")
	if _, err := w.There(t.Context(), kind); err == nil {
		t.Error("a kind that is about to be served is neither there nor missing")
	}
	if again := w.look(kind).RequeueAfter; first <= 0 || again <= first {
		t.Errorf("it is asked again after %s, then after %s; want longer each time", first, again)
	}
	w.serves.Add(kind, meta.RESTScopeNamespace)
	if w.look(kind).RequeueAfter != 0 {
		t.Error("once it is served it is asked no more")
	}
	w.heard("a kind that is served", "watch CloneSet", "wake for CloneSet")
	w.look(kind)
	w.heard("another event of its definition")
	if there, err := w.There(t.Context(), kind); !there || err != nil {
		t.Errorf("a kind that is served is there: %v, %v", there, err)
	}
	w.remove(kind)
	w.heard("its definition is removed", "forget CloneSet", "wake for CloneSet")
	if there, err := w.There(t.Context(), kind); there || err != nil {
		t.Errorf("without its definition the kind is gone: %v, %v", there, err)
	}
	w.define(kind)
	w.heard("it is back", "watch CloneSet", "wake for CloneSet")
}
