// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/flow"
)

const (
	a, b = "app:mine/a", "app:mine/b"
	long = "so long that a patch is shorter than the whole of it"
)

func doc(n int) map[string]any { return map[string]any{"n": n, "text": long} }

func TestATopicBeginsWhollyAndGoesOnInPatches(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	tab := h.tab("v/1", a, "")
	first := tab.want(api.StreamEventEventSnapshot, a, fmt.Sprintf(`{"n":1,"text":%q}`, long))
	h.set(a, doc(2))
	second := tab.want(api.StreamEventEventPatch, a, `{"n":2}`)
	if second.From != first.Version || second.Version == first.Version {
		t.Errorf("the patch leads from %s to %s, the client has %s", second.From, second.Version, first.Version)
	}
	h.set(a, map[string]any{"n": 2, "text": long, "observedAt": "now"}) // no news
	h.set(a, nil)
	tab.want(api.StreamEventEventGone, a, "")
	h.set(a, doc(3))
	tab.want(api.StreamEventEventSnapshot, a, fmt.Sprintf(`{"n":3,"text":%q}`, long))
}

// TestDefect16… (and cluster/apptest with 200 streams at a real API server): the dashboard of Argo Rollouts had informers of its own for each connection.
func TestDefect16ManyWhoFollowATopicCostOneLook(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	var tabs []*tab
	for i := range 50 {
		tabs = append(tabs, h.tab(fmt.Sprintf("v/%d", i), a, ""))
	}
	for _, tab := range tabs {
		tab.want(api.StreamEventEventSnapshot, a, "")
	}
	h.with(func() { h.looks[a] = 0 })
	h.set(a, doc(2))
	for _, tab := range tabs {
		tab.want(api.StreamEventEventPatch, a, `{"n":2}`)
	}
	h.with(func() {
		if h.looks[a] != 1 {
			t.Errorf("the topic was worked out %d times for 50 clients", h.looks[a])
		}
	})
}

func TestAClientThatComesBackGetsOnlyWhatItMissed(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	h.set(b, doc(1))
	tab := h.tab("v/1", a+","+b, "")
	if one, other := tab.next().Topic, tab.next().Topic; one == other {
		t.Fatalf("two events of %s", one)
	}
	tab.close()
	var last string
	h.with(func() { last = tab.last })
	h.set(a, doc(2))
	back := h.tab("v/1", a+","+b, last)
	back.want(api.StreamEventEventPatch, a, `{"n":2}`)
	h.set(b, doc(3))
	back.want(api.StreamEventEventPatch, b, `{"n":3}`)
	for name, id := range map[string]string{"another server's id": "other" + last, "no id at all": "x", "ids of other topics": last} {
		topics := a
		h.Run(name, func(*testing.T) {
			other := h.tab("w/"+id, topics, id)
			other.want(api.StreamEventEventSnapshot, a, "")
			other.close()
		})
	}
}

func TestAPageThatOpensAnotherStreamSaysInTheAddressWhatItHas(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	tab := h.tab("v/1", a, "")
	tab.want(api.StreamEventEventSnapshot, a, "")
	tab.close()
	var last string
	h.with(func() { last = tab.last })
	h.set(a, doc(2))
	h.tab("v/1", a+"&after="+last, "").want(api.StreamEventEventPatch, a, `{"n":2}`)
}

func TestAQuietStreamIsKnownToBeAliveByItsBeats(t *testing.T) {
	h := open(t)
	tab := h.tab("v/1", a, "")
	for beats := 0; beats < 2; {
		if tab.any().Event == api.StreamEventEventBeat {
			beats++
		}
	}
}

