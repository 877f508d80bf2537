// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestVitestsReportIsCountedTestByTest(t *testing.T) {
	for reason, c := range map[string]struct {
		report         string
		passed, failed int
		says           string
	}{
		"passed and failed tests count, skipped ones do not": {
			report: `{"testResults":[{"name":"/x/a.test.ts","status":"failed","assertionResults":[
				{"fullName":"a works","status":"passed"},{"fullName":"b works","status":"failed","failureMessages":["b is broken"]},
				{"fullName":"c works","status":"pending"}]}]}`,
			passed: 1, failed: 1, says: "b is broken",
		},
		"a file that does not load is a failure": {
			report: `{"testResults":[{"name":"/x/a.test.ts","status":"failed","message":"no such module","assertionResults":[]}]}`,
			failed: 1, says: "no such module",
		},
		"a green file is a line": {
			report: `{"testResults":[{"name":"/x/a.test.ts","status":"passed","assertionResults":[{"fullName":"a works","status":"passed"}]}]}`,
			passed: 1, says: "ok   a.test.ts",
		},
	} {
		t.Run(reason, func(t *testing.T) {
			var out strings.Builder
			got, err := tallyVitest([]byte(c.report), &out)
			if err != nil || got.passed != c.passed || got.failed != c.failed {
				t.Errorf("counted %d passed, %d failed, %v; want %d and %d", got.passed, got.failed, err, c.passed, c.failed)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("printed %q, which does not tell %q", out.String(), c.says)
			}
		})
	}
}
