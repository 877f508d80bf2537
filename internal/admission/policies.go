// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	release "github.com/vela-rollouts/vela/api/release/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// policy is a rule that the API server keeps by itself (ValidatingAdmissionPolicy, KEP-3488), so that no write of others
// waits for a webhook. All expressions are CEL.
type policy struct {
	name                     string
	group, version, resource string
	creates                  bool   // it is about what is created, not about updates
	when                     string // which of them it is about
	allowed, message         string
}

// policies are the rules about objects that many write and few may break. controller is the user that moves what is held.
func policies(controller string) []policy {
	const paused = "has(%[1]s.spec.paused) && %[1]s.spec.paused"
	mark := marked()
	state := fmt.Sprintf("has(%%[1]s.currentStepState) && %%[1]s.currentStepState == %q", rollouts.StepReady)
	ready := "has(object.status) && (" + fmt.Sprintf(state, "object.status")
	for _, of := range []string{"canaryStatus", "blueGreenStatus"} {
		ready += fmt.Sprintf(" || has(object.status.%s) && ", of) + fmt.Sprintf(state, "object.status."+of)
	}
	ready += ")"
	own := []policy{{
		// With the strategy Recreate, which the hold sets, the native controller would stop all pods of a Deployment that
		// kubectl rollout resume or the like lets go.
		name: "vela-held-deployments", group: "apps", version: "v1", resource: "deployments",
		when:    fmt.Sprintf(mark, "oldObject") + " && " + fmt.Sprintf(paused, "oldObject"),
		allowed: fmt.Sprintf(paused, "object") + " || !(" + fmt.Sprintf(mark, "object") + ")",
		message: "spec.paused: a Rollout holds this Deployment, and gives it back when its release is over; " +
			"approve the release or roll it back (vela workflow resume or rollback), or delete the Rollout where it belongs to no Application",
	}, {
		// An approval of what is not reached yet would be one of the step after it.
		name: "vela-approvals", group: rollouts.Group, version: rollouts.GroupVersion().Version, resource: "rollouts/status",
		when: ready,
		allowed: fmt.Sprintf("has(oldObject.status) && has(oldObject.status.currentStepState) && oldObject.status.currentStepState in [%q, %q]",
			rollouts.StepPaused, rollouts.StepReady),
		message: "status.currentStepState: a step is approved (StepReady) while the Rollout waits at it (StepPaused); status.message says what it does now",
	}, jumps("canary"), jumps("blueGreen")}
	// What replaces its pods in place is held by its update strategy. A user that is not known can't be told from others; then who
	// changes it only finds it repaired.
	if controller == "" {
		return own
	}
	own = append(own, heldStrategy(controller, "apps", "v1", "daemonsets", "DaemonSet", ""))
	for _, c := range closings() {
		own = append(own, heldStrategy(controller, c.group, c.version, c.resource, c.kind, " || "+c.closes()))
	}
	return own
}

// marked is an expression that says that a Rollout holds an object, with %[1]s for that.
func marked() string {
	return fmt.Sprintf("has(%%[1]s.metadata.annotations) && %q in %%[1]s.metadata.annotations", rollouts.AnnotationInProgress)
}

// heldStrategy keeps everybody but the controllers from changing the update strategy of a held workload, but for what or allows too.
func heldStrategy(controller, group, version, resource, kind, or string) policy {
	return policy{
		name: "vela-held-" + resource, group: group, version: version, resource: resource,
		when: fmt.Sprintf(marked(), "oldObject"),
		allowed: fmt.Sprintf("request.userInfo.username == %q || !(%s) || ", controller, fmt.Sprintf(marked(), "object")) +
			"has(object.spec.updateStrategy) && object.spec.updateStrategy == oldObject.spec.updateStrategy" + or,
		message: "spec.updateStrategy: a Rollout holds this " + kind + ", and gives its own strategy back when its release is over; " +
			"approve the release or roll it back (vela workflow resume or rollback), or delete the Rollout where it belongs to no Application",
	}
}

