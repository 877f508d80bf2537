// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/controller"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
)

func routing(t *testing.T, spec string) *v1alpha1.TrafficRouting {
	t.Helper()
	tr := &v1alpha1.TrafficRouting{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "entry"}}
	if err := yaml.UnmarshalStrict([]byte(spec), &tr.Spec); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestEachFaultOfATrafficRoutingIsASentenceWithFieldAndMend(t *testing.T) {
	t.Parallel()
	const refs = `objectRef: [{service: shop, ingress: {name: shop}}], `
	for name, c := range map[string]struct{ spec, want string }{
		"a share":                               {`{` + refs + `strategy: {weight: 20}}`, ""},
		"none yet":                              {`{` + refs + `strategy: {weight: 0}}`, ""},
		"requests with a header":                {`{` + refs + `strategy: {matches: [{headers: [{name: X-Lane, value: gray}]}]}}`, ""},
		"several Services, by routes of a kind": {`{objectRef: [{service: shop, gateway: {httpRouteName: shop}}, {service: cart, gateway: {httpRouteName: shop}}], strategy: {weight: 20, requestHeaderModifier: {set: [{name: X-Lane, value: gray}]}}}`, ""},
		"more than all":                         {`{` + refs + `strategy: {weight: 101}}`, "spec.strategy.weight: is 101; give a percentage from 0 to 100"},
		"less than nothing":                     {`{` + refs + `strategy: {weight: -1}}`, "spec.strategy.weight: is -1; give a percentage from 0 to 100"},
		"no request":                            {`{` + refs + `strategy: {}}`, "spec.strategy: asks for no request; give it matches, or a weight in percent"},
		"no Service at all":                     {`{objectRef: [], strategy: {weight: 20}}`, "spec.objectRef: is empty; name at least one Service and a route to it"},
		"no route to a Service": {`{objectRef: [{service: shop}], strategy: {weight: 20}}`,
			"spec.objectRef[0]: has no route; name one in ingress.name, gateway.httpRouteName or gateway.grpcRouteName"},
		"a route to no Service": {`{objectRef: [{service: "", ingress: {name: shop}}], strategy: {weight: 20}}`,
			"spec.objectRef[0].service: is missing; name the Service whose pods are released"},
		"one route twice": {`{objectRef: [{service: shop, gateway: {httpRouteName: shop}}, {service: shop, gateway: {httpRouteName: shop}}], strategy: {weight: 20}}`,
			"spec.objectRef[1].gateway.httpRouteName: names the HTTPRoute shop for the Service shop, as spec.objectRef[0].gateway.httpRouteName does already; remove one of the two"},
		"headers that an Ingress can't change": {`{` + refs + `strategy: {weight: 20, requestHeaderModifier: {remove: [X-Debug]}}}`,
			"spec.strategy: requestHeaderModifier changes headers, which an Ingress can't; remove it, or name a route of the Gateway API instead of the Ingress"},
		"a match of nothing": {`{` + refs + `strategy: {matches: [{}]}}`,
			"spec.strategy.matches[0]: is empty, so all requests match; name a path, headers or queryParams, or remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sentence(validate.TrafficRouting(routing(t, c.spec), controller.CanLead)); got != c.want {
				t.Errorf("it says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestARouteToAServiceHasOneLeader(t *testing.T) {
	t.Parallel()
	const shop = `{objectRef: [{service: shop, ingress: {name: web}}], strategy: {weight: 20}}`
	tr := routing(t, shop)
	ro := read(t, head+`{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: shop, ingress: {name: web}}]}}`)
	other := routing(t, shop)
	other.Name = "other"
	elsewhere := routing(t, `{objectRef: [{service: cart, ingress: {name: web}}], strategy: {weight: 20}}`)
	elsewhere.Name = "elsewhere"
	going := other.DeepCopy()
	going.DeletionTimestamp = &metav1.Time{}
	for name, c := range map[string]struct {
		others validate.Others
		want   string
	}{
		"alone":                                 {validate.Others{TrafficRoutings: []v1alpha1.TrafficRouting{*tr}}, ""},
		"beside one that leads another Service": {validate.Others{TrafficRoutings: []v1alpha1.TrafficRouting{*elsewhere}}, ""},
		"beside one that is being deleted":      {validate.Others{TrafficRoutings: []v1alpha1.TrafficRouting{*going}}, ""},
		"beside one that leads the same":        {validate.Others{TrafficRoutings: []v1alpha1.TrafficRouting{*other}}, "spec.objectRef[0]: names the Ingress web to the Service shop, as the TrafficRouting other does already; remove one of the two"},
		"beside a Rollout that leads it":        {validate.Others{Rollouts: []v1beta1.Rollout{*ro}}, "spec.objectRef[0]: names the Ingress web to the Service shop, as the Rollout demo does already; remove one of the two"},
	} {
		if got := sentence(validate.Unshared(tr, c.others)); got != c.want {
			t.Errorf("%s: it says\n%s\nwant\n%s", name, got, c.want)
		}
	}
	const taken = "spec.strategy.canary.trafficRoutings[0]: names the Ingress web to the Service shop, as the TrafficRouting entry does already; remove it here, and name the TrafficRouting"
	if got := sentence(validate.Rollout(ro, validate.Others{TrafficRoutings: []v1alpha1.TrafficRouting{*tr}}, controller.CanLead)); got != taken {
		t.Errorf("the Rollout is told\n%s\nwant\n%s", got, taken)
	}
}

func TestTheRoutesOfATrafficRoutingStayWhileReleasesUseIt(t *testing.T) {
	t.Parallel()
	was := routing(t, `{objectRef: [{service: shop, ingress: {name: web}}], strategy: {weight: 20}}`)
	moved := routing(t, `{objectRef: [{service: shop, gateway: {httpRouteName: web}}], strategy: {weight: 20}}`)
	more := routing(t, `{objectRef: [{service: shop, ingress: {name: web}}], strategy: {weight: 50}}`)
	if faults := validate.InUse(was, moved); len(faults) > 0 {
		t.Errorf("nobody uses it, and the edit is refused: %v", faults)
	}
	was.Finalizers = []string{v1alpha1.FinalizerTrafficRouting, v1alpha1.FinalizerProgressing + "shop", v1alpha1.FinalizerProgressing + "cart"}
	const want = "spec.objectRef: cannot change from Service shop by Ingress web to Service shop by HTTPRoute web while the releases of shop, cart use it; wait for their end, or roll them back first"
	if got := sentence(validate.InUse(was, moved)); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	if faults := validate.InUse(was, more); len(faults) > 0 {
		t.Errorf("another share is refused: %v", faults)
	}
}

func TestARolloutKeepsItsTrafficRoutingInARelease(t *testing.T) {
	t.Parallel()
	was := read(t, head+`{canary: {trafficRoutingRef: entry, steps: [{replicas: 1}]}}`)
	was.Status.Phase = v1beta1.PhaseProgressing
	is := was.DeepCopy()
	is.Spec.Strategy.Canary.TrafficRoutingRef = "other"
	const want = "spec.strategy.canary.trafficRoutings: cannot change from the TrafficRouting entry to the TrafficRouting other while a release is under way; wait for its end, or roll it back first"
	if got := sentence(validate.Change(was, is)); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	was.Status.CurrentStepState, was.Status.CanaryStatus = v1beta1.StepBefore, &v1beta1.CanaryStatus{Rule: rollout.RuleSharedMissing}
	if faults := validate.Change(was, is); len(faults) > 0 {
		t.Errorf("it waits for one that is not there, and can't be told another: %v", faults)
	}
}
