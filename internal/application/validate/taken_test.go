// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
)

func TestARouteThatSomebodyHasAlreadyIsDoubted(t *testing.T) {
	t.Parallel()
	const there = `metadata: {name: theirs, namespace: shop}
spec:
  ingressClassName: nginx
  rules: [{host: demo.example, http: {paths: [{path: /version, pathType: Prefix}]}}]
`
	app := parse(t, gatewayed)
	app.Namespace = "default"
	for name, c := range map[string]struct {
		change func(*networkingv1.Ingress)
		want   string
	}{
		"the same host and path": {func(*networkingv1.Ingress) {},
			"spec.components[0].traits[1].properties: requests for demo.example/version go to what Ingress shop/theirs says, which was there before; choose another domain or path, or delete that one"},
		"another path": {func(i *networkingv1.Ingress) { i.Spec.Rules[0].HTTP.Paths[0].Path = "/" }, ""},
		"another host": {func(i *networkingv1.Ingress) { i.Spec.Rules[0].Host = "other.example" }, ""},
		"another class": {func(i *networkingv1.Ingress) {
			other := "other"
			i.Spec.IngressClassName = &other
		}, ""},
		"a canary, which shares it on purpose": {func(i *networkingv1.Ingress) {
			i.Annotations = map[string]string{"nginx.ingress.kubernetes.io/canary": "true"}
		}, ""},
		"the Application's own": {func(i *networkingv1.Ingress) {
			i.Namespace, i.Labels = "default", map[string]string{v1beta1.LabelAppName: app.Name}
		}, ""},
		"a rule without paths": {func(i *networkingv1.Ingress) { i.Spec.Rules[0].HTTP = nil }, ""},
	} {
		i := networkingv1.Ingress{}
		if err := yaml.UnmarshalStrict([]byte(there), &i); err != nil {
			t.Fatal(err)
		}
		c.change(&i)
		if got := strings.Join(validate.Taken(definition.Builtin(), app, []networkingv1.Ingress{i}), "; "); got != c.want {
			t.Errorf("%s: it says %q, want %q", name, got, c.want)
		}
	}
}
