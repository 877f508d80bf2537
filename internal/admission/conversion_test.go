// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/crds"
	velaadmission "github.com/vela-rollouts/vela/internal/admission"
	"github.com/vela-rollouts/vela/internal/rollout/conversion"
)

func TestRolloutsAreConverted(t *testing.T) {
	t.Parallel()
	const (
		alpha = `{"apiVersion":"rollouts.kruise.io/v1alpha1","kind":"Rollout","metadata":{"name":"demo"},"spec":{"objectRef":{"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"demo"}},"strategy":{"canary":{"steps":[{"weight":20}]}}}}`
		v1    = "rollouts.kruise.io/v1beta1"
	)
	for name, c := range map[string]struct {
		to, object    string
		want, message string
	}{
		"one of v1alpha1":       {v1, alpha, `"traffic":"20%"`, ""},
		"one that is it":        {"rollouts.kruise.io/v1alpha1", alpha, alpha, ""},
		"a version nobody has":  {"rollouts.kruise.io/v2", alpha, "", "a Rollout of rollouts.kruise.io/v1alpha1 can't be made one of rollouts.kruise.io/v2"},
		"something that is not": {v1, `{"apiVersion":"rollouts.kruise.io/v1alpha1","spec":[]}`, "", "reading the Rollout of rollouts.kruise.io/v1alpha1"},
	} {
		ask, err := json.Marshal(apiextensionsv1.ConversionReview{Request: &apiextensionsv1.ConversionRequest{
			UID: "one", DesiredAPIVersion: c.to, Objects: []runtime.RawExtension{{Raw: []byte(c.object)}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		velaadmission.RolloutConversion{Up: conversion.Up, Down: conversion.Down}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(string(ask))))
		var answer apiextensionsv1.ConversionReview
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		got := ""
		if all := answer.Response.ConvertedObjects; len(all) == 1 {
			got = string(all[0].Raw)
		}
		if answer.Response.UID != types.UID("one") || !strings.Contains(got, c.want) || c.want == "" && got != "" || !strings.Contains(answer.Response.Result.Message, c.message) {
			t.Errorf("%s: %s, %q; want %s, %q", name, got, answer.Response.Result.Message, c.want, c.message)
		}
	}
	w := httptest.NewRecorder()
	velaadmission.RolloutConversion{}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{}")))
	if w.Code != http.StatusBadRequest {
		t.Errorf("a body without a question: %d", w.Code)
	}
}

func TestWhereRolloutsAreSomebodyElsesNothingIsRegisteredAboutThem(t *testing.T) {
	t.Parallel()
	text, err := crds.FS.ReadFile("rollouts.kruise.io_rollouts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiextensionsv1.AddToScheme, admissionregistrationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(crd).Build()
	at := velaadmission.Address{URL: "https://127.0.0.1:9443"}
	count := func() (webhooks, policies int) {
		t.Helper()
		hooks, rules := &admissionregistrationv1.ValidatingWebhookConfigurationList{}, &admissionregistrationv1.ValidatingAdmissionPolicyList{}
		if err := c.List(t.Context(), hooks); err != nil {
			t.Fatal(err)
		}
		if err := c.List(t.Context(), rules); err != nil {
			t.Fatal(err)
		}
		for _, w := range hooks.Items[0].Webhooks {
			if strings.Contains(w.Name, "rollouts.kruise.io") {
				webhooks++
			}
		}
		for _, p := range rules.Items {
			if p.Name != "vela-release-verbs" { // that one is about ReleaseActions, and always there
				policies++
			}
		}
		closing := &admissionregistrationv1.MutatingAdmissionPolicyList{}
		if err := c.List(t.Context(), closing); err != nil {
			t.Fatal(err)
		}
		if len(closing.Items) > 0 != (policies > 0) {
			t.Errorf("%d policies close what holds a workload, %d keep it", len(closing.Items), policies)
		}
		return webhooks, policies
	}
	for _, ours := range []bool{true, false, false, true} {
		if err := velaadmission.Register(t.Context(), c, at, nil, "vela", ours); err != nil {
			t.Fatal(err)
		}
		if webhooks, policies := count(); webhooks > 0 != ours || policies > 0 != ours {
			t.Errorf("ours %v: %d webhooks and %d policies about Rollouts", ours, webhooks, policies)
		}
	}
}

func TestV1alpha1IsServedOnceThereIsAConverter(t *testing.T) {
	t.Parallel()
	text, err := crds.FS.ReadFile("rollouts.kruise.io_rollouts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		t.Fatal(err)
	}
	for _, v := range crd.Spec.Versions {
		if v.Served != v.Storage {
			t.Errorf("as it is installed %s is served: %v", v.Name, v.Served)
		}
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiextensionsv1.AddToScheme, admissionregistrationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(crd).Build()
	at := velaadmission.Address{ServiceNamespace: "vela-system", ServiceName: "webhooks", ServicePort: 443}
	for range 2 {
		if err := velaadmission.Register(t.Context(), c, at, []byte("authority"), "vela", true); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Get(t.Context(), types.NamespacedName{Name: crd.Name}, crd); err != nil {
		t.Fatal(err)
	}
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			t.Errorf("%s is not served", v.Name)
		}
	}
	by := crd.Spec.Conversion.Webhook.ClientConfig
	if *by.Service.Path != "/convert/rollout" || by.Service.Namespace != "vela-system" || string(by.CABundle) != "authority" {
		t.Errorf("the converter is %+v", by)
	}
}
