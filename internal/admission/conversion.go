// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	older "github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

const pathConvertRollout = "/convert/rollout"

// maxReview is the largest question of the API server that is read; it sends lists in pieces that are far smaller.
const maxReview = 64 << 20

// RolloutConversion turns Rollouts of v1alpha1 into v1beta1 and back.
type RolloutConversion struct {
	Up   func(*older.Rollout) *rollouts.Rollout
	Down func(*rollouts.Rollout) *older.Rollout
}

// ServeHTTP answers a ConversionReview (apiextensions.k8s.io/v1).
func (c RolloutConversion) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	review := &apiextensionsv1.ConversionReview{}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReview)).Decode(review); err != nil || review.Request == nil {
		http.Error(w, "this is no ConversionReview with a request", http.StatusBadRequest)
		return
	}
	answer := &apiextensionsv1.ConversionResponse{UID: review.Request.UID, Result: metav1.Status{Status: metav1.StatusSuccess}}
	for _, o := range review.Request.Objects {
		converted, err := c.convert(o.Raw, review.Request.DesiredAPIVersion)
		if err != nil {
			answer.ConvertedObjects = nil
			answer.Result = metav1.Status{Status: metav1.StatusFailure, Message: err.Error()}
			break
		}
		answer.ConvertedObjects = append(answer.ConvertedObjects, runtime.RawExtension{Raw: converted})
	}
	review.Request, review.Response = nil, answer
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // who does not listen any more is not told
}

func (c RolloutConversion) convert(raw []byte, to string) ([]byte, error) {
	var head metav1.TypeMeta
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("reading the Rollout: %w", err)
	}
	var out any
	switch from := head.APIVersion; {
	case from == to:
		return raw, nil
	case from == older.GroupVersion().String() && to == rollouts.GroupVersion().String():
		in := &older.Rollout{}
		if err := json.Unmarshal(raw, in); err != nil {
			return nil, fmt.Errorf("reading the Rollout of %s: %w", from, err)
		}
		out = c.Up(in)
	case from == rollouts.GroupVersion().String() && to == older.GroupVersion().String():
		in := &rollouts.Rollout{}
		if err := json.Unmarshal(raw, in); err != nil {
			return nil, fmt.Errorf("reading the Rollout of %s: %w", from, err)
		}
		out = c.Down(in)
	default:
		return nil, fmt.Errorf("a Rollout of %s can't be made one of %s", from, to)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing the Rollout of %s: %w", to, err)
	}
	return text, nil
}

// registerConversion tells the API server by whom Rollouts are converted, and to serve v1alpha1 from now on: without a
// converter it would store them as they are, and lose what v1beta1 calls by other names. So the kind as it is installed does
// not serve v1alpha1.
func registerConversion(ctx context.Context, c client.Client, at Address, authority []byte) error {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	if err := c.Get(ctx, client.ObjectKey{Name: "rollouts." + rollouts.Group}, crd); err != nil {
		return fmt.Errorf("reading the kind Rollout: %w", err)
	}
	is := &apiextensionsv1.CustomResourceDefinition{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(crd.Object, is); err != nil {
		return fmt.Errorf("reading the kind Rollout: %w", err)
	}
	want := is.DeepCopy()
	want.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{
		Strategy: apiextensionsv1.WebhookConverter,
		Webhook:  &apiextensionsv1.WebhookConversion{ClientConfig: forCRD(at.clientConfig(pathConvertRollout, authority)), ConversionReviewVersions: []string{"v1"}},
	}
	for i := range want.Spec.Versions {
		want.Spec.Versions[i].Served = true
	}
	if equality.Semantic.DeepEqual(is.Spec, want.Spec) {
		return nil
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return fmt.Errorf("writing the conversion of Rollouts: %w", err)
	}
	// A newer API server may know fields of the kind that this does not: only what changed is taken over.
	for _, field := range []string{"conversion", "versions"} {
		value, _, err := unstructured.NestedFieldCopy(object, "spec", field)
		if err != nil {
			return fmt.Errorf("writing the conversion of Rollouts: %w", err)
		}
		if err := unstructured.SetNestedField(crd.Object, value, "spec", field); err != nil {
			return fmt.Errorf("writing the conversion of Rollouts: %w", err)
		}
	}
	if err := c.Update(ctx, crd); err != nil {
		return fmt.Errorf("registering the conversion of Rollouts: %w", err)
	}
	return nil
}

func forCRD(c admissionregistrationv1.WebhookClientConfig) *apiextensionsv1.WebhookClientConfig {
	out := &apiextensionsv1.WebhookClientConfig{URL: c.URL, CABundle: c.CABundle}
	if s := c.Service; s != nil {
		out.Service = &apiextensionsv1.ServiceReference{Namespace: s.Namespace, Name: s.Name, Path: s.Path, Port: s.Port}
	}
	return out
}
