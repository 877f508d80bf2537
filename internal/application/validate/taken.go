// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// canaryIngress marks an Ingress that shares the route of another on purpose.
const canaryIngress = "nginx.ingress.kubernetes.io/canary"

// Taken are sentences about hosts and paths of app that an Ingress of somebody else leads away already: of two that want the
// same requests the older one gets them.
func Taken(reg *definition.Registry, app *v1beta1.Application, ingresses []networkingv1.Ingress) []string {
	_, rendered, faults := renderAll(reg, app)
	if len(faults) > 0 {
		return nil // told elsewhere
	}
	var doubts []string
	for i, comp := range app.Spec.Components {
		for _, m := range rendered[comp.Name] {
			mine := &networkingv1.Ingress{}
			if m.Object.GetKind() != "Ingress" || runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, mine) != nil {
				continue
			}
			at := schema.Index(schema.Index("spec.components", i)+".traits", m.TraitIndex) + ".properties"
			for _, way := range slices.Sorted(maps.Keys(ways(mine))) {
				if by := leader(app, mine, way, ingresses); by != "" {
					doubts = append(doubts, fmt.Sprintf("%s: requests for %s go to what Ingress %s says, which was there before; choose another domain or path, "+
						"or delete that one", at, way, by))
				}
			}
		}
	}
	return doubts
}

// leader names the Ingress of somebody else that has a way already; empty where none has.
func leader(app *v1beta1.Application, mine *networkingv1.Ingress, way string, ingresses []networkingv1.Ingress) string {
	for i := range ingresses {
		o := &ingresses[i]
		own := o.Namespace == app.Namespace && o.Labels[v1beta1.LabelAppName] == app.Name
		if own || o.Annotations[canaryIngress] == "true" || class(o) != class(mine) {
			continue
		}
		if ways(o)[way] {
			return o.Namespace + "/" + o.Name
		}
	}
	return ""
}

// ways are the hosts with their paths.
func ways(i *networkingv1.Ingress) map[string]bool {
	all := map[string]bool{}
	for _, rule := range i.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, p := range rule.HTTP.Paths {
			all[cmp.Or(rule.Host, "*")+cmp.Or(p.Path, "/")] = true
		}
	}
	return all
}

func class(i *networkingv1.Ingress) string {
	if i.Spec.IngressClassName != nil {
		return *i.Spec.IngressClassName
	}
	return i.Annotations["kubernetes.io/ingress.class"]
}