func TestTopicsChangeOnAnOpenStream(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	h.set(b, doc(1))
	tab := h.tab("v/1", a, "")
	tab.want(api.StreamEventEventSnapshot, a, "")
	patch := func(user, body string) (int, api.Problem) {
		resp, err := http.DefaultClient.Do(h.request(t.Context(), http.MethodPatch, "/"+tab.stream, user, body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var p api.Problem
		if resp.StatusCode != http.StatusNoContent {
			if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode, p
	}
	if status, p := patch("v/2", `{"add":["app:mine/b"]}`); status != http.StatusNotFound || p.Params["kind"] != "stream" {
		t.Errorf("another session changed the stream: %d", status)
	}
	if status, p := patch("v/1", `{"add":["app:mine/b","nothing"]}`); status != http.StatusUnprocessableEntity || p.FieldErrors[0].Path != "/add/1" {
		t.Errorf("a topic that is none: %d %+v", status, p)
	}
	if status, _ := patch("v/1", `{"add":["app:mine/b"],"remove":["app:mine/a"]}`); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	tab.want(api.StreamEventEventSnapshot, b, "")
	h.set(a, doc(2))
	h.set(b, doc(2))
	tab.want(api.StreamEventEventPatch, b, `{"n":2}`)
	if status, p := patch("v/1", `{"add":["app:mine/`+strings.Join(strings.Split(strings.Repeat("x", 60), ""), `","app:mine/`)+`"]}`); status != http.StatusUnprocessableEntity || p.FieldErrors[0].Path != "/add" {
		t.Errorf("sixty topics: %d %+v", status, p)
	}
}

func TestRightsThatAreTakenAwayEndATopic(t *testing.T) {
	cases := map[string]struct {
		look func(h *house)
	}{
		"within a minute":                {func(h *house) { h.clock.Step(61 * time.Second) }},
		"at once, when an answer was no": {func(h *house) { h.clock.Step(31 * time.Second); h.hub.Recheck("v") }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.set(a, doc(1))
			tab := h.tab("v/1", a, "")
			tab.want(api.StreamEventEventSnapshot, a, "")
			h.with(func() { h.denied["v get"] = true })
			tc.look(h)
			e := tab.want(api.StreamEventEventDenied, a, "")
			if e.Code != api.ProblemCodeForbidden || e.Params["verb"] != "get" || e.Params["resource"] != "things" {
				t.Errorf("the refusal does not name what is missing: %+v", e)
			}
			h.set(a, doc(2))
			h.with(func() { h.denied["v get"] = false })
			tab.want(api.StreamEventEventSnapshot, a, fmt.Sprintf(`{"n":2,"text":%q}`, long)) // given back: nothing of 2 was sent before
		})
	}
}

func TestWhoMayNotIsToldSoAtTheBeginning(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	h.with(func() { h.denied["v get"] = true })
	h.tab("v/1", a, "").want(api.StreamEventEventDenied, a, "")
}

func TestASessionThatEndsTakesItsStreamsAlong(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	tab := h.tab("v/1", a, "")
	tab.want(api.StreamEventEventSnapshot, a, "")
	h.with(func() { h.over["v"] = true })
	h.hub.Recheck("v")
	if e := tab.want(api.StreamEventEventDenied, a, ""); e.Code != api.ProblemCodeSignedOut {
		t.Errorf("code %s", e.Code)
	}
	if _, more := <-tab.events; more {
		t.Error("the stream goes on")
	}
}

func TestAnAPIServerThatIsAwayTakesNothingFromAnOpenStream(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	tab := h.tab("v/1", a, "")
	tab.want(api.StreamEventEventSnapshot, a, "")
	h.with(func() { h.away = errors.New("connection refused") })
	h.clock.Step(2 * time.Minute)
	h.set(a, errors.New("the cache is empty"))
	h.set(a, doc(2))
	tab.want(api.StreamEventEventPatch, a, `{"n":2}`)
}

func TestAllApplicationsAreThoseThatThePersonMayList(t *testing.T) {
	h := open(t)
	h.set("apps:*", map[string]any{"of": "all"})
	h.with(func() { h.denied["some list in "] = true; h.denied["some list in theirs"] = true })
	h.tab("all/1", "apps:*", "").want(api.StreamEventEventSnapshot, "apps:*", `{"of":"all"}`)
	h.tab("some/1", "apps:*", "").want(api.StreamEventEventSnapshot, "apps:*", `{"of":["mine"]}`)
}

func TestASessionHasFourStreamsAtMost(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	var tabs []*tab
	for range 4 {
		tabs = append(tabs, h.tab("v/1", a, ""))
	}
	resp, err := http.DefaultClient.Do(h.request(t.Context(), http.MethodGet, "/?topics="+a, "v/1", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var p api.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != http.StatusTooManyRequests || p.Code != api.ProblemCodeTooManyStreams {
		t.Errorf("a fifth stream: %d %s", resp.StatusCode, p.Code)
	}
	h.tab("v/2", a, "")
	tabs[0].close()
	flow.Next(t, h.clock, "the stream ends", h.ended)
	if n := h.hub.Streams(); n != 4 {
		t.Errorf("%d streams are open, want 4", n)
	}
	h.tab("v/1", a, "")
}

func TestAServerThatGoesAwaySaysSo(t *testing.T) {
	h := open(t)
	h.set(a, doc(1))
	tab := h.tab("v/1", a, "")
	tab.want(api.StreamEventEventSnapshot, a, "")
	h.stop()
	if e := tab.next(); e.Event != api.StreamEventEventServer || !e.Draining {
		t.Errorf("the last event is %+v", e)
	}
	if _, more := <-tab.events; more {
		t.Error("the stream goes on")
	}
}
