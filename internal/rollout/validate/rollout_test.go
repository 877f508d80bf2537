// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"errors"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/controller"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
)

const (
	good = `metadata: {name: demo, namespace: shop}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}
  strategy:
    canary:
      failureThreshold: 10%
      steps:
      - {traffic: 0%, replicas: 1}
      - {traffic: 20%, pause: {duration: 60}}
      - {traffic: 50%, replicas: 50%}
      - {traffic: 100%}
      trafficRoutings: [{service: demo, ingress: {name: demo}, gracePeriodSeconds: 5}]
`
	head = `metadata: {name: demo, namespace: shop}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}
  strategy: `
)

func read(t *testing.T, text string) *v1beta1.Rollout {
	t.Helper()
	ro := &v1beta1.Rollout{}
	if err := yaml.UnmarshalStrict([]byte(text), ro); err != nil {
		t.Fatal(err)
	}
	return ro
}

func TestEachFaultOfARolloutIsASentenceWithFieldAndMend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"a plan that can be carried out":                       {good, ""},
		"the page's step, all at once in one plan of one step": {head + `{canary: {steps: [{traffic: 100%, replicas: 100%}]}}`, ""},
		"a workload of a kind that has no versions side by side": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: batch/v1, kind: Job, name: demo}, strategy: {canary: {steps: [{traffic: 20%}]}}}}`,
			"spec.workloadRef: names a Job of batch/v1, which can't be released in steps; name a Deployment, a StatefulSet or a DaemonSet of apps/v1, or a CloneSet of apps.kruise.io/v1alpha1"},
		"a CloneSet":                 {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, name: demo}, strategy: {canary: {progressDeadlineAbort: true, steps: [{traffic: 20%}]}}}}`, ""},
		"a CloneSet by a newer name": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps.kruise.io/v1beta1, kind: CloneSet, name: demo}, strategy: {canary: {steps: [{replicas: 1}]}}}}`, ""},
		"a CloneSet of nobody": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: CloneSet, name: demo}, strategy: {canary: {steps: [{replicas: 1}]}}}}`,
			"spec.workloadRef: names a CloneSet of apps/v1, which can't be released in steps; name a Deployment, a StatefulSet or a DaemonSet of apps/v1, or a CloneSet of apps.kruise.io/v1alpha1"},
		"another kind of OpenKruise": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, name: demo}, strategy: {canary: {steps: [{replicas: 1}]}}}}`,
			"spec.workloadRef: names a StatefulSet of apps.kruise.io/v1beta1, which can't be released in steps; name a Deployment, a StatefulSet or a DaemonSet of apps/v1, or a CloneSet of apps.kruise.io/v1alpha1"},
		"blue-green of a CloneSet": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, name: demo}, strategy: {blueGreen: {steps: [{replicas: 50%, traffic: 0%}]}}}}`,
			"spec.strategy.blueGreen: needs pods of both versions side by side, and a CloneSet replaces its pods in place; release it with spec.strategy.canary"},
		"a StatefulSet": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: demo}, strategy: {canary: {steps: [{traffic: 20%}]}}}}`, ""},
		"a DaemonSet":   {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: DaemonSet, name: demo}, strategy: {canary: {steps: [{replicas: 1}]}}}}`, ""},
		"blue-green of what replaces its pods in place": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: demo}, strategy: {blueGreen: {steps: [{replicas: 50%, traffic: 0%}]}}}}`,
			"spec.strategy.blueGreen: needs pods of both versions side by side, and a StatefulSet replaces its pods in place; release it with spec.strategy.canary"},
		"an extra workload of what replaces its pods in place": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: DaemonSet, name: demo}, strategy: {canary: {enableExtraWorkloadForCanary: true, steps: [{traffic: 20%}]}}}}`,
			"spec.strategy.canary.enableExtraWorkloadForCanary: needs pods of both versions side by side, and a DaemonSet replaces its pods in place; remove it"},
		"no strategy": {head + `{}`, "spec.strategy.canary: has no steps; give it at least one"},
		"no steps":    {head + `{canary: {steps: []}}`, "spec.strategy.canary: has no steps; give it at least one"},
		"a step that asks for nothing": {head + `{canary: {steps: [{pause: {duration: 5}}]}}`,
			`spec.strategy.canary.steps[0]: asks for nothing; give it traffic such as "20%", or replicas`},
		"negative pods": {head + `{canary: {steps: [{replicas: -1}]}}`,
			`spec.strategy.canary.steps[0].replicas: is -1; give a number of pods from 0, or a percentage such as "20%"`},
		"more than all pods": {head + `{canary: {steps: [{replicas: 101%}]}}`,
			`spec.strategy.canary.steps[0].replicas: is "101%"; give a number of pods from 0, or a percentage from "0%" to "100%"`},
		"pods in words": {head + `{canary: {steps: [{replicas: half}]}}`,
			`spec.strategy.canary.steps[0].replicas: is "half"; give a number of pods from 0, or a percentage from "0%" to "100%"`},
		"a signed percentage": {head + `{canary: {steps: [{replicas: +5%}]}}`,
			`spec.strategy.canary.steps[0].replicas: is "+5%"; give a number of pods from 0, or a percentage from "0%" to "100%"`},
		"falling traffic": {head + `{canary: {steps: [{traffic: 50%}, {traffic: 20%}]}}`,
			`spec.strategy.canary.steps[1].traffic: is "20%", less than the "50%" of the step before; a plan only grows; to go back, roll back or edit the step that the release is at`},
		"falling percentage of pods": {head + `{canary: {steps: [{replicas: 50%}, {replicas: 20%}]}}`,
			`spec.strategy.canary.steps[1].replicas: is 20%, less than the 50% of the step before; a plan only grows; to go back, roll back or edit the step that the release is at`},
		"falling number of pods": {head + `{canary: {steps: [{replicas: 3}, {replicas: 2}]}}`,
			`spec.strategy.canary.steps[1].replicas: is 2, less than the 3 of the step before; a plan only grows; to go back, roll back or edit the step that the release is at`},
		"a number after a percentage, which can't be compared": {head + `{canary: {steps: [{replicas: 50%}, {replicas: 2}]}}`, ""},
		"a threshold of more than all": {head + `{canary: {failureThreshold: 120%, steps: [{traffic: 20%}]}}`,
			`spec.strategy.canary.failureThreshold: is "120%"; give a number of pods from 0, or a percentage from "0%" to "100%"`},
		"a route without a Service": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: "", ingress: {name: demo}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].service: is missing; name the Service whose pods are released"},
		"a Service without a route": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo}]}}`,
			"spec.strategy.canary.trafficRoutings[0]: has no route; name one in ingress.name, gateway.httpRouteName or gateway.grpcRouteName"},
		"requests with a header": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: x-beta, value: "1"}]}, {headers: [{name: canary-by-cookie, value: beta}]}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`, ""},
		"matches without pods": {head + `{canary: {steps: [{traffic: 20%, matches: [{headers: [{name: x-beta, value: "1"}]}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0].replicas: is missing; say how many pods the requests that match need, as a number or a percentage"},
		"matches without a route": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: x-beta, value: "1"}]}]}]}}`,
			"spec.strategy.canary.steps[0].matches: needs a route that looks at requests; name one in spec.strategy.canary.trafficRoutings, or remove matches"},
		"a match of two headers": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: a, value: "1"}, {name: b, value: "1"}]}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0].headers has 2 headers, and an Ingress can look at one; name a single header"},
		"two headers": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: a, value: "1"}]}, {headers: [{name: b, value: "1"}]}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[1] is a second header or a second cookie, and an Ingress can look at one of each; leave one out"},
		"a pattern that is none": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: a, type: RegularExpression, value: "("}]}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0].headers[0].value is not a regular expression (RE2): error parsing regexp: missing closing ): `(`"},
		"a canary with pods on top":                       {head + `{canary: {enableExtraWorkloadForCanary: true, scaleDownDelaySeconds: 60, steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`, ""},
		"blue and green, the traffic apart from the pods": {head + `{blueGreen: {scaleDownDelaySeconds: 60, steps: [{replicas: 50%, traffic: 0%}, {replicas: 100%, traffic: 100%}, {replicas: 100%, traffic: 50%}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`, ""},
		"a TrafficRouting, with steps that say pods":      {head + `{canary: {trafficRoutingRef: entry, steps: [{replicas: 20%}, {traffic: 100%}]}}`, ""},
		"a TrafficRouting that keeps the old pods":        {head + `{blueGreen: {trafficRoutingRef: entry, scaleDownDelaySeconds: 60, steps: [{replicas: 100%}]}}`, ""},
		"a TrafficRouting named by the annotation":        {strings.Replace(head, "namespace: shop}", "namespace: shop, annotations: {rollouts.kruise.io/trafficrouting: entry}}", 1) + `{canary: {steps: [{replicas: 1}]}}`, ""},
		"two TrafficRoutings": {strings.Replace(head, "namespace: shop}", "namespace: shop, annotations: {rollouts.kruise.io/trafficrouting: other}}", 1) + `{canary: {trafficRoutingRef: entry, steps: [{replicas: 1}]}}`,
			"spec.strategy.canary.trafficRoutingRef: names the TrafficRouting entry, and the annotation rollouts.kruise.io/trafficrouting names other; remove one of the two"},
		"a TrafficRouting and routes of its own": {head + `{canary: {trafficRoutingRef: entry, steps: [{replicas: 1}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.trafficRoutings: names routes, and so does the TrafficRouting entry, which the Rollout names too; name these in its spec.objectRef, or leave it out"},
		"a TrafficRouting and requests of its own": {head + `{canary: {trafficRoutingRef: entry, steps: [{replicas: 1, matches: [{headers: [{name: a, value: "1"}]}]}]}}`,
			"spec.strategy.canary.steps[0].matches: is said by the TrafficRouting entry, for all Rollouts that name it; write it in its spec.strategy, and remove it here"},
		"no Service for the new version": {head + `{blueGreen: {disableGenerateCanaryService: true, steps: [{replicas: 1}]}}`,
			"spec.strategy.blueGreen.disableGenerateCanaryService: can't be followed: each version has a Service of its own while a release lasts, so that none with traffic is pointed elsewhere; remove it"},
		"a style that nobody knows": {strings.Replace(good, "{name: demo, namespace: shop}", "{name: demo, namespace: shop, annotations: {rollouts.kruise.io/rolling-style: bluegreen}}", 1),
			`metadata.annotations[rollouts.kruise.io/rolling-style]: is "bluegreen"; write canary for pods on top, or partition for pods that are replaced in place`},
		"both strategies":          {head + `{canary: {steps: [{traffic: 20%}]}, blueGreen: {steps: [{replicas: 1}]}}`, "spec.strategy: has both canary and blueGreen; leave one out"},
		"blue-green without steps": {head + `{blueGreen: {steps: []}}`, "spec.strategy.blueGreen: has no steps; give it at least one"},
		"blue-green without pods": {head + `{blueGreen: {steps: [{traffic: 20%}]}}`,
			"spec.strategy.blueGreen.steps[0].replicas: is missing; say how many pods of the new version stand beside the stable ones, as a number or a percentage"},
		"pods that fall with blue-green": {head + `{blueGreen: {steps: [{replicas: 50%}, {replicas: 20%}]}}`,
			`spec.strategy.blueGreen.steps[1].replicas: is 20%, less than the 50% of the step before; a plan only grows; to go back, roll back or edit the step that the release is at`},
		"a delay for pods that are replaced in place": {head + `{canary: {scaleDownDelaySeconds: 60, steps: [{traffic: 20%}]}}`,
			"spec.strategy.canary.scaleDownDelaySeconds: needs the stable version's pods, which are replaced in place; set enableExtraWorkloadForCanary, or remove it"},
		"a delay without a route": {head + `{blueGreen: {scaleDownDelaySeconds: 60, steps: [{replicas: 20%}]}}`,
			"spec.strategy.blueGreen.scaleDownDelaySeconds: needs a route that takes the traffic off the stable version's pods; name one in spec.strategy.blueGreen.trafficRoutings, or remove it"},
		"two Services, each with an Ingress": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}}, {service: api, ingress: {name: api}}]}}`, ""},
		"one Ingress for two Services":       {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}}, {service: api, ingress: {name: demo}}]}}`, ""},
		"an Ingress twice for one Service": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}}, {service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.trafficRoutings[1].ingress.name: names the Ingress demo for the Service demo, as spec.strategy.canary.trafficRoutings[0].ingress.name does already; remove one of the two"},
		"a Service whose helpers would have no name": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: ` + strings.Repeat("a", 57) + `, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].service: is " + strings.Repeat("a", 57) + ", which is too long: the versions' Services get names with -stable and -canary; shorten it to 56 characters"},
		"a wait that ends before it begins": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}, gracePeriodSeconds: -1}]}}`,
			"spec.strategy.canary.trafficRoutings[0].gracePeriodSeconds: is -1; give a number of seconds from 0"},
		"every kind of route at once":          {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: demo}, gateway: {httpRouteName: demo, grpcRouteName: demo}}]}}`, ""},
		"two Services that share an HTTPRoute": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}, {service: api, gateway: {httpRouteName: demo}}]}}`, ""},
		"an HTTPRoute twice for one Service": {head + `{blueGreen: {steps: [{replicas: 1}], trafficRoutings: [{service: demo, gateway: {httpRouteName: shop}}, {service: demo, gateway: {httpRouteName: shop}}]}}`,
			"spec.strategy.blueGreen.trafficRoutings[1].gateway.httpRouteName: names the HTTPRoute shop for the Service demo, as spec.strategy.blueGreen.trafficRoutings[0].gateway.httpRouteName does already; remove one of the two"},
		"a gateway without a route": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, gateway: {}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].gateway: names no route; name one in httpRouteName or grpcRouteName"},
		"an HTTPRoute without a name": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, gateway: {httpRouteName: ""}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].gateway.httpRouteName: is empty; name the HTTPRoute that leads to the Service, or remove it"},
		"a GRPCRoute without a name": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, gateway: {grpcRouteName: ""}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].gateway.grpcRouteName: is empty; name the GRPCRoute that leads to the Service, or remove it"},
		"an Ingress without a name": {head + `{canary: {steps: [{traffic: 20%}], trafficRoutings: [{service: demo, ingress: {name: ""}}]}}`,
			"spec.strategy.canary.trafficRoutings[0].ingress.name: is missing; name the Ingress that leads to the Service"},
		"path, query and headers by an HTTPRoute": {head + `{canary: {steps: [{replicas: 1, matches: [{path: {value: /beta}, headers: [{name: a, value: "1"}, {name: b, value: "1"}]}, {queryParams: [{name: q, value: "1"}]}], requestHeaderModifier: {remove: [x-debug]}}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}]}}`, ""},
		"a path by a GRPCRoute": {head + `{canary: {steps: [{replicas: 1, matches: [{path: {value: /beta}}]}], trafficRoutings: [{service: demo, gateway: {grpcRouteName: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0] looks at the path or at query parameters, and a GRPCRoute can look at headers only; name headers"},
		"a path that no request has": {head + `{canary: {steps: [{replicas: 1, matches: [{path: {value: beta}}]}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}]}}`,
			`spec.strategy.canary.steps[0]: matches[0].path.value is "beta"; write a path that begins with /`},
		"one header twice": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: X-A, value: "1"}, {name: x-a, value: "2"}]}]}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0].headers[1] looks at the header x-a a second time, and all headers of a match have to match; remove it, or give it a match of its own"},
		"a pattern that is none by an HTTPRoute": {head + `{canary: {steps: [{replicas: 1, matches: [{headers: [{name: a, type: RegularExpression, value: "("}]}]}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0].headers[0].value is not a regular expression (RE2): error parsing regexp: missing closing ): `(`"},
		"a path by an HTTPRoute and an Ingress at once": {head + `{canary: {steps: [{replicas: 1, matches: [{path: {value: /beta}}]}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0] looks at the path or at query parameters, and an Ingress can look at a header or a cookie only; name a single header"},
		"a match of nothing": {head + `{canary: {steps: [{replicas: 1, matches: [{}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0].matches[0]: is empty, so all requests match; name a path, headers or queryParams, or remove it"},
		"a path, which an Ingress can't look at": {head + `{canary: {steps: [{replicas: 1, matches: [{path: {value: /beta}}]}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: matches[0] looks at the path or at query parameters, and an Ingress can look at a header or a cookie only; name a single header"},
		"headers that an Ingress can't change": {head + `{canary: {steps: [{traffic: 20%, requestHeaderModifier: {set: [{name: x-version, value: "2"}]}}], trafficRoutings: [{service: demo, ingress: {name: demo}}]}}`,
			"spec.strategy.canary.steps[0]: requestHeaderModifier changes headers, which an Ingress can't; remove it, or name a route of the Gateway API instead of the Ingress"},
		"headers of requests that no route leads": {head + `{canary: {steps: [{traffic: 20%, requestHeaderModifier: {set: [{name: x-version, value: "2"}]}}]}}`,
			"spec.strategy.canary.steps[0].requestHeaderModifier: needs a route that looks at requests; name one in spec.strategy.canary.trafficRoutings, or remove requestHeaderModifier"},
		"several faults at once": {head + `{canary: {steps: [{replicas: -1}, {}]}}`,
			"spec.strategy.canary.steps[0].replicas: is -1; give a number of pods from 0, or a percentage such as \"20%\"\n" +
				"spec.strategy.canary.steps[1]: asks for nothing; give it traffic such as \"20%\", or replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sentence(validate.Rollout(read(t, c.text), validate.Others{}, controller.CanLead)); got != c.want {
				t.Errorf("it says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestAStrategyFitsTheKindOfWorkload(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"metadata for the pods of one version of a StatefulSet": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: demo}, strategy: {canary: {patchPodTemplateMetadata: {labels: {a: b}}, steps: [{replicas: 1}]}}}}`,
			"spec.strategy.canary.patchPodTemplateMetadata: needs a template for each version, and a StatefulSet has one for both; remove it"},
		"giving up a version of a DaemonSet": {`{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: DaemonSet, name: demo}, strategy: {canary: {progressDeadlineAbort: true, steps: [{replicas: 1}]}}}}`,
			"spec.strategy.canary.progressDeadlineAbort: needs a way back without another template, and each new pod of a DaemonSet is of the current one; remove it"},
	} {
		if got := sentence(validate.Rollout(read(t, c.text), validate.Others{}, controller.CanLead)); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: it says\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestOneWorkloadHasOneRollout(t *testing.T) {
	t.Parallel()
	ro := read(t, good)
	other := *ro.DeepCopy()
	other.Name = "second"
	const conflict = "spec.workloadRef: Deployment demo is released by the Rollout second already; delete that one, or name another workload"
	for name, c := range map[string]struct {
		change func(*v1beta1.Rollout)
		want   string
	}{
		"another one for the same workload":        {func(*v1beta1.Rollout) {}, conflict},
		"even when it names an older version":      {func(o *v1beta1.Rollout) { o.Spec.WorkloadRef.APIVersion = "apps/v1beta2" }, conflict},
		"a disabled one counts too":                {func(o *v1beta1.Rollout) { o.Spec.Disabled = true }, conflict},
		"itself":                                   {func(o *v1beta1.Rollout) { o.Name = "demo" }, ""},
		"one of another namespace":                 {func(o *v1beta1.Rollout) { o.Namespace = "other" }, ""},
		"one of another workload":                  {func(o *v1beta1.Rollout) { o.Spec.WorkloadRef.Name = "web" }, ""},
		"one of a workload of that name elsewhere": {func(o *v1beta1.Rollout) { o.Spec.WorkloadRef.APIVersion = "apps.example.io/v1" }, ""},
	} {
		o := other
		c.change(&o)
		if got := sentence(validate.Rollout(ro, validate.Others{Rollouts: []v1beta1.Rollout{o}}, controller.CanLead)); got != c.want {
			t.Errorf("%s: it says %q, want %q", name, got, c.want)
		}
	}
}

func TestAnEditDuringAReleaseKeepsWorkloadAndRoutes(t *testing.T) {
	t.Parallel()
	const wait = " while a release is under way; wait for its end, or roll it back first"
	routing := func(service, ingress string) []v1beta1.TrafficRouting {
		return []v1beta1.TrafficRouting{{Service: service, Ingress: &v1beta1.IngressRouting{Name: ingress}}}
	}
	renamed := "spec.strategy.canary.trafficRoutings: cannot change from Service demo by Ingress demo to Service demo by Ingress web" + wait
	for name, c := range map[string]struct {
		phase v1beta1.Phase
		edit  func(*v1beta1.Rollout)
		want  string
	}{
		"steps may change, also their number": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) { r.Spec.Strategy.Canary.Steps = r.Spec.Strategy.Canary.Steps[:2] }, ""},
		"so may the grace period":             {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) { r.Spec.Strategy.Canary.TrafficRoutings[0].GracePeriodSeconds = nil }, ""},
		"not the workload": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) { r.Spec.WorkloadRef.Name = "web" },
			"spec.workloadRef: cannot change from Deployment demo to Deployment web" + wait},
		"not the Ingress": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) { r.Spec.Strategy.Canary.TrafficRoutings = routing("demo", "web") }, renamed},
		"not the Ingress, by a newer release either": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) {
			r.Spec.ReleaseID, r.Spec.Strategy.Canary.TrafficRoutings = "v3", routing("demo", "web")
		}, renamed},
		"a name of a route that does not exist is corrected": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) {
			r.Spec.Strategy.Canary.TrafficRoutings = routing("demo", "web")
		}, ""},
		"not the style": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) { r.Spec.Strategy.Canary.EnableExtraWorkloadForCanary = true },
			"spec.strategy: cannot change from the style Partition to Canary" + wait},
		"a newer release may have another style": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) {
			r.Spec.ReleaseID, r.Spec.Strategy.Canary.EnableExtraWorkloadForCanary = "v3", true
		}, ""},
		"no route goes": {v1beta1.PhaseDisabling, func(r *v1beta1.Rollout) { r.Spec.Strategy.Canary.TrafficRoutings = nil },
			"spec.strategy.canary.trafficRoutings: cannot change from Service demo by Ingress demo to nothing" + wait},
		"a newer release may be without one": {v1beta1.PhaseProgressing, func(r *v1beta1.Rollout) {
			r.Spec.ReleaseID, r.Spec.Strategy.Canary.TrafficRoutings = "v3", nil
		}, ""},
		"between releases all may change": {v1beta1.PhaseHealthy, func(r *v1beta1.Rollout) {
			r.Spec.WorkloadRef.Name, r.Spec.Strategy.Canary.TrafficRoutings = "web", routing("web", "web")
		}, ""},
		"and before the first look": {"", func(r *v1beta1.Rollout) { r.Spec.WorkloadRef.Name = "web" }, ""},
	} {
		was := read(t, good)
		was.Status.Phase = c.phase
		if strings.Contains(name, "does not exist") {
			was.Status.CurrentStepState = v1beta1.StepBefore
			was.Status.CanaryStatus = &v1beta1.CanaryStatus{Rule: rollout.RuleRoutesMissing}
		}
		is := was.DeepCopy()
		c.edit(is)
		if got := sentence(validate.Change(was, is)); got != c.want {
			t.Errorf("%s: it says %q, want %q", name, got, c.want)
		}
	}
}

func sentence(faults []error) string {
	if err := errors.Join(faults...); err != nil {
		return err.Error()
	}
	return ""
}
