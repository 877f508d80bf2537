// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package conversion_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/conversion"
)

// addon is what KubeVela's addon kruise-rollout writes for the page's first step.
const addon = `
apiVersion: rollouts.kruise.io/v1alpha1
kind: Rollout
metadata:
  name: canary-demo
  annotations: {rollouts.kruise.io/rolling-style: partition, controller.core.oam.dev/skip-resume: "true"}
spec:
  objectRef: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: canary-demo}}
  strategy:
    canary:
      steps: [{weight: 20, pause: {}}]
      trafficRoutings: [{service: canary-demo, gracePeriodSeconds: 5, ingress: {name: canary-demo, classType: nginx}}]
`

func older(t *testing.T, text string) *v1alpha1.Rollout {
	t.Helper()
	ro := &v1alpha1.Rollout{}
	if err := yaml.UnmarshalStrict([]byte(text), ro); err != nil {
		t.Fatal(err)
	}
	return ro
}

func newer(t *testing.T, text string) *v1beta1.Rollout {
	t.Helper()
	ro := &v1beta1.Rollout{}
	if err := yaml.UnmarshalStrict([]byte(text), ro); err != nil {
		t.Fatal(err)
	}
	return ro
}

func TestTheRolloutOfTheAddon(t *testing.T) {
	want := newer(t, `
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata:
  name: canary-demo
  annotations: {rollouts.kruise.io/rolling-style: partition, controller.core.oam.dev/skip-resume: "true"}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: canary-demo}
  strategy:
    canary:
      steps: [{traffic: 20%, pause: {}}]
      trafficRoutings: [{service: canary-demo, gracePeriodSeconds: 5, ingress: {name: canary-demo, classType: nginx}}]
`)
	if diff := cmp.Diff(want, conversion.Up(older(t, addon))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(older(t, addon), conversion.Down(want)); diff != "" {
		t.Errorf("and back (-want +got):\n%s", diff)
	}
}

func TestTheStyleIsAnAnnotationInV1alpha1AndAFieldInV1beta1(t *testing.T) {
	for name, c := range map[string]struct {
		annotation, kind string
		want             v1beta1.Style
	}{
		"a Deployment without it has pods on top": {"", "Deployment", v1beta1.StyleCanary},
		"as one that says so":                     {"Canary", "Deployment", v1beta1.StyleCanary},
		"not one that says partition":             {"Partition", "Deployment", v1beta1.StylePartition},
		"another workload never has":              {"canary", "StatefulSet", v1beta1.StylePartition},
	} {
		ro := older(t, addon)
		ro.Annotations[v1alpha1.AnnotationRollingStyle], ro.Spec.ObjectRef.WorkloadRef.Kind = c.annotation, c.kind
		if got := conversion.Up(ro).Spec.Strategy.Style(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

const full = `
metadata: {name: demo}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}
  releaseID: demo-v2
  strategy:
    canary:
      scaleDownDelaySeconds: 60
      steps: [{traffic: 20%, replicas: 1, matches: [{path: {value: /beta}}]}, {traffic: 50%}]
`

func TestAnEditInV1alpha1LeavesAloneWhatItHasNoWordFor(t *testing.T) {
	ro := conversion.Down(newer(t, full))
	weight := int32(30)
	ro.Spec.Strategy.Canary.Steps[0].Weight = &weight
	ro.Spec.Strategy.Paused = true
	got := conversion.Up(ro)
	want := newer(t, full)
	want.APIVersion, want.Kind = "rollouts.kruise.io/v1beta1", "Rollout"
	traffic := "30%"
	want.Spec.Strategy.Canary.Steps[0].Traffic = &traffic
	want.Spec.Strategy.Paused = true
	if !equality.Semantic.DeepEqual(want, got) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
	}
	ro.Annotations[v1alpha1.AnnotationRollingStyle] = "canary"
	if got := conversion.Up(ro); !got.Spec.Strategy.Canary.EnableExtraWorkloadForCanary || *got.Spec.Strategy.Canary.ScaleDownDelaySeconds != 60 {
		t.Errorf("the new style and the old delay are not both there: %+v", got.Spec.Strategy.Canary)
	}
}

func TestABlueGreenRolloutIsPausedByV1alpha1AndStaysBlueGreen(t *testing.T) {
	ro := conversion.Down(newer(t, `{metadata: {name: demo}, spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: demo}, strategy: {blueGreen: {steps: [{replicas: 100%}]}}}}`))
	ro.Spec.Strategy.Paused = true
	if got := conversion.Up(ro); got.Spec.Strategy.Style() != v1beta1.StyleBlueGreen || !got.Spec.Strategy.Paused {
		t.Errorf("%+v", got.Spec.Strategy)
	}
}

func TestNothingIsLostOnTheWayThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ro := anyV1beta1().Draw(t, "v1beta1")
		if got := conversion.Up(conversion.Down(ro)); !equality.Semantic.DeepEqual(ro, got) {
			t.Fatalf("(-want +got):\n%s", cmp.Diff(ro, got))
		}
		old := anyV1alpha1().Draw(t, "v1alpha1")
		if got := conversion.Down(conversion.Up(old)); !equality.Semantic.DeepEqual(old, got) {
			t.Fatalf("(-want +got):\n%s", cmp.Diff(old, got))
		}
	})
}

