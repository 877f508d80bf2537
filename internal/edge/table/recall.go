// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// absence is how long a Service that a route leads to may be missing before its endpoints are given up. A controller makes
// a deleted Service anew within milliseconds; its EndpointSlices may take a second or two.
const absence = 5 * time.Second

// Recall bridges the time in which a Service that a route leads to, or all of its EndpointSlices, were deleted and are not
// back yet: the pods are still there. Endpoints that went away one by one leave an EndpointSlice behind, so nothing is
// recalled for them. One build at a time uses it.
type Recall struct {
	known map[string]*recalled // by namespace/name of the Service
	now   time.Time
	used  map[string]bool // in this build
}

type recalled struct {
	service *corev1.Service
	slices  []*discoveryv1.EndpointSlice
	since   time.Time // when something was missing first; zero while all is there
}

// NewRecall remembers nothing yet.
func NewRecall() *Recall { return &Recall{known: map[string]*recalled{}} }

// begin is called before a build.
func (r *Recall) begin(now time.Time) {
	if r != nil {
		r.now, r.used = now, map[string]bool{}
	}
}

// complete gives the Service and its slices as they are, or, for what is missing of them, as they were.
func (r *Recall) complete(key string, service *corev1.Service, slices []*discoveryv1.EndpointSlice) (*corev1.Service, []*discoveryv1.EndpointSlice) {
	if r == nil {
		return service, slices
	}
	r.used[key] = true
	was := r.known[key]
	switch {
	case service != nil && len(slices) > 0:
		if was == nil {
			was = &recalled{}
			r.known[key] = was
		}
		*was = recalled{service: service, slices: slices}
		return service, slices
	case was == nil:
		return service, slices
	case service != nil && !equality.Semantic.DeepEqual(service.Spec.Selector, was.service.Spec.Selector):
		delete(r.known, key) // another Service of that name
		return service, slices
	case was.since.IsZero():
		was.since = r.now
	case !r.now.Before(was.since.Add(absence)):
		delete(r.known, key)
		return service, slices
	}
	if service == nil {
		service = was.service
	}
	if len(slices) == 0 {
		slices = was.slices
	}
	return service, slices
}

// end is called after a build: what no route leads to any more is forgotten. It gives the time at which the first of what
// was recalled is given up; zero when nothing was.
func (r *Recall) end() time.Time {
	var next time.Time
	if r == nil {
		return next
	}
	maps.DeleteFunc(r.known, func(key string, _ *recalled) bool { return !r.used[key] })
	for _, was := range r.known {
		if until := was.since.Add(absence); !was.since.IsZero() && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}
