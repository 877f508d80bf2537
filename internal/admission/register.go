// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	older "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Paths of the webhooks on the server.
const (
	pathMutateApplication   = "/mutate/application"
	pathValidateApplication = "/validate/application"
	pathMutateAction        = "/mutate/releaseaction"
	pathValidateAction      = "/validate/releaseaction"
	pathValidateRollout     = "/validate/rollout"
	pathValidateRouting     = "/validate/trafficrouting"
)

// ConfigName names both registrations.
const ConfigName = "vela-release"

// Rules are what the webhooks answer by.
type Rules struct {
	Applications    ApplicationRules
	Actions         ActionRules
	Rollouts        RolloutRules
	TrafficRoutings TrafficRoutingRules
	Conversion      RolloutConversion
}

// Serve puts the webhooks on server.
func Serve(server webhook.Server, rules Rules) {
	server.Register(pathMutateApplication, &admission.Webhook{Handler: ApplicationDefaults{Controller: rules.Applications.Controller}})
	server.Register(pathValidateApplication, &admission.Webhook{Handler: rules.Applications})
	server.Register(pathMutateAction, &admission.Webhook{Handler: ActionDefaults{}})
	server.Register(pathValidateAction, &admission.Webhook{Handler: rules.Actions})
	server.Register(pathValidateRollout, &admission.Webhook{Handler: rules.Rollouts})
	server.Register(pathValidateRouting, &admission.Webhook{Handler: rules.TrafficRoutings})
	server.Register(pathConvertRollout, rules.Conversion)
}

// Address is where the API server finds the webhooks: a URL, or a Service where URL is empty.
type Address struct {
	URL              string
	ServiceNamespace string
	ServiceName      string
	ServicePort      int32
}

// Register tells the API server about the webhooks, over what an earlier process told it. The caller's server answers
// already: from now on nothing of ours is stored without it. controller is the user that the controllers are to the API server.
//
// Where Rollouts are somebody else's, nothing is registered that is about them, and what was is taken back.
func Register(ctx context.Context, c client.Client, at Address, authority []byte, controller string, rolloutsAreOurs bool) error {
	app := func(ops ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
		return rule(v1beta1.Group, "v1beta1", "applications", ops)
	}
	action := func(ops ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
		return rule(v1alpha1.Group, "v1alpha1", "releaseactions", ops)
	}
	ro := func(ops ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
		return rule(rollouts.Group, rollouts.GroupVersion().Version, "rollouts", ops)
	}
	create, update := admissionregistrationv1.Create, admissionregistrationv1.Update
	fail, none, timeout := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, int32(10)
	versions := []string{"v1"}
	mutating := func(name, path string, rules []admissionregistrationv1.RuleWithOperations) admissionregistrationv1.MutatingWebhook {
		return admissionregistrationv1.MutatingWebhook{
			Name: name, ClientConfig: at.clientConfig(path, authority), Rules: rules,
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: versions,
		}
	}
	validating := func(name, path string, rules []admissionregistrationv1.RuleWithOperations) admissionregistrationv1.ValidatingWebhook {
		return admissionregistrationv1.ValidatingWebhook{
			Name: name, ClientConfig: at.clientConfig(path, authority), Rules: rules,
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: versions,
		}
	}
	// Where nobody answers, things can still be cleaned up.
	ignore := admissionregistrationv1.Ignore
	deletions := validating("deletions.rollouts.kruise.io", pathValidateRollout, ro(admissionregistrationv1.Delete))
	deletions.FailurePolicy = &ignore
	meta := metav1.ObjectMeta{Name: ConfigName}
	m := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.MutatingWebhook{
		mutating("applications.core.oam.dev", pathMutateApplication, app(create, update)),
		mutating("releaseactions.release.oam.dev", pathMutateAction, action(create)),
	}}
	v := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.ValidatingWebhook{
		validating("applications.core.oam.dev", pathValidateApplication, app(create, update)),
		validating("releaseactions.release.oam.dev", pathValidateAction, action(create)),
	}}
	if rolloutsAreOurs {
		v.Webhooks = append(v.Webhooks, validating("rollouts.rollouts.kruise.io", pathValidateRollout, ro(create, update)), deletions,
			validating("trafficroutings.rollouts.kruise.io", pathValidateRouting, rule(rollouts.Group, older.GroupVersion().Version, "trafficroutings", []admissionregistrationv1.OperationType{create, update})))
	}
	if err := replace(ctx, c, m, &admissionregistrationv1.MutatingWebhookConfiguration{}); err != nil {
		return err
	}
	if err := replace(ctx, c, v, &admissionregistrationv1.ValidatingWebhookConfiguration{}); err != nil {
		return err
	}
	if _, err := keepPolicy(ctx, c, verbs()); err != nil {
		return err
	}
	if !rolloutsAreOurs {
		return dropPolicies(ctx, c, controller)
	}
	if err := registerConversion(ctx, c, at, authority); err != nil {
		return err
	}
	return keepPolicies(ctx, c, controller)
}

// replace creates want, or puts it in the place of what is there.
func replace(ctx context.Context, c client.Client, want, there client.Object) error {
	err := c.Create(ctx, want)
	if apierrors.IsAlreadyExists(err) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(want), there); err != nil {
			return fmt.Errorf("reading the webhook registration: %w", err)
		}
		want.SetResourceVersion(there.GetResourceVersion())
		err = c.Update(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("registering the webhooks: %w", err)
	}
	return nil
}

func (a Address) clientConfig(path string, authority []byte) admissionregistrationv1.WebhookClientConfig {
	if a.URL != "" {
		url := a.URL + path
		return admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: authority}
	}
	return admissionregistrationv1.WebhookClientConfig{CABundle: authority, Service: &admissionregistrationv1.ServiceReference{
		Namespace: a.ServiceNamespace, Name: a.ServiceName, Path: &path, Port: &a.ServicePort,
	}}
}

func rule(group, version, resource string, ops []admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
	scope := admissionregistrationv1.NamespacedScope
	return []admissionregistrationv1.RuleWithOperations{{
		Operations: ops,
		Rule: admissionregistrationv1.Rule{
			APIGroups: []string{group}, APIVersions: []string{version}, Resources: []string{resource}, Scope: &scope,
		},
	}}
}
