// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/yaml"
)

// readReport reads the report that the suite wrote.
func readReport(file string) (*conformancev1.ConformanceReport, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the suite's report: %w", err)
	}
	report := &conformancev1.ConformanceReport{}
	if err := yaml.Unmarshal(data, report); err != nil {
		return nil, fmt.Errorf("reading the suite's report: %w", err)
	}
	return report, nil
}

// show prints what passed, and ends with the numbers of all tests. It gives how many failed.
func show(out io.Writer, report *conformancev1.ConformanceReport) int {
	passed, failed := 0, 0
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "\nGateway API %s (%s channel)\n\nprofile\tlevel\tresult\tpassed\tfailed\tskipped\n", report.GatewayAPIVersion, report.GatewayAPIChannel)
	for _, p := range report.ProfileReports {
		row := func(level string, s conformancev1.Status) {
			passed, failed = passed+int(s.Passed), failed+int(s.Failed)
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\n", p.Name, level, s.Result, s.Passed, s.Failed, s.Skipped)
			for _, name := range s.FailedTests {
				_, _ = fmt.Fprintf(w, "\t\tfailed: %s\n", name)
			}
			for _, name := range s.SkippedTests {
				_, _ = fmt.Fprintf(w, "\t\tskipped: %s\n", name)
			}
		}
		row("core", p.Core)
		if p.Extended != nil {
			row("extended", p.Extended.Status)
		}
	}
	_ = w.Flush()
	for _, p := range report.ProfileReports {
		if p.Extended == nil {
			continue
		}
		_, _ = fmt.Fprintf(out, "\n%s, extended features tested: %s\n", p.Name, strings.Join(p.Extended.SupportedFeatures, ", "))
		_, _ = fmt.Fprintf(out, "%s, extended features that the edge does not have: %s\n", p.Name, strings.Join(p.Extended.UnsupportedFeatures, ", "))
	}
	_, _ = fmt.Fprintf(out, "\n%d passed, %d failed\n", passed, failed)
	return failed
}
