// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// OpenStream answers with the events of the topics.
func (h *Hub) OpenStream(ctx context.Context, r api.OpenStreamRequestObject) (api.OpenStreamResponseObject, error) {
	person, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	var topics []Topic
	for i, word := range strings.FieldsFunc(r.Params.Topics, func(c rune) bool { return c == ',' }) {
		t, wrong := Parse(fmt.Sprintf("/topics/%d", i), word)
		if wrong != nil {
			return nil, problem.BadRequest("parameter topics: %s", wrong.Message).With("parameter", "topics")
		}
		topics = append(topics, t)
	}
	if len(topics) > perStream {
		return nil, problem.BadRequest("parameter topics: a stream has at most %d topics", perStream).With("parameter", "topics")
	}
	s := newStream(strings.ToLower(rand.Text()), person)
	if err := h.enter(s); err != nil {
		return nil, err
	}
	if err := h.settle(ctx, s, topics, false); err != nil {
		h.exit(s)
		return nil, err
	}
	if id := cmp.Or(r.Params.LastEventID, r.Params.After); id != "" {
		h.resume(s, id)
	}
	return opened(func(w http.ResponseWriter) error {
		defer h.exit(s)
		return h.answer(ctx, s, w)
	}), nil
}

// ChangeTopics changes what an open stream of the same session follows.
func (h *Hub) ChangeTopics(ctx context.Context, r api.ChangeTopicsRequestObject) (api.ChangeTopicsResponseObject, error) {
	person, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	s, ok := h.streams[r.Stream]
	h.mu.Unlock()
	if !ok || s.session != person.Session || s.user != person.User {
		return nil, problem.NotFound("stream", r.Stream)
	}
	lists, faults := [2][]Topic{}, []api.FieldError{}
	for i, words := range [][]string{r.Body.Add, r.Body.Remove} {
		for j, word := range words {
			t, wrong := Parse(fmt.Sprintf("/%s/%d", []string{"add", "remove"}[i], j), word)
			if wrong != nil {
				faults = append(faults, *wrong)
			}
			lists[i] = append(lists[i], t)
		}
	}
	if len(faults) > 0 {
		return nil, problem.Invalid(faults...)
	}
	if err := h.change(ctx, s, lists[0], lists[1]); err != nil {
		return nil, err
	}
	return api.ChangeTopics204Response{}, nil
}

func (h *Hub) change(ctx context.Context, s *stream, add, remove []Topic) error {
	h.mu.Lock()
	for _, t := range remove {
		h.forget(s, t)
	}
	count := len(s.topics)
	h.mu.Unlock()
	if count+len(add) > perStream {
		return problem.Invalid(problem.Field("/add", api.FieldErrorCodeTooLong, "a stream has at most %d topics, and this one has %d already; remove some", perStream, count))
	}
	return h.settle(ctx, s, add, true)
}

// enter counts a stream in, unless there are too many.
func (h *Hub) enter(s *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		return problem.Unavailable(errors.New("the stream's hub does not run"), "the event stream")
	}
	mine := 0
	for _, other := range h.streams {
		if other.session == s.session && other.user == s.user {
			mine++
		}
	}
	if mine >= perSession || len(h.streams) >= perServer {
		e := problem.New(http.StatusTooManyRequests, api.ProblemCodeTooManyStreams,
			"there are %d live pages in this session already; close one of them", mine)
		e.RetryAfter = 5 * time.Second
		return e.With("streams", fmt.Sprint(mine))
	}
	h.streams[s.id] = s
	return nil
}

// exit counts a stream out.
func (h *Hub) exit(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range s.topics {
		h.forget(s, t)
	}
	delete(h.streams, s.id)
}

// opened is an answer that is written as things happen.
type opened func(http.ResponseWriter) error

// VisitOpenStreamResponse writes it.
func (o opened) VisitOpenStreamResponse(w http.ResponseWriter) error { return o(w) }

// answer sends the header, and then events. A client that is gone is no error.
func (h *Hub) answer(ctx context.Context, s *stream, w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a proxy in between does not collect events
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the server's own is for requests that end
	w.WriteHeader(http.StatusOK)
	if err := h.serve(ctx, s, flushed{w, control}); err != nil {
		h.cfg.Log.DebugContext(ctx, "a stream ended", "user", s.user, "error", err)
	}
	return nil
}

// flushed sends each write at once, and gives up on a client that does not read.
type flushed struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// Write writes and sends.
func (f flushed) Write(b []byte) (int, error) {
	_ = f.control.SetWriteDeadline(clock.RealClock{}.Now().Add(writeWithin)) // a socket knows only the real time
	n, err := f.w.Write(b)
	if err != nil {
		return n, err
	}
	return n, f.control.Flush()
}
