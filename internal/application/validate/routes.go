// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// RouteChanges returns what a release of app in steps cannot do to the routes of stable, the version that serves: while both
// versions run they share one host, path and port, so a change of these would send requests of one version to where only
// the other one listens. A component that no canary-deploy step releases may change what it likes.
func RouteChanges(reg *definition.Registry, stable, app *v1beta1.Application) []error {
	_, before, faults := renderAll(reg, stable)
	if len(faults) > 0 {
		return nil // what can't be rendered any more is nothing to compare with
	}
	_, after, faults := renderAll(reg, app)
	if len(faults) > 0 {
		return faults
	}
	for i, comp := range app.Spec.Components {
		was, is := waysIn(before[comp.Name]), waysIn(after[comp.Name])
		for n := range min(len(was), len(is)) {
			if was[n].words == is[n].words || !inSteps(app, comp.Name) {
				continue
			}
			at := schema.Index(schema.Index("spec.components", i)+".traits", is[n].trait) + ".properties"
			faults = append(faults, schema.Faultf(at, "a canary release cannot change where requests come in, which both versions share: "+
				"it is %s, and would be %s; keep it, or publish this change in a version without canary-deploy", was[n].words, is[n].words))
		}
	}
	return faults
}

// inSteps says whether a canary-deploy step of the workflow releases the component.
func inSteps(app *v1beta1.Application, component string) bool {
	if app.Spec.Workflow == nil {
		return false
	}
	releases := func(s v1beta1.StepBase) bool {
		var asked canaryProperties
		if s.Type != v1beta1.StepTypeCanaryDeploy || s.Properties != nil && json.Unmarshal(s.Properties.Raw, &asked) != nil {
			return false
		}
		return len(asked.Components) == 0 || slices.Contains(asked.Components, component)
	}
	return slices.ContainsFunc(app.Spec.Workflow.Steps, func(s v1beta1.WorkflowStep) bool {
		return releases(s.StepBase) || slices.ContainsFunc(s.SubSteps, releases)
	})
}

// wayIn is a way of requests to a component in words, and the trait that makes it.
type wayIn struct {
	words string
	trait int
}

// waysIn are the ways of requests to a component, in the order of the traits.
func waysIn(manifests []render.Manifest) []wayIn {
	var all []wayIn
	for _, m := range manifests {
		ingress, route := &networkingv1.Ingress{}, &gatewayv1.HTTPRoute{}
		switch m.Object.GetKind() {
		case "Ingress":
			if runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, ingress) == nil {
				all = append(all, wayIn{ingressWords(ingress), m.TraitIndex})
			}
		case "HTTPRoute":
			if runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, route) == nil {
				all = append(all, wayIn{routeWords(route), m.TraitIndex})
			}
		}
	}
	return all
}

func ingressWords(ingress *networkingv1.Ingress) string {
	var ways []string
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, p := range rule.HTTP.Paths {
			way := rule.Host + p.Path
			if p.PathType != nil && *p.PathType != networkingv1.PathTypeImplementationSpecific {
				way += " (" + string(*p.PathType) + ")"
			}
			if s := p.Backend.Service; s != nil {
				way += fmt.Sprintf(" to port %d of %s", s.Port.Number, s.Name)
			}
			ways = append(ways, way)
		}
	}
	return "Ingress " + ingress.Name + " from " + strings.Join(ways, " and ")
}

func routeWords(route *gatewayv1.HTTPRoute) string {
	hosts := make([]string, 0, len(route.Spec.Hostnames))
	for _, h := range route.Spec.Hostnames {
		hosts = append(hosts, string(h))
	}
	var ways []string
	for _, rule := range route.Spec.Rules {
		for _, m := range rule.Matches {
			way := strings.Join(hosts, " or ")
			if m.Path != nil && m.Path.Value != nil && m.Path.Type != nil {
				way += fmt.Sprintf("%s (%s)", *m.Path.Value, *m.Path.Type)
			}
			for _, h := range m.Headers {
				way += fmt.Sprintf(" with header %s: %s", h.Name, h.Value)
			}
			for _, ref := range rule.BackendRefs {
				if ref.Port != nil {
					way += fmt.Sprintf(" to port %d of %s", *ref.Port, ref.Name)
				}
			}
			ways = append(ways, way)
		}
	}
	return "HTTPRoute " + route.Name + " from " + strings.Join(ways, " and ")
}

// Doubts are sentences about what is allowed and yet probably not meant.
func Doubts(app *v1beta1.Application) []string {
	var doubts []string
	for i, comp := range app.Spec.Components {
		if comp.Type != "webservice" || comp.Properties == nil {
			continue
		}
		var says struct {
			Ports []definition.Port `json:"ports"`
		}
		if json.Unmarshal(comp.Properties.Raw, &says) != nil || len(says.Ports) == 0 {
			continue
		}
		for j, t := range comp.Traits {
			var g definition.Gateway
			if t.Type != "gateway" || t.Properties == nil || json.Unmarshal(t.Properties.Raw, &g) != nil || g.ExistingServiceName != "" {
				continue
			}
			for _, path := range slices.Sorted(maps.Keys(g.HTTP)) {
				port := g.HTTP[path]
				if slices.ContainsFunc(says.Ports, func(p definition.Port) bool { return p.Port == port || p.ContainerPort == port }) {
					continue
				}
				at := schema.Join(schema.Index(schema.Index("spec.components", i)+".traits", j)+".properties.http", path)
				doubts = append(doubts, fmt.Sprintf("%s: requests go to port %d, which is not among the ports of component %s; "+
					"if its container does not listen there, write another port", at, port, comp.Name))
			}
		}
	}
	if partial := partly(app.Spec.Workflow); partial != "" {
		doubts = append(doubts, partial)
	}
	return doubts
}

// partly is a sentence about a workflow whose last release step leaves a part with the earlier version; empty otherwise.
func partly(run *v1beta1.Workflow) string {
	if run == nil {
		return ""
	}
	var last v1beta1.StepBase
	at := ""
	note := func(path string, s v1beta1.StepBase) {
		if slices.Contains([]string{v1beta1.StepTypeCanaryDeploy, "deploy", "apply-component"}, s.Type) {
			last, at = s, path
		}
	}
	for i, s := range run.Steps {
		path := schema.Index("spec.workflow.steps", i)
		note(path, s.StepBase)
		for j, sub := range s.SubSteps {
			note(schema.Index(path+".subSteps", j), sub)
		}
	}
	var says struct {
		Weight *int32 `json:"weight"`
	}
	if last.Type != v1beta1.StepTypeCanaryDeploy || last.Properties == nil || json.Unmarshal(last.Properties.Raw, &says) != nil ||
		says.Weight == nil || *says.Weight >= 100 {
		return ""
	}
	return fmt.Sprintf("%s.properties.weight: this is the last step that releases, and %d %% stay with the earlier version when the workflow ends; "+
		"add a step with weight 100", at, 100-*says.Weight)
}
