// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vela-rollouts/vela/internal/apply"
)

const service = `
apiVersion: v1
kind: Service
metadata:
  name: demo
  namespace: default
  labels: {app.oam.dev/name: demo, app.oam.dev/namespace: default}
spec:
  selector: {app: demo}
  ports: [{port: 8090, targetPort: 8090}]
`

// strict refuses, as an API server does, a Service that an apply would give a second port without a name.
func strict(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			raw, err := json.Marshal(o)
			if err != nil {
				return err
			}
			sent, live := &corev1.Service{}, &corev1.Service{}
			if err := json.Unmarshal(raw, sent); err != nil {
				return err
			}
			if err := c.Get(ctx, types.NamespacedName{Namespace: "default", Name: "demo"}, live); err == nil && len(sent.Spec.Ports) > 0 &&
				len(live.Spec.Ports) > 0 && live.Spec.Ports[0].Port != sent.Spec.Ports[0].Port {
				return apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), "demo",
					field.ErrorList{field.Required(field.NewPath("spec", "ports").Index(0).Child("name"), "")})
			}
			return c.Apply(ctx, o, opts...)
		},
	})
}

// patchPort changes the port of the live Service as kubectl patch does.
func (b *bench) patchPort(port int32) {
	b.t.Helper()
	s := &corev1.Service{}
	if err := b.client.Get(b.t.Context(), types.NamespacedName{Namespace: "default", Name: "demo"}, s); err != nil {
		b.t.Fatal(err)
	}
	s.Spec.Ports[0].Port = port
	if err := b.client.Update(b.t.Context(), s, client.FieldOwner("kubectl-patch")); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) ports() []corev1.ServicePort {
	b.t.Helper()
	s := &corev1.Service{}
	if err := b.client.Get(b.t.Context(), types.NamespacedName{Namespace: "default", Name: "demo"}, s); err != nil {
		b.t.Fatal(err)
	}
	return s.Spec.Ports
}

func TestAPortOfAServiceThatSomebodyChangedComesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.a = apply.New(strict(b.client), b.client)
	if err := b.apply(service); err != nil {
		t.Fatal(err)
	}
	b.patchPort(9999)
	if err := b.apply(service); err != nil {
		t.Fatalf("the apply alone is refused for ever, so the ports have to be replaced: %v", err)
	}
	if got := b.ports(); len(got) != 1 || got[0].Port != 8090 || got[0].TargetPort.IntValue() != 8090 {
		t.Errorf("ports are %+v", got)
	}
	live := b.live(object(t, service))
	for _, e := range live.GetManagedFields() {
		if e.Manager == apply.FieldManager && e.Operation != metav1.ManagedFieldsOperationApply {
			t.Errorf("we hold fields by %s, which no later apply would give up: %s", e.Operation, e.FieldsV1.GetRawBytes())
		}
	}
	b.writes = 0
	if err := b.apply(service); err != nil || b.writes != 0 {
		t.Errorf("it is as it should be, and yet there are %d writes, %v", b.writes, err)
	}
	if err := b.apply(strings.ReplaceAll(service, "targetPort: 8090", "targetPort: 8080")); err != nil {
		t.Fatal(err)
	}
	if got := b.ports(); len(got) != 1 || got[0].TargetPort.IntValue() != 8080 {
		t.Errorf("after the next version ports are %+v", got)
	}
}

func TestPortsAreNotReplacedOverAChangeThatWasNotSeen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.a = apply.New(strict(b.client), b.client)
	if err := b.apply(service); err != nil {
		t.Fatal(err)
	}
	b.patchPort(9999)
	stale := b.live(object(t, service))
	b.patchPort(7777)
	_, err := b.a.Apply(t.Context(), apply.Owner{Namespace: "default", Name: "demo"}, object(t, service), stale, true)
	if !apierrors.IsConflict(err) || b.ports()[0].Port != 7777 {
		t.Errorf("want a conflict, so that the caller looks again; got %v and port %d", err, b.ports()[0].Port)
	}
}

func TestAServiceThatIsInvalidForAnotherReasonIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.apply(service); err != nil {
		t.Fatal(err)
	}
	patches := 0
	b.a = apply.New(interceptor.NewClient(b.client, interceptor.Funcs{
		Apply: func(context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption) error {
			return apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), "demo", nil)
		},
		Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			patches++
			return nil
		},
	}), b.client)
	if err := b.apply(strings.ReplaceAll(service, "{app: demo}", "{app: 0}")); !apierrors.IsInvalid(err) || patches != 0 {
		t.Errorf("got %v after %d patches", err, patches)
	}
}
