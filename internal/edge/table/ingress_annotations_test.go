// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"
	"testing"
	"time"
)

func TestAnnotations(t *testing.T) {
	with := func(pairs ...string) map[string]string {
		all := map[string]string{prefix + "canary": "true"}
		for i := 0; i < len(pairs); i += 2 {
			all[prefix+pairs[i]] = pairs[i+1]
		}
		return all
	}
	cases := map[string]struct {
		all     map[string]string
		holds   func(settings) bool
		problem string
	}{
		"a weight is out of 100": {with("canary-weight", "20"), func(s settings) bool { return s.weight == 20 && s.total == 100 }, ""},
		"a total changes what a weight means": {with("canary-weight", "200", "canary-weight-total", "1000"),
			func(s settings) bool { return s.weight == 200 && s.total == 1000 }, ""},
		"a weight above the total counts as 0": {with("canary-weight", "101"),
			func(s settings) bool { return s.weight == 0 }, `canary-weight is "101"; use a whole number from 0 to 100`},
		"a negative weight counts as 0": {with("canary-weight", "-1"), func(s settings) bool { return s.weight == 0 }, "canary-weight"},
		"a bad total takes the share away": {with("canary-weight", "20", "canary-weight-total", "zero"),
			func(s settings) bool { return s.weight == 0 && s.total == 100 }, "canary-weight-total"},
		"an unreadable canary flag is a canary without a share": {map[string]string{prefix + "canary": "yes"},
			func(s settings) bool { return s.canary && s.weight == 0 }, `canary is "yes"; use "true" or "false"`},
		"canary false is a stable Ingress": {map[string]string{prefix + "canary": "false", prefix + "canary-weight": "x"},
			func(s settings) bool { return !s.canary && s.weight == 0 }, ""},
		"a header comes before a cookie": {with("canary-by-cookie", "c", "canary-by-header", "h"),
			func(s settings) bool {
				return len(s.rules) == 2 && s.rules[0].Header == "h" && s.rules[1].Cookie == "c"
			}, ""},
		"a header value outranks a pattern": {with("canary-by-header", "h", "canary-by-header-value", "v", "canary-by-header-pattern", ".*"),
			func(s settings) bool { return s.rules[0].Value == "v" && s.rules[0].Pattern == nil }, ""},
		"a value without a header is named": {with("canary-by-header-value", "v"), func(s settings) bool { return len(s.rules) == 0 }, "canary-by-header is missing"},
		"a broken pattern drops the rule":   {with("canary-by-header", "h", "canary-by-header-pattern", "("), func(s settings) bool { return len(s.rules) == 0 }, "canary-by-header-pattern"},
		"a cookie name must be one":         {with("canary-by-cookie", "a b"), func(s settings) bool { return len(s.rules) == 0 }, "canary-by-cookie"},
		"a protocol may be in lower case":   {with("backend-protocol", "grpcs"), func(s settings) bool { return s.transport.Protocol == GRPCS }, ""},
		"an unknown protocol is HTTP":       {with("backend-protocol", "FCGI"), func(s settings) bool { return s.transport.Protocol == HTTP }, "backend-protocol"},
		"timeouts are in seconds":           {with("proxy-read-timeout", "3600"), func(s settings) bool { return s.transport.Read == time.Hour }, ""},
		"a timeout of 0 is refused":         {with("proxy-connect-timeout", "0"), func(s settings) bool { return s.transport.Connect == 5*time.Second }, "proxy-connect-timeout"},
		"body sizes have units":             {with("proxy-body-size", "8m"), func(s settings) bool { return s.bodyLimit == 8<<20 }, ""},
		"a body size of 0 is no limit":      {with("proxy-body-size", "0"), func(s settings) bool { return s.bodyLimit == 0 && s.bodyLimitSet }, ""},
		"a body size too large is refused":  {with("proxy-body-size", "9999999999999g"), func(s settings) bool { return s.bodyLimit == defaultBodyLimit }, "proxy-body-size"},
		"what has no effect is said":        {with("rewrite-target", "/"), func(settings) bool { return true }, "rewrite-target has no effect"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := readAnnotations(tc.all)
			if !tc.holds(s) {
				t.Errorf("read as %+v", s)
			}
			if text := strings.Join(s.problems, "\n"); tc.problem == "" && text != "" || !strings.Contains(text, tc.problem) {
				t.Errorf("problems %q, want one with %q", text, tc.problem)
			}
		})
	}
}
