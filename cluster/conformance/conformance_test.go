// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
)

func TestEveryImageOfTheSuiteIsBuiltHere(t *testing.T) {
	names, err := imageNames()
	if err != nil || len(names) == 0 {
		t.Fatalf("the suite names no images: %v, %v", names, err)
	}
	for _, name := range names {
		built := false
		for _, p := range programs() {
			built = built || strings.HasPrefix(name, p.image+":")
		}
		if !built {
			t.Errorf("the suite's manifests name %s, which nothing here is built for: it would have to come from the network", name)
		}
	}
}

func TestTheTableNamesWhatFailedAndEndsWithTheNumbers(t *testing.T) {
	failed := conformancev1.Status{Result: conformancev1.Failure, Statistics: conformancev1.Statistics{Passed: 2, Failed: 1}, FailedTests: []string{"HTTPRouteWeight"}}
	report := &conformancev1.ConformanceReport{ProfileReports: []conformancev1.ProfileReport{
		{Name: "GATEWAY-HTTP", Core: failed, Extended: &conformancev1.ExtendedStatus{
			Status: conformancev1.Status{Result: conformancev1.Success, Statistics: conformancev1.Statistics{Passed: 3}}, SupportedFeatures: []string{"HTTPRouteCORS"},
		}},
	}}
	var out strings.Builder
	if n := show(&out, report); n != 1 {
		t.Errorf("%d failed, want 1", n)
	}
	for _, want := range []string{"failed: HTTPRouteWeight", "extended features tested: HTTPRouteCORS", "\n5 passed, 1 failed\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}
