// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/server/access"
)

const (
	// pace is the least time between two looks at a topic.
	pace = 250 * time.Millisecond
	// retryAfter is when a topic that could not be worked out is tried again.
	retryAfter = 5 * time.Second
	// linger is how long a topic is kept up to date that nobody follows, so that a client that comes back finds its version.
	linger = time.Minute
	// perSession, perServer and perStream are how many streams a session and the server have, and topics a stream.
	perSession, perServer, perStream = 4, 5000, 50
)

// Config of a Hub.
type Config struct {
	Source Source
	Feeds  map[Kind]Feed
	// Cluster answers what a person may do; Again says who the person of a request is by now, or that the session has ended.
	Cluster *access.Cluster
	Again   func(context.Context) (access.Person, error)
	// Version of the product.
	Version string
	Clock   clock.WithTicker
	Log     *slog.Logger
}

// Hub has all streams. It works once Run is called.
type Hub struct {
	cfg   Config
	epoch string
	// draining is closed when the server goes away.
	draining chan struct{}
	// tasks are what goes on beside the requests, as long as Run does.
	tasks chan func(context.Context)

	mu       sync.Mutex
	seq      uint64 // of the last state of any topic
	channels map[string]*channel
	streams  map[string]*stream
	watches  map[*watch]bool
	running  bool
}

// watch is somebody who waits for changes without a topic.
type watch struct {
	match func(client.Object) bool
	wake  chan struct{}
}

// New returns a hub without streams.
func New(cfg Config) *Hub {
	return &Hub{
		cfg: cfg, epoch: strings.ToLower(rand.Text()[:8]), draining: make(chan struct{}), tasks: make(chan func(context.Context)),
		channels: map[string]*channel{}, streams: map[string]*stream{}, watches: map[*watch]bool{},
	}
}

// Watch has changes told: there is a token in changed after something happened to an object, of a kind that topics are about, that
// match says yes to. It must not wait. stop ends it.
func (h *Hub) Watch(match func(client.Object) bool) (changed <-chan struct{}, stop func()) {
	w := &watch{match: match, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watches[w] = true
	return w.wake, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watches, w)
	}
}

// Streams counts the open ones.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

// Run follows what happens until ctx ends; then every stream says that the server goes away, and ends.
func (h *Hub) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	h.set(true)
	for _, kind := range h.kinds() {
		group.Go(func() error { return h.follow(ctx, kind) })
	}
	for {
		select {
		case <-ctx.Done():
			close(h.draining)
			h.set(false)
			return group.Wait()
		case task := <-h.tasks:
			go task(ctx)
		}
	}
}

func (h *Hub) set(running bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = running
}

// later has something done beside the requests.
func (h *Hub) later(task func(context.Context)) {
	select {
	case h.tasks <- task:
	case <-h.draining:
	}
}

// follow hears of changes of a kind; one that the API server does not have yet is asked for again now and then.
func (h *Hub) follow(ctx context.Context, kind client.Object) error {
	for {
		err := h.cfg.Source.Follow(ctx, kind, h.touched)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case !meta.IsNoMatchError(err):
			return fmt.Errorf("following %T: %w", kind, err)
		}
		again := h.cfg.Clock.NewTimer(linger)
		if !h.wait(ctx, again.C()) {
			again.Stop()
			return nil
		}
	}
}

// kinds are those of all feeds, each once.
func (h *Hub) kinds() []client.Object {
	seen, all := map[string]bool{}, []client.Object{}
	for _, feed := range h.cfg.Feeds {
		for _, kind := range feed.Kinds {
			if name := fmt.Sprintf("%T", kind); !seen[name] {
				seen[name] = true
				all = append(all, kind)
			}
		}
	}
	return all
}

// touched wakes the topics that a change of an object matters to.
func (h *Hub) touched(o client.Object) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.channels {
		if (c.namespaces == nil || slices.Contains(c.namespaces, o.GetNamespace())) && c.feed.Touched(c.topic, o) {
			c.touch()
		}
	}
	for w := range h.watches {
		if w.match(o) {
			signal(w.wake)
		}
	}
}

// Recheck has the permissions of all streams of a user looked at again, now: an answer to them was no.
func (h *Hub) Recheck(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.streams {
		if s.user == user {
			signal(s.recheck)
		}
	}
}

// wait is false when ctx ended before c.
func (h *Hub) wait(ctx context.Context, c <-chan time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-c:
		return true
	}
}

// waitFor waits until a topic may have changed or every is over, where it is not 0. It is false when ctx ended.
func (h *Hub) waitFor(ctx context.Context, c *channel, every time.Duration) bool {
	var over <-chan time.Time
	if every > 0 {
		timer := h.cfg.Clock.NewTimer(every)
		defer timer.Stop()
		over = timer.C()
	}
	select {
	case <-ctx.Done():
		return false
	case <-c.wake:
	case <-over:
	}
	return true
}

// join makes s a follower of a topic; the hub is locked.
func (h *Hub) join(s *stream, topic Topic, namespaces []string) *channel {
	key := topic.String()
	if namespaces != nil {
		key += " of " + strings.Join(namespaces, ",")
	}
	c, ok := h.channels[key]
	if !ok {
		feed := h.cfg.Feeds[topic.Kind]
		c = &channel{
			key: key, topic: topic, namespaces: namespaces, feed: feed, followers: map[*stream]bool{}, wake: make(chan struct{}, 1),
			over: make(chan struct{}), history: history{topic: topic.String(), unsteady: feed.Unsteady},
		}
		h.channels[key] = c
		h.later(func(ctx context.Context) { h.keep(ctx, c) })
	}
	c.followers[s] = true
	return c
}

// leave is the end of join; the hub is locked.
func (h *Hub) leave(s *stream, c *channel) {
	delete(c.followers, s)
	delete(s.behind, c)
	if len(c.followers) > 0 {
		return
	}
	h.later(func(ctx context.Context) {
		timer := h.cfg.Clock.NewTimer(linger)
		defer timer.Stop()
		h.wait(ctx, timer.C())
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(c.followers) == 0 && h.channels[c.key] == c {
			delete(h.channels, c.key)
			close(c.over)
		}
	})
}
