// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package matrix answers who may do what: single questions of the person, and the table of roles and of who has them.
package matrix

import (
	"cmp"
	"context"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// mostChecks in one request.
const mostChecks = 100

// Matrix answers the operations of this package.
type Matrix struct {
	cluster *access.Cluster
}

// New returns a Matrix.
func New(cluster *access.Cluster) *Matrix { return &Matrix{cluster: cluster} }

// ReviewAccess answers questions about the person's own permissions, in order.
func (m *Matrix) ReviewAccess(ctx context.Context, req api.ReviewAccessRequestObject) (api.ReviewAccessResponseObject, error) {
	if n := len(req.Body.Checks); n > mostChecks {
		return nil, problem.Invalid(problem.Field("/checks", api.FieldErrorCodeTooLong, "there are %d; ask at most %d at a time", n, mostChecks))
	}
	out := api.ReviewAccess200JSONResponse{Results: []api.AccessAnswer{}}
	for _, c := range req.Body.Checks {
		answer, err := m.cluster.May(ctx, access.Check{Verb: c.Verb, Group: c.Group, Resource: c.Resource, Namespace: c.Namespace, Name: c.Name})
		if err != nil {
			return nil, err
		}
		out.Results = append(out.Results, api.AccessAnswer{Allowed: answer.Allowed, Reason: answer.Reason})
	}
	return out, nil
}

// GetAccessMatrix reads, with the person's own rights, who has which role: in one namespace and the whole cluster, or everywhere.
func (m *Matrix) GetAccessMatrix(ctx context.Context, req api.GetAccessMatrixRequestObject) (api.GetAccessMatrixResponseObject, error) {
	as, err := m.cluster.As(ctx)
	if err != nil {
		return nil, err
	}
	out := api.GetAccessMatrix200JSONResponse{Roles: []api.Role{}, Grants: []api.Grant{}}
	for _, role := range access.Roles() {
		one := api.Role{Name: api.RoleName(role), ClusterRole: role.ClusterRoleName(), May: may(role)}
		err := as.Get(ctx, client.ObjectKey{Name: role.ClusterRoleName()}, &rbacv1.ClusterRole{})
		if client.IgnoreNotFound(err) != nil {
			return nil, err
		}
		one.Installed = !apierrors.IsNotFound(err)
		out.Roles = append(out.Roles, one)
	}
	everywhere, inNamespaces := &rbacv1.ClusterRoleBindingList{}, &rbacv1.RoleBindingList{}
	if err := as.List(ctx, everywhere); err != nil {
		return nil, err
	}
	if err := as.List(ctx, inNamespaces, client.InNamespace(req.Params.Ns)); err != nil {
		return nil, err
	}
	for _, b := range everywhere.Items {
		out.Grants = append(out.Grants, grants(b.RoleRef, b.Subjects, "")...)
	}
	for _, b := range inNamespaces.Items {
		out.Grants = append(out.Grants, grants(b.RoleRef, b.Subjects, b.Namespace)...)
	}
	slices.SortFunc(out.Grants, func(a, b api.Grant) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Subject, b.Subject))
	})
	return out, nil
}

// may are the permissions of a role, one for each verb and resource.
func may(role access.Role) []api.AccessCheck {
	all := []api.AccessCheck{}
	for _, rule := range role.Rules() {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				all = append(all, api.AccessCheck{Verb: verb, Group: rule.APIGroups[0], Resource: resource})
			}
		}
	}
	return all
}

// grants of one of our roles in a binding.
func grants(ref rbacv1.RoleRef, subjects []rbacv1.Subject, namespace string) []api.Grant {
	i := slices.IndexFunc(access.Roles(), func(r access.Role) bool { return ref.Kind == "ClusterRole" && ref.Name == r.ClusterRoleName() })
	if i < 0 {
		return nil
	}
	var all []api.Grant
	for _, s := range subjects {
		name := s.Name
		if s.Kind == rbacv1.ServiceAccountKind {
			name = s.Namespace + "/" + s.Name
		}
		all = append(all, api.Grant{Role: api.RoleName(access.Roles()[i]), Namespace: namespace, SubjectKind: api.GrantSubjectKind(s.Kind), Subject: name})
	}
	return all
}
