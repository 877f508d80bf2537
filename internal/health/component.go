// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
)

// LocalCluster is the name of the cluster that the controllers run in.
const LocalCluster = "local"

// Live looks an object up; nil means that it is absent.
type Live func(gvk schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured

// Component is the health of one component from the manifests that were rendered for it; manifests of others are left
// aside. Healthy means that the workload and all traits are. Traits are in the order of the component, with the Rollout of
// a canary step before them. A message that is empty is taken from the first trait that has one.
func Component(comp v1beta1.Component, manifests []render.Manifest, live Live) v1beta1.ServiceStatus {
	out := v1beta1.ServiceStatus{Name: comp.Name, Cluster: LocalCluster}
	registry := definition.Builtin()
	seen, found := seenOf(manifests, live, func(m render.Manifest) bool { return m.Component == comp.Name && m.Trait == "" })
	if !found {
		out.Message = "nothing is applied yet"
		return out
	}
	workload := seen.Wanted[""]
	out.Namespace = workload.GetNamespace()
	out.WorkloadDefinition = v1beta1.WorkloadKind{APIVersion: workload.GetAPIVersion(), Kind: workload.GetKind()}
	state := componentHealth(registry, comp.Type, seen)
	out.Healthy, out.Message = state.Healthy, state.Message
	for _, m := range manifests {
		if m.Component == comp.Name && m.Trait == render.TraitRollingRelease {
			out.Traits = append(out.Traits, traitStatus(m.Trait, rolloutHealth(m.Object, lookup(live, m.Object))))
		}
	}
	for i, trait := range comp.Traits {
		seen, _ := seenOf(manifests, live, func(m render.Manifest) bool {
			return m.Component == comp.Name && m.Trait == trait.Type && m.TraitIndex == i
		})
		seen.Workload = lookup(live, workload)
		out.Traits = append(out.Traits, traitStatus(trait.Type, traitHealth(registry, trait.Type, seen)))
	}
	for _, trait := range out.Traits {
		out.Healthy = out.Healthy && trait.Healthy
		if out.Message == "" {
			out.Message = trait.Message
		}
	}
	return out
}

func componentHealth(registry *definition.Registry, name string, seen definition.Seen) definition.Health {
	def, err := registry.Component(name)
	if err != nil {
		return definition.Health{Message: err.Error()}
	}
	return def.Health(seen)
}

func traitHealth(registry *definition.Registry, name string, seen definition.Seen) definition.Health {
	def, err := registry.Trait(name)
	if err != nil {
		return definition.Health{Message: err.Error()}
	}
	return def.Health(seen)
}

func traitStatus(name string, state definition.Health) v1beta1.TraitStatus {
	return v1beta1.TraitStatus{Type: name, Healthy: state.Healthy, Message: state.Message}
}

// seenOf gathers the live objects of the manifests that belong; found tells whether there is a workload among them.
func seenOf(manifests []render.Manifest, live Live, belongs func(render.Manifest) bool) (seen definition.Seen, found bool) {
	seen.Wanted = map[string]*unstructured.Unstructured{}
	seen.Objects = map[string]*unstructured.Unstructured{}
	for _, m := range manifests {
		if !belongs(m) {
			continue
		}
		seen.AppName = m.Object.GetLabels()[v1beta1.LabelAppName]
		seen.Wanted[m.Resource] = m.Object
		object := lookup(live, m.Object)
		if object != nil {
			seen.Objects[m.Resource] = object
		}
		if m.Trait == "" && m.Resource == "" {
			seen.Workload, found = object, true
		}
	}
	return seen, found
}

func lookup(live Live, wanted *unstructured.Unstructured) *unstructured.Unstructured {
	return live(wanted.GroupVersionKind(), wanted.GetNamespace(), wanted.GetName())
}
