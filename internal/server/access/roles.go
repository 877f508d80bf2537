// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/account"
)

// Role is one of the five that are installed as ClusterRoles. A binding of one in a namespace gives it there alone.
type Role string

// The roles. Each but the first two has what the one before it has.
const (
	// Viewer sees everything of applications but no Secrets.
	Viewer Role = "viewer"
	// Developer also changes and deploys applications; going on with a release is not theirs.
	Developer Role = "developer"
	// Approver sees, and lets a release go on or holds it.
	Approver Role = "approver"
	// Operator is an approver who also rolls back, ends and repeats releases, and opens shells.
	Operator Role = "operator"
	// Admin is developer and operator, and sees who has which role.
	Admin Role = "admin"
)

// Roles are all of them, those with fewer rights first.
func Roles() []Role { return []Role{Viewer, Developer, Approver, Operator, Admin} }

// ClusterRoleName is how a role is called in Kubernetes.
func (r Role) ClusterRoleName() string { return "vela-" + string(r) }

// Group is bound to the role in the whole cluster where velad or the chart installs it.
func (r Role) Group() string { return account.GroupOf(string(r)) }

func rule(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Verbs: verbs, Resources: resources}
}

// Rules are what a role may do.
func (r Role) Rules() []rbacv1.PolicyRule {
	read, write := []string{"get", "list", "watch"}, []string{"create", "update", "patch", "delete"}
	rules := []rbacv1.PolicyRule{
		rule(v1beta1.Group, read, "applications", "applicationrevisions", "resourcetrackers", "workflows", "policies"),
		rule(rolloutsv1beta1.Group, read, "rollouts"),
		rule(v1alpha1.Group, read, "releaseactions"),
		rule("", read, "pods", "pods/log", "services", "endpoints", "events", "namespaces", "configmaps", "persistentvolumeclaims"),
		rule("events.k8s.io", read, "events"),
		rule("apps", read, "deployments", "replicasets", "statefulsets", "daemonsets"),
		rule("discovery.k8s.io", read, "endpointslices"),
		rule("networking.k8s.io", read, "ingresses", "ingressclasses"),
		rule("gateway.networking.k8s.io", read, "gateways", "gatewayclasses", "httproutes", "grpcroutes"),
		rule("metrics.k8s.io", read, "pods"),
	}
	act := func(verbs ...string) rbacv1.PolicyRule {
		return rule(v1alpha1.Group, append([]string{"create"}, verbs...), "releaseactions")
	}
	if r == Developer || r == Admin {
		rules = append(rules, rule(v1beta1.Group, write, "applications", "workflows", "policies"))
	}
	if r == Approver {
		rules = append(rules, act("resume", "suspend"))
	}
	if r == Operator || r == Admin {
		rules = append(rules, act("resume", "suspend", "rollback", "terminate", "restart"), rule("", []string{"create", "get"}, "pods/exec"))
	}
	if r == Admin {
		rules = append(rules, rule(rbacv1.GroupName, read, "roles", "rolebindings", "clusterroles", "clusterrolebindings"))
	}
	return rules
}

// ClusterRole is the role as it is installed.
func (r Role) ClusterRole() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: r.ClusterRoleName()},
		Rules:      r.Rules(),
	}
}

// Binding gives the role to its group in the whole cluster.
func (r Role) Binding() *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: r.ClusterRoleName()},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: r.ClusterRoleName()},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: r.Group()}},
	}
}

// Allows says whether one of rules gives what a check asks for. Rules that name objects are left out of account.
func Allows(rules []rbacv1.PolicyRule, c Check) bool {
	has := func(list []string, want string) bool {
		return slices.Contains(list, want) || slices.Contains(list, "*")
	}
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return len(r.ResourceNames) == 0 && has(r.Verbs, c.Verb) && has(r.APIGroups, c.Group) && has(r.Resources, c.Resource)
	})
}
