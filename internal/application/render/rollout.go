// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// TraitRollingRelease is the type under which a canary step's Rollout appears among a component's traits.
const TraitRollingRelease = "rolling-release"

// ResourceRollout is the key of the Rollout within that trait.
const ResourceRollout = "rollout"

// RolloutTypePartition replaces pods in place, on the one workload.
const RolloutTypePartition = "partition"

const (
	// annotationSkipResume keeps other clients of the Rollout from approving its step: the workflow does.
	annotationSkipResume = "controller.core.oam.dev/skip-resume"
	// gracePeriodSeconds for routers that cannot acknowledge a weight, as KubeVela's trait asks for.
	gracePeriodSeconds = 5
	// longestService leaves room for the suffix that the two Services of a release get, in a name of 63.
	longestService = 63 - len("-canary")
	classNginx     = "nginx"
	// mostRoutings is the limit of a Rollout.
	mostRoutings = 8
)

// Canary is what a canary step asks for.
type Canary struct {
	// Weight in percent, of pods and of requests.
	Weight int32
	// RolloutType is partition; empty counts as that.
	RolloutType string
}

// Rollout renders the Rollout for one canary step of a component: one step with the asked weight, and the component's
// gateways as the routes. Its pause waits for the next canary step, or for nothing at weight 100. manifests are the
// component's, from Component. Errors are sentences that name the field and the mend.
func Rollout(c Context, comp v1beta1.Component, manifests []Manifest, canary Canary) (Manifest, error) {
	if canary.Weight < 0 || canary.Weight > 100 {
		return Manifest{}, schema.Faultf("weight", "%d is outside 0 to 100; write a whole number of percent in that range", canary.Weight)
	}
	if canary.RolloutType != "" && canary.RolloutType != RolloutTypePartition {
		return Manifest{}, schema.Faultf("rolloutType", "there is no type %q; write %s", canary.RolloutType, RolloutTypePartition)
	}
	workload, found := workloadOf(comp.Name, manifests)
	if !found {
		return Manifest{}, fmt.Errorf("component %s: it has no workload to release in steps", comp.Name)
	}
	routings, err := routings(comp.Name, manifests)
	if err != nil {
		return Manifest{}, err
	}
	share := fmt.Sprintf("%d%%", canary.Weight)
	pause := map[string]any{}
	if canary.Weight >= 100 {
		pause["duration"] = int64(0)
	}
	strategy := map[string]any{
		"steps": []any{map[string]any{"traffic": share, "replicas": share, "pause": pause}},
	}
	if len(routings) > 0 {
		strategy["trafficRoutings"] = routings
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": rollouts.GroupVersion().String(),
		"kind":       "Rollout",
		"metadata": map[string]any{
			"name":        comp.Name,
			"annotations": map[string]any{annotationSkipResume: "true"},
			"finalizers":  []any{rollouts.Finalizer},
		},
		"spec": map[string]any{
			"releaseID": c.Revision,
			"workloadRef": map[string]any{
				"apiVersion": workload.GetAPIVersion(), "kind": workload.GetKind(), "name": workload.GetName(),
			},
			"strategy": map[string]any{"canary": strategy},
		},
	}}
	out := Manifest{Object: object, Component: comp.Name, Trait: TraitRollingRelease, Resource: ResourceRollout}
	stamp(c, comp, out)
	return out, nil
}

func workloadOf(component string, manifests []Manifest) (*unstructured.Unstructured, bool) {
	for _, m := range manifests {
		if m.Component == component && m.Trait == "" && m.Resource == "" {
			return m.Object, true
		}
	}
	return nil, false
}

// routings are the routes through the component's Ingresses and HTTPRoutes; none without any, for then only pods are replaced. They
// are read from what was rendered, so that they name what is applied.
func routings(component string, manifests []Manifest) ([]any, error) {
	var out []any
	add := func(at, service, kind string, route map[string]any) error {
		if len(service) > longestService {
			return schema.Faultf(at, "the Service name %s is too long for a canary release; shorten it to %d characters", service, longestService)
		}
		for _, entry := range out {
			if entry, _ := entry.(map[string]any); entry["service"] == service && entry[kind] == nil {
				entry[kind] = route
				return nil
			}
		}
		out = append(out, map[string]any{"service": service, "gracePeriodSeconds": int64(gracePeriodSeconds), kind: route})
		return nil
	}
	for _, m := range manifests {
		if m.Component != component {
			continue
		}
		at := traitAt(component, m.TraitIndex)
		switch m.Object.GetKind() {
		case "Ingress":
			if class := ingressClass(m.Object); class != classNginx {
				return nil, schema.Faultf(at+".properties.class", "a canary release cannot split the requests of class %q; write nginx, or release without canary-deploy", class)
			}
			if err := add(at, backend(m.Object), "ingress", map[string]any{"classType": classNginx, "name": m.Object.GetName()}); err != nil {
				return nil, err
			}
		case "HTTPRoute":
			for _, service := range backends(m.Object, manifests) {
				if err := add(at, service, "gateway", map[string]any{"httpRouteName": m.Object.GetName()}); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(out) > mostRoutings {
		return nil, schema.Faultf("component "+component, "has %d ways in for requests, and a canary release can lead %d; remove some, or release without canary-deploy", len(out), mostRoutings)
	}
	return out, nil
}

// backends are the Services of an HTTPRoute that lead to the component: those that it made, or where it made none all.
func backends(route *unstructured.Unstructured, manifests []Manifest) []string {
	var all, own []string
	rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
	for _, entry := range rules {
		rule, _ := entry.(map[string]any)
		refs, _, _ := unstructured.NestedSlice(rule, "backendRefs")
		for _, entry := range refs {
			ref, _ := entry.(map[string]any)
			name, _, _ := unstructured.NestedString(ref, "name")
			if slices.Contains(all, name) {
				continue
			}
			all = append(all, name)
			if slices.ContainsFunc(manifests, func(m Manifest) bool { return m.Object.GetKind() == "Service" && m.Object.GetName() == name }) {
				own = append(own, name)
			}
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

func ingressClass(ingress *unstructured.Unstructured) string {
	if class, found, _ := unstructured.NestedString(ingress.Object, "spec", "ingressClassName"); found {
		return class
	}
	return ingress.GetAnnotations()[definition.AnnotationIngressClass]
}

// backend is the Service of an Ingress; a gateway's paths all lead to the same one.
func backend(ingress *unstructured.Unstructured) string {
	rules, _, _ := unstructured.NestedSlice(ingress.Object, "spec", "rules")
	for _, entry := range rules {
		rule, _ := entry.(map[string]any)
		paths, _, _ := unstructured.NestedSlice(rule, "http", "paths")
		for _, entry := range paths {
			path, _ := entry.(map[string]any)
			if name, _, _ := unstructured.NestedString(path, "backend", "service", "name"); name != "" {
				return name
			}
		}
	}
	return ""
}
