// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/internal/traffic"
)

// edgeController is what our edge is called in the status of a route. What it serves is told by its plan.
const edgeController = "release.oam.dev/edge"

// parent is a Gateway, or a listener of one, as a route names it.
type parent struct{ group, kind, namespace, name, section, port string }

func parentOf(ref object, namespace string) parent {
	p := parent{
		group: cmp.Or(text(ref, "group"), "gateway.networking.k8s.io"), kind: cmp.Or(text(ref, "kind"), "Gateway"),
		namespace: cmp.Or(text(ref, "namespace"), namespace), name: text(ref, "name"), section: text(ref, "sectionName"),
	}
	if port := number(ref, "port"); port > 0 {
		p.port = fmt.Sprint(port)
	}
	return p
}

func (p parent) String() string {
	out := fmt.Sprintf("%s %s/%s", p.kind, p.namespace, p.name)
	if p.section != "" {
		out += " (" + p.section + ")"
	}
	if p.port != "" {
		out += " (port " + p.port + ")"
	}
	return out
}

// status adds what the parents of a route say about it. A parent that has not said anything about the newest generation makes
// the routers unknown, for a wait has no meaning before a gateway took the route (GEP-1364). byEdge says that the edge serves
// the route: then a parent of which nobody else speaks is the edge's.
func status(s *traffic.State, route *unstructured.Unstructured, byEdge bool) {
	if !s.Canary {
		return // nothing of ours is to be served
	}
	o := opinions(route, byEdge)
	for _, sentence := range o.sentences {
		add(s, sentence)
	}
	switch {
	case !byEdge && s.Ack == traffic.AckNone:
		s.RouteRefused = o.refused > 0 && o.refused == o.others
		s.CanaryRefused = s.RouteRefused
		if len(o.sentences) > 0 {
			s.Ack = traffic.AckUnknown
		}
	case byEdge && o.others > 0:
		s.RouteRefused, s.CanaryRefused = s.RouteRefused && o.refused == o.others, s.CanaryRefused && o.refused == o.others
		s.Ack = traffic.AckNone
		if len(o.sentences) > 0 || !s.Serves() {
			s.Ack = traffic.AckUnknown
		}
	}
}

// opinion is what the parents of a route say of it, but for the edge.
type opinion struct {
	// others are those that said something, refused those of them that took nothing of it.
	others, refused int
	// sentences are about those that do not serve the newest generation, or not yet.
	sentences []string
}

func opinions(route *unstructured.Unstructured, byEdge bool) opinion {
	o, said := opinion{}, map[parent][]object{}
	for _, entry := range list(part(route.Object, "status"), "parents") {
		p := parentOf(part(entry, "parentRef"), route.GetNamespace())
		said[p] = append(said[p], entry)
	}
	for _, ref := range list(part(route.Object, "spec"), "parentRefs") {
		p := parentOf(ref, route.GetNamespace())
		if len(said[p]) == 0 && !byEdge {
			o.sentences = append(o.sentences, fmt.Sprintf("%s has not taken the %s %s yet", p, route.GetKind(), route.GetName()))
		}
		for _, entry := range said[p] {
			if byEdge && text(entry, "controllerName") == edgeController {
				continue
			}
			o.others++
			sentence, refused := judge(entry, p, route)
			if sentence != "" {
				o.sentences = append(o.sentences, sentence)
			}
			if refused {
				o.refused++
			}
		}
	}
	return o
}

// judge gives a sentence about why a parent does not serve the newest generation of a route, empty where it does; refused says
// that it takes nothing of it.
func judge(entry object, p parent, route *unstructured.Unstructured) (sentence string, refused bool) {
	told := map[string]bool{}
	for _, c := range list(entry, "conditions") {
		kind := text(c, "type")
		if kind != "Accepted" && kind != "ResolvedRefs" {
			continue
		}
		if number(c, "observedGeneration") < route.GetGeneration() {
			continue
		}
		if text(c, "status") != "True" {
			return fmt.Sprintf("%s does not serve the %s %s: %s: %s", p, route.GetKind(), route.GetName(), text(c, "reason"), text(c, "message")), kind == "Accepted"
		}
		told[kind] = true
	}
	if !told["Accepted"] || !told["ResolvedRefs"] {
		return fmt.Sprintf("%s has not taken the newest %s %s yet", p, route.GetKind(), route.GetName()), false
	}
	return "", false
}
