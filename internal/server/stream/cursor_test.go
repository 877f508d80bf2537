// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
)

// received is one event as a client sees it.
type received struct {
	id    string
	event struct {
		api.StreamEvent
		Data json.RawMessage `json:"data"`
	}
}

func read(t *rapid.T, raw []byte) []received {
	var all []received
	var next received
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		line := lines.Text()
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "id":
			next.id = value
		case "data":
			if err := json.Unmarshal([]byte(value), &next.event); err != nil {
				t.Fatalf("an event is no JSON: %s: %v", value, err)
			}
		case "":
			all = append(all, next)
			next = received{}
		}
	}
	return all
}

// page is a client: what it has of each topic, and the last id it saw.
type page struct {
	last     string
	docs     map[string]string
	versions map[string]string
}

func (p *page) hear(t *rapid.T, r received) {
	e := r.event
	switch e.Event {
	case api.StreamEventEventSnapshot:
		p.docs[e.Topic] = string(e.Data)
	case api.StreamEventEventPatch:
		if e.From != p.versions[e.Topic] {
			t.Fatalf("a patch of %s from version %s came to a client that has %s", e.Topic, e.From, p.versions[e.Topic])
		}
		merged, err := jsonpatch.MergePatch([]byte(p.docs[e.Topic]), e.Data)
		if err != nil {
			t.Fatal(err)
		}
		p.docs[e.Topic] = string(merged)
	case api.StreamEventEventGone:
		delete(p.docs, e.Topic)
	case api.StreamEventEventServer, api.StreamEventEventDenied, api.StreamEventEventBeat:
		t.Fatalf("unexpected %s", e.Event)
	}
	p.versions[e.Topic], p.last = e.Version, r.id
}

// TestAClientThatIsCutOffAnywhereGetsToThePresent plays changes of topics, topics that are added, deliveries that break off after any
// event, and connections with the last id: every patch fits what the client has, and in the end it has what the server has.
func TestAClientThatIsCutOffAnywhereGetsToThePresent(t *testing.T) {
	topics := []Topic{{Kind: App, Namespace: "d", App: "a"}, {Kind: App, Namespace: "d", App: "b"}, {Kind: Pods, Namespace: "d", App: "a"}}
	rapid.Check(t, func(t *rapid.T) {
		h := New(Config{Clock: clock.RealClock{}, Log: slog.New(slog.DiscardHandler)})
		channels := make([]*channel, len(topics))
		for i, topic := range topics {
			channels[i] = &channel{
				key: topic.String(), topic: topic, followers: map[*stream]bool{}, wake: make(chan struct{}, 1),
				history: history{topic: topic.String(), unsteady: []string{"observedAt"}},
			}
		}
		following := 1 + rapid.IntRange(0, 2).Draw(t, "topics at first")
		follow := func(s *stream, i int) {
			s.topics[topics[i]], s.behind[channels[i]], s.base = channels[i], true, 0
			channels[i].followers[s] = true
		}
		connect := func(last string) *stream {
			s := newStream("s", access.Person{})
			for i := range following {
				follow(s, i)
			}
			h.resume(s, last)
			return s
		}
		client := &page{docs: map[string]string{}, versions: map[string]string{}}
		s := connect("")
		deliver := func(most int) {
			raw, err := h.take(s).bytes()
			if err != nil {
				t.Fatal(err)
			}
			events := read(t, raw)
			for _, e := range events[:min(most, len(events))] {
				client.hear(t, e)
			}
			if most < len(events) {
				for _, c := range channels {
					delete(c.followers, s)
				}
				s = connect(client.last)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"something changes": func(t *rapid.T) {
				c := channels[rapid.IntRange(0, len(channels)-1).Draw(t, "topic")]
				var doc []byte
				if n := rapid.IntRange(-1, 6).Draw(t, "doc"); n >= 0 {
					doc = fmt.Appendf(nil, `{"a":%d,"b":{"c":%d,"d":"a text that is longer than a patch"}}`, n%3, n/3)
				}
				if err := h.publish(c, doc); err != nil {
					t.Fatal(err)
				}
			},
			"a delivery breaks off": func(t *rapid.T) { deliver(rapid.IntRange(0, 3).Draw(t, "after")) },
			"a delivery arrives":    func(*rapid.T) { deliver(len(topics)) },
			"a topic is added": func(*rapid.T) {
				if following < len(topics) {
					follow(s, following)
					following++
				}
			},
		})
		deliver(len(topics))
		for i, c := range channels[:following] {
			if c.history.latest() == 0 {
				continue
			}
			want := string(c.history.ring[len(c.history.ring)-1].doc)
			if got := client.docs[topics[i].String()]; got != want && !jsonpatch.Equal([]byte(got), []byte(want)) {
				t.Fatalf("the client has %s of %s, the server %s", got, topics[i], want)
			}
		}
	})
}

func TestTheRingIsBounded(t *testing.T) {
	h := history{topic: "t"}
	for i := range uint64(100) {
		h.add(i+1, fmt.Appendf(nil, `{"n":%d}`, i))
	}
	if len(h.ring) != ringLength || h.latest() != 100 {
		t.Errorf("%d versions up to %d, want %d up to 100", len(h.ring), h.latest(), ringLength)
	}
	for i := range uint64(5) {
		h.add(200+i, bytes.Repeat([]byte("x"), ringBytes/2+1))
	}
	if len(h.ring) != 1 {
		t.Errorf("%d large versions are kept, want the last alone", len(h.ring))
	}
	if got := h.from(100); got.from != nil {
		t.Error("a version that is forgotten led to a patch")
	}
}

func TestWhatIsNoNewsMakesNoVersion(t *testing.T) {
	h := history{topic: "t", unsteady: []string{"observedAt"}}
	h.add(1, []byte(`{"n":1,"observedAt":"now"}`))
	cases := map[string]struct {
		doc  string
		news bool
	}{
		"only the time of the look": {`{"n":1,"observedAt":"later"}`, false},
		"something else":            {`{"n":2,"observedAt":"now"}`, true},
		"gone":                      {"", true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var doc []byte
			if tc.doc != "" {
				doc = []byte(tc.doc)
			}
			if got, err := h.news(doc); err != nil || got != tc.news {
				t.Errorf("news: %v (%v), want %v", got, err, tc.news)
			}
		})
	}
}

func TestTopicsAreReadStrictly(t *testing.T) {
	good := []string{"apps:default", "apps:*", "app:d/a", "run:d/a/v2", "topology:d/a", "pods:d/a", "activity:d", "activity:d/a", "system"}
	for _, s := range good {
		if topic, wrong := Parse("/add/0", s); wrong != nil || topic.String() != s {
			t.Errorf("%s was read as %v: %v", s, topic, wrong)
		}
	}
	bad := []string{"", "apps", "apps:", "apps:d/a", "app:d", "app:*/a", "app:d/", "app:d/a/b", "run:d/a", "run:d/a/b/c", "activity:*", "system:d", "secrets:d", "app:" + strings.Repeat("x", 700)}
	for _, s := range bad {
		if topic, wrong := Parse("/add/0", s); wrong == nil || wrong.Path != "/add/0" {
			t.Errorf("%.40q was taken for %v", s, topic)
		}
	}
}
