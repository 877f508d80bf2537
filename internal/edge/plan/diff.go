// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
)

// Diff gives the event that leads from one plan to the next, and whether anything in it is worth telling. Counters are
// not: requests come and go thousands of times a second. What counts is identity, resource version, acceptance, problems
// weight and rules of an Ingress; the endpoints and their states of a Service, whether it is weighted, and whether it is drained.
func Diff(from, to Plan) (Event, bool) {
	e := Event{Plan: Plan{Replica: to.Replica, Revision: to.Revision}}
	for key, now := range to.Ingresses {
		was, known := from.Ingresses[key]
		if known && sameIngress(was, now) {
			continue
		}
		if e.Plan.Ingresses == nil {
			e.Plan.Ingresses = map[string]Ingress{}
		}
		e.Plan.Ingresses[key] = now
	}
	for key, now := range to.Services {
		was, known := from.Services[key]
		if known && sameService(was, now) {
			continue
		}
		if e.Plan.Services == nil {
			e.Plan.Services = map[string]Service{}
		}
		e.Plan.Services[key] = now
	}
	e.RemovedIngresses = missing(from.Ingresses, to.Ingresses)
	e.RemovedServices = missing(from.Services, to.Services)
	told := len(e.Plan.Ingresses) + len(e.Plan.Services) + len(e.RemovedIngresses) + len(e.RemovedServices)
	return e, told > 0
}

func sameIngress(a, b Ingress) bool {
	return a.UID == b.UID && a.ResourceVersion == b.ResourceVersion && a.Accepted == b.Accepted && a.Canary == b.Canary &&
		a.Weight == b.Weight && a.Total == b.Total && maps.Equal(a.Rules, b.Rules) && a.Since.Equal(b.Since) && slices.Equal(a.Problems, b.Problems)
}

func sameService(a, b Service) bool {
	return a.Weighted == b.Weighted && a.Ready == b.Ready && a.Drained() == b.Drained() &&
		slices.EqualFunc(a.Endpoints, b.Endpoints, func(a, b Endpoint) bool {
			return a.Address == b.Address && a.PodName == b.PodName && a.State == b.State
		})
}

func missing[V any](from, to map[string]V) []string {
	var gone []string
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if _, still := to[key]; !still {
			gone = append(gone, key)
		}
	}
	return gone
}
