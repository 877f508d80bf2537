// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package network

import "testing"

func TestARangeIsSplitInTwo(t *testing.T) {
	cases := map[string]struct{ cidr, upper, lower string }{
		"a byte's boundary":    {"10.244.0.0/24", "10.244.0.128/25", "10.244.0.0/25"},
		"the middle of a byte": {"10.244.16.0/20", "10.244.24.0/21", "10.244.16.0/21"},
		"the end of a byte":    {"10.10.0.0/15", "10.11.0.0/16", "10.10.0.0/16"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			upper, lower, err := halves(tc.cidr)
			if err != nil || upper != tc.upper || lower != tc.lower {
				t.Errorf("got %s and %s (%v), want %s and %s", upper, lower, err, tc.upper, tc.lower)
			}
		})
	}
}