func anyV1beta1() *rapid.Generator[*v1beta1.Rollout] {
	return rapid.Custom(func(t *rapid.T) *v1beta1.Rollout {
		ro := &v1beta1.Rollout{}
		ro.APIVersion, ro.Kind, ro.Name, ro.Annotations = "rollouts.kruise.io/v1beta1", "Rollout", "demo", annotations(t)
		ro.Spec = v1beta1.RolloutSpec{
			WorkloadRef: workload(t), Disabled: rapid.Bool().Draw(t, "disabled"), ReleaseID: rapid.SampledFrom([]string{"", "demo-v2"}).Draw(t, "release"),
		}
		ro.Spec.Strategy.Paused = rapid.Bool().Draw(t, "paused")
		ro.Status.CanaryStatus = &v1beta1.CanaryStatus{CurrentStepState: v1beta1.StepPaused, Rule: "move"}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1beta1.Step {
			s := v1beta1.Step{Replicas: amount(t), Pause: pause(t), RequestHeaderModifier: modifier(t)}
			if w := weight(t); w != nil {
				text := fmt.Sprintf("%d%%", *w)
				s.Traffic = &text
			}
			for _, h := range headers(t) {
				m := v1beta1.HTTPRouteMatch{Headers: h}
				if rapid.Bool().Draw(t, "has a path") {
					m.Path = &gatewayv1.HTTPPathMatch{Value: new("/beta")}
				}
				if rapid.Bool().Draw(t, "has a query") {
					m.QueryParams = []gatewayv1.HTTPQueryParamMatch{{Name: "beta", Value: "1"}}
				}
				s.Matches = append(s.Matches, m)
			}
			return s
		}), 0, 3).Draw(t, "steps")
		delay := rapid.Ptr(rapid.Int32Range(0, 60), true).Draw(t, "delay")
		switch rapid.IntRange(0, 2).Draw(t, "strategy") {
		case 0:
			ro.Spec.Strategy.Canary = &v1beta1.CanaryStrategy{
				Steps: steps, TrafficRoutings: routings(t), FailureThreshold: amount(t), PatchPodTemplateMetadata: metadata(t),
				EnableExtraWorkloadForCanary: rapid.Bool().Draw(t, "extra"), ScaleDownDelaySeconds: delay, ProgressDeadlineSeconds: delay, ProgressDeadlineAbort: delay != nil,
				TrafficRoutingRef: rapid.SampledFrom([]string{"", "entry"}).Draw(t, "ref"), DisableGenerateCanaryService: rapid.Bool().Draw(t, "own Services"),
			}
		case 1:
			ro.Spec.Strategy.BlueGreen = &v1beta1.BlueGreenStrategy{Steps: steps, TrafficRoutings: routings(t), FailureThreshold: amount(t), ScaleDownDelaySeconds: delay, ProgressDeadlineSeconds: delay, ProgressDeadlineAbort: delay != nil,
				TrafficRoutingRef: rapid.SampledFrom([]string{"", "entry"}).Draw(t, "ref"), DisableGenerateCanaryService: rapid.Bool().Draw(t, "own Services")}
		}
		return ro
	})
}

