// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
)

// Diff gives the event that leads from one plan to the next, and whether anything in it is worth telling. Counters are
// not: requests come and go thousands of times a second. What counts is identity, resource version, acceptance, problems,
// weight and rules of an Ingress or a route; the endpoints and their states of a Service, whether it is weighted, and whether it is drained.
func Diff(from, to Plan) (Event, bool) {
	e := Event{Plan: Plan{Replica: to.Replica, Revision: to.Revision}}
	e.Plan.Ingresses, e.RemovedIngresses = changes(from.Ingresses, to.Ingresses, sameIngress)
	e.Plan.Routes, e.RemovedRoutes = changes(from.Routes, to.Routes, sameRoute)
	e.Plan.Services, e.RemovedServices = changes(from.Services, to.Services, sameService)
	told := len(e.Plan.Ingresses) + len(e.Plan.Routes) + len(e.Plan.Services) + len(e.RemovedIngresses) + len(e.RemovedRoutes) + len(e.RemovedServices)
	return e, told > 0
}

// changes gives the entries that are new or not the same as before, and the keys that are gone.
func changes[V any](from, to map[string]V, same func(a, b V) bool) (changed map[string]V, gone []string) {
	for key, now := range to {
		if was, known := from[key]; known && same(was, now) {
			continue
		}
		if changed == nil {
			changed = map[string]V{}
		}
		changed[key] = now
	}
	return changed, missing(from, to)
}

func sameRoute(a, b Route) bool {
	return a.UID == b.UID && a.ResourceVersion == b.ResourceVersion && a.Accepted == b.Accepted && a.Since.Equal(b.Since) &&
		slices.Equal(a.Problems, b.Problems) && slices.EqualFunc(a.Rules, b.Rules, func(a, b Rule) bool {
		return slices.EqualFunc(a.Backends, b.Backends, func(a, b Backend) bool { return a.Service == b.Service && a.Weight == b.Weight })
	})
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