// jumps keeps people from asking for a step that the plan does not have.
func jumps(strategy string) policy {
	next := "status." + strategy + "Status.nextStepIndex"
	there := fmt.Sprintf("has(%%[1]s.status) && has(%%[1]s.status.%[1]sStatus) && has(%%[1]s.status.%[1]sStatus.nextStepIndex)", strategy)
	return policy{
		name: "vela-jumps-" + strings.ToLower(strategy), group: rollouts.Group, version: rollouts.GroupVersion().Version, resource: "rollouts/status",
		when: fmt.Sprintf(there, "object") + " && !(" + fmt.Sprintf(there, "oldObject") + fmt.Sprintf(" && oldObject.%[1]s == object.%[1]s)", next),
		allowed: fmt.Sprintf("object.%[1]s == -1 || object.%[1]s >= 1 && has(object.spec.strategy.%[2]s) && object.%[1]s <= size(object.spec.strategy.%[2]s.steps)",
			next, strategy),
		message: next + ": the plan has no such step; give a number from 1 to that of its last step",
	}
}

// verbs asks, besides create on releaseactions, for the verb that is called like the action, so that who approves need not be one who
// may roll back. Whoever has all verbs has these.
func verbs() policy {
	return policy{
		name: "vela-release-verbs", group: release.Group, version: release.GroupVersion().Version, resource: "releaseactions", creates: true,
		when: "has(object.spec.action)",
		allowed: fmt.Sprintf("authorizer.group(%q).resource(\"releaseactions\").namespace(request.namespace).check(object.spec.action).allowed()",
			release.Group),
		message: "spec.action: besides create you need the verb of this name (resume, suspend, rollback, terminate, restart) on releaseactions." + release.Group +
			"; ask for a role that has it, such as vela-approver or vela-operator",
	}
}

// keepPolicies tells the API server about the policies. Clusters before 1.30 have none; there a hold is repaired when it is
// lost, and who approves has to look first.
func keepPolicies(ctx context.Context, c client.Client, controller string) error {
	for _, p := range policies(controller) {
		if known, err := keepPolicy(ctx, c, p); err != nil || !known {
			return err
		}
	}
	return keepClosings(ctx, c)
}

// keepPolicy tells the API server about one policy; false where the cluster has none.
func keepPolicy(ctx context.Context, c client.Client, p policy) (known bool, err error) {
	rule, binding := p.objects()
	err = replace(ctx, c, rule, &admissionregistrationv1.ValidatingAdmissionPolicy{})
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, replace(ctx, c, binding, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{})
}

// dropPolicies takes the policies back: their marks are those of OpenKruise Rollouts too.
func dropPolicies(ctx context.Context, c client.Client, controller string) error {
	for _, p := range policies(controller) {
		rule, binding := p.objects()
		if known, err := drop(ctx, c, binding, rule); err != nil || !known {
			return err
		}
	}
	return dropClosings(ctx, c)
}

// drop deletes objects that may not be there; false where the cluster does not know their kind.
func drop(ctx context.Context, c client.Client, all ...client.Object) (known bool, err error) {
	for _, o := range all {
		err := c.Delete(ctx, o)
		if meta.IsNoMatchError(err) {
			return false, nil
		}
		if client.IgnoreNotFound(err) != nil {
			return true, fmt.Errorf("taking back the policy %s: %w", o.GetName(), err)
		}
	}
	return true, nil
}

func (p policy) objects() (*admissionregistrationv1.ValidatingAdmissionPolicy, *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
	operation := admissionregistrationv1.Update
	if p.creates {
		operation = admissionregistrationv1.Create
	}
	fail, reason, scope := admissionregistrationv1.Fail, metav1.StatusReasonForbidden, admissionregistrationv1.NamespacedScope
	rule := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: p.name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{operation},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{p.group}, APIVersions: []string{p.version}, Resources: []string{p.resource}, Scope: &scope},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "concerned", Expression: p.when}},
			Validations:     []admissionregistrationv1.Validation{{Expression: p.allowed, Message: p.message, Reason: &reason}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: p.name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: p.name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	return rule, binding
}
