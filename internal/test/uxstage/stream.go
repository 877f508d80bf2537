// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/flow"
)

// Tab is a page that follows topics.
type Tab struct {
	// ID is that of the stream.
	ID     string
	b      *Browser
	stage  *Stage
	events chan api.StreamEvent
	docs   map[string][]byte
	last   map[string]api.StreamEvent
}

// Follow opens a stream, which is there until the test ends.
func (b *Browser) Follow(s *Stage, topics ...string) *Tab {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/api/v1/stream?topics="+strings.Join(topics, ","), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("opening a stream of %v: %s", topics, resp.Status)
	}
	tab := &Tab{b: b, stage: s, events: make(chan api.StreamEvent, 1000), docs: map[string][]byte{}, last: map[string]api.StreamEvent{}}
	ended := make(chan struct{})
	b.t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		defer close(tab.events)
		defer func() { _ = resp.Body.Close() }()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			raw, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e api.StreamEvent
			if ok && json.Unmarshal([]byte(raw), &e) == nil {
				tab.events <- e
			}
		}
	}()
	tab.until("the stream says who it is", func() bool { return tab.ID != "" })
	return tab
}

// Until moves the clock on until the data of a topic is so; data is nil while there is none.
func (t *Tab) Until(what, topic string, so func(data []byte) bool) {
	t.b.t.Helper()
	t.until(what, func() bool { return so(t.docs[topic]) })
}

// UntilEvent moves the clock on until a topic has been told of by an event.
func (t *Tab) UntilEvent(topic string, event api.StreamEventEvent) api.StreamEvent {
	t.b.t.Helper()
	t.until(string(event)+" of "+topic, func() bool { return t.last[topic].Event == event })
	return t.last[topic]
}

func (t *Tab) until(what string, so func() bool) {
	t.b.t.Helper()
	for !so() {
		e, open := flow.Next(t.b.t, t.stage.Clock, what, t.events)
		if !open {
			t.b.t.Fatalf("the stream ended before: %s; the last of each topic: %s", what, t.docs)
		}
		t.take(e)
	}
}

func (t *Tab) take(e api.StreamEvent) {
	t.b.t.Helper()
	raw, err := json.Marshal(e.Data)
	if err != nil {
		t.b.t.Fatal(err)
	}
	before := t.last[e.Topic]
	t.last[e.Topic] = e
	switch e.Event {
	case api.StreamEventEventServer:
		t.ID = e.StreamId
	case api.StreamEventEventSnapshot:
		t.docs[e.Topic] = raw
	case api.StreamEventEventPatch:
		if e.From != before.Version {
			t.b.t.Fatalf("a patch of %s leads from %s, the page has %s", e.Topic, e.From, before.Version)
		}
		if t.docs[e.Topic], err = jsonpatch.MergePatch(t.docs[e.Topic], raw); err != nil {
			t.b.t.Fatal(err)
		}
	case api.StreamEventEventGone, api.StreamEventEventDenied:
		delete(t.docs, e.Topic)
	case api.StreamEventEventBeat: // says nothing but that the stream is there
	}
}
