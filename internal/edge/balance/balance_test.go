// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAnyThousandRequestsHoldTheShare(t *testing.T) {
	for _, weight := range []int{0, 1, 20, 33, 50, 67, 99, 100} {
		t.Run(fmt.Sprint(weight), func(t *testing.T) {
			route := NewRoute(&Cursor{}, []Version{{Weight: 100 - weight}, {Weight: weight}})
			const requests, window = 5_000, 1_000
			turns := make([]int, requests)
			for i := range turns {
				turns[i] = route.Next()
			}
			for start := 0; start+window <= requests; start++ {
				canary := 0
				for _, v := range turns[start : start+window] {
					canary += v
				}
				if canary != weight*window/100 {
					t.Fatalf("requests %d to %d: %d of %d went to the canary at weight %d", start, start+window, canary, window, weight)
				}
			}
		})
	}
}

func TestOrderIsSmoothForAnyWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, 200), 1, 5).Draw(t, "weights")
		versions, total := make([]Version, len(weights)), 0
		for i, w := range weights {
			versions[i].Weight, total = w, total+w
		}
		route := NewRoute(&Cursor{}, versions)
		if total == 0 {
			if got := route.Next(); got != -1 {
				t.Fatalf("no version has a weight, and version %d was chosen", got)
			}
			return
		}
		seen := make([]int, len(weights))
		for n := 1; n <= 2*total; n++ {
			seen[route.Next()]++
			for i, w := range weights {
				if off := math.Abs(float64(seen[i]) - float64(n)*float64(w)/float64(total)); off > float64(len(weights)) {
					t.Fatalf("after %d requests version %d of %v is %.1f off its share", n, i, weights, off)
				}
			}
		}
		for i, w := range weights {
			if seen[i] != 2*w {
				t.Fatalf("two whole rounds of %v gave version %d %d requests", weights, i, seen[i])
			}
		}
	})
}

func TestHugeTotalsAreScaledDown(t *testing.T) {
	route := NewRoute(&Cursor{}, []Version{{Weight: 99_999_999}, {Weight: 1}})
	if len(route.order) > maxOrder+2 {
		t.Fatalf("the order has %d places", len(route.order))
	}
	canary := 0
	for range maxOrder {
		canary += route.Next()
	}
	if canary == 0 {
		t.Error("a weight above 0 was scaled down to nothing")
	}
}

func TestInsteadNeverNamesAVersionAtZero(t *testing.T) {
	route := NewRoute(&Cursor{}, []Version{{Weight: 100}, {Weight: 0}})
	if got := route.Instead(1 << 0); got != -1 {
		t.Errorf("version %d, at weight 0, took over from the stable one", got)
	}
	route = NewRoute(&Cursor{}, []Version{{Weight: 80}, {Weight: 20}})
	if got := route.Instead(1 << 1); got != 0 {
		t.Errorf("stable should take over from the canary, got %d", got)
	}
}

func TestPoolRotation(t *testing.T) {
	up := func(a string) Member { return Member{Address: a, Condition: Up} }
	leaving := func(a string) Member { return Member{Address: a, Condition: Terminating} }
	cases := map[string]struct {
		members []Member
		proven  []string
		want    map[string]bool
		reason  string
	}{
		"only proven endpoints are used": {[]Member{up("a"), up("b")}, []string{"b"}, map[string]bool{"b": true},
			"an endpoint enters the rotation after a connection to it worked"},
		"unproven endpoints are used when none is proven": {[]Member{up("a"), up("b")}, nil, map[string]bool{"a": true, "b": true},
			"trying is better than refusing"},
		"a terminating endpoint is left out": {[]Member{up("a"), leaving("b")}, []string{"a", "b"}, map[string]bool{"a": true},
			"a terminating pod gets no new request while another is up"},
		"terminating endpoints are used when nothing else is left": {[]Member{leaving("a")}, []string{"a"}, map[string]bool{"a": true},
			"KEP-1669"},
		"an unproven endpoint comes before a terminating one": {[]Member{up("a"), leaving("b")}, []string{"b"}, map[string]bool{"a": true},
			"ready endpoints first"},
		"an empty pool gives nothing": {nil, nil, map[string]bool{}, "nothing to pick"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pool := NewPool(&Service{})
			pool.Set(tc.members, func(*Endpoint) {})
			for _, a := range tc.proven {
				pool.Prove(a, true)
			}
			got := map[string]bool{}
			for range 20 {
				if e := pool.Pick(nil); e != nil {
					got[e.Address] = true
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("picked %v, want %v: %s", got, tc.want, tc.reason)
			}
		})
	}
}

