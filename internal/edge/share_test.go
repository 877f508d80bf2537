// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestShareIsWithinHalfAPointOverAThousandRequests(t *testing.T) {
	onBothPaths(t, testShareIsWithinHalfAPointOverAThousandRequests)
}

func testShareIsWithinHalfAPointOverAThousandRequests(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 0)
	for _, weight := range []int{1, 20, 33, 50, 99} {
		t.Run(fmt.Sprint(weight), func(t *testing.T) {
			w.weight(weight)
			before := canary.hits.Load()
			const requests = 1_000
			var group sync.WaitGroup
			for range 10 {
				group.Go(func() {
					for range requests / 10 {
						if status, _, err := w.get(http.DefaultClient, "/"); err != nil || status != http.StatusOK {
							t.Errorf("status %d, error %v", status, err)
						}
					}
				})
			}
			group.Wait()
			share := 100 * float64(canary.hits.Load()-before) / requests
			if math.Abs(share-float64(weight)) > 0.5 {
				t.Errorf("%.1f %% of the requests went to the canary at weight %d", share, weight)
			}
			served := w.plan().Ingresses["demo/web-canary"]
			if got := int64(served.CanaryRequests); got != canary.hits.Load()-before || served.StableRequests+served.CanaryRequests != requests {
				t.Errorf("the plan counts %d and %d requests since the weight changed; the canary counted %d", served.StableRequests, served.CanaryRequests, canary.hits.Load()-before)
			}
		})
	}
}

// load sends requests without pause until stop is called, and counts what fails.
type load struct {
	sent, failed atomic.Int64
	end          chan struct{}
	group        sync.WaitGroup
	reason       atomic.Value
}

func (w *world) load(clients int) *load {
	l := &load{end: make(chan struct{})}
	for i := range clients {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%4 == 3}}
		l.group.Go(func() {
			defer client.CloseIdleConnections()
			for {
				select {
				case <-l.end:
					return
				default:
				}
				status, _, err := w.get(client, "/")
				l.sent.Add(1)
				if err != nil || status != http.StatusOK {
					l.failed.Add(1)
					l.reason.Store(fmt.Sprintf("status %d, error %v", status, err))
				}
			}
		})
	}
	return l
}

func (l *load) stop() {
	close(l.end)
	l.group.Wait()
}

func (l *load) check(tb testing.TB) {
	tb.Helper()
	if l.failed.Load() > 0 {
		tb.Errorf("%d of %d requests failed, the last one with %v", l.failed.Load(), l.sent.Load(), l.reason.Load())
	}
	tb.Logf("%d requests, %d failed", l.sent.Load(), l.failed.Load())
}

func TestWeightZeroIsExactlyZeroOnceThePlanSaysSo(t *testing.T) {
	onBothPaths(t, testWeightZeroIsExactlyZeroOnceThePlanSaysSo)
}

func testWeightZeroIsExactlyZeroOnceThePlanSaysSo(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 50)
	l := w.load(8)
	for range 30 {
		w.weight(50)
		w.weight(0)
		w.await("the canary drained", func(p plan.Plan) bool { return p.Services["demo/canary"].Drained() })
		before, sent := canary.hits.Load(), l.sent.Load()
		for l.sent.Load() < sent+50 {
			w.mustGet("/")
		}
		if got := canary.hits.Load() - before; got != 0 {
			t.Fatalf("%d requests reached the canary after weight 0 was served and drained", got)
		}
	}
	l.stop()
	l.check(t)
}

func TestAThousandTableSwapsLoseNoRequest(t *testing.T) {
	onBothPaths(t, testAThousandTableSwapsLoseNoRequest)
}

func testAThousandTableSwapsLoseNoRequest(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 50)
	l := w.load(8)
	for i := range 1_000 {
		w.weight(i % 101)
	}
	w.weight(100)
	l.stop()
	l.check(t)
	if l.sent.Load() == 0 {
		t.Error("nothing was sent meanwhile")
	}
}
