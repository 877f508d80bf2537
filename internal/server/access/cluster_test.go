// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access_test

import (
	"context"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vela-rollouts/vela/internal/server/access"
)

func TestWhatTheInformersHaveNotHeardOfIsReadFromTheAPIServer(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "made"}}
	informers, server := fake.NewClientBuilder().WithScheme(scheme).Build(), fake.NewClientBuilder().WithScheme(scheme).WithObjects(made).Build()
	for name, tc := range map[string]struct {
		allowed bool
		key     string
		ok      func(error) bool
	}{
		"made a moment ago":               {true, "made", func(err error) bool { return err == nil }},
		"nowhere":                         {true, "other", apierrors.IsNotFound},
		"of a person who may not look it": {false, "made", func(err error) bool { return err != nil && !apierrors.IsNotFound(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			reviewer := access.NewReviewer(func(_ context.Context, r *authorizationv1.SubjectAccessReview) error {
				r.Status.Allowed = tc.allowed
				return nil
			}, clock.RealClock{})
			cluster := access.NewCluster(informers, scheme, mapper, reviewer, func(access.Person) (client.Client, error) { return server, nil })
			ctx := access.WithPerson(t.Context(), access.Person{User: "vela:eve"})
			if err := cluster.Get(ctx, client.ObjectKey{Namespace: "default", Name: tc.key}, &corev1.ConfigMap{}); !tc.ok(err) {
				t.Errorf("reading %s gives %v", tc.key, err)
			}
		})
	}
}
