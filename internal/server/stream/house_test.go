// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/test/flow"
)

// house is a hub with topics whose data the test says, and a web server of it. Names of people are sent in the header User.
type house struct {
	*testing.T
	hub   *stream.Hub
	clock *clocktesting.FakeClock
	url   string
	stop  context.CancelFunc

	mu      sync.Mutex
	data    map[string]any
	looks   map[string]int
	denied  map[string]bool // "user verb"
	away    error
	over    map[string]bool
	changed []func(client.Object)
	// following has a token for each kind that the hub follows, ended one for each stream that was served to its end.
	following, ended chan struct{}
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{
		T: t, clock: clocktesting.NewFakeClock(time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)),
		data: map[string]any{}, looks: map[string]int{}, denied: map[string]bool{}, over: map[string]bool{},
		following: make(chan struct{}, 10), ended: make(chan struct{}, 100),
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	namespaces := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}}).Build()
	reviewer := access.NewReviewer(h.review, h.clock)
	feed := stream.Feed{
		Needs: func(topic stream.Topic) []access.Check {
			return []access.Check{{Verb: "get", Resource: "things", Namespace: topic.Namespace}}
		},
		Data: h.look, Kinds: []client.Object{&corev1.Pod{}}, Unsteady: []string{"observedAt"},
		Touched: func(topic stream.Topic, o client.Object) bool {
			return topic.Namespace == "*" || topic.App == o.GetName()
		},
	}
	h.hub = stream.New(stream.Config{
		Source: h, Feeds: map[stream.Kind]stream.Feed{stream.App: feed, stream.Apps: feed}, Version: "v1",
		Cluster: access.NewCluster(namespaces, scheme, namespaces.RESTMapper(), reviewer, nil),
		Again:   h.again, Clock: h.clock, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(t.Context())
	h.stop = stop
	ended := make(chan error, 1)
	go func() { ended <- h.hub.Run(ctx) }()
	flow.Next(t, h.clock, "the hub follows its kinds", h.following)
	web := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		web.Close()
	})
	h.url = web.URL
	return h
}

func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	user, session, _ := strings.Cut(r.Header.Get("User"), "/")
	ctx := access.WithPerson(r.Context(), access.Person{User: user, Session: session})
	if r.Method == http.MethodPatch {
		var body api.TopicChange
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			h.Error(err)
		}
		answer, err := h.hub.ChangeTopics(ctx, api.ChangeTopicsRequestObject{Stream: strings.Trim(r.URL.Path, "/"), Body: &body})
		if err != nil {
			problem.Write(w, problem.From(err), "")
			return
		}
		_ = answer.VisitChangeTopicsResponse(w)
		return
	}
	answer, err := h.hub.OpenStream(ctx, api.OpenStreamRequestObject{Params: api.OpenStreamParams{
		Topics: r.URL.Query().Get("topics"), LastEventID: r.Header.Get("Last-Event-ID"), After: r.URL.Query().Get("after"),
	}})
	if err != nil {
		problem.Write(w, problem.From(err), "")
		return
	}
	_ = answer.VisitOpenStreamResponse(w)
	h.ended <- struct{}{}
}

func (h *house) review(_ context.Context, r *authorizationv1.SubjectAccessReview) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := r.Spec.ResourceAttributes
	r.Status.Allowed = !h.denied[r.Spec.User+" "+a.Verb] && !h.denied[r.Spec.User+" "+a.Verb+" in "+a.Namespace]
	return h.away
}

func (h *house) again(ctx context.Context) (access.Person, error) {
	p, err := access.From(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over[p.User] {
		return p, problem.SignedOut()
	}
	return p, err
}

func (h *house) look(_ context.Context, topic stream.Topic, namespaces []string) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks[topic.String()]++
	switch d := h.data[topic.String()].(type) {
	case nil:
		return nil, problem.NotFound("application", topic.App)
	case error:
		return nil, d
	default:
		if namespaces != nil {
			return map[string]any{"of": namespaces}, nil
		}
		return d, nil
	}
}

// Follow is the hub's source.
func (h *house) Follow(_ context.Context, _ client.Object, changed func(client.Object)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed = append(h.changed, changed)
	h.following <- struct{}{}
	return nil
}

// set changes the data of a topic, and tells the hub that an object of that application changed.
func (h *house) set(topic string, data any) {
	h.mu.Lock()
	h.data[topic] = data
	tell := h.changed
	h.mu.Unlock()
	_, app, _ := strings.Cut(topic, "/")
	for _, changed := range tell {
		changed(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: "mine"}})
	}
}

func (h *house) with(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// tab is a client of the stream.
type tab struct {
	h      *house
	stream string
	last   string
	events chan api.StreamEvent
	close  context.CancelFunc
}

func (h *house) request(ctx context.Context, method, path, user, body string) *http.Request {
	h.Helper()
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("User", user)
	return r
}

func (h *house) tab(user, topics, last string) *tab {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	r := h.request(ctx, http.MethodGet, "/?topics="+topics, user, "")
	r.Header.Set("Last-Event-ID", last)
	resp, err := http.DefaultClient.Do(r) //nolint:bodyclose // closed by the goroutine below
	if err != nil {
		h.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		h.Fatalf("opening %s: %d", topics, resp.StatusCode)
	}
	t := &tab{h: h, events: make(chan api.StreamEvent, 1000), close: cancel}
	go func() {
		defer close(t.events)
		defer func() { _ = resp.Body.Close() }()
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			if name == "id" {
				h.with(func() { t.last = value })
			}
			if name != "data" {
				continue
			}
			var e api.StreamEvent
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				h.Errorf("no JSON: %s", value)
			}
			t.events <- e
		}
	}()
	if e := t.next(); e.Event != api.StreamEventEventServer || e.Version != "v1" || e.StreamId == "" {
		h.Fatalf("the first event is %+v", e)
	} else {
		t.stream = e.StreamId
	}
	return t
}

// next is the next event but a beat; none is a failure.
func (t *tab) next() api.StreamEvent {
	t.h.Helper()
	for {
		if e := t.any(); e.Event != api.StreamEventEventBeat {
			return e
		}
	}
}

// any is the next event.
func (t *tab) any() api.StreamEvent {
	t.h.Helper()
	e, open := flow.Next(t.h.T, t.h.clock, "an event", t.events)
	if !open {
		t.h.Fatal("the stream ended")
	}
	return e
}

func (t *tab) want(event api.StreamEventEvent, topic, data string) api.StreamEvent {
	t.h.Helper()
	e := t.next()
	got, err := json.Marshal(e.Data)
	if err != nil {
		t.h.Fatal(err)
	}
	if e.Event != event || e.Topic != topic || data != "" && string(got) != data {
		t.h.Fatalf("%s of %s: %s, want %s of %s: %s", e.Event, e.Topic, got, event, topic, data)
	}
	return e
}
