// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"
)

// Service counts what is sent to one Service, over all its ports and routes.
type Service struct {
	// Name is namespace/name.
	Name string
	// Drained is called when the last request ends on a Service that is not weighted. It must not block.
	Drained func()

	inFlight atomic.Int64
	requests atomic.Uint64
	failed   atomic.Uint64
	weighted atomic.Bool
}

// Enter counts a request as in flight until Leave.
func (s *Service) Enter() { s.inFlight.Add(1) }

// Leave ends what Enter began.
func (s *Service) Leave() {
	if s.inFlight.Add(-1) == 0 && !s.weighted.Load() && s.Drained != nil {
		s.Drained()
	}
}

// Count records the outcome of a request: HTTP status 500 and above is a failure.
func (s *Service) Count(status int) {
	s.requests.Add(1)
	if status >= 500 {
		s.failed.Add(1)
	}
}

// SetWeighted says whether some served route can send the Service a request.
func (s *Service) SetWeighted(on bool) { s.weighted.Store(on) }

// Weighted is what SetWeighted said last.
func (s *Service) Weighted() bool { return s.weighted.Load() }

// InFlight counts requests that entered and did not leave.
func (s *Service) InFlight() int64 { return s.inFlight.Load() }

// Requests counts the finished requests, and how many of them failed.
func (s *Service) Requests() (all, failed uint64) { return s.requests.Load(), s.failed.Load() }

// Tally counts the requests of an Ingress by version since its weight was last changed.
type Tally struct{ Stable, Canary atomic.Uint64 }

// Add counts one request.
func (t *Tally) Add(canary bool) {
	if canary {
		t.Canary.Add(1)
		return
	}
	t.Stable.Add(1)
}

// Bounds are the upper bounds of the duration histogram in seconds.
func Bounds() [11]float64 {
	return [11]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30}
}

// bounds are Bounds in nanoseconds; a function rather than a variable, the compiler lays it out as constants.
func bounds() [11]time.Duration {
	return [11]time.Duration{
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
		50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second,
	}
}

// Stats are the finished requests of one version of one route.
type Stats struct {
	// Classes counts by status class: index 1 for 1xx up to 5 for 5xx.
	Classes [6]atomic.Uint64
	// Buckets counts by duration, one for each of Bounds and one beyond; not cumulative.
	Buckets [12]atomic.Uint64
	// Nanos is the sum of all durations.
	Nanos atomic.Uint64
	// Retries counts the attempts beyond the first.
	Retries atomic.Uint64
}

// Count records one finished request.
func (s *Stats) Count(status int, took time.Duration, retries int) {
	class := status / 100
	if class < 1 || class > 5 {
		class = 5
	}
	s.Classes[class].Add(1)
	limits := bounds()
	bucket := len(limits)
	for i, limit := range limits {
		if took <= limit {
			bucket = i
			break
		}
	}
	s.Buckets[bucket].Add(1)
	s.Nanos.Add(uint64(max(took, 0)))
	if retries > 0 {
		s.Retries.Add(uint64(retries))
	}
}
