// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package play

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"
)

// services answers from memory; each watch of it calls watched.
func services(watched func(*watch.FakeWatcher), objects ...runtime.Object) (*fake.FakeDynamicClient, schema.GroupVersionResource) {
	kind := schema.GroupVersionResource{Version: "v1", Resource: "services"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{kind: "ServiceList"}, objects...)
	client.PrependWatchReactor("services", func(clienttesting.Action) (bool, watch.Interface, error) {
		w := watch.NewFakeWithChanSize(1, false)
		watched(w)
		return true, w, nil
	})
	return client, kind
}

func helper() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("v1")
	u.SetKind("Service")
	u.SetNamespace(Namespace)
	u.SetName(App + "-stable")
	return u
}

func TestAHelperThatIsNotThereIsNotWaitedFor(t *testing.T) {
	client, kind := services(func(*watch.FakeWatcher) {})
	if err := waitGone(t.Context(), client, kind, Namespace, App+"-stable"); err != nil {
		t.Errorf("it is not there from the start: %v", err)
	}
}

func TestAHelperIsGoneWhenTheWatchSaysSo(t *testing.T) {
	client, kind := services(func(w *watch.FakeWatcher) { w.Delete(helper()) }, helper())
	if err := waitGone(t.Context(), client, kind, Namespace, App+"-stable"); err != nil {
		t.Errorf("it was deleted: %v", err)
	}
}

func TestAHelperThatStaysEndsTheWaitWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client, kind := services(func(w *watch.FakeWatcher) { w.Modify(helper()); cancel() }, helper())
	if err := waitGone(ctx, client, kind, Namespace, App+"-stable"); err == nil {
		t.Errorf("it is still there, and the wait says %v", err)
	}
}
