// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// heartbeat is how often an event is sent at the least; recheckEvery how often permissions are looked at again.
	heartbeat, recheckEvery = 15 * time.Second, time.Minute
	// writeWithin is how long a client may take to read what is sent.
	writeWithin = 20 * time.Second
)

// stream is one client's. All but the channels' tokens are guarded by the hub's lock.
type stream struct {
	id, user, session string
	wake, recheck     chan struct{}

	// topics are what the client follows; nil: it may not.
	topics map[Topic]*channel
	// denied are the refusals that are still to be told.
	denied map[Topic]api.StreamEvent
	// behind are topics with a state that was not sent, sent the last states that were. base is that of the cursor.
	behind map[*channel]bool
	sent   map[*channel]uint64
	base   uint64
}

func newStream(id string, p access.Person) *stream {
	return &stream{
		id: id, user: p.User, session: p.Session, wake: make(chan struct{}, 1), recheck: make(chan struct{}, 1),
		topics: map[Topic]*channel{}, denied: map[Topic]api.StreamEvent{}, behind: map[*channel]bool{}, sent: map[*channel]uint64{},
	}
}

// admit says whether the person of ctx may follow a topic, and for apps:* which namespaces it is of; nil: all.
func (h *Hub) admit(ctx context.Context, t Topic) ([]string, error) {
	feed, ok := h.cfg.Feeds[t.Kind]
	if !ok {
		return nil, problem.NotImplemented("the topic " + string(t.Kind))
	}
	if t.Kind == Apps && t.Namespace == Everywhere {
		check := access.Check{Verb: "list", Group: v1beta1.Group, Resource: "applications"}
		answer, err := h.cfg.Cluster.May(ctx, check)
		if err != nil || answer.Allowed {
			return nil, err
		}
		names, err := h.cfg.Cluster.Namespaces(ctx, check.Verb, check.Group, check.Resource)
		return append([]string{}, names...), err
	}
	for _, need := range feed.Needs(t) {
		if err := h.cfg.Cluster.Must(ctx, need); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// settle makes s follow topics, or tells it that it may not. With again, what it follows already is sent anew. The error says that the
// API server could not be asked; then nothing has changed.
func (h *Hub) settle(ctx context.Context, s *stream, topics []Topic, again bool) error {
	namespaces, refused := make([][]string, len(topics)), make([]*problem.Error, len(topics))
	for i, t := range topics {
		var err error
		if namespaces[i], err = h.admit(ctx, t); err != nil {
			refused[i] = problem.From(err)
		}
		if refused[i] != nil && refused[i].Status == http.StatusServiceUnavailable {
			return refused[i]
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, t := range topics {
		if refused[i] != nil {
			if again {
				h.forget(s, t)
			}
			h.deny(s, t, refused[i])
			continue
		}
		old := s.topics[t]
		c := h.join(s, t, namespaces[i])
		if old != nil && old != c {
			h.forget(s, t)
		}
		if old != c || again {
			s.topics[t], s.behind[c], s.base = c, true, 0
			delete(s.sent, c)
			delete(s.denied, t)
		}
	}
	signal(s.wake)
	return nil
}

// deny takes a topic from s and has it told so, once; the hub is locked.
func (h *Hub) deny(s *stream, t Topic, why *problem.Error) {
	if c, there := s.topics[t]; there && c == nil {
		return
	}
	h.forget(s, t)
	s.topics[t] = nil
	s.denied[t] = api.StreamEvent{Event: api.StreamEventEventDenied, Topic: t.String(), Code: why.Code, Params: why.Params}
}

// forget ends that s follows a topic; the hub is locked.
func (h *Hub) forget(s *stream, t Topic) {
	if c := s.topics[t]; c != nil {
		h.leave(s, c)
		delete(s.sent, c)
	}
	delete(s.topics, t)
	delete(s.denied, t)
	s.base = 0
}

// resume leaves out what a client that comes back has already. What it says of other topics, or of another server, is
// no use: then everything begins with a snapshot.
func (h *Hub) resume(s *stream, id string) {
	c, ok := readCursor(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !ok || c.epoch != h.epoch || c.topics != s.hash() {
		return
	}
	for _, channel := range s.topics {
		if channel == nil {
			continue
		}
		had := c.had(channel.history.seqs())
		s.sent[channel] = had
		if had != 0 && had == channel.history.latest() {
			delete(s.behind, channel)
		}
	}
}

// hash is that of the topics that s follows; the hub is locked.
func (s *stream) hash() uint32 {
	var keys []string
	for _, c := range s.topics {
		if c != nil {
			keys = append(keys, c.key)
		}
	}
	return topicsHash(keys)
}

// batch is what brings a client up to date, with the cursor of each event.
type batch struct {
	refusals []api.StreamEvent
	steps    []step
	cursors  []cursor
}

// take makes a batch; nothing of it is owed to the client any more.
func (h *Hub) take(s *stream) batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b batch
	for _, e := range s.denied {
		b.refusals = append(b.refusals, e)
	}
	for c := range s.behind {
		if latest := c.history.latest(); latest != 0 && latest != s.sent[c] {
			b.steps = append(b.steps, c.history.from(s.sent[c]))
			s.sent[c] = latest
		}
	}
	clear(s.denied)
	clear(s.behind)
	slices.SortFunc(b.steps, func(x, y step) int { return cmp.Compare(x.to.seq, y.to.seq) })
	at, hash := h.seq, s.hash()
	for i := range b.steps {
		c := cursor{epoch: h.epoch, base: s.base, at: at, upTo: b.steps[i].to.seq, topics: hash}
		if i == len(b.steps)-1 {
			c.base, c.upTo = at, at
		}
		b.cursors = append(b.cursors, c)
	}
	if len(b.steps) > 0 {
		s.base = at
	}
	return b
}

// bytes are the batch as it goes over the wire.
func (b batch) bytes() ([]byte, error) {
	var out bytes.Buffer
	for _, e := range b.refusals {
		raw, err := encode(e)
		if err != nil {
			return nil, err
		}
		out.Write(raw)
	}
	for i, s := range b.steps {
		raw, err := s.bytes()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "id: %s\n", b.cursors[i])
		out.Write(raw)
	}
	return out.Bytes(), nil
}

// serve writes to a client until it goes, its session ends or the server goes away.
func (h *Hub) serve(ctx context.Context, s *stream, w io.Writer) error {
	hello, err := encode(api.StreamEvent{Event: api.StreamEventEventServer, StreamId: s.id, Version: h.cfg.Version})
	if err != nil {
		return err
	}
	if _, err := w.Write(append([]byte("retry: 2000\n"), hello...)); err != nil {
		return err
	}
	beat, look := h.cfg.Clock.NewTicker(heartbeat), h.cfg.Clock.NewTicker(recheckEvery)
	defer beat.Stop()
	defer look.Stop()
	for {
		out, err := h.take(s).bytes()
		if err == nil && len(out) > 0 {
			_, err = w.Write(out)
		}
		if err != nil {
			return err
		}
		over := false
		select {
		case <-ctx.Done():
			return nil
		case <-h.draining:
			return h.say(w, api.StreamEvent{Event: api.StreamEventEventServer, Version: h.cfg.Version, Draining: true})
		case <-s.wake:
		case <-beat.C():
			err = h.say(w, api.StreamEvent{Event: api.StreamEventEventBeat})
		case <-look.C():
			over = h.recheck(ctx, s)
		case <-s.recheck:
			over = h.recheck(ctx, s)
		}
		if err != nil {
			return err
		}
		if over {
			out, err := h.take(s).bytes()
			if err != nil {
				return err
			}
			_, err = w.Write(out)
			return err
		}
	}
}

func (h *Hub) say(w io.Writer, event api.StreamEvent) error {
	raw, err := encode(event)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

// recheck looks at the session and the permissions of a stream again. It says that the session is over; then the client is told of
// every topic. While the API server does not answer, things stay as they are.
func (h *Hub) recheck(ctx context.Context, s *stream) bool {
	person, err := h.cfg.Again(ctx)
	h.mu.Lock()
	var topics []Topic
	for t := range s.topics {
		topics = append(topics, t)
	}
	if err != nil && problem.From(err).Status == http.StatusUnauthorized {
		for _, t := range topics {
			h.deny(s, t, problem.From(err))
		}
		h.mu.Unlock()
		return true
	}
	h.mu.Unlock()
	if err == nil {
		err = h.settle(access.WithPerson(ctx, person), s, topics, false)
	}
	if err != nil {
		h.cfg.Log.WarnContext(ctx, "the permissions of a stream could not be looked at again", "user", s.user, "error", err)
	}
	return false
}
