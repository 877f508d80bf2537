// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/rollout/controller"
	"github.com/vela-rollouts/vela/internal/rollout/validate"
)

// What the API server would refuse of the objects that a release makes is refused before there is one.
func TestWhatNoObjectOfAReleaseCanBearIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	const byRoute = `{canary: {steps: [{replicas: 1, matches: [MATCH]}], trafficRoutings: [{service: demo, gateway: {httpRouteName: demo}}]}}`
	match := func(m string) string { return head + strings.Replace(byRoute, "MATCH", m, 1) }
	wears := func(labels string) string {
		return head + `{canary: {patchPodTemplateMetadata: ` + labels + `, steps: [{replicas: 1}]}}`
	}
	long := strings.Repeat("a", 64)
	for name, c := range map[string]struct{ text, want string }{
		"a name that no label holds": {strings.Replace(good, "{name: demo,", "{name: "+long+",", 1),
			"metadata.name: is " + long + ", which is too long: what a release makes for its routes has the name as a label; shorten it to 63 characters"},
		"the longest name that a label holds": {strings.Replace(good, "{name: demo,", "{name: "+long[:63]+",", 1), ""},
		"a long name of a Rollout without routes": {`metadata: {name: ` + long + `}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}, strategy: {canary: {steps: [{replicas: 1}]}}}`, ""},
		"a long name of a Rollout by a TrafficRouting": {`metadata: {name: ` + long + `}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}, strategy: {canary: {trafficRoutingRef: gray, steps: [{replicas: 1}]}}}`,
			"metadata.name: is " + long + ", which is too long: what a release makes for its routes has the name as a label; shorten it to 63 characters"},
		"an Ingress beside which there is no room for a name": {strings.Replace(good, "ingress: {name: demo}", "ingress: {name: "+strings.Repeat("a", 247)+"}", 1),
			"spec.strategy.canary.trafficRoutings[0].ingress.name: is " + strings.Repeat("a", 247) + ", which is too long: the canary Ingress gets the name with -canary; shorten it to 246 characters"},
		"a label's key that is none": {wears(`{labels: {"b@d": x}}`),
			`spec.strategy.canary.patchPodTemplateMetadata.labels: has the key "b@d", which is none: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'); correct it`},
		"a label's value that is none": {wears(`{labels: {lane: ` + long + `}}`),
			`spec.strategy.canary.patchPodTemplateMetadata.labels: gives lane the value "` + long + `", which no label can have: must be no more than 63 bytes; correct it`},
		"the label of a version": {wears(`{labels: {pod-template-hash: mine}}`),
			"spec.strategy.canary.patchPodTemplateMetadata.labels: has pod-template-hash, by which the pods of a version are told apart; take it out"},
		"an annotation's key that is none": {wears(`{annotations: {"": x}}`),
			`spec.strategy.canary.patchPodTemplateMetadata.annotations: has the key "", which is none: name part must be non-empty; correct it`},
		"an annotation may say anything": {wears(`{annotations: {note: "a b; ä"}, labels: {example.org/lane: gray}}`), ""},
		"a header that no request has": {match(`{headers: [{name: a, value: "x\ny"}]}`),
			`spec.strategy.canary.steps[0].matches[0].headers[0].value: is "x\ny", and no header has control characters such as line breaks; take them out`},
		"a path's pattern that is none": {match(`{path: {type: RegularExpression, value: "/a("}}`),
			"spec.strategy.canary.steps[0]: matches[0].path.value is not a regular expression (RE2): error parsing regexp: missing closing ): `/a(`"},
		"a parameter's pattern that is none": {match(`{queryParams: [{name: a, type: RegularExpression, value: "("}]}`),
			"spec.strategy.canary.steps[0]: matches[0].queryParams[0].value is not a regular expression (RE2): error parsing regexp: missing closing ): `(`"},
		"one parameter twice": {match(`{queryParams: [{name: a, value: "1"}, {name: a, value: "2"}]}`),
			"spec.strategy.canary.steps[0]: matches[0].queryParams[1] looks at the parameter a a second time, and all parameters of a match have to match; remove it, or give it a match of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sentence(validate.Rollout(read(t, c.text), validate.Others{}, controller.CanLead)); got != c.want {
				t.Errorf("it says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
