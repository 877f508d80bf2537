// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/server/access"
)

// actingAs is a client whose every call is looked at as the API server does for an impersonated person, and whose
// ReleaseActions say who asked, as admission has them say.
func (s *Stage) actingAs(p access.Person, mapper meta.RESTMapper) client.Client {
	check := func(o client.Object, verb string) error {
		gvk, err := apiutil.GVKForObject(o, s.Client.Scheme())
		if err != nil {
			return err
		}
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			return err
		}
		c := access.Check{Verb: verb, Group: gvk.Group, Resource: mapping.Resource.Resource, Namespace: o.GetNamespace(), Name: o.GetName()}
		return s.decide(p, c)
	}
	return interceptor.NewClient(s.Client, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			probe := o.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy has the type of its original
			probe.SetNamespace(key.Namespace)
			probe.SetName(key.Name)
			if err := check(probe, "get"); err != nil {
				return err
			}
			return c.Get(ctx, key, o, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := check(o, "create"); err != nil {
				return err
			}
			o.SetCreationTimestamp(metav1.NewTime(s.Clock.Now()))
			o.SetUID(uuid.NewUUID())
			if a, ok := o.(*v1alpha1.ReleaseAction); ok {
				verb := access.Check{Verb: string(a.Spec.Action), Group: v1alpha1.Group, Resource: "releaseactions", Namespace: a.Namespace}
				if err := s.decide(p, verb); err != nil {
					return err
				}
				a.Spec.RequestedBy = v1alpha1.Requester{Username: p.User, UID: p.UID, Groups: p.Groups}
			}
			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if err := check(o, "update"); err != nil {
				return err
			}
			return c.Update(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if err := check(o, "patch"); err != nil {
				return err
			}
			return c.Patch(ctx, o, patch, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if err := check(o, "delete"); err != nil {
				return err
			}
			return c.Delete(ctx, o, opts...)
		},
	})
}

func (s *Stage) decide(p access.Person, c access.Check) error {
	if s.may(p.User, p.Groups, c) {
		return nil
	}
	reason := `User "` + p.User + `" cannot ` + c.Verb + ` resource "` + c.Resource + `" in API group "` + c.Group + `" in the namespace "` + c.Namespace + `"`
	return apierrors.NewForbidden(schema.GroupResource{Group: c.Group, Resource: c.Resource}, c.Name, errorText(reason))
}

type errorText string

// Error is the text.
func (e errorText) Error() string { return string(e) }

func missing(err error) bool {
	return apierrors.IsNotFound(err) || strings.Contains(err.Error(), "no status subresource")
}
