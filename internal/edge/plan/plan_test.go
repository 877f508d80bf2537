// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDiffLeadsFromOnePlanToTheNext(t *testing.T) {
	key := rapid.SampledFrom([]string{"a/a", "a/b", "b/a"})
	ingress := rapid.Custom(func(t *rapid.T) Ingress {
		return Ingress{ResourceVersion: rapid.StringN(0, 1, 1).Draw(t, "version"), Weight: rapid.IntRange(0, 2).Draw(t, "weight")}
	})
	service := rapid.Custom(func(t *rapid.T) Service {
		return Service{Ready: rapid.IntRange(0, 2).Draw(t, "ready"), Weighted: rapid.Bool().Draw(t, "weighted")}
	})
	route := rapid.Custom(func(t *rapid.T) Route {
		backend := Backend{Service: key.Draw(t, "service"), Weight: rapid.Int32Range(0, 2).Draw(t, "weight")}
		return Route{ResourceVersion: rapid.StringN(0, 1, 1).Draw(t, "version"), Rules: []Rule{{Backends: []Backend{backend}}}}
	})
	plans := rapid.Custom(func(t *rapid.T) Plan {
		return Plan{Replica: "one", Revision: rapid.Uint64().Draw(t, "revision"),
			Ingresses: rapid.MapOf(key, ingress).Draw(t, "ingresses"), Routes: rapid.MapOf(key, route).Draw(t, "routes"), Services: rapid.MapOf(key, service).Draw(t, "services")}
	})
	rapid.Check(t, func(t *rapid.T) {
		from, to := plans.Draw(t, "from"), plans.Draw(t, "to")
		event, told := Diff(from, to)
		if told == (cmp.Equal(from.Ingresses, to.Ingresses) && cmp.Equal(from.Routes, to.Routes) && cmp.Equal(from.Services, to.Services)) {
			t.Errorf("worth telling: %v", told)
		}
		if diff := cmp.Diff(to, from.Apply(event)); diff != "" {
			t.Errorf("the event leads elsewhere:\n%s", diff)
		}
		if diff := cmp.Diff(to, from.Apply(Event{Full: true, Plan: to})); diff != "" {
			t.Errorf("a full event leaves something behind:\n%s", diff)
		}
	})
}

func TestWhatIsWorthTelling(t *testing.T) {
	base := Service{Weighted: true, Endpoints: []Endpoint{{Address: "a", State: Ready}}, Ready: 1, InFlight: 3}
	with := func(change func(*Service)) Service {
		s := base
		s.Endpoints = append([]Endpoint(nil), base.Endpoints...)
		change(&s)
		return s
	}
	unweighted := with(func(s *Service) { s.Weighted = false })
	cases := map[string]struct {
		from, to Service
		want     bool
	}{
		"a request came":                      {base, with(func(s *Service) { s.InFlight, s.Requests = 4, 9 }), false},
		"a weighted Service is idle":          {base, with(func(s *Service) { s.InFlight = 0 }), false},
		"an endpoint changed its state":       {base, with(func(s *Service) { s.Endpoints[0].State = Draining }), true},
		"an endpoint has a request":           {base, with(func(s *Service) { s.Endpoints[0].InFlight = 1 }), false},
		"another pod has the address":         {base, with(func(s *Service) { s.Endpoints[0].PodName = "p" }), true},
		"no route sends it requests any more": {base, unweighted, true},
		"it is drained":                       {unweighted, with(func(s *Service) { s.Weighted, s.InFlight = false, 0 }), true},
		"it is not drained yet":               {unweighted, with(func(s *Service) { s.Weighted, s.InFlight = false, 1 }), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, told := Diff(Plan{Services: map[string]Service{"x": tc.from}}, Plan{Services: map[string]Service{"x": tc.to}})
			if told != tc.want {
				t.Errorf("told %v, want %v", told, tc.want)
			}
		})
	}
}

func TestWatchTellsEventsAndTheEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != Path || req.URL.Query().Get("watch") != "true" {
			http.Error(w, "wrong question", http.StatusBadRequest)
			return
		}
		lines := json.NewEncoder(w)
		_ = lines.Encode(Event{Full: true, Plan: Plan{Replica: "one", Revision: 1}})
		_, _ = io.WriteString(w, "\n\n") // heartbeats
		_ = lines.Encode(Event{Plan: Plan{Replica: "one", Revision: 2}})
	}))
	defer server.Close()
	var revisions []uint64
	err := Watch(t.Context(), server.Client(), server.URL+"/", func(e Event) { revisions = append(revisions, e.Plan.Revision) })
	if !errors.Is(err, io.EOF) || !cmp.Equal(revisions, []uint64{1, 2}) {
		t.Errorf("revisions %v, error %v", revisions, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if err := Watch(ctx, server.Client(), server.URL, func(Event) {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an ended context gave %v", err)
	}
	if _, err := Get(t.Context(), server.Client(), server.URL, "", ""); err == nil || !cmp.Equal(err.Error(), "asking the edge at "+server.URL+" for its plan: it answered 400 Bad Request") {
		t.Errorf("a refusal gave %v", err)
	}
}
