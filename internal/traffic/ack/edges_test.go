// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ack_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

// newReplica is an edge's admin listener: each connection gets the next of the given streams; a closed one ends it.
func newReplica(t *testing.T, streams ...chan plan.Event) *httptest.Server {
	t.Helper()
	next := make(chan chan plan.Event, len(streams))
	for _, s := range streams {
		next <- s
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events chan plan.Event
		select {
		case events = <-next:
		default:
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		w.(http.Flusher).Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case e, open := <-events:
				if !open || json.NewEncoder(w).Encode(e) != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// follow runs Edges over the servers and returns it with the changes it tells.
func follow(t *testing.T, servers ...*httptest.Server) (*ack.Edges, <-chan ack.Key) {
	t.Helper()
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.URL)
	}
	edges := ack.New(&http.Client{}, urls, slog.New(slog.DiscardHandler))
	changes := make(chan ack.Key, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		edges.Run(ctx, func(k ack.Key) { changes <- k })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return edges, changes
}

func told(t *testing.T, changes <-chan ack.Key, want ack.Key) {
	t.Helper()
	for {
		select {
		case got := <-changes:
			if got == want {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing was told of %+v", want)
		}
	}
}

func full(replica string, weight int) plan.Event {
	return plan.Event{Full: true, Plan: plan.Plan{Replica: replica, Ingresses: map[string]plan.Ingress{
		"default/demo-canary": {ResourceVersion: "7", Accepted: true, Canary: true, Weight: weight},
	}}}
}

func TestAWeightIsKnownOnlyWhenEveryReplicaTold(t *testing.T) {
	first, second := make(chan plan.Event, 8), make(chan plan.Event, 8)
	edges, changes := follow(t, newReplica(t, first), newReplica(t, second))
	key := ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}

	first <- full("a", 20)
	told(t, changes, key)
	if _, state := edges.Seen(key); state != ack.Unknown {
		t.Errorf("state %q while the second replica has not told, want unknown", state)
	}
	second <- full("b", 0)
	told(t, changes, key)
	seen, state := edges.Seen(key)
	if state != ack.Known || len(seen) != 2 || seen[0].Ingress.Weight != 20 || seen[1].Ingress.Weight != 0 {
		t.Errorf("state %q, seen %+v; want what each replica told", state, seen)
	}
}

func TestAChangeIsToldAndARemovedIngressIsGone(t *testing.T) {
	events := make(chan plan.Event, 8)
	edges, changes := follow(t, newReplica(t, events))
	key := ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}
	events <- full("a", 20)
	told(t, changes, key)
	events <- plan.Event{Plan: plan.Plan{Replica: "a", Revision: 2, Services: map[string]plan.Service{"default/demo-stable": {Ready: 4}}}}
	told(t, changes, ack.Key{Kind: ack.KindService, Name: "default/demo-stable"})
	events <- plan.Event{Plan: plan.Plan{Replica: "a", Revision: 3}, RemovedIngresses: []string{key.Name}}
	told(t, changes, key)
	seen, state := edges.Seen(key, "default/demo-stable")
	if state != ack.Known || seen[0].Ingress != nil || seen[0].Services["default/demo-stable"].Ready != 4 {
		t.Errorf("state %q, seen %+v; want the Ingress gone and the Service kept", state, seen)
	}
}

func TestABrokenStreamMakesEverythingUnknownUntilItIsBack(t *testing.T) {
	before, after := make(chan plan.Event, 8), make(chan plan.Event, 8)
	edges, changes := follow(t, newReplica(t, before, after))
	key := ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}
	before <- full("a", 20)
	told(t, changes, key)
	close(before)
	told(t, changes, key)
	if _, state := edges.Seen(key); state != ack.Unknown {
		t.Errorf("state %q after the stream broke, want unknown: old knowledge is no acknowledgement", state)
	}
	after <- full("a", 50)
	told(t, changes, key)
	if seen, state := edges.Seen(key); state != ack.Known || seen[0].Ingress.Weight != 50 {
		t.Errorf("state %q, seen %+v; want 50 after the stream is back", state, seen)
	}
}

func TestReplicasThatComeAndGoAreFollowed(t *testing.T) {
	first, second := make(chan plan.Event, 8), make(chan plan.Event, 8)
	one, two := newReplica(t, first), newReplica(t, second)
	edges, changes := follow(t, one)
	key := ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}
	first <- full("a", 20)
	told(t, changes, key)

	edges.Follow([]string{one.URL, two.URL})
	if _, state := edges.Seen(key); state != ack.Unknown {
		t.Errorf("state %q once there is a replica that has not told, want unknown", state)
	}
	second <- full("b", 20)
	told(t, changes, key)
	if seen, state := edges.Seen(key); state != ack.Known || len(seen) != 2 {
		t.Errorf("state %q, seen %+v; want both replicas", state, seen)
	}

	edges.Follow([]string{two.URL})
	told(t, changes, key)
	if seen, state := edges.Seen(key); state != ack.Known || len(seen) != 1 || seen[0].Replica != "b" {
		t.Errorf("state %q, seen %+v; want replica b alone", state, seen)
	}

	edges.Follow(nil)
	told(t, changes, key)
	if _, state := edges.Seen(key); state != ack.Unknown {
		t.Errorf("state %q of an edge without replicas, want unknown: nobody serves what is written", state)
	}
}

func TestAReplicaThatNeverToldKeepsNobodyWaitingOnceItIsGone(t *testing.T) {
	first := make(chan plan.Event, 8)
	one, silent := newReplica(t, first), newReplica(t, make(chan plan.Event))
	edges, changes := follow(t, one, silent)
	key := ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}
	first <- full("a", 20)
	told(t, changes, key)
	edges.Follow([]string{one.URL})
	told(t, changes, key)
	if _, state := edges.Seen(key); state != ack.Known {
		t.Errorf("state %q, want known: the replica that did not tell is gone", state)
	}
}

func TestWithoutAnyReplicaNobodyCanTell(t *testing.T) {
	edges, _ := follow(t)
	if _, state := edges.Seen(ack.Key{Kind: ack.KindIngress, Name: "default/demo-canary"}); state != ack.None {
		t.Errorf("state %q, want none", state)
	}
}
