// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vela-rollouts/vela/internal/test/load"
)

// demo answers as the demo application does; every failEvery-th plain request fails when it is above zero.
func demo(t *testing.T, failEvery int64) load.Target {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			for range 3 {
				if _, _, err := conn.Read(r.Context()); err != nil {
					return
				}
				if conn.Write(r.Context(), websocket.MessageText, []byte("Demo: V2")) != nil {
					return
				}
			}
			_ = conn.Close(websocket.StatusGoingAway, "")
			return
		}
		if failEvery > 0 && n.Add(1)%failEvery == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if body, err := io.ReadAll(r.Body); err != nil || r.Method == http.MethodPost && len(body) == 0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, "Demo: V1\n")
	}))
	t.Cleanup(server.Close)
	return load.Target{Address: strings.TrimPrefix(server.URL, "http://"), Host: "demo.local", Path: "/version"}
}

// until polls nothing: it waits for the run to have sent enough, which the counter says.
func until(t *testing.T, run *load.Run, enough func(load.Totals) bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !enough(run.Snapshot()) {
		select {
		case <-deadline:
			t.Fatalf("traffic did not flow: %s, %v", run.Snapshot(), run.Snapshot().Failures)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestEveryRequestOfEachKindIsCountedAndAnOrderlyCloseIsNoFailure(t *testing.T) {
	mix := load.Mix{NewConnections: 1, KeptAlive: 1, WebSockets: 1, SlowBodies: 1, Pause: time.Millisecond, MaxDuration: time.Minute}
	run, err := load.Start(t.Context(), demo(t, 0), mix)
	if err != nil {
		t.Fatal(err)
	}
	until(t, run, func(n load.Totals) bool {
		return n.ByKind[load.NewConnection].Sent > 20 && n.ByKind[load.KeptAlive].Sent > 20 && n.ByKind[load.WebSocket].Sent > 20 && n.ByKind[load.SlowBody].Sent > 1
	})
	got := run.Stop()
	if got.Failed() != 0 {
		t.Errorf("%d failed, want 0: %v", got.Failed(), got.Failures)
	}
	plain := got.ByKind[load.NewConnection].Sent + got.ByKind[load.KeptAlive].Sent + got.ByKind[load.SlowBody].Sent
	if got.ByVersion["V1"] != plain || got.ByVersion["V2"] != 0 {
		t.Errorf("answers %v for %d plain requests; messages over WebSockets do not count for shares", got.ByVersion, plain)
	}
}

func TestAFailedRequestIsCountedWithItsReason(t *testing.T) {
	run, err := load.Start(t.Context(), demo(t, 5), load.Mix{KeptAlive: 1, MaxDuration: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	until(t, run, func(n load.Totals) bool { return n.Sent() > 50 })
	got := run.Stop()
	if got.Failed() < 10 {
		t.Errorf("%d of %d failed, want every fifth", got.Failed(), got.Sent())
	}
	if len(got.Failures) == 0 || !strings.Contains(got.Failures[0], "status 503") {
		t.Errorf("reasons %q do not name the status", got.Failures)
	}
}

func TestLoadIsRefusedForAnAddressThatIsNotThisMachine(t *testing.T) {
	if _, err := load.Start(t.Context(), load.Target{Address: "192.0.2.1:80"}, load.DefaultMix()); err == nil {
		t.Error("load for a foreign address was started")
	}
}

func TestItIsKnownWhenTheRequestsThatAVersionAnsweredWereSent(t *testing.T) {
	began := time.Now()
	run, err := load.Start(t.Context(), demo(t, 0), load.Mix{KeptAlive: 2, Pause: time.Millisecond, MaxDuration: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	until(t, run, func(n load.Totals) bool { return n.Sent() > 10 })
	got := run.Stop().SentTo["V1"]
	if got.First.Before(began) || !got.Last.After(got.First) || got.Last.After(time.Now()) {
		t.Errorf("V1 answered requests sent from %s to %s, the run was from %s to now", got.First, got.Last, began)
	}
}

func TestSharesAreTakenSinceASnapshot(t *testing.T) {
	before := load.Totals{ByVersion: map[string]uint64{"V1": 100}}
	now := load.Totals{ByVersion: map[string]uint64{"V1": 180, "V2": 20}}
	if got := now.Since(before).Share("V2"); got != 20 {
		t.Errorf("share %.1f, want 20", got)
	}
}
