// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// closing is a rule by which the API server closes what holds a workload, in the very update that brings another template
// (MutatingAdmissionPolicy, KEP-3962). A step that is under way has let the native controller replace some pods, and it would replace
// them by the newest version at once, whatever traffic they have. Clusters before 1.36 have no such rules: there the controller
// of Rollouts closes it when it sees the template, which may cost a pod before its traffic. For the first five seconds of a kind that
// came by a CustomResourceDefinition the API server has no schema to change objects by, and asks who changes the template of a
// held one to try again.
type closing struct {
	group, version, resource, kind string

	open   string // of an object, with %[1]s for it: that it can be closed
	closed string // that it is
	patch  string // closes it
}

// closings are the rules. The one for CloneSets is idle where a cluster does not know the kind.
func closings() []closing {
	return []closing{{
		group: "apps", version: "v1", resource: "statefulsets", kind: "StatefulSet",
		open:   `%[1]s.spec.updateStrategy.type == "RollingUpdate" && has(%[1]s.spec.updateStrategy.rollingUpdate)`,
		closed: `has(%[1]s.spec.updateStrategy.rollingUpdate.partition) && %[1]s.spec.updateStrategy.rollingUpdate.partition == 32767`,
		patch:  `[JSONPatch{op: "add", path: "/spec/updateStrategy/rollingUpdate/partition", value: 32767}]`,
	}, {
		group: "apps.kruise.io", version: "*", resource: "clonesets", kind: "CloneSet",
		open:   `has(%[1]s.spec.updateStrategy)`,
		closed: `has(%[1]s.spec.updateStrategy.partition) && string(%[1]s.spec.updateStrategy.partition) == "100%%"`,
		patch:  `[JSONPatch{op: "add", path: "/spec/updateStrategy/partition", value: "100%"}]`,
	}}
}

// closes is an expression that says that an update brings another template and leaves the workload closed.
func (c closing) closes() string {
	return "object.spec.template != oldObject.spec.template && " + fmt.Sprintf(c.open, "object") + " && " + fmt.Sprintf(c.closed, "object")
}

func (c closing) objects() (*admissionregistrationv1.MutatingAdmissionPolicy, *admissionregistrationv1.MutatingAdmissionPolicyBinding) {
	// Where it can't be closed the update is let through, and the controller closes it.
	ignore, scope := admissionregistrationv1.Ignore, admissionregistrationv1.NamespacedScope
	name := "vela-closes-" + c.resource
	when := fmt.Sprintf(marked(), "oldObject") + " && " + fmt.Sprintf(marked(), "object") + " && object.spec.template != oldObject.spec.template && " + fmt.Sprintf(c.open, "object")
	rule := &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &ignore, ReinvocationPolicy: admissionregistrationv1.IfNeededReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{c.group}, APIVersions: []string{c.version}, Resources: []string{c.resource}, Scope: &scope},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "concerned", Expression: when}},
			Mutations:       []admissionregistrationv1.Mutation{{PatchType: admissionregistrationv1.PatchTypeJSONPatch, JSONPatch: &admissionregistrationv1.JSONPatch{Expression: c.patch}}},
		},
	}
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
	}
	return rule, binding
}

func keepClosings(ctx context.Context, c client.Client) error {
	for _, one := range closings() {
		rule, binding := one.objects()
		err := replace(ctx, c, rule, &admissionregistrationv1.MutatingAdmissionPolicy{})
		if meta.IsNoMatchError(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := replace(ctx, c, binding, &admissionregistrationv1.MutatingAdmissionPolicyBinding{}); err != nil {
			return err
		}
	}
	return nil
}

func dropClosings(ctx context.Context, c client.Client) error {
	for _, one := range closings() {
		rule, binding := one.objects()
		if known, err := drop(ctx, c, binding, rule); err != nil || !known {
			return err
		}
	}
	return nil
}
