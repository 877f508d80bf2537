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

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// heldName names the policy for held Deployments and its binding.
const heldName = "vela-held-deployments"

// guardHeld keeps a Deployment that a Rollout holds from being resumed by kubectl rollout resume or the like: with the
// strategy Recreate, which the hold sets, the native controller would stop all pods at once. It is a policy of the API
// server (ValidatingAdmissionPolicy, KEP-3488), so that no Deployment's writes wait for a webhook. Clusters before 1.30 do
// not have it; there the hold is repaired when it is lost.
func guardHeld(ctx context.Context, c client.Client) error {
	fail, reason := admissionregistrationv1.Fail, metav1.StatusReasonForbidden
	mark := fmt.Sprintf("has(%%[1]s.metadata.annotations) && %q in %%[1]s.metadata.annotations", rollouts.AnnotationInProgress)
	scope := admissionregistrationv1.NamespacedScope
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: heldName},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
					Rule: admissionregistrationv1.Rule{
						APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}, Scope: &scope,
					},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{
				Name: "held", Expression: fmt.Sprintf(mark, "oldObject") + " && has(oldObject.spec.paused) && oldObject.spec.paused",
			}},
			Validations: []admissionregistrationv1.Validation{{
				Expression: "has(object.spec.paused) && object.spec.paused || !(" + fmt.Sprintf(mark, "object") + ")",
				Message: "spec.paused: a Rollout holds this Deployment, and gives it back when its release is over; " +
					"approve the release or roll it back, or delete the Rollout",
				Reason: &reason,
			}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: heldName},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: heldName, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	err := replace(ctx, c, policy, &admissionregistrationv1.ValidatingAdmissionPolicy{})
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return replace(ctx, c, binding, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{})
}
