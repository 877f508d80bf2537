// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ack

import (
	"net"
	"slices"
	"strconv"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// Replicas gives the admin addresses of the edge's replicas that serve, out of the EndpointSlices of their Service and the name of its
// port, sorted. One that is about to end counts as long as it serves: requests still reach it, and it still learns of weights.
func Replicas(of []*discoveryv1.EndpointSlice, port string) []string {
	var urls []string
	for _, slice := range of {
		number := portOf(slice, port)
		if number == 0 {
			continue
		}
		for _, end := range slice.Endpoints {
			ready := end.Conditions.Ready == nil || *end.Conditions.Ready
			if serving := end.Conditions.Serving; !ready && (serving == nil || !*serving) {
				continue
			}
			for _, address := range end.Addresses {
				urls = append(urls, "http://"+net.JoinHostPort(address, strconv.Itoa(int(number))))
			}
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

func portOf(slice *discoveryv1.EndpointSlice, name string) int32 {
	for _, p := range slice.Ports {
		if p.Name != nil && *p.Name == name && p.Port != nil {
			return *p.Port
		}
	}
	return 0
}
