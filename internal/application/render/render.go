// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Context is what is known of the application whose component is rendered.
type Context struct {
	AppName string
	// Namespace of the objects; AppNamespace is the application's own, where it is another one.
	Namespace    string
	AppNamespace string
	// Revision is the name of the application revision, such as canary-demo-v2.
	Revision string
	// RevisionHash is stamped when it is not empty.
	RevisionHash string
	// PublishVersion is stamped as an annotation when it is not empty.
	PublishVersion string
	// AppLabels and AppAnnotations are the application's own, which propagate to every object.
	AppLabels      map[string]string
	AppAnnotations map[string]string
}

// Manifest is one object to apply, and where it comes from.
type Manifest struct {
	Object    *unstructured.Unstructured
	Component string
	// Trait is "" for the workload and for objects that the component itself makes.
	Trait string
	// TraitIndex is the position of the trait in the component, where Trait is one of its traits.
	TraitIndex int
	// Resource is the key of the object within its definition, "" for the workload.
	Resource string
}

// Component renders the workload first, then the objects of the traits in the order of the traits. ConfigMaps and Secrets that
// the pods read are followed by the copies that they are led to (pinConfigs).
// Errors are faults of the properties, one sentence each, with paths that begin with "component <name>, properties".
func Component(reg *definition.Registry, c Context, comp v1beta1.Component) ([]Manifest, error) {
	def, err := reg.Component(comp.Type)
	if err != nil {
		return nil, fmt.Errorf("component %s, type: %w", comp.Name, err)
	}
	scope := scopeOf(c, comp)
	outputs, err := def.Render("component "+comp.Name+", properties", scope, comp.Properties)
	if err != nil {
		return nil, err
	}
	if len(outputs) == 0 {
		return nil, fmt.Errorf("component %s: its definition %s made no workload", comp.Name, def.Name)
	}
	var out []Manifest
	for _, output := range outputs {
		out = append(out, Manifest{Object: output.Object, Component: comp.Name, Resource: output.Resource})
	}
	for i, trait := range comp.Traits {
		made, err := renderTrait(reg, scope, comp, i, outputs[0].Object)
		if err != nil {
			return nil, err
		}
		for _, output := range made {
			out = append(out, Manifest{Object: output.Object, Component: comp.Name, Trait: trait.Type, TraitIndex: i, Resource: output.Resource})
		}
	}
	if out, err = joinServices(out); err != nil {
		return nil, err
	}
	if out, err = pinConfigs(out); err != nil {
		return nil, fmt.Errorf("component %s: %w", comp.Name, err)
	}
	for _, m := range out {
		stamp(c, comp, m)
	}
	return out, nil
}

func scopeOf(c Context, comp v1beta1.Component) definition.Scope {
	return definition.Scope{AppName: c.AppName, Namespace: c.Namespace, Component: comp.Name, Revision: c.Revision}
}

func renderTrait(
	reg *definition.Registry, scope definition.Scope, comp v1beta1.Component, i int, workload *unstructured.Unstructured,
) ([]definition.Output, error) {
	at := traitAt(comp.Name, i)
	def, err := reg.Trait(comp.Traits[i].Type)
	if err != nil {
		return nil, fmt.Errorf("%s.type: %w", at, err)
	}
	if !slices.Contains(def.Kinds, workload.GetKind()) {
		return nil, schema.Faultf(at+".type", "%s does not apply to a %s; remove it", def.Name, workload.GetKind())
	}
	return def.Render(at+".properties", scope, comp.Traits[i].Properties, workload)
}

// traitAt is where a trait is, as faults say it.
func traitAt(component string, i int) string {
	return "component " + component + ", " + schema.Index("traits", i)
}

// joinServices makes one Service of two with the same name: a component that exposes a port and has a gateway makes two
// for the same pods. Any other object that is there twice is an error.
func joinServices(manifests []Manifest) ([]Manifest, error) {
	var out []Manifest
	first := map[string]int{}
	for _, m := range manifests {
		key := m.Object.GetKind() + "/" + m.Object.GetName()
		i, repeated := first[key]
		if !repeated {
			first[key] = len(out)
			out = append(out, m)
			continue
		}
		// The Service that the component itself made is there for the same pods, and so is that of a trait of another type;
		// two of one type that want the same name are a mistake.
		if m.Object.GetKind() != "Service" || out[i].Trait == m.Trait {
			return nil, schema.Faultf("component "+m.Component, "two %s traits make %s %s; give one of them a name", m.Trait, m.Object.GetKind(), m.Object.GetName())
		}
		if err := addPorts(out[i].Object, m.Object); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addPorts adds the ports of one Service that another lacks, with names, since several ports need them.
func addPorts(to, from *unstructured.Unstructured) error {
	ports, _, _ := unstructured.NestedSlice(to.Object, "spec", "ports")
	more, _, _ := unstructured.NestedSlice(from.Object, "spec", "ports")
	for _, entry := range more {
		port, _ := entry.(map[string]any)
		same := slices.ContainsFunc(ports, func(other any) bool {
			there, _ := other.(map[string]any)
			return there["port"] == port["port"] && (there["protocol"] == nil || there["protocol"] == "TCP")
		})
		if same {
			continue
		}
		port["name"] = fmt.Sprintf("port-%d", port["port"])
		ports = append(ports, port)
	}
	for _, entry := range ports {
		if port, _ := entry.(map[string]any); len(ports) > 1 && port["name"] == nil {
			port["name"] = fmt.Sprintf("port-%d", port["port"])
		}
	}
	if err := unstructured.SetNestedSlice(to.Object, ports, "spec", "ports"); err != nil {
		return fmt.Errorf("joining the ports of Service %s: %w", to.GetName(), err)
	}
	return nil
}