func anyV1alpha1() *rapid.Generator[*v1alpha1.Rollout] {
	return rapid.Custom(func(t *rapid.T) *v1alpha1.Rollout {
		ro := &v1alpha1.Rollout{}
		ro.APIVersion, ro.Kind, ro.Name, ro.Annotations = "rollouts.kruise.io/v1alpha1", "Rollout", "demo", annotations(t)
		if rapid.Bool().Draw(t, "has a workload") {
			ref := workload(t)
			ro.Spec.ObjectRef.WorkloadRef = &ref
		}
		ro.Spec.RolloutID, ro.Spec.Disabled = rapid.SampledFrom([]string{"", "7"}).Draw(t, "id"), rapid.Bool().Draw(t, "disabled")
		ro.Spec.Strategy.Paused = rapid.Bool().Draw(t, "paused")
		if rapid.Bool().Draw(t, "has a canary") {
			ro.Spec.Strategy.Canary = &v1alpha1.CanaryStrategy{TrafficRoutings: routings(t), FailureThreshold: amount(t), PatchPodTemplateMetadata: metadata(t)}
			ro.Spec.Strategy.Canary.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1alpha1.CanaryStep {
				s := v1alpha1.CanaryStep{Weight: weight(t), Replicas: amount(t), Pause: pause(t), RequestHeaderModifier: modifier(t)}
				for _, h := range headers(t) {
					s.Matches = append(s.Matches, v1alpha1.HTTPRouteMatch{Headers: h})
				}
				return s
			}), 0, 3).Draw(t, "steps")
		}
		return ro
	})
}

func annotations(t *rapid.T) map[string]string {
	out := map[string]string{"mine": "yes"}
	if style := rapid.SampledFrom([]string{"", "canary", "Partition"}).Draw(t, "style"); style != "" {
		out[v1alpha1.AnnotationRollingStyle] = style
	}
	if ref := rapid.SampledFrom([]string{"", "entry", "other"}).Draw(t, "routing"); ref != "" {
		out[v1alpha1.AnnotationTrafficRouting] = ref
	}
	return out
}

func workload(t *rapid.T) v1beta1.ObjectRef {
	return v1beta1.ObjectRef{APIVersion: "apps/v1", Kind: rapid.SampledFrom([]string{"Deployment", "StatefulSet"}).Draw(t, "kind"), Name: "demo"}
}

func weight(t *rapid.T) *int32 { return rapid.Ptr(rapid.Int32Range(0, 100), true).Draw(t, "weight") }

func amount(t *rapid.T) *intstr.IntOrString {
	return rapid.SampledFrom([]*intstr.IntOrString{nil, new(intstr.FromInt32(3)), new(intstr.FromString("50%"))}).Draw(t, "amount")
}

func pause(t *rapid.T) v1beta1.Pause {
	return v1beta1.Pause{Duration: rapid.Ptr(rapid.Int32Range(0, 60), true).Draw(t, "pause")}
}

func headers(t *rapid.T) [][]gatewayv1.HTTPHeaderMatch {
	one := rapid.Custom(func(t *rapid.T) []gatewayv1.HTTPHeaderMatch {
		return []gatewayv1.HTTPHeaderMatch{{Name: "x-beta", Value: rapid.SampledFrom([]string{"me", "you"}).Draw(t, "value")}}
	})
	return rapid.SliceOfN(one, 0, 2).Draw(t, "matches")
}

func metadata(t *rapid.T) *v1beta1.PatchPodTemplateMetadata {
	return rapid.SampledFrom([]*v1beta1.PatchPodTemplateMetadata{nil, {Labels: map[string]string{"lane": "gray"}}}).Draw(t, "metadata")
}

func modifier(t *rapid.T) *gatewayv1.HTTPHeaderFilter {
	return rapid.SampledFrom([]*gatewayv1.HTTPHeaderFilter{nil, {Remove: []string{"x-old"}}}).Draw(t, "modifier")
}

func routings(t *rapid.T) []v1beta1.TrafficRouting {
	one := rapid.Custom(func(t *rapid.T) v1beta1.TrafficRouting {
		return v1beta1.TrafficRouting{
			Service: "demo", GracePeriodSeconds: rapid.Ptr(rapid.Int32Range(0, 5), true).Draw(t, "grace"), Ingress: &v1beta1.IngressRouting{Name: "demo"},
		}
	})
	return rapid.SliceOfN(one, 0, 1).Draw(t, "routings")
}
