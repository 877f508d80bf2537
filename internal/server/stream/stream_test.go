// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{
		T: t, clock: clocktesting.NewFakeClock(time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)),
		data: map[string]any{}, looks: map[string]int{}, denied: map[string]bool{}, over: map[string]bool{},
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
	h.until("the hub follows its kinds", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.changed) == 1 })
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

// until moves the clock on until something is so.
func (h *house) until(what string, so func() bool) {
	h.Helper()
	for range 4000 {
		if so() {
			return
		}
		h.clock.Step(50 * time.Millisecond)
		time.Sleep(time.Millisecond) // lets goroutines run between two looks
	}
	h.Fatalf("never: %s", what)
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
	var e api.StreamEvent
	t.h.until("an event", func() bool {
		select {
		case got, open := <-t.events:
			if !open {
				t.h.Fatal("the stream ended")
			}
			e = got
			return got.Event != api.StreamEventEventBeat
		default:
			return false
		}
	})
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
	for range 2 {
		h.until("a beat", func() bool {
			select {
			case e := <-tab.events:
				return e.Event == api.StreamEventEventBeat
			default:
				return false
			}
		})
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
	h.until("the stream is counted out", func() bool { return h.hub.Streams() == 4 })
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