func TestPickPrefersTheLessLoadedAndSkipsTheTried(t *testing.T) {
	pool := NewPool(&Service{})
	pool.Set([]Member{{Address: "a"}, {Address: "b"}, {Address: "c"}}, func(*Endpoint) {})
	slow := pool.Pick(nil)
	slow.inFlight.Add(1000)
	for range 100 {
		if e := pool.Pick([]*Endpoint{slow}); e == slow {
			t.Fatal("an endpoint that was tried was picked again")
		}
	}
	if e := pool.Pick(pool.Endpoints()); e != nil {
		t.Errorf("%s was picked though every endpoint was tried", e.Address)
	}
}

func TestEndpointsKeepTheirCountsAndTellWhenTheyAreIdle(t *testing.T) {
	pool := NewPool(&Service{})
	var idled []string
	pool.Idle = func(e *Endpoint) { idled = append(idled, e.Address) }
	pool.Set([]Member{{Address: "a"}, {Address: "b"}}, func(*Endpoint) {})
	first := pool.Pick(nil)
	pool.Set([]Member{{Address: "c"}}, func(*Endpoint) {})
	if len(idled) != 1 {
		t.Errorf("idle at once: %v; want the one endpoint that had nothing in flight", idled)
	}
	if got := len(pool.Endpoints()); got != 2 {
		t.Errorf("%d endpoints are shown, want the new one and the one still in flight", got)
	}
	first.Done()
	if len(idled) != 2 || len(pool.Endpoints()) != 1 {
		t.Errorf("after the last request: idle %v, %d endpoints", idled, len(pool.Endpoints()))
	}
}

func TestServiceTellsOnceWhenDrained(t *testing.T) {
	told := 0
	s := &Service{Drained: func() { told++ }}
	s.SetWeighted(true)
	s.Enter()
	s.Leave()
	if told != 0 {
		t.Error("a weighted Service is not drained by having no request for a moment")
	}
	s.Enter()
	s.Enter()
	s.SetWeighted(false)
	s.Leave()
	s.Leave()
	if told != 1 {
		t.Errorf("told %d times, want once, at the last request", told)
	}
}

func TestChoosingAllocatesNothing(t *testing.T) {
	route, pool, stats := busy()
	allocs := testing.AllocsPerRun(1000, func() {
		v := &route.Versions[route.Next()]
		v.Pool.Service.Enter()
		e := pool.Pick(nil)
		e.Done()
		v.Pool.Service.Leave()
		stats.Count(200, time.Millisecond, 0)
	})
	if allocs != 0 {
		t.Errorf("%v allocations for each request", allocs)
	}
}

func TestConcurrentChoicesStayExact(t *testing.T) {
	route := NewRoute(&Cursor{}, []Version{{Weight: 80}, {Weight: 20}})
	var tally Tally
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1_000 {
				tally.Add(route.Next() == 1)
			}
		})
	}
	group.Wait()
	if got := tally.Canary.Load(); got != 1_600 {
		t.Errorf("%d of 8,000 requests went to the canary at weight 20", got)
	}
}

func busy() (*Route, *Pool, *Stats) {
	pool := NewPool(&Service{})
	var members []Member
	for i := range 5 {
		members = append(members, Member{Address: fmt.Sprintf("10.0.0.%d:80", i)})
	}
	pool.Set(members, func(*Endpoint) {})
	return NewRoute(&Cursor{}, []Version{{Weight: 80, Pool: pool}, {Weight: 20, Pool: pool}}), pool, &Stats{}
}

func BenchmarkChoice(b *testing.B) {
	route, _, stats := busy()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			v := &route.Versions[route.Next()]
			v.Pool.Service.Enter()
			v.Pool.Pick(nil).Done()
			v.Pool.Service.Leave()
			stats.Count(200, time.Millisecond, 0)
		}
	})
}
