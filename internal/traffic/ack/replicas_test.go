// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

func TestReplicasAreThoseThatServe(t *testing.T) {
	yes, no := true, false
	name, other, admin, http := "admin", "http", int32(9180), int32(80)
	endpoint := func(address string, ready, serving *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ready, Serving: serving}}
	}
	slices := []*discoveryv1.EndpointSlice{{
		Ports: []discoveryv1.EndpointPort{{Name: &other, Port: &http}, {Name: &name, Port: &admin}},
		Endpoints: []discoveryv1.Endpoint{
			endpoint("10.0.0.3", &yes, &yes), endpoint("10.0.0.2", nil, nil), endpoint("10.0.0.4", &no, &no), endpoint("10.0.0.5", &no, nil),
			endpoint("10.0.0.6", &no, &yes), // it is about to end
		},
	}, {
		Ports:     []discoveryv1.EndpointPort{{Name: &name, Port: &admin}},
		Endpoints: []discoveryv1.Endpoint{endpoint("fd00::1", &yes, nil), endpoint("10.0.0.3", &yes, nil)},
	}, {
		Ports:     []discoveryv1.EndpointPort{{Name: &other, Port: &http}},
		Endpoints: []discoveryv1.Endpoint{endpoint("10.0.0.9", &yes, &yes)},
	}}
	want := []string{"http://10.0.0.2:9180", "http://10.0.0.3:9180", "http://10.0.0.6:9180", "http://[fd00::1]:9180"}
	if diff := cmp.Diff(want, ack.Replicas(slices, "admin")); diff != "" {
		t.Errorf("other replicas than those that serve on the port (-want +got):\n%s", diff)
	}
}
