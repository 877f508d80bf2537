// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package beside

import (
	"strings"
	"testing"
	"time"
)

const printed = `Running 2s test @ http://127.0.0.1:18095/version
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.75ms    2.94ms  62.24ms   93.77%
    Req/Sec    50.60k     7.68k   61.38k    75.00%
  Latency Distribution
     50%    1.02ms
     75%    1.84ms
     90%    3.57ms
     99%   14.54ms
  100789 requests in 2.01s, 120.25MB read
Requests/sec:  50123.45
Transfer/sec:     59.80MB
`

func TestWhatWrkPrintsIsRead(t *testing.T) {
	one, requests, err := read(printed)
	if err != nil || requests != 100789 || one.Rate != 50123.45 || one.P50 != 1020*time.Microsecond || one.P99 != 14540*time.Microsecond {
		t.Errorf("read %+v, %d requests, error %v", one, requests, err)
	}
	for name, text := range map[string]string{
		"requests that failed":    printed + "  Non-2xx or 3xx responses: 12\n",
		"connections that failed": printed + "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
		"nothing":                 "",
		"no percentiles":          strings.ReplaceAll(printed, "99%", "98%"),
	} {
		if _, _, err := read(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	r := Result{Rounds: map[string][]Round{
		Edge:  {{Rate: 10}, {Rate: 100}, {Rate: 30}},
		Nginx: {{Rate: 10}, {Rate: 50}, {Rate: 10}},
	}}
	if got := r.Ratio(Edge, Nginx, func(r Round) float64 { return r.Rate }); got != 2 {
		t.Errorf("the ratio is %v, want the median of 1, 2 and 3", got)
	}
}
